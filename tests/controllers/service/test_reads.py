"""What AWS may answer, and what is made of it: absent, unknown, still rolling out."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Key, Owned, marker
from apollo.errors import Transient

from ..fake import FakeContext
from ..pilot import SERVICES, resource, service

pytestmark = pytest.mark.anyio

ARN = "arn:aws:ecs:eu-west-1:123456789012"
OLD, NEW = (f"{ARN}:task-definition/web:{number}" for number in (1, 2))
DEPLOYMENT = f"{ARN}:service-deployment/green/web/d"


def live(**more: Any) -> dict[str, Any]:
    """A service that runs web:1, as DescribeServices tells it."""
    return {
        "serviceArn": f"{ARN}:service/green/web",
        "clusterArn": f"{ARN}:cluster/green",
        "serviceName": "web",
        "status": "ACTIVE",
        "createdAt": 1.0,
        "taskDefinition": OLD,
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "networkConfiguration": service()["networkConfiguration"],
        "deploymentConfiguration": service()["deploymentConfiguration"],
        "deployments": [
            {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "updatedAt": 5.0}
        ],
        "tags": [{"key": "apollo:owner", "value": "apollo/stage/Service/web"}],
        "events": [{"id": "e", "createdAt": 1.0, "message": "(service web) has reached a steady state."}],
        **more,
    }


def revision(task_definition: str = NEW, **more: Any) -> dict[str, Any]:
    return {
        "serviceRevisionArn": f"{ARN}:service-revision/green/web/2",
        "taskDefinition": task_definition,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "networkConfiguration": service()["networkConfiguration"],
        **more,
    }


def brief(status: str, created: float = 9.0, **more: Any) -> dict[str, Any]:
    return {
        "serviceDeploymentArn": f"{DEPLOYMENT}{created}",
        "targetServiceRevisionArn": revision()["serviceRevisionArn"],
        "status": status,
        "createdAt": created,
        **more,
    }


def context(*services: dict[str, Any], **answers: Any) -> FakeContext:
    return FakeContext(DescribeServices={"services": list(services), "failures": []}, **answers)


def wanted(task_definition: str = NEW, **more: Any) -> Any:
    return resource("Service", service(taskDefinition=task_definition, **more))


async def look(ctx: FakeContext, want: Any) -> Any:
    return await SERVICES.observe(ctx, SERVICES.identity(want.spec, ctx.env), want)


async def test_missing_means_absent() -> None:
    failures = [{"arn": f"{ARN}:service/green/web", "reason": "MISSING"}]
    ctx = FakeContext(DescribeServices={"services": [], "failures": failures})
    assert await look(ctx, wanted()) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"services": [], "failures": [{"arn": f"{ARN}:service/green/web", "reason": "INTERNAL"}]},
        {"services": [], "failures": []},
        {},
        {"services": [live(status="HIBERNATING")]},
    ],
)
async def test_anything_else_is_not_known_and_never_absent(answer: dict[str, Any]) -> None:
    with pytest.raises(Transient, match="does not say"):
        await look(FakeContext(DescribeServices=answer), wanted())


async def test_of_two_services_of_one_name_the_living_counts() -> None:
    for services in ([live(), live(status="INACTIVE")], [live(status="INACTIVE"), live()]):
        assert (await look(context(*services), wanted(OLD))).status == "ACTIVE"


async def test_a_deleted_service_only_tells_who_was_here() -> None:
    gone = live(status="INACTIVE", tags=[{"key": "apollo:owner", "value": "apollo/prod/Service/web"}])
    want = wanted()
    seen = await look(context(gone), want)
    assert SERVICES.owner(seen) == want.owner
    assert SERVICES.health(want, seen).status == "Missing"
    assert SERVICES.outputs(seen) == {}
    assert SERVICES.settled(want, seen) is None
    (step,) = SERVICES.diff(want, seen)
    (other,) = SERVICES.diff(want, None)
    assert step.call.operation == "CreateService"
    assert step.call.params["clientToken"] != other.call.params["clientToken"]


async def test_the_newest_deployment_is_found_on_any_page() -> None:
    pages = {
        None: {"serviceDeployments": [brief("SUCCESSFUL", 3.0)], "nextToken": "more"},
        "more": {"serviceDeployments": [brief("ROLLBACK_SUCCESSFUL", 8.0), brief("STOPPED", 2.0)]},
    }
    ctx = context(
        live(),
        ListServiceDeployments=lambda params: pages[params.get("nextToken")],
        DescribeServiceRevisions={"serviceRevisions": [revision()]},
        ListTasks={"taskArns": []},
    )
    want = wanted()
    assert "rolled back" in (SERVICES.rejected(want, await look(ctx, want)) or "")
    calls = len(ctx.calls)
    await look(ctx, want)
    assert ctx.calls[calls:] == ["DescribeServices"], "what has ended is remembered"


async def test_a_rollback_of_something_else_does_not_reject() -> None:
    ctx = context(
        live(),
        ListServiceDeployments={"serviceDeployments": [brief("ROLLBACK_SUCCESSFUL")]},
        DescribeServiceRevisions={"serviceRevisions": [revision(f"{ARN}:task-definition/web:7")]},
    )
    want = wanted()
    seen = await look(ctx, want)
    assert SERVICES.rejected(want, seen) is None
    assert [step.call.operation for step in SERVICES.diff(want, seen)] == ["UpdateService"]


async def test_the_same_image_with_another_network_is_not_what_was_rejected() -> None:
    other = {"awsvpcConfiguration": {"subnets": ["subnet-z"], "securityGroups": ["sg-a"]}}
    ctx = context(
        live(),
        ListServiceDeployments={"serviceDeployments": [brief("ROLLBACK_SUCCESSFUL")]},
        DescribeServiceRevisions={"serviceRevisions": [revision(networkConfiguration=other)]},
    )
    want = wanted()
    assert SERVICES.rejected(want, await look(ctx, want)) is None


async def test_what_is_rolling_out_already_is_not_asked_for_again() -> None:
    """A service may show its old self while the new one is on its way."""
    service = live(
        currentServiceDeployment=DEPLOYMENT,
        deployments=[
            {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "runningCount": 1,
             "desiredCount": 2, "failedTasks": 1, "taskDefinition": OLD},
        ],
    )  # fmt: skip
    target = {"arn": revision()["serviceRevisionArn"]}
    deployment = {
        "serviceDeploymentArn": DEPLOYMENT,
        "status": "IN_PROGRESS",
        "createdAt": 9.0,
        "targetServiceRevision": target,
        "lifecycleStage": "SCALE_UP",
    }
    ctx = context(
        service,
        DescribeServiceDeployments={"serviceDeployments": [deployment]},
        DescribeServiceRevisions={"serviceRevisions": [revision()]},
    )
    want = wanted()
    seen = await look(ctx, want)
    assert SERVICES.diff(want, seen) == []
    wait = SERVICES.settled(want, seen)
    assert wait is not None
    assert (wait.reason, wait.message) == ("RollingOut", "1/2 running, 1 failed, scale up")
    assert 2 <= wait.after <= 15


async def test_tasks_that_died_after_the_rollout_show() -> None:
    want = wanted(OLD)
    short = await look(context(live(runningCount=1)), want)
    assert SERVICES.health(want, short).reason == "TasksMissing"
    assert SERVICES.health(want, short).status == "Degraded"
    coming = await look(context(live(runningCount=1, pendingCount=1)), want)
    assert SERVICES.health(want, coming).status == "Progressing"


async def test_fields_that_only_a_revision_tells_are_read_when_declared() -> None:
    connectors = [{"portName": "http"}]
    want = wanted(OLD, gatewayConnectors=connectors)
    current = [{"arn": revision()["serviceRevisionArn"]}]
    ctx = context(
        live(currentServiceRevisions=current),
        DescribeServiceRevisions={"serviceRevisions": [revision(OLD, gatewayConnectors=connectors)]},
    )
    seen = await look(ctx, want)
    assert seen.fields["gatewayConnectors"] == connectors
    two = context(live(currentServiceRevisions=current * 2))
    assert SERVICES.diff(want, await look(two, want)) == []


async def owned(ctx: FakeContext) -> list[Owned]:
    return [one async for one in SERVICES.owned(ctx, [])]


@pytest.mark.parametrize(
    "page", [{}, {"serviceArns": [], "nextToken": "x"}], ids=["no list", "a list without an end"]
)
async def test_a_broken_list_of_services_raises(page: dict[str, Any]) -> None:
    with pytest.raises(Transient):
        await owned(context(ListServices=page))


async def test_a_listed_service_that_cannot_be_described_raises() -> None:
    with pytest.raises(Transient):
        await owned(context(ListServices={"serviceArns": [f"{ARN}:service/green/web"]}))


async def test_what_is_gone_by_the_time_it_is_described_is_not_owned() -> None:
    page = {"serviceArns": [f"{ARN}:service/green/web"]}
    for status in ("DRAINING", "INACTIVE"):
        assert await owned(context(live(status=status), ListServices=page)) == []


async def test_services_of_other_owners_are_not_ours() -> None:
    page = {"serviceArns": [f"{ARN}:service/green/web"]}
    for owner in ("apollo/prod/Service/web", "other/stage/Service/web", "apollo/stage/acme.Queue/web", "x"):
        tags = [{"key": "apollo:owner", "value": owner}]
        assert await owned(context(live(tags=tags), ListServices=page)) == []
    (mine,) = await owned(context(live(), ListServices=page))
    assert mine.key == Key("Service", "stage", "web")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "APO-SVC-001"),
        ({"networkConfiguration": None}, "APO-SVC-002"),
        ({"schedulingStrategy": "DAEMON"}, "APO-SVC-003"),
        ({"serviceName": "web.v1"}, "APO-SVC-004"),
        ({"serviceName": "green/web"}, "APO-SVC-004"),
        ({"serviceName": "a" * 256}, "APO-SVC-004"),
        ({"desiredCount": -1}, "APO-SVC-005"),
        ({"cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/green"}, "APO-SVC-006"),
    ],
)
def test_certain_mistakes_are_found_without_aws(more: dict[str, Any], code: str) -> None:
    assert code in {problem.code for problem in SERVICES.check(wanted(**more))}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"desiredCount": 0, "serviceName": "Web_1-b"},
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/blue"},
        {"cluster": marker("Cluster", "web", "arn"), "serviceName": marker("Cluster", "web", "name")},
    ],
)
def test_a_plain_service_has_no_mistakes(more: dict[str, Any]) -> None:
    assert list(SERVICES.check(wanted(**more))) == []
