"""What the local AWS never says: providers being attached, namespaces by ARN, lists without end."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Context, Env, Identity, Key, Resource, Transient
from apollo.aws.classify import classify
from apollo.plugins import Registry
from tests.controllers.fake import FakeContext

pytestmark = pytest.mark.anyio

ARN = "arn:aws:ecs:eu-west-1:123456789012:cluster/blue"
NAMESPACE = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-0a1b"
OWNER = {"key": "apollo:owner", "value": "apollo/stage/Cluster/blue"}
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0a1b2c3d4e5f6071"


def cluster(**more: Any) -> dict[str, Any]:
    return {"clusterArn": ARN, "clusterName": "blue", "status": "ACTIVE", "tags": [OWNER], **more}


def wanted(kind: str, name: str, **fields: Any) -> Resource[Any]:
    controller = Registry().get(kind)
    env = Env("stage", region="eu-west-1")
    spec = controller.spec_type.model_validate(fields).completed(name, env)
    return Resource(Key(kind, "stage", name), "web", spec, env)


async def looked(ctx: FakeContext, want: Resource[Any]) -> tuple[Any, Any]:
    controller = Registry().get(want.key.kind)
    lent: Context = ctx
    return controller, await controller.observe(lent, controller.identity(want.spec, want.env), want)


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        ({"attachmentsStatus": "UPDATE_IN_PROGRESS"}, "attached"),
        ({"status": "PROVISIONING"}, "PROVISIONING"),
        ({"status": "DEPROVISIONING"}, "DEPROVISIONING"),
    ],
)
async def test_nothing_is_sent_while_aws_is_at_work_on_a_cluster(live: dict[str, Any], reason: str) -> None:
    want = wanted("Cluster", "blue", capacityProviders=["FARGATE"])
    controller, seen = await looked(
        FakeContext(DescribeClusters={"clusters": [cluster(**live)], "failures": []}), want
    )
    wait = controller.settled(want, seen)
    assert wait is not None and wait.blocking and reason in wait.message
    assert controller.health(want, seen).status == "Progressing"


async def test_a_provider_that_could_not_be_attached_is_told() -> None:
    want = wanted("Cluster", "blue")
    live = cluster(attachmentsStatus="UPDATE_FAILED")
    controller, seen = await looked(FakeContext(DescribeClusters={"clusters": [live], "failures": []}), want)
    assert controller.settled(want, seen) is None
    assert controller.health(want, seen).status == "Degraded"


async def test_a_cluster_that_was_deleted_is_absent() -> None:
    want = wanted("Cluster", "blue")
    live = cluster(status="INACTIVE")
    controller, seen = await looked(FakeContext(DescribeClusters={"clusters": [live], "failures": []}), want)
    assert seen is None
    assert [step.call.operation for step in controller.diff(want, seen)] == ["CreateCluster"]


@pytest.mark.parametrize(("name", "changes"), [("local", []), ("other", ["UpdateCluster"])])
async def test_a_namespace_by_name_is_compared_with_the_name_of_the_one_in_force(
    name: str, changes: list[str]
) -> None:
    want = wanted("Cluster", "blue", serviceConnectDefaults={"namespace": name})
    ctx = FakeContext(
        DescribeClusters={"clusters": [cluster(serviceConnectDefaults={"namespace": NAMESPACE})]},
        GetNamespace={"Namespace": {"Name": "local"}},
    )
    controller, seen = await looked(ctx, want)
    assert [step.call.operation for step in controller.diff(want, seen)] == changes


async def test_what_of_an_execute_configuration_leaves_git_is_taken_away_and_the_rest_is_kept() -> None:
    live = {
        "executeCommandConfiguration": {"logging": "NONE", "kmsKeyId": "key-1"},
        "managedStorageConfiguration": {"kmsKeyId": "key-2"},
    }
    fields = {"configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}
    want = wanted("Cluster", "blue", **fields)
    ctx = FakeContext(DescribeClusters={"clusters": [cluster(configuration=live)]})
    controller, seen = await looked(ctx, want)
    (step,) = controller.diff(want, seen)
    sent = step.call.params["configuration"]
    assert sent == {
        "executeCommandConfiguration": {"logging": "NONE"},
        "managedStorageConfiguration": {"kmsKeyId": "key-2"},
    }


async def test_an_answer_that_says_nothing_is_not_taken_for_absence() -> None:
    want = wanted("Cluster", "blue")
    answer = {"clusters": [], "failures": [{"arn": ARN, "reason": "THROTTLED"}]}
    with pytest.raises(Transient, match="does not say"):
        await looked(FakeContext(DescribeClusters=answer), want)


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("Cluster", {"ListClusters": {"clusterArns": [], "nextToken": "again"}}),
        ("TargetGroup", {"GetResources": {"ResourceTagMappingList": [], "PaginationToken": "again"}}),
    ],
)
async def test_a_list_without_end_is_no_list(kind: str, answers: dict[str, Any]) -> None:
    with pytest.raises(Transient, match="circle"):
        _ = [one async for one in Registry().get(kind).owned(FakeContext(**answers), [])]


async def test_a_target_group_that_goes_between_two_reads_is_absent() -> None:
    gone = classify("elbv2", "DescribeTags", "TargetGroupNotFound", "not found")
    described = {"TargetGroups": [{"TargetGroupArn": GROUP, "TargetGroupName": "web"}]}
    want = wanted("TargetGroup", "web", protocol="HTTP", port=80, vpcId="vpc-1")
    _, seen = await looked(FakeContext(DescribeTargetGroups=described, DescribeTags=gone), want)
    assert seen is None


async def test_an_unreadable_target_group_is_not_taken_for_absence() -> None:
    denied = classify("elbv2", "DescribeTargetGroups", "AccessDenied", "is not authorized to perform: x")
    want = wanted("TargetGroup", "web", protocol="HTTP", port=80, vpcId="vpc-1")
    with pytest.raises(type(denied)):
        await looked(FakeContext(DescribeTargetGroups=denied), want)


async def test_an_object_at_its_place_is_looked_for_by_name_alone() -> None:
    controller = Registry().get("TargetGroup")
    ctx = FakeContext(DescribeTargetGroups=classify("elbv2", "x", "TargetGroupNotFound", "none"))
    assert await controller.observe(ctx, Identity("elbv2:target-group", "web"), None) is None
    assert ctx.calls == ["DescribeTargetGroups"]
