"""ScheduledTask against the local AWS: what git says, what drifts, and who owns what cannot be tagged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.companions.test_log_group import log_group
from tests.integration.world import ACCOUNT, World, git, task_definition

pytestmark = pytest.mark.anyio

ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
NETWORK = "{awsvpcConfiguration: {subnets: [subnet-b, subnet-a]}}"
GROUP = "apollo-stage-web"
LOGS = """      logConfiguration:
        logDriver: awslogs
        options:
          awslogs-group: "${{ LogGroup/web.name }}"
          awslogs-region: eu-west-1
          awslogs-stream-prefix: web
"""


def scheduled(name: str = "web", target: str = "", lifecycle: str = "", **more: Any) -> str:
    extra = "".join(f"  {key}: {value}\n" for key, value in more.items())
    expression = "" if "scheduleExpression" in more else '  scheduleExpression: "cron(0 3 * * ? *)"\n'
    return f"""
apiVersion: apollo/v1
kind: ScheduledTask
metadata: {{name: {name}}}
{f"lifecycle: {lifecycle}" if lifecycle else ""}
spec:
{expression}{extra}  target:
    roleArn: {ROLE}
    launchType: FARGATE
    networkConfiguration: {NETWORK}
{target}"""


def found(world: World) -> dict[str, Any]:
    """The schedule groups by name: their tags, and their schedules without times."""
    client = world.aws.client("scheduler")
    result: dict[str, Any] = {}
    for group in client.list_schedule_groups()["ScheduleGroups"]:
        tags = client.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
        result[group["Name"]] = {"tags": {tag["Key"]: tag["Value"] for tag in tags}, "schedules": {}}
    for one in client.list_schedules()["Schedules"]:
        whole = client.get_schedule(GroupName=one["GroupName"], Name=one["Name"])
        kept = {
            name: value
            for name, value in whole.items()
            if name not in ("ResponseMetadata", "CreationDate", "LastModificationDate")
        }
        result[one["GroupName"]]["schedules"][one["Name"]] = kept
    del result["default"]
    return result


async def test_from_an_empty_account_in_one_apply(world: World) -> None:
    """The schedule starts a task definition that logs into a log group; none of the three is there yet."""
    world.configure("{maxPrune: 100%}")
    task = task_definition(executionRoleArn=ROLE) + LOGS
    log = log_group(spec="{logGroupName: /ecs/web, retentionInDays: 30}")
    world.write({"web/all.yaml": scheduled() + "---" + task + "---" + log})
    plan = await world.plan()
    told = [f"{call['service']}:{call['operation']}" for call in plan.to_dict()["calls"]]
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    made = [f"{one.service}:{one.operation}" for one in world.aws.mutations()]
    assert sorted(made) == sorted(told)
    assert made.index("logs:CreateLogGroup") < made.index("ecs:RegisterTaskDefinition")
    assert made.index("ecs:RegisterTaskDefinition") < made.index("scheduler:CreateSchedule")
    ecs = world.aws.client("ecs")
    registered = ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]
    assert registered["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] == "/ecs/web"
    group = found(world)[GROUP]
    assert group["tags"] == {"apollo:owner": "apollo/stage/ScheduledTask/web"}
    assert group["schedules"]["web"]["Target"] == {
        "Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/green",
        "RoleArn": ROLE,
        "EcsParameters": {
            "TaskDefinitionArn": registered["taskDefinitionArn"],
            "TaskCount": 1,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-b", "subnet-a"]}},
        },
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    }
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []
    # Another image: another revision, and the schedule starts that.
    world.write({"web/all.yaml": scheduled() + "---" + task.replace("web:1", "web:2") + "---" + log})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["RegisterTaskDefinition", "UpdateSchedule"]
    started = found(world)[GROUP]["schedules"]["web"]["Target"]["EcsParameters"]["TaskDefinitionArn"]
    assert started == registered["taskDefinitionArn"].removesuffix(":1") + ":2"
    # All of it leaves: what starts goes before what is written into.
    world.write({"web/all.yaml": None, "web/other.yaml": task_definition("other")})
    world.aws.clear()
    result = await world.apply(prune=True)
    assert result.exit_code == 0, result.outcomes
    gone = [name for name in world.calls() if name.startswith("Delete")]
    assert gone == ["DeleteSchedule", "DeleteScheduleGroup", "DeleteLogGroup"]
    assert found(world) == {}


async def test_the_schedule_starts_its_task_at_its_time(world: World) -> None:
    world.configure("{maxPrune: 100%}")
    expression = '"cron(0 3 * * ? *)"'
    files = scheduled(scheduleExpression=expression, scheduleExpressionTimezone="Europe/Berlin")
    world.write({"web/all.yaml": files + "---" + task_definition()})
    assert (await world.apply()).exit_code == 0
    ecs = world.aws.client("ecs")
    assert ecs.list_tasks(cluster="green")["taskArns"] == []
    world.aws.advance(86400)
    (arn,) = ecs.list_tasks(cluster="green")["taskArns"]
    (task,) = ecs.describe_tasks(cluster="green", tasks=[arn])["tasks"]
    assert task["taskDefinitionArn"].endswith(":task-definition/web:1")
    assert task["createdAt"].astimezone(ZoneInfo("Europe/Berlin")).hour == 3
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == []


def _written(world: World, *more: str) -> None:
    world.write({"web/all.yaml": "---".join([task_definition(), *more])})


async def test_every_field_arrives_and_a_second_pass_changes_nothing(world: World) -> None:
    target = """    taskCount: 2
    platformVersion: 1.4.0
    group: nightly
    propagateTags: TASK_DEFINITION
    enableECSManagedTags: true
    enableExecuteCommand: true
    referenceId: batch
    tags: {team: green}
    retryPolicy: {maximumRetryAttempts: 2}
    deadLetterConfig: {arn: "arn:aws:sqs:eu-west-1:123456789012:dead"}
    overrides:
      cpu: 512
      containerOverrides:
        - name: app
          command: [python, -m, nightly]
          environment: [{name: WHEN, value: "03:00"}]
