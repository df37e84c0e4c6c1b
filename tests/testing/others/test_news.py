"""ECS's events go to EventBridge's rules, and to whoever subscribes; containers' lines to CloudWatch Logs."""

import json
from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import BREAKER, Stage

Json = dict[str, Any]


def names(events: list[Json], kind: str) -> list[str]:
    """What the events of a kind say, in a word each."""
    found = []
    for event in events:
        if event["detail-type"] == kind:
            detail = event["detail"]
            found.append(detail.get("eventName") or detail["lastStatus"])
    return found


def listen(aws: LocalAws, pattern: Json) -> tuple[Any, str]:
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="news")["QueueUrl"]
    events.put_rule(Name="ecs", EventPattern=json.dumps(pattern))
    arn = "arn:aws:sqs:eu-west-1:123456789012:news"
    events.put_targets(Rule="ecs", Targets=[{"Id": "1", "Arn": arn}])
    return sqs, url


def heard(sqs: Any, url: str) -> list[Json]:
    found: list[Json] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def test_a_rollout_is_told_to_a_queue(aws: LocalAws, stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html"""
    pytest.importorskip("moto")
    stage.register()
    sqs, url = listen(aws, {"source": ["aws.ecs"]})
    service = stage.create(desiredCount=1)
    events = heard(sqs, url)
    assert names(events, "ECS Task State Change") == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    assert names(events, "ECS Deployment State Change") == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]
    assert names(events, "ECS Service Action") == ["SERVICE_STEADY_STATE"]
    done = next(e for e in events if e["detail"].get("eventName") == "SERVICE_DEPLOYMENT_COMPLETED")
    assert done["resources"] == [service["serviceArn"]]
    assert done["detail"]["deploymentId"] == service["deployments"][0]["id"]
    assert done["detail"]["reason"] == f"ECS deployment {service['deployments'][0]['id']} completed."
    running = next(e for e in events if e["detail"].get("lastStatus") == "RUNNING")
    assert running["source"] == "aws.ecs" and running["account"] == "123456789012"
    assert running["time"].endswith("Z") and "T" in running["detail"]["startedAt"]
    assert running["detail"]["group"] == "service:web"
    assert running["resources"] == [running["detail"]["taskArn"]]


def test_a_pattern_picks_and_nothing_from_before_is_told(aws: LocalAws, stage: Stage) -> None:
    pytest.importorskip("moto")
    stage.register()
    stage.create(desiredCount=1)
    pattern = {"detail-type": ["ECS Task State Change"], "detail": {"lastStatus": ["STOPPED"]}}
    sqs, url = listen(aws, pattern)
    assert heard(sqs, url) == []
    stage.ecs.update_service(cluster="green", service="web", desiredCount=0)
    aws.settle()
    (event,) = heard(sqs, url)
    assert event["detail"]["stoppedReason"].startswith("Scaling activity initiated by")
    assert event["detail"]["desiredStatus"] == "STOPPED"


def test_a_failed_deployment_and_its_rollback_are_told_in_order_even_in_one_leap(
    aws: LocalAws, stage: Stage
) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html"""
    stage.register()
    stage.create(desiredCount=1, deploymentConfiguration=BREAKER)
    stage.register("crash-1")
    seen: list[Json] = []
    end = aws.subscribe(seen.append)
    stage.ecs.update_service(cluster="green", service="web", taskDefinition="web")
    aws.advance(3600)
    assert names(seen, "ECS Deployment State Change") == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_FAILED",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]
    assert "STOPPED" in names(seen, "ECS Task State Change")
    assert [e["time"] for e in seen] == sorted(e["time"] for e in seen)
    seen.clear()
    end()
    stage.ecs.update_service(cluster="green", service="web", desiredCount=0)
    aws.settle()
    assert seen == []


def test_no_task_skips_a_state_or_tells_one_twice(aws: LocalAws, stage: Stage) -> None:
    seen: list[Json] = []
    aws.subscribe(seen.append)
    stage.register("crash-1")
    task = stage.ecs.run_task(
        cluster="green",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
    )["tasks"][0]["taskArn"]
    for _ in range(40):
        aws.advance(0.5)
    told = [e["detail"]["lastStatus"] for e in seen if e["resources"] == [task]]
    assert told == ["PROVISIONING", "PENDING", "ACTIVATING", "DEPROVISIONING", "STOPPED"]


LOGGED = {
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "shop"},
    }
}
EXECUTION = {"executionRoleArn": "arn:aws:iam::123456789012:role/exec"}


def lines(logs: Any, task: str) -> list[str]:
    stream = f"shop/app/{task.rpartition('/')[2]}"
    answer = logs.get_log_events(logGroupName="/web", logStreamName=stream, startFromHead=True)
    return [event["message"] for event in answer["events"]]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("1", ["app started"]),
        ("crash-1", ["app started", "app exited with code 1"]),
        (
            "unhealthy-1",
            [
                "app started",
                "app does not answer its health check",
                "app received SIGTERM",
                "app exited with code 143",
            ],
        ),
    ],
)
def test_containers_write_to_their_stream(aws: LocalAws, stage: Stage, tag: str, said: list[str]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html"""
    pytest.importorskip("moto")
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/web")
    seen: list[Json] = []
    aws.subscribe(seen.append)
    stage.register(tag, container=LOGGED, **EXECUTION)
    stage.create(desiredCount=1, settle=False)
    aws.advance(120)
    first = next(e["detail"]["taskArn"] for e in seen if "taskArn" in e["detail"])
    assert lines(logs, first) == said


def test_a_missing_log_group_counts_where_somebody_made_log_groups(aws: LocalAws, stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html"""
    pytest.importorskip("moto")
    stage.register("1", container=LOGGED, **EXECUTION)
    assert stage.create(desiredCount=1)["runningCount"] == 1
    aws.client("logs").create_log_group(logGroupName="/other")
    stage.ecs.update_service(cluster="green", service="web", forceNewDeployment=True)
    aws.advance(60)
    stopped = stage.ecs.list_tasks(cluster="green", desiredStatus="STOPPED")["taskArns"]
    told = stage.ecs.describe_tasks(cluster="green", tasks=stopped)["tasks"]
    assert {t["stopCode"] for t in told} == {"TaskFailedToStart"}
    assert all("ResourceInitializationError" in t["stoppedReason"] for t in told)
    options = LOGGED["logConfiguration"]["options"] | {"awslogs-create-group": "true"}  # type: ignore[operator]
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    stage.register("2", container=container, **EXECUTION)
    stage.ecs.update_service(cluster="green", service="web", taskDefinition="web")
    aws.settle()
    assert stage.look("web")["deployments"][0]["rolloutState"] == "COMPLETED"
    assert len(aws.client("logs").describe_log_streams(logGroupName="/web")["logStreams"]) >= 1
