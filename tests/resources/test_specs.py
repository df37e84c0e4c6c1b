"""What a manifest may say below ``spec:`` of a TaskDefinition and a Service, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from apollo.api import Env, Ref, is_unknown, refs_in
from apollo.engine.substitute import substitute
from apollo.resources.service import ServiceSpec
from apollo.resources.shapes import listener_rule, scaling_policy
from apollo.resources.task_definition import TaskDefinitionSpec
from apollo.resources.wire import wire
from apollo.spec import Spec

ENV = Env("stage", cluster="green")
APP = {"name": "app", "image": "web:1"}


def errors(spec: type[Spec], data: dict[str, Any]) -> list[tuple[str, tuple[int | str, ...]]]:
    with pytest.raises(ValidationError) as caught:
        spec.model_validate(data)
    return [(error["type"], error["loc"]) for error in caught.value.errors()]


def test_a_spec_declares_what_was_written_and_nothing_else() -> None:
    data = {"containerDefinitions": [{**APP, "portMappings": [{"containerPort": 80}], "command": None}]}
    declared = TaskDefinitionSpec.model_validate(data).declared()
    assert declared == {"containerDefinitions": [{**APP, "portMappings": [{"containerPort": 80}]}]}


@pytest.mark.parametrize(
    ("spec", "data", "expected"),
    [
        (ServiceSpec, {"desiredCount": "2"}, ("int_type", ("desiredCount",))),
        (ServiceSpec, {"desiredCount": True}, ("int_type", ("desiredCount",))),
        (ServiceSpec, {"enableExecuteCommand": 1}, ("bool_type", ("enableExecuteCommand",))),
        (ServiceSpec, {"launchType": "fargate"}, ("literal_error", ("launchType",))),
        (
            ServiceSpec,
            {"capacityProviderStrategy": [{"capacityProvider": "F", "weight": 1001}]},
            ("less_than_equal", ("capacityProviderStrategy", 0, "weight")),
        ),
        (ServiceSpec, {"networkConfiguration": {"awsvpcConfiguration": {}}}, ("missing", (
            "networkConfiguration", "awsvpcConfiguration", "subnets"))),
        (TaskDefinitionSpec, {}, ("missing", ("containerDefinitions",))),
        (TaskDefinitionSpec, {"containerDefinitions": [], "cpu": 256}, ("string_type", ("cpu",))),
        (
            listener_rule.ModifyRuleInput,
            {
                "ruleArn": "arn:x",
                "actions": [{"type": "fixed-response", "fixedResponseConfig": {"statusCode": "302"}}],
            },
            ("string_pattern_mismatch", ("actions", 0, "fixedResponseConfig", "statusCode")),
        ),
        (
            scaling_policy.RegisterScalableTargetInput,
            {"serviceNamespace": "ecs", "resourceId": "", "scalableDimension": "ecs:service:DesiredCount"},
            ("string_too_short", ("resourceId",)),
        ),
    ],
)  # fmt: skip
def test_types_enums_bounds_and_required_members_are_aws_s(
    spec: type[Spec], data: dict[str, Any], expected: tuple[str, tuple[int | str, ...]]
) -> None:
    assert errors(spec, data) == [expected]


def test_an_unknown_field_is_told_at_the_block_that_holds_it_with_the_known_ones() -> None:
    with pytest.raises(ValidationError) as caught:
        TaskDefinitionSpec.model_validate({"containerDefinitions": [{**APP, "imagee": "x"}]})
    (error,) = caught.value.errors()
    assert (error["type"], error["loc"]) == ("unknown_field", ("containerDefinitions", 0))
    assert error["ctx"]["field"] == "imagee"
    assert "image" in error["ctx"]["known"].split(", ")


def test_everything_wrong_is_told_at_once() -> None:
    data = {
        "cpuu": "1",
        "containerDefinitions": [{"name": 1, "imagee": None, "ulimits": [{"name": "nofile"}]}],
    }
    assert errors(TaskDefinitionSpec, data) == [
        ("unknown_field", ()),
        ("unknown_field", ("containerDefinitions", 0)),
        ("string_type", ("containerDefinitions", 0, "name")),
        ("missing", ("containerDefinitions", 0, "ulimits", 0, "softLimit")),
        ("missing", ("containerDefinitions", 0, "ulimits", 0, "hardLimit")),
    ]


@pytest.mark.parametrize("field", ["clientToken", "forceNewDeployment", "service"])
def test_what_apollo_sets_itself_is_no_field_of_a_service(field: str) -> None:
    assert errors(ServiceSpec, {field: "x"}) == [("unknown_field", ())]


def test_the_schema_for_editors_allows_no_unknown_fields() -> None:
    schema = TaskDefinitionSpec.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(d["additionalProperties"] is False for d in schema["$defs"].values() if d["type"] == "object")
    assert schema["$defs"]["PortMapping"]["properties"]["protocol"]["anyOf"][0]["enum"] == ["tcp", "udp"]


def test_a_family_is_called_like_the_manifest_unless_it_says_otherwise() -> None:
    spec = TaskDefinitionSpec.model_validate({"containerDefinitions": [APP]})
    assert spec.completed("web", ENV).family == "web"
    assert spec.model_copy(update={"family": "old"}).completed("web", ENV).family == "old"
    assert "family" in spec.completed("web", ENV).declared()


def test_a_service_takes_its_name_cluster_and_task_definition_from_around_it() -> None:
    done = ServiceSpec().completed("web", ENV)
    assert (done.serviceName, done.cluster) == ("web", "green")
    assert list(refs_in(done)) == [Ref("TaskDefinition", "web", "arn")]
    assert ServiceSpec().completed("web", Env("stage")).cluster == "default"
    own = ServiceSpec(serviceName="api", cluster="blue").completed("web", ENV)
    assert (own.serviceName, own.cluster) == ("api", "blue")


@pytest.mark.parametrize("text", ["web:41", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:41"])
def test_a_task_definition_with_a_revision_is_taken_as_it_stands(text: str) -> None:
    assert ServiceSpec(taskDefinition=text).completed("api", ENV).taskDefinition == text


def test_a_bare_task_definition_is_one_of_this_environment() -> None:
    done = ServiceSpec(taskDefinition="jobs").completed("web", ENV)
    assert list(refs_in(done)) == [Ref("TaskDefinition", "jobs", "arn")]
    assert is_unknown(done.taskDefinition)
    assert substitute(done, {Ref("TaskDefinition", "jobs", "arn"): "arn:1"}).taskDefinition == "arn:1"
    assert done.completed("web", ENV) == done


def test_a_service_with_a_foreign_controller_needs_no_task_definition() -> None:
    spec = ServiceSpec.model_validate({"deploymentController": {"type": "EXTERNAL"}})
    assert spec.completed("web", ENV).taskDefinition is None


def test_references_are_found_and_replaced_in_nested_blocks() -> None:
    group = "\ue000TargetGroup/web.arn\ue001"
    spec = ServiceSpec.model_validate({"loadBalancers": [{"targetGroupArn": group, "containerPort": 80}]})
    assert list(refs_in(spec)) == [Ref("TargetGroup", "web", "arn")]
    done = substitute(spec, {Ref("TargetGroup", "web", "arn"): "arn:tg"})
    assert done.declared() == {"loadBalancers": [{"targetGroupArn": "arn:tg", "containerPort": 80}]}


def test_fields_are_spelled_as_aws_does_and_keys_of_maps_are_left_alone() -> None:
    target = scaling_policy.RegisterScalableTargetInput.model_validate(
        {
            "serviceNamespace": "ecs",
            "resourceId": "service/green/web",
            "scalableDimension": "ecs:service:DesiredCount",
            "roleARN": "arn:role",
            "suspendedState": {"dynamicScalingInSuspended": True},
            "tags": {"team": "green"},
        }
    )
    assert wire(target) == {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/green/web",
        "ScalableDimension": "ecs:service:DesiredCount",
        "RoleARN": "arn:role",
        "SuspendedState": {"DynamicScalingInSuspended": True},
        "Tags": {"team": "green"},
    }
    task = TaskDefinitionSpec.model_validate({"family": "web", "containerDefinitions": [APP]})
    assert wire(task) == task.declared()