"""
    more = {
        "groupName": "batch",
        "scheduleExpression": "rate(15 minutes)",
        "scheduleExpressionTimezone": "Europe/Berlin",
        "flexibleTimeWindow": "{mode: FLEXIBLE, maximumWindowInMinutes: 10}",
        "startDate": "2099-01-01T00:00:00+01:00",
        "endDate": "2099-12-31T00:00:00",
        "state": "DISABLED",
        "description": "the nightly report",
        "kmsKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
        "tags": "{cost: 42}",
    }
    _written(world, scheduled(target=target, **more).replace("spec:\n", "spec:\n  name: night\n"))
    result = await world.apply()
    assert result.exit_code == 0, (result.outcomes, result.plan.problems)
    group = found(world)["batch"]
    assert group["tags"] == {"apollo:owner": "apollo/stage/ScheduledTask/web", "cost": "42"}
    live = group["schedules"]["night"]
    sent = live["Target"]
    assert json.loads(sent["Input"]) == {
        "cpu": "512",
        "containerOverrides": [
            {
                "name": "app",
                "command": ["python", "-m", "nightly"],
                "environment": [{"name": "WHEN", "value": "03:00"}],
            }
        ],
    }
    assert sent["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 2}
    assert sent["EcsParameters"]["Tags"] == [{"key": "team", "value": "green"}]
    assert live["StartDate"] == datetime(2098, 12, 31, 23, tzinfo=UTC)
    assert live["State"] == "DISABLED" and live["FlexibleTimeWindow"]["MaximumWindowInMinutes"] == 10
    world.aws.clear()
    await world.apply()
    assert world.calls() == []
    # Left out is AWS's default again.
    _written(world, scheduled(groupName="batch").replace("spec:\n", "spec:\n  name: night\n"))
    await world.apply()
    assert world.calls() == ["UpdateSchedule"]
    left = found(world)["batch"]["schedules"]["night"]
    assert left["State"] == "ENABLED" and "Input" not in left["Target"] and not left.get("KmsKeyArn")


async def test_drift_is_mended_in_one_call(world: World) -> None:
    _written(world, scheduled())
    await world.apply()
    client = world.aws.client("scheduler")
    live = client.get_schedule(GroupName=GROUP, Name="web")
    live["Target"]["EcsParameters"]["TaskCount"] = 5
    live["Target"]["Input"] = "{}"
    names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{name: live[name] for name in names}, State="DISABLED", Description="by hand")
    world.aws.clear()
    plan = await world.plan()
    (item,) = [one for one in plan.resources if one.steps]
    paths = sorted(change.path for change in item.changes)
    assert paths == ["/description", "/state", "/target/taskCount"]
    await world.apply()
    assert world.calls() == ["UpdateSchedule"]
    mended = found(world)[GROUP]["schedules"]["web"]
    assert mended["State"] == "ENABLED" and not mended.get("Description")
    world.aws.clear()
    await world.apply()
    assert world.calls() == []


async def test_what_the_manifest_ignores_is_kept_when_the_rest_is_sent(world: World) -> None:
    _written(world, scheduled())
    await world.apply()
    client = world.aws.client("scheduler")
    live = client.get_schedule(GroupName=GROUP, Name="web")
    names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{name: live[name] for name in names}, State="DISABLED")
    _written(world, scheduled(lifecycle="{ignore: [/state]}", state="ENABLED", description="new"))
    await world.apply()
    kept = found(world)[GROUP]["schedules"]["web"]
    assert kept["State"] == "DISABLED" and kept["Description"] == "new"


async def test_a_start_that_is_over_is_neither_sent_nor_a_difference(world: World) -> None:
    _written(world, scheduled(startDate="2020-01-01T00:00:00Z", scheduleExpression='"rate(1 hour)"'))
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    await world.apply()
    assert world.calls() == []


async def test_renamed_the_old_schedule_goes_first(world: World) -> None:
    _written(world, scheduled())
    await world.apply()
    _written(world, scheduled().replace("spec:\n", "spec:\n  name: night\n"))
    world.aws.clear()
    assert (await world.apply()).exit_code == 3  # as with any other kind, replacing has to be allowed
    allowed = scheduled(lifecycle="{replace: allow}").replace("spec:\n", "spec:\n  name: night\n")
    _written(world, allowed)
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["DeleteSchedule", "CreateSchedule"]
    assert list(found(world)[GROUP]["schedules"]) == ["night"]


async def test_a_schedule_that_somebody_puts_into_our_group_waits_for_the_permission_to_prune(
    world: World,
) -> None:
    _written(world, scheduled())
    await world.apply()
    client = world.aws.client("scheduler")
    live = client.get_schedule(GroupName=GROUP, Name="web")
    names = ("GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    client.create_schedule(Name="theirs", **{name: live[name] for name in names})
    world.aws.clear()
    await world.apply()
    assert world.calls() == []
    await world.apply(prune=True)
    assert world.calls() == ["DeleteSchedule"] and list(found(world)[GROUP]["schedules"]) == ["web"]


async def test_a_group_of_somebody_else_is_left_alone_unless_it_is_adopted_whole(world: World) -> None:
    client = world.aws.client("scheduler")
    client.create_schedule_group(Name="batch", Tags=[{"Key": "team", "Value": "red"}])
    target = {"Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/green", "RoleArn": ROLE}
    target["EcsParameters"] = {"TaskDefinitionArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:1"}
    for name in ("web", "other"):
        client.create_schedule(
            Name=name,
            GroupName="batch",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
    before = found(world)
    _written(world, scheduled(groupName="batch"))
    assert (await world.apply()).exit_code == 3 and found(world) == before
    _written(world, scheduled(groupName="batch", lifecycle="{adopt: true}"))
    plan = await world.plan()
    assert any("also holds other" in one.why for one in plan.resources)
    assert (await world.apply(prune=True)).exit_code == 3 and found(world) == before
    client.delete_schedule(GroupName="batch", Name="other")
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["TagResource", "UpdateSchedule"]
    assert found(world)["batch"]["tags"]["apollo:owner"] == "apollo/stage/ScheduledTask/web"


async def test_what_leaves_git_goes_schedule_and_group(world: World) -> None:
    _written(world, scheduled(), scheduled("other", "    taskDefinition: web\n"))
    assert (await world.apply()).exit_code == 0
    _written(world, scheduled())
    world.aws.clear()
    await world.apply()
    assert world.calls() == []
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteSchedule", "DeleteScheduleGroup"] and list(found(world)) == [GROUP]


async def test_one_that_must_not_be_pruned_is_kept_though_its_manifest_is_gone(world: World) -> None:
    _written(world, scheduled(lifecycle="{prune: never}"))
    await world.apply()
    _written(world)
    await world.apply(prune=True)
    assert list(found(world)) == [GROUP]


@pytest.mark.parametrize(
    ("allow", "target", "path"),
    [
        ("{clusters: [green]}", "    cluster: blue\n", "/target/cluster"),
        ("{roles: [other]}", "    taskDefinition: web\n", "/target/roleArn"),
        ("{images: [web]}", "    taskDefinition: theirs:1\n", "/target/taskDefinition"),
    ],
)
async def test_what_the_environment_does_not_allow_is_denied(
    world: World, allow: str, target: str, path: str
) -> None:
    world.configure(more=f"  allow: {allow}\n")
    _written(world, scheduled(target=target))
    plan = await world.plan()
    (item,) = [one for one in plan.resources if one.key.kind == "ScheduledTask"]
    assert any(one.reason == "Restricted" and path in one.message for one in item.findings), item.findings


@pytest.mark.parametrize("output", ["name", "arn"])
async def test_a_cluster_of_git_is_made_first(world: World, output: str) -> None:
    cluster = "\napiVersion: apollo/v1\nkind: Cluster\nmetadata: {name: blue}\nspec: {}\n"
    _written(world, cluster, scheduled(target=f"    cluster: ${{{{ Cluster/blue.{output} }}}}\n"))
    result = await world.apply()
    assert result.exit_code == 0, (result.plan.problems, result.outcomes)
    target = found(world)[GROUP]["schedules"]["web"]["Target"]
    assert target["Arn"] == f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/blue"
    assert sorted(world.calls()) == [
        *("CreateCluster", "CreateSchedule", "CreateScheduleGroup", "RegisterTaskDefinition"),
    ]
    world.aws.clear()
    await world.apply()
    assert world.calls() == []


async def test_a_schedule_in_everybodys_group_is_warned_of(world: World) -> None:
    target = {"Arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/green", "RoleArn": ROLE}
    world.aws.client("scheduler").create_schedule(
        Name="web",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={**target, "EcsParameters": {"TaskDefinitionArn": "web"}},
    )
    _written(world, scheduled())
    async with world.operator() as operator:
        plan = await operator.plan("stage")
        told = await operator.verify(plan)
    (problem,) = [one.problem for one in told.findings if one.problem.code == "APO-SCHEDULED-TASK-031"]
    assert problem.severity == "warning" and "both would start tasks" in problem.message


async def test_two_environments_of_one_account_do_not_meet(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    _written(world, scheduled())
    git(world.repo, "branch", "prod")
    await world.apply("stage")
    await world.apply("prod")
    assert sorted(found(world)) == ["apollo-prod-web", "apollo-stage-web"]


async def test_many_cost_one_call_each_and_few_more(world: World) -> None:
    _written(world, *(scheduled(f"s{n}", "    taskDefinition: web\n") for n in range(20)))
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    await world.apply()
    asked = [one.operation for one in world.aws.requests if one.service == "scheduler"]
    assert "ListTagsForResource" not in asked and "GetScheduleGroup" not in asked
    assert asked.count("GetSchedule") <= 20 and len(asked) <= 24, asked


@pytest.mark.parametrize(
    ("manifest", "path", "said"),
    [
        (scheduled(scheduleExpression='"cron(0 3 * * *)"'), "/spec/scheduleExpression", "six fields"),
        (scheduled(scheduleExpression='"every day"'), "/spec/scheduleExpression", "rate(15 minutes)"),
        (scheduled(scheduleExpressionTimezone="Berlin"), "/spec/scheduleExpressionTimezone", "IANA"),
        (
            scheduled(flexibleTimeWindow="{mode: FLEXIBLE}"),
            "/spec/flexibleTimeWindow",
            "maximumWindowInMinutes",
        ),
        (scheduled(startDate="tomorrow"), "/spec/startDate", "point in time"),
        (scheduled(groupName="default"), "/spec/groupName", "everybody's"),
        (scheduled(actionAfterCompletion="DELETE"), "/spec/actionAfterCompletion", "last run"),
        (scheduled(target="    taskDefinition: wbe\n"), "/spec/target/taskDefinition", "web"),
        (scheduled(target="    count: 2\n"), "/spec/target/count", "taskCount"),
        (
            scheduled(target="    overrides: {containerOverrides: [{name: ap}]}\n"),
            "/spec/target/overrides/containerOverrides/ap/name",
            "it has app",
        ),
    ],
)
async def test_a_mistake_is_told_with_its_place(world: World, manifest: str, path: str, said: str) -> None:
    _written(world, manifest)
    plan = await world.plan()
    (problem,) = plan.problems
    assert problem.path == path and problem.line
    assert said in str(problem), str(problem)
