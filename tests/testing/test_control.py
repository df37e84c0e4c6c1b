"""The control API under /_apollo/, and serving without a context manager."""

import http.client
import json
import threading
from typing import Any

import pytest

from apollo.testing import LocalAws, serve
from tests.testing.conftest import Stage


def control(aws: LocalAws, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=5)
    connection.request(method, f"/_apollo/{path}", None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, document


def test_health_and_clock(aws: LocalAws) -> None:
    status, health = control(aws, "GET", "health")
    assert (status, health["status"], health["speed"]) == (200, "ok", 0.0)
    _, after = control(aws, "POST", "clock", {"advance": 10})
    assert after["now"] == health["now"] + 10
    _, after = control(aws, "POST", "clock", {"speed": 60})
    assert after["speed"] == 60
    control(aws, "POST", "clock", {"speed": 0})


def test_requests(stage: Stage) -> None:
    seq = stage.aws.requests[-1].seq
    stage.create(settle=False)
    stage.look()
    _, answer = control(stage.aws, "GET", f"requests?since={seq}&mutating=1")
    assert [r["operation"] for r in answer["requests"]] == ["CreateService"]
    assert answer["counts"]["ecs:DescribeServices"] == 1
    _, snapshot = control(stage.aws, "GET", "snapshot")
    assert "web" in snapshot["123456789012/eu-west-1/ecs"]["clusters"]["green"]["services"]


def test_faults_and_scenarios(aws: LocalAws) -> None:
    _, answer = control(aws, "POST", "faults", {"action": "ecs:*", "kind": "throttle", "times": 3})
    assert answer["faults"][0]["times"] == 3
    control(aws, "POST", "faults", [{"action": "sts:*", "kind": "latency", "seconds": 0}])
    _, answer = control(aws, "GET", "faults")
    assert [rule["action"] for rule in answer["faults"]] == ["ecs:*", "sts:*"]
    _, answer = control(aws, "POST", "faults", {"clear": True})
    assert answer["faults"] == []
    _, answer = control(aws, "POST", "scenarios", {"image": "*/web:*", "behaviour": "crash"})
    assert answer["scenarios"][0]["behaviour"] == "crash"
    assert aws.scenarios.of("r/web:1").behaviour == "crash"
    control(aws, "POST", "reset")
    assert aws.scenarios.rules == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"action": "ecs:*", "kind": "explode"}),
        ("POST", "faults", {"nonsense": 1}),
        ("POST", "scenarios", {"image": "x", "behaviour": "fly"}),
        ("POST", "clock", {"advance": -1}),
        ("POST", "clock", {"speed": "fast"}),
        ("POST", "clock", [1]),
        ("GET", "requests?since=x", None),
    ],
)
def test_wrong_requests(aws: LocalAws, method: str, path: str, body: Any) -> None:
    status, answer = control(aws, method, path, body)
    assert status == 400
    assert answer["error"]


def test_unknown_paths(aws: LocalAws) -> None:
    assert control(aws, "GET", "nothing")[0] == 404
    assert control(aws, "GET", "reset")[0] == 404


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_page_in_a_browser_cannot_steer_it(aws: LocalAws, headers: dict[str, str]) -> None:
    """Neither by a name that resolves to 127.0.0.1 nor by a cross-origin request."""
    assert control(aws, "GET", "health", None, **headers)[0] == 403


def test_serve_until_stopped() -> None:
    stop, started = threading.Event(), threading.Event()
    with LocalAws() as free:
        port = free.port
    thread = threading.Thread(target=serve, args=(port, 60.0, 3), kwargs={"stop": stop, "started": started})
    thread.start()
    assert started.wait(5)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/_apollo/health")
    health = json.loads(connection.getresponse().read())
    connection.close()
    assert (health["speed"], health["seed"]) == (60.0, 3)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_throttling_over_the_control_api(aws: LocalAws) -> None:
    control(aws, "POST", "faults", {"throttle_like_aws": True})
    client = aws.client("resourcegroupstaggingapi", retries=0)
    for _ in range(15):
        client.get_resources()
    with pytest.raises(client.exceptions.ThrottledException):
        client.get_resources()
    control(aws, "POST", "faults", {"throttle_like_aws": False})
    assert client.get_resources()["ResourceTagMappingList"] == []


def test_what_happens_can_be_followed_and_the_whole_state_looked_at(stage: Stage) -> None:
    assert control(stage.aws, "GET", "events")[1] == {"events": []}
    stage.register()
    stage.create(settle=False, desiredCount=1)
    _, answer = control(stage.aws, "POST", "settle", {"limit": 600})
    assert answer["passed"] > 0
    _, answer = control(stage.aws, "GET", "events")
    names = [e["detail"].get("eventName") for e in answer["events"]]
    assert "SERVICE_DEPLOYMENT_COMPLETED" in names
    _, later = control(stage.aws, "GET", f"events?since={answer['events'][-1]['number']}")
    assert later == {"events": []}
    _, state = control(stage.aws, "GET", "state")
    arn = stage.look()["serviceArn"]
    found = state["aws"]["123456789012/eu-west-1/ecs"]["clusters"]["green"]["services"]["web"]
    assert found["arn"] == arn
    assert control(stage.aws, "POST", "requests", {"clear": True})[0] == 200
    assert stage.aws.requests == []


def test_hooks_alarms_instances_balancers_and_load(stage: Stage) -> None:
    aws, function = stage.aws, "arn:aws:lambda:eu-west-1:123456789012:function:check"
    control(aws, "POST", "hooks", {"arn": function, "status": "FAILED", "times": 1})
    assert aws.hooks.call(function, {}) == "FAILED"
    assert control(aws, "GET", "hooks")[1] == {"calls": [{"hookTargetArn": function}]}
    assert control(aws, "POST", "alarms", {"name": "errors", "state": "OK"})[0] == 200
    _, answer = control(aws, "POST", "instances", {"cluster": "green", "count": 2})
    assert len(answer["arns"]) == 2
    _, listener = control(aws, "POST", "listeners", {"name": "edge", "port": 8080})
    assert ":listener/app/edge/" in listener["arn"]
    _, group = control(aws, "POST", "target-groups", {"name": "web"})
    assert ":targetgroup/web/" in group["arn"]
    _, answer = control(aws, "POST", "route", {"listener": listener["arn"], "path": "/x"})
    assert answer["rule"]["IsDefault"]
    stage.register()
    stage.create(desiredCount=1)
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/green/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    status, _ = control(aws, "POST", "load", {"service": "web", "cluster": "green", "tasks": 3})
    assert status == 200


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("alarms", {"name": "a", "colour": "red"}, "colour"),
        ("alarms", {"name": "a", "state": "RED"}, "RED"),
        ("instances", {"cluster": "none", "count": 1}, "none"),
        ("clock", {"forward": 3}, "forward"),
        ("requests", {}, "clear"),
        ("settle", [], "object"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(aws: LocalAws, path: str, body: Any, told: str) -> None:
    status, answer = control(aws, "POST", path, body)
    assert (status, told in answer["error"]) == (400, True), answer


def test_it_lists_what_there_is(aws: LocalAws) -> None:
    _, answer = control(aws, "GET", "")
    assert any("/_apollo/settle" in line for line in answer["routes"])
