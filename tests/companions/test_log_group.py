"""LogGroup against the local AWS: what git says, what drifts, what is lost and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from apollo.api import Env, Key, Resource, Step, Terminal
from tests.integration.world import World, task_definition

pytestmark = pytest.mark.anyio


def log_group(name: str = "web", spec: str = "{}", lifecycle: str = "") -> str:
    return f"""
apiVersion: apollo/v1
kind: LogGroup
metadata: {{name: {name}}}
{f"lifecycle: {lifecycle}" if lifecycle else ""}
spec: {spec}
"""


def found(world: World) -> dict[str, dict[str, Any]]:
    """The log groups by name, without times and ARNs, with their tags."""
    logs = world.aws.client("logs")
    return {
        one["logGroupName"]: {
            "retentionInDays": one.get("retentionInDays"),
            "tags": logs.list_tags_for_resource(resourceArn=one["logGroupArn"])["tags"],
        }
        for one in logs.describe_log_groups()["logGroups"]
    }


async def test_one_is_made_and_a_second_pass_changes_nothing(world: World) -> None:
    world.write(
        {"web/log.yaml": log_group(spec="{logGroupName: /ecs/web, retentionInDays: 30, tags: {team: green}}")}
    )
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    assert world.calls() == ["CreateLogGroup", "PutRetentionPolicy"]
    owner = "apollo/stage/LogGroup/web"
    assert found(world) == {
        "/ecs/web": {"retentionInDays": 30, "tags": {"apollo:owner": owner, "team": "green"}}
    }
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []


async def test_without_a_name_it_is_called_as_the_resource_is(world: World) -> None:
    world.write({"web/log.yaml": log_group()})
    await world.apply()
    assert list(found(world)) == ["web"] and world.calls() == ["CreateLogGroup"]


async def test_retention_is_changed_cleared_and_drift_mended(world: World) -> None:
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 30}")})
    await world.apply()
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 7}")})
    plan = await world.plan()
    assert "what is older is deleted" in plan.resources[0].why
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["PutRetentionPolicy"] and found(world)["web"]["retentionInDays"] == 7
    world.write({"web/log.yaml": log_group()})
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["DeleteRetentionPolicy"] and found(world)["web"]["retentionInDays"] is None
    world.aws.client("logs").put_retention_policy(logGroupName="web", retentionInDays=1)
    await world.apply()
    assert found(world)["web"]["retentionInDays"] is None


async def test_what_the_manifest_ignores_is_told_and_left(world: World) -> None:
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 30}")})
    await world.apply()
    world.aws.client("logs").put_retention_policy(logGroupName="web", retentionInDays=90)
    world.write(
        {"web/log.yaml": log_group(spec="{retentionInDays: 30}", lifecycle="{ignore: [/retentionInDays]}")}
    )
    world.aws.clear()
    plan = await world.plan()
    assert [one.path for one in plan.resources[0].ignored] == ["/retentionInDays"]
    await world.apply()
    assert world.calls() == []


async def test_tags_of_others_stay(world: World) -> None:
    world.write({"web/log.yaml": log_group(spec="{tags: {team: green}}", lifecycle="{prune: confirm}")})
    await world.apply()
    arn = world.aws.client("logs").describe_log_groups()["logGroups"][0]["logGroupArn"]
    world.aws.client("logs").tag_resource(resourceArn=arn, tags={"team": "red", "cost": "42"})
    world.write({"web/log.yaml": log_group(spec="{tags: {team: green}}")})
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["TagResource", "UntagResource"]
    assert found(world)["web"]["tags"] == {
        "apollo:owner": "apollo/stage/LogGroup/web",
        "cost": "42",
        "team": "green",
    }


async def test_one_of_somebody_else_is_left_alone_unless_adopted(world: World) -> None:
    logs = world.aws.client("logs")
    logs.create_log_group(logGroupName="web", tags={"team": "green"})
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 30}")})
    world.aws.clear()
    assert (await world.apply()).exit_code == 3
    assert world.calls() == []
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 30}", lifecycle="{adopt: true}")})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["TagResource", "PutRetentionPolicy"]
    assert found(world)["web"]["tags"]["apollo:owner"] == "apollo/stage/LogGroup/web"


async def test_what_leaves_git_goes_and_the_plan_says_what_is_lost(world: World) -> None:
    world.write({"web/log.yaml": log_group(), "web/other.yaml": log_group("other")})
    await world.apply()
    world.write({"web/log.yaml": None})
    world.aws.clear()
    plan = await world.plan(prune=True)
    (leaving,) = [one for one in plan.resources if one.absent]
    assert "deleted with every log event in it" in leaving.why
    await world.apply()
    assert world.calls() == []
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteLogGroup"] and list(found(world)) == ["other"]


async def test_one_that_must_not_be_pruned_is_kept(world: World) -> None:
    world.write({"web/log.yaml": log_group(lifecycle="{prune: never}"), "web/other.yaml": log_group("other")})
    await world.apply()
    world.write({"web/log.yaml": None})
    await world.apply(prune=True)
    assert sorted(found(world)) == ["other", "web"]


async def test_many_are_read_in_few_calls(world: World) -> None:
    world.write({"web/log.yaml": "---".join(log_group(f"log{n}") for n in range(60))})
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    await world.apply()
    asked = [
        one.operation for one in world.aws.requests if one.service in ("logs", "resourcegroupstaggingapi")
    ]
    assert "ListTagsForResource" not in asked
    assert len(asked) <= 12, asked


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ("{retentionInDays: 10}", "/spec/retentionInDays", "write 7|write 14"),
        ("{logGroupName: aws/web}", "/spec/logGroupName", "AWS's own"),
        ("{kmsKeyId: alias/web}", "/spec/kmsKeyId", ""),
        ("{retentionDays: 7}", "/spec/retentionDays", "retentionInDays"),
    ],
)
async def test_a_mistake_is_told_with_its_place(world: World, spec: str, path: str, said: str) -> None:
    world.write({"web/log.yaml": log_group(spec=spec)})
    plan = await world.plan()
    (problem,) = plan.problems
    assert problem.path == path and problem.line
    assert any(word in str(problem) for word in said.split("|"))


async def test_a_key_is_associated_and_taken_away(world: World) -> None:
    world.write({"web/log.yaml": log_group(spec=f'{{kmsKeyId: "{KEY}"}}')})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["CreateLogGroup"]
    logs = world.aws.client("logs")
    logs.disassociate_kms_key(logGroupName="web")
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["AssociateKmsKey"]
    world.write({"web/log.yaml": log_group()})
    world.aws.clear()
    await world.apply()
    assert world.calls() == ["DisassociateKmsKey"]
    world.aws.clear()
    await world.apply()
    assert world.calls() == []


async def test_one_that_is_protected_stays_and_says_so(world: World) -> None:
    other = log_group("other")
    world.write(
        {"web/log.yaml": log_group(spec="{deletionProtectionEnabled: true}"), "web/other.yaml": other}
    )
    assert (await world.apply()).exit_code == 0
    world.write({"web/log.yaml": None})
    world.aws.clear()
    result = await world.apply(prune=True)
    assert result.exit_code != 0 and world.calls() == []
    assert any(
        "is protected against deletion and is kept" in str(one.failure) for one in result.plan.resources
    )
    world.write({"web/log.yaml": log_group(spec="{deletionProtectionEnabled: false}")})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["PutLogGroupDeletionProtection"]
    world.write({"web/log.yaml": None})
    assert (await world.apply(prune=True)).exit_code == 0
    assert list(found(world)) == ["other"]


async def test_another_class_is_denied_until_the_manifest_allows_it(world: World) -> None:
    world.write({"web/log.yaml": log_group(spec="{retentionInDays: 7}")})
    await world.apply()
    spec = "{retentionInDays: 7, logGroupClass: INFREQUENT_ACCESS}"
    world.write({"web/log.yaml": log_group(spec=spec)})
    world.aws.clear()
    assert (await world.apply()).exit_code == 3 and world.calls() == []
    world.write({"web/log.yaml": log_group(spec=spec, lifecycle="{replace: allow}")})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["DeleteLogGroup", "CreateLogGroup", "PutRetentionPolicy"]
    world.aws.clear()
    await world.apply()
    assert world.calls() == []


async def test_a_preflight_knows_that_the_log_group_of_a_task_is_about_to_be_made(world: World) -> None:
    logs = """      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: /ecs/web, awslogs-region: eu-west-1, awslogs-stream-prefix: web}
