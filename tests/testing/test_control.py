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
