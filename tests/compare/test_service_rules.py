"""What the service's rules say together: what is sent, what is left alone, what replaces tasks."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import HASH_TAG, OWNER_TAG, Change, marker
from apollo.compare import differences, keeping
from apollo.compare.service import (
    IMMUTABLE,
    RULES,
    STARTS_DEPLOYMENT,
    disruptive,
    live_spec,
    update_fields,
)
from apollo.resources.service import ServiceSpec
from tests.compare.cases.service import (
    ARN,
    FARGATE,
    N,
    S,
    deployment,
    lattice,
    metrics,
    network,
    provider,
    registry,
    service,
    target,
    volume,
)

ABSENT = [
    ("loadBalancers", [target("a")], []),
    ("serviceRegistries", [registry("a")], []),
    ("placementConstraints", [{"type": "distinctInstance"}], []),
    ("placementStrategy", [{"type": "random"}], []),
    ("volumeConfigurations", [volume("a")], []),
    ("vpcLatticeConfigurations", [lattice("a")], []),
    ("gatewayConnectors", [{"portName": "a"}], []),
    ("serviceConnectConfiguration", {"enabled": True}, {"enabled": False}),
    ("healthCheckGracePeriodSeconds", 30, 0),
    ("enableExecuteCommand", True, False),
    ("enableECSManagedTags", True, False),
    ("propagateTags", "SERVICE", "NONE"),
]


@pytest.mark.parametrize(("field", "live", "cleared"), ABSENT)
@pytest.mark.parametrize("empty", ["left out", None, []])
def test_a_field_that_the_manifest_drops_is_cleared_with_the_value_that_aws_wants(
    field: str, live: Any, cleared: Any, empty: Any
) -> None:
    declared = service() if empty == "left out" else service(**{field: empty})
    changes = differences(declared, service(**{field: live}), RULES)
    assert changes == [Change(f"/{field}", live, cleared)]
    assert update_fields(declared, changes) == {field: cleared}


@pytest.mark.parametrize(
    ("field", "live"),
    [
        ("platformVersion", "1.4.0"),
        ("availabilityZoneRebalancing", "ENABLED"),
        ("role", "arn:aws:iam::123456789012:role/aws-service-role/x"),
        ("desiredCount", 7),
        ("networkConfiguration", {"awsvpcConfiguration": {"subnets": ["a"], "assignPublicIp": "ENABLED"}}),
        ("deploymentController", {"type": "CODE_DEPLOY"}),
        ("tags", [{"key": "cost", "value": "x"}]),
        ("somethingNew", {"a": 1}),
        ("events", [{"id": "1"}]),
    ],
)
def test_a_field_that_is_aws_s_is_left_alone_when_nobody_declares_it(field: str, live: Any) -> None:
    assert differences(service(), service(**{field: live}), RULES) == []


def test_a_block_is_sent_whole_with_what_clears_the_rest_of_it() -> None:
    declared = deployment(maximumPercent=150)
    live = deployment(
        maximumPercent=200,
        deploymentCircuitBreaker={"enable": True, "rollback": True},
        alarms={"alarmNames": ["a"], "enable": True, "rollback": True},
    )
    changes = differences(declared, live, RULES)
    assert update_fields(declared, changes) == {
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "alarms": {"alarmNames": [], "enable": False, "rollback": False},
        }
    }
    assert update_fields(service(), differences(service(), live, RULES)).keys() == {"deploymentConfiguration"}


def test_only_what_changes_is_sent_and_what_aws_would_reset() -> None:
    declared = service(
        taskDefinition="web:2",
        desiredCount=3,
        platformVersion="1.4.0",
        healthCheckGracePeriodSeconds=30,
        **network(securityGroups=["x"]),
    )
    live = {**declared, "taskDefinition": ARN + "task-definition/web:1"}
    assert update_fields(declared, differences(declared, live, RULES)) == {
        "taskDefinition": "web:2",
        "platformVersion": "1.4.0",
        "healthCheckGracePeriodSeconds": 30,
    }


def test_what_is_sent_is_what_the_manifest_says_not_its_canonical_form() -> None:
    declared = service(placementStrategy=[{"type": "spread", "field": "host"}], cluster="green")
    changes = differences(declared, service(cluster="green"), RULES)
    assert update_fields(declared, changes) == {"placementStrategy": [{"type": "spread", "field": "host"}]}


def test_a_strategy_only_changes_with_a_new_deployment() -> None:
    declared = service(**FARGATE)
    changes = differences(declared, service(capacityProviderStrategy=[provider("A")]), RULES)
    assert update_fields(declared, changes) == {"capacityProviderStrategy": [], "forceNewDeployment": True}


def test_what_update_service_does_not_take_is_not_sent() -> None:
    declared = service(role="a", cluster="green", tags=[{"key": "a", "value": "1"}], **FARGATE)
    live = service(role="b", cluster="blue", tags=[], launchType="EC2")
    changes = differences(declared, live, RULES)
    assert {change.path for change in changes} == {"/role", "/cluster", "/launchType", "/tags/a"}
    assert update_fields(declared, changes) == {}
    assert ServiceSpec.model_fields.keys() >= IMMUTABLE | STARTS_DEPLOYMENT


def test_a_field_that_somebody_else_looks_after_is_sent_as_it_is() -> None:
    declared = network("a", "b", securityGroups=["x"])
    live = network("a", securityGroups=["hand-made"])
    ignore = [N + "/securityGroups"]
    kept = keeping(declared, live, ignore, RULES)
    changes = differences(kept, live, RULES)
    assert [change.path for change in changes] == [N + "/subnets"]
    sent = update_fields(kept, changes)["networkConfiguration"]["awsvpcConfiguration"]
    assert sent == {"subnets": ["a", "b"], "securityGroups": ["hand-made"]}
    assert keeping(declared, None, ignore, RULES) == declared


@pytest.mark.parametrize("field", sorted(STARTS_DEPLOYMENT))
def test_changes_that_replace_tasks_are_known(field: str) -> None:
    assert disruptive([Change("/desiredCount", 1, 2), Change(f"/{field}/x", 1, 2)])
    assert not disruptive([Change("/desiredCount", 1, 2), Change("/enableExecuteCommand", True, False)])


def test_a_reference_that_is_not_known_yet_is_a_difference() -> None:
    arn = marker("TaskDefinition", "web", "arn")
    live = service(taskDefinition=ARN + "task-definition/web:1")
    assert differences(service(taskDefinition=arn), live, RULES) == [Change("/taskDefinition", "web:1", arn)]


def test_the_live_spec_is_put_together_from_where_aws_says_it() -> None:
    described = {
        "serviceName": "web",
        "clusterArn": ARN + "cluster/green",
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
        "deployments": [
            {"status": "ACTIVE", "volumeConfigurations": [volume("old")]},
            {
                "status": "PRIMARY",
                "serviceConnectConfiguration": {"enabled": True, "namespace": "arn:ns"},
                "volumeConfigurations": [volume("a")],
                "vpcLatticeConfigurations": [],
            },
        ],
        "tags": [
            {"key": key, "value": "x"}
            for key in (OWNER_TAG, HASH_TAG, "aws:cloudformation:stack", "ecs:x", "team")
        ],
    }
    live = live_spec(described)
    wanted = service(
        cluster="green",
        role="ecs",
        serviceConnectConfiguration={"enabled": True},
        volumeConfigurations=[volume("a")],
        tags=[{"key": "team", "value": "x"}],
    )
    assert differences(wanted, live, RULES) == []
    assert live["tags"] == [{"key": "team", "value": "x"}]
    monitoring = {"metricConfigurations": [metrics("a")]}
    assert differences(service(monitoring=monitoring), live, RULES, ["/volumeConfigurations", S]) == []
    read = live_spec(described, {"serviceRevisionArn": "arn:r"})
    found = differences(service(monitoring=monitoring), read, RULES, ["/volumeConfigurations", S])
    assert [change.path for change in found] == ["/monitoring"]