"""
    task = task_definition(executionRoleArn="arn:aws:iam::123456789012:role/x") + logs
    missing = []
    for more in ("", "---" + log_group(spec="{logGroupName: /ecs/web}")):
        world.write({"web/web.yaml": task + more})
        async with world.operator() as operator:
            told = await operator.verify(await operator.plan("stage"))
        missing.append("APO-PRE-040" in {one.problem.code for one in told.findings})
    assert missing == [True, False]


# ── the steps themselves, held against the SDK's model ─────────────────────────────────

ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:web"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


def steps(spec: dict[str, Any], live: dict[str, Any] | None) -> list[Step]:
    """The steps of a log group of ours."""
    from apollo_ecs_log_group.controller import LogGroupController
    from apollo_ecs_log_group.seen import LogGroup
    from apollo_ecs_log_group.spec import LogGroupSpec

    env = Env("stage", region="eu-west-1")
    key = Key("LogGroup", "stage", "web")
    want = Resource(key, "web", LogGroupSpec(**spec).completed("web", env), env)
    seen = None if live is None else LogGroup("web", ARN, {"logGroupName": "web", **live}, want.tags)
    found = list(LogGroupController().diff(want, seen))
    model = get_session().get_service_model("logs")
    for step in found:
        shape = model.operation_model(step.call.operation).input_shape
        report = ParamValidator().validate(dict(step.call.params), shape)
        assert not report.has_errors(), report.generate_report()
    return found


@pytest.mark.parametrize(
    ("spec", "live", "calls"),
    [
        ({"kmsKeyId": KEY}, {"kmsKeyId": KEY}, []),
        ({"kmsKeyId": KEY}, {}, ["AssociateKmsKey"]),
        ({}, {"kmsKeyId": KEY}, ["DisassociateKmsKey"]),
        ({}, {"deletionProtectionEnabled": True}, []),
        ({"deletionProtectionEnabled": False}, {}, []),
        ({"deletionProtectionEnabled": True}, {}, ["PutLogGroupDeletionProtection"]),
        (
            {"deletionProtectionEnabled": False},
            {"deletionProtectionEnabled": True},
            ["PutLogGroupDeletionProtection"],
        ),
        ({"logGroupClass": "STANDARD"}, {"logGroupClass": "STANDARD"}, []),
        ({}, {"logGroupClass": "INFREQUENT_ACCESS"}, []),
        ({"logGroupClass": "INFREQUENT_ACCESS"}, {}, []),
        (
            {"logGroupClass": "INFREQUENT_ACCESS"},
            {"logGroupClass": "STANDARD"},
            ["DeleteLogGroup", "CreateLogGroup"],
        ),
        (
            {"logGroupClass": "INFREQUENT_ACCESS", "deletionProtectionEnabled": False, "retentionInDays": 7},
            {"logGroupClass": "STANDARD", "deletionProtectionEnabled": True},
            ["PutLogGroupDeletionProtection", "DeleteLogGroup", "CreateLogGroup", "PutRetentionPolicy"],
        ),
        ({"kmsKeyId": KEY, "deletionProtectionEnabled": True, "tags": {"a": "b"}}, None, ["CreateLogGroup"]),
    ],
)
async def test_each_difference_has_its_call(
    spec: dict[str, Any], live: dict[str, Any] | None, calls: list[str]
) -> None:
    assert [step.call.operation for step in steps(spec, live)] == calls


async def test_another_class_is_a_replacement_that_says_what_is_lost() -> None:
    first, *_ = steps(
        {"logGroupClass": "INFREQUENT_ACCESS"}, {"logGroupClass": "STANDARD", "storedBytes": 3 * 1024**3}
    )
    assert first.verb == "replace" and "every log event in it (3.0 GB), for good" in first.why


async def test_a_protected_one_is_neither_replaced_nor_deleted() -> None:
    from apollo_ecs_log_group.controller import LogGroupController
    from apollo_ecs_log_group.seen import LogGroup

    with pytest.raises(Terminal, match="protected against deletion") as raised:
        steps(
            {"logGroupClass": "ESSENTIALS"}, {"logGroupClass": "STANDARD", "deletionProtectionEnabled": True}
        )
    assert raised.value.reason == "Protected"
    ours = {"apollo:owner": "apollo/stage/LogGroup/web"}
    with pytest.raises(Terminal, match="is kept"):
        LogGroupController().diff(None, LogGroup("web", ARN, {"deletionProtectionEnabled": True}, ours))
