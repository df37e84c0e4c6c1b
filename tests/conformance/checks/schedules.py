"""Schedules of EventBridge Scheduler that start tasks."""

import json
from typing import Any

from tests.conformance.registry import check, scheduler, scheduler_guide
from tests.conformance.stage import Stage

AREA = "Schedules"
NEEDS = ("tasks", "settings")


def _schedule(s: Stage, text: str, **extra: Any) -> Any:
    """A schedule that runs a task of the web definition."""
    client = s.target.client("scheduler")
    vpc = {"Subnets": s.target.network["subnets"], "SecurityGroups": s.target.network["securityGroups"]}
    target = {
        "Arn": s.ecs.describe_clusters(clusters=[s.cluster])["clusters"][0]["clusterArn"],
        "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        "EcsParameters": {
            "TaskDefinitionArn": s.web["taskDefinitionArn"],
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": vpc},
        },
        "Input": json.dumps({"containerOverrides": [{"name": "app", "command": ["sleep", "60"]}]}),
    }
    client.create_schedule(
        Name=s.name("run"),
        ScheduleExpression=text,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        **extra,
    )
    return client


def _tasks(s: Stage) -> list[str]:
    arns: list[str] = s.ecs.list_tasks(cluster=s.cluster)["taskArns"]
    return arns


@check("schedule.rate", source=scheduler_guide("schedule-types"), needs=NEEDS)
def rate(s: Stage) -> None:
    """A rate without a start begins at once, and goes on."""
    _schedule(s, "rate(2 minutes)")
    counts = [len(_tasks(s)) for _ in s.watch(600, 30)]
    assert 0 < counts[1] <= 2
    assert 5 <= counts[-1] <= 6
    assert counts == sorted(counts)


@check("schedule.cron", source=scheduler_guide("schedule-types"), needs=NEEDS)
def cron(s: Stage) -> None:
    """A cron expression fires whenever it holds, in its time zone."""
    _schedule(s, "cron(0/5 * * * ? *)", ScheduleExpressionTimezone="Asia/Kolkata")
    counts = [len(_tasks(s)) for _ in s.watch(1260, 60)]
    assert counts[-1] == 4


@check(
    "schedule.input",
    source=scheduler("Target"),
    says="The text, or well-formed JSON, passed to the target.",
    needs=NEEDS,
)
def overrides(s: Stage) -> None:
    """The input of such a target is the task's overrides."""
    _schedule(s, "rate(1 day)")
    for _ in s.watch(60):
        if _tasks(s):
            break
    [override] = s.task(_tasks(s)[0])["overrides"]["containerOverrides"]
    assert override["command"] == ["sleep", "60"]


@check(
    "schedule.state",
    source=scheduler("CreateSchedule"),
    says="Specifies whether the schedule is enabled or disabled.",
    needs=NEEDS,
)
def disabled(s: Stage) -> None:
    """A schedule that is DISABLED starts nothing; neither does one that was deleted."""
    client = _schedule(s, "rate(1 minute)", State="DISABLED")
    for _ in s.watch(300, 60):
        assert _tasks(s) == []
    client.delete_schedule(Name=s.name("run"))
    _schedule(s, "cron(0/5 * * * ? *)").delete_schedule(Name=s.name("run"))
    for _ in s.watch(600, 60):
        assert _tasks(s) == []


@check("schedule.expression", source=scheduler("CreateSchedule"), needs=NEEDS)
def expression(s: Stage) -> None:
    """An expression or a time zone that is none is a ValidationException."""
    with s.refused("ValidationException"):
        _schedule(s, "cron(0 25 * * ? *)")
    with s.refused("ValidationException"):
        _schedule(s, "rate(1 day)", ScheduleExpressionTimezone="Nowhere/Else")
