"""Schedules of EventBridge Scheduler, and scheduled rules of EventBridge, start tasks at their time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apollo.testing import LocalAws
from apollo.testing.services.autoscaling.schedule import parse
from tests.testing.conftest import NETWORK, Refused, Stage

pytest.importorskip("moto")

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/green"
ROLE = "arn:aws:iam::123456789012:role/scheduler"
VPC = {"awsvpcConfiguration": {"Subnets": ["subnet-a"], "SecurityGroups": ["sg-1"]}}
DAY = 86400.0
Json = dict[str, Any]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """One of its own: its clock begins on the first of January 2026, a Thursday."""
    with LocalAws(strict=True) as aws:
        yield aws


def run_task(**extra: Any) -> Json:
    parameters = {"TaskDefinitionArn": "web", "LaunchType": "FARGATE", "NetworkConfiguration": VPC}
    return {"Arn": CLUSTER, "RoleArn": ROLE, "EcsParameters": parameters, **extra}


def schedule(stage: Stage, text: str, name: str = "nightly", **extra: Any) -> Any:
    client = stage.aws.client("scheduler")
    given = {"Name": name, "ScheduleExpression": text, "FlexibleTimeWindow": {"Mode": "OFF"}}
    client.create_schedule(**given | {"Target": run_task()} | extra)
    return client


def started(stage: Stage) -> list[tuple[str, str]]:
    """When tasks were made, and by whom."""
    arns = stage.ecs.list_tasks(cluster="green")["taskArns"]
    tasks = stage.ecs.describe_tasks(cluster="green", tasks=arns)["tasks"] if arns else []
    found = [(task["createdAt"].astimezone(UTC), task["startedBy"]) for task in tasks]
    return [(f"{at:%m-%d %H:%M}", by) for at, by in sorted(found)]


def test_a_cron_fires_in_its_time_zone(stage: Stage) -> None:
    schedule(stage, "cron(30 3 ? * MON-FRI *)", ScheduleExpressionTimezone="Europe/Berlin")
    stage.aws.advance(4 * DAY)
    by = "chronos-schedule/nightly"
    assert started(stage) == [("01-01 02:30", by), ("01-02 02:30", by)]


def test_the_task_is_what_the_target_says(stage: Stage) -> None:
    target = run_task(Input=json.dumps({"containerOverrides": [{"name": "app", "command": ["report"]}]}))
    target["EcsParameters"] |= {"TaskCount": 2, "Group": "reports", "EnableECSManagedTags": True}
    schedule(stage, "at(2026-01-01T06:00:00)", Target=target)
    stage.aws.advance(DAY)
    stage.aws.advance(5 * DAY)
    arns = stage.ecs.list_tasks(cluster="green")["taskArns"]
    assert len(arns) == 2
    [task] = stage.ecs.describe_tasks(cluster="green", tasks=arns[:1], include=["TAGS"])["tasks"]
    assert (task["group"], task["lastStatus"]) == ("reports", "RUNNING")
    assert task["overrides"]["containerOverrides"][0]["command"] == ["report"]
    assert task["tags"] == [{"key": "aws:ecs:clusterName", "value": "green"}]


def test_a_rate_begins_at_once_or_at_its_start_and_ends(stage: Stage) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
    stage.aws.scenarios.add("web:*", "exit", after=60)
    begin = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
    end = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
    client = schedule(stage, "rate(2 hours)", "bounded", StartDate=begin, EndDate=end)
    seen: set[tuple[str, str]] = set()
    stopped: set[str] = set()
    for _ in range(48):
        stage.aws.advance(1800)
        seen |= set(started(stage))
        stopped |= set(stage.ecs.list_tasks(cluster="green", desiredStatus="STOPPED")["taskArns"])
    by = "chronos-schedule/bounded"
    assert len(stopped) == 2, seen
    client.delete_schedule(Name="bounded")
    schedule(stage, "rate(1 hour)", "at-once")
    stage.aws.scenarios.clear()
    stage.aws.advance(1)
    assert [who for _, who in started(stage)] == ["chronos-schedule/at-once"] != [by]


def test_what_is_changed_disabled_or_deleted_fires_no_more(stage: Stage) -> None:
    client = schedule(stage, "cron(0 3 * * ? *)")
    again = {"Name": "nightly", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": run_task()}
    client.update_schedule(ScheduleExpression="cron(0 5 * * ? *)", **again)
    stage.aws.advance(DAY)
    assert [at for at, _ in started(stage)] == ["01-01 05:00"]
    client.update_schedule(ScheduleExpression="cron(0 5 * * ? *)", State="DISABLED", **again)
    stage.aws.advance(DAY)
    assert len(started(stage)) == 1
    client.update_schedule(ScheduleExpression="cron(0 5 * * ? *)", State="ENABLED", **again)
    stage.aws.advance(DAY)
    assert len(started(stage)) == 2
    client.delete_schedule(Name="nightly")
    stage.aws.advance(DAY)
    assert len(started(stage)) == 2


def test_one_that_is_over_goes_if_it_says_so(stage: Stage) -> None:
    client = schedule(stage, "at(2026-01-01T06:00:00)", ActionAfterCompletion="DELETE")
    kept = schedule(stage, "at(2026-01-01T06:00:00)", "kept")
    stage.aws.advance(DAY)
    stage.ecs.list_clusters()
    assert [one["Name"] for one in kept.list_schedules()["Schedules"]] == ["kept"]
    assert len(started(stage)) == 2
    assert client is kept


def test_a_call_that_fails_goes_to_the_dead_letter_queue(stage: Stage) -> None:
    sqs = stage.aws.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    target = run_task(DeadLetterConfig={"Arn": "arn:aws:sqs:eu-west-1:123456789012:dead"}, Input="{}")
    target["EcsParameters"] |= {"TaskDefinitionArn": "gone"}
    schedule(stage, "at(2026-01-01T06:00:00)", Target=target)
    stage.aws.advance(DAY)
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "{}"
    assert "TaskDefinition not found" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_universal_target_calls_any_operation_of_ecs(stage: Stage) -> None:
    """The service sleeps at night."""
    stage.create(desiredCount=2)
    given = json.dumps({"Cluster": "green", "Service": "web", "DesiredCount": 0})
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService", "RoleArn": ROLE, "Input": given}
    schedule(stage, "cron(0 20 * * ? *)", Target=target)
    stage.aws.advance(DAY)
    assert stage.look()["desiredCount"] == 0


@pytest.mark.parametrize("text", ["rate(0 minutes)", "cron(0 3 * * *)", "at(2026-13-01T00:00:00)", "daily"])
def test_an_expression_that_aws_would_not_take_is_refused(stage: Stage, refused: Refused, text: str) -> None:
    with refused("ValidationException", text):
        schedule(stage, text)
    with refused("ValidationException", "Nowhere/X"):
        schedule(stage, "rate(1 day)", ScheduleExpressionTimezone="Nowhere/X")
    assert stage.aws.client("scheduler").list_schedules()["Schedules"] == []


def test_a_scheduled_rule_starts_tasks_and_sends_events(stage: Stage) -> None:
    events, sqs = stage.aws.client("events"), stage.aws.client("sqs")
    url = sqs.create_queue(QueueName="ticks")["QueueUrl"]
    events.put_rule(Name="hourly", ScheduleExpression="rate(6 hours)")
    queue = {"Id": "2", "Arn": "arn:aws:sqs:eu-west-1:123456789012:ticks"}
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", **run_task()}, queue])
    stage.aws.advance(13 * 3600)
    by = "events-rule/hourly"
    assert started(stage) == [("01-01 06:00", by), ("01-01 12:00", by)]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(m["Body"])["detail-type"] for m in messages] == ["Scheduled Event"] * 2
    events.disable_rule(Name="hourly")
    stage.aws.advance(DAY)
    assert len(started(stage)) == 2


def test_services_and_tasks_of_schedules_do_not_know_each_other(stage: Stage) -> None:
    schedule(stage, "at(2026-01-01T06:00:00)")
    other = stage.aws.client("ecs", region="eu-central-1")
    other.create_cluster(clusterName="green")
    stage.create(desiredCount=1, networkConfiguration=NETWORK)
    stage.aws.advance(DAY)
    assert other.list_tasks(cluster="green")["taskArns"] == []
    assert len(stage.tasks()) == 1


def test_what_summer_time_leaves_out_is_skipped_and_what_comes_twice_fires_once() -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
    berlin = ZoneInfo("Europe/Berlin")
    night = parse("cron(30 2 * * ? *)", "Europe/Berlin", 0.0)
    spring = datetime(2026, 3, 28, 12, tzinfo=berlin).timestamp()
    autumn = datetime(2026, 10, 24, 12, tzinfo=berlin).timestamp()

    def told(moment: float) -> list[str]:
        found = []
        for _ in range(2):
            moment = night(moment) or 0.0
            found.append(datetime.fromtimestamp(moment, berlin).isoformat())
        return found

    assert told(spring) == ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]
    assert told(autumn) == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
