"""The control API, on the same port under `/_apollo/`: what LocalAws can do, for other processes.

Answers are JSON; a wrong request is a 400 with `error`. Names of members are those of the Python methods;
`account` and `region` may be given wherever those have them.

GET  /_apollo/                 these lines
GET  /_apollo/health           {"status": "ok", "now", "speed", "seed"}
GET  /_apollo/requests         the request log and counts; ?since=SEQ&mutating=1
POST /_apollo/requests         {"clear": true}
GET  /_apollo/snapshot         the state without identifiers and timestamps
GET  /_apollo/state            the whole state, with them
GET  /_apollo/events           ECS's events since the first such request; ?since=NUMBER
POST /_apollo/clock            {"advance": seconds} and/or {"speed": n}
POST /_apollo/settle           {"limit"}: time passes until nothing more happens by itself
GET, POST /_apollo/faults      POST: the arguments of Faults.add, or a list of them, or {"clear": true}, or
                               {"throttle_like_aws": true}
GET, POST /_apollo/scenarios   POST: the arguments of Scenarios.add, or a list of them, or {"clear": true}
GET, POST /_apollo/hooks       the calls of lifecycle hooks; POST: {"arn", "status", "times"} to answer with
POST /_apollo/alarms           {"name", "state"}: a CloudWatch alarm, as deployments see it
POST /_apollo/instances        {"cluster", "count"}: container instances; answers their ARNs
POST /_apollo/load             {"service", "tasks", "cluster"}: now it needs so many tasks
POST /_apollo/listeners        {"name", "port"}: made if need be; answers the ARN
POST /_apollo/target-groups    {"name", "port", "balanced"}: made if need be; answers the ARN
POST /_apollo/route            {"listener", "host", "path", "method", "headers", "query", "source_ip"}: the
                               rule that such a request would match
POST /_apollo/reset            forget everything but the clock
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from apollo.testing import faults, scenarios
from apollo.testing.http import HttpRequest, Reply

if TYPE_CHECKING:
    from apollo.testing.local import LocalAws

PREFIX = "/_apollo/"
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Control:
    """Answers the control API itself and hands every other request on."""

    def __init__(self, aws: "LocalAws", inner: Callable[[HttpRequest], Reply]) -> None:
        self._aws = aws
        self._inner = inner

    def handle(self, request: HttpRequest) -> Reply:
        if not request.path.startswith(PREFIX):
            return self._inner(request)
        # A page in a browser must not be able to steer it under a name of its own.
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        if host not in _LOCAL_HOSTS or "origin" in request.headers:
            return _reply(403, {"error": "only from this machine"})
        url = urlsplit(request.path)
        name = url.path[len(PREFIX) :]
        route = _ROUTES.get((request.method, name))
        if route is None:
            return _reply(
                404, {"error": f"no {request.method} {PREFIX}{name}; GET {PREFIX} lists what there is"}
            )
        try:
            body = json.loads(request.body) if request.body else {}
            given = {key: values[-1] for key, values in parse_qs(url.query).items()}
            with self._aws.world.lock:
                self._aws.world.catch_up()
                return _reply(200, route(self._aws, given if request.method == "GET" else body))
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            return _reply(400, {"error": str(error).removeprefix("LocalAws.")})


def _health(aws: "LocalAws", _: Any = None) -> dict[str, Any]:
    return {"status": "ok", "now": aws.clock.now(), "speed": aws.clock.speed, "seed": aws.world.seed}


def _requests(aws: "LocalAws", given: dict[str, str]) -> dict[str, Any]:
    since, only = int(given.get("since", "0")), given.get("mutating", "0") in ("1", "true")
    found = [r.as_dict() for r in aws.world.log if r.seq > since and (r.mutating or not only)]
    return {"requests": found, "counts": aws.counts()}


def _clear(aws: "LocalAws", body: Any) -> dict[str, Any]:
    if _object(body) != {"clear": True}:
        raise ValueError('only {"clear": true} is understood')
    aws.clear()
    return {}


def _events(aws: "LocalAws", given: dict[str, str]) -> dict[str, Any]:
    since = int(given.get("since", "0"))
    aws.events()
    found = [{"number": number, **event} for number, event in aws.news.recent if number > since]
    return {"events": found}


def _clock(aws: "LocalAws", body: Any) -> dict[str, Any]:
    if unknown := sorted(set(_object(body)) - {"advance", "speed"}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    if "speed" in body:
        aws.clock.set_speed(float(body["speed"]))
    if "advance" in body:
        aws.advance(float(body["advance"]))
    return _health(aws)


def _faults(aws: "LocalAws", body: Any = None) -> dict[str, Any]:
    return {"faults": [faults.as_dict(rule) for rule in aws.faults.rules]}


def _scenarios(aws: "LocalAws", body: Any = None) -> dict[str, Any]:
    return {"scenarios": [scenarios.as_dict(rule) for rule in aws.scenarios.rules]}


def _change_faults(aws: "LocalAws", body: Any) -> dict[str, Any]:
    _change(aws.faults, body)
    return _faults(aws)


def _change_scenarios(aws: "LocalAws", body: Any) -> dict[str, Any]:
    _change(aws.scenarios, body)
    return _scenarios(aws)


def _hooks(aws: "LocalAws", body: Any = None) -> dict[str, Any]:
    return {"calls": list(aws.hooks.calls)}


def _answer_hooks(aws: "LocalAws", body: Any) -> dict[str, Any]:
    if _object(body).get("clear"):
        aws.hooks.clear()
    else:
        aws.hooks.answer(**body)
    return _hooks(aws)


def _alarms(aws: "LocalAws", body: Any) -> dict[str, Any]:
    aws.alarm(**_object(body))
    return {}


def _load(aws: "LocalAws", body: Any) -> dict[str, Any]:
    tasks = int(_object(body)["tasks"])
    return {"desiredCount": aws.load_rises(**(body | {"tasks": tasks}))}


def _reset(aws: "LocalAws", _: Any) -> dict[str, Any]:
    aws.reset()
    return _health(aws)


_ROUTES: dict[tuple[str, str], Callable[["LocalAws", Any], dict[str, Any]]] = {
    ("GET", ""): lambda aws, _: {"routes": (__doc__ or "").partition("\n\nGET ")[2].splitlines()},
    ("GET", "health"): _health,
    ("GET", "requests"): _requests,
    ("POST", "requests"): _clear,
    ("GET", "snapshot"): lambda aws, _: aws.snapshot(),
    ("GET", "state"): lambda aws, _: aws.state(),
    ("GET", "events"): _events,
    ("POST", "clock"): _clock,
    ("POST", "settle"): lambda aws, body: {"passed": aws.settle(**_object(body)), **_health(aws)},
    ("GET", "faults"): _faults,
    ("POST", "faults"): _change_faults,
    ("GET", "scenarios"): _scenarios,
    ("POST", "scenarios"): _change_scenarios,
    ("GET", "hooks"): _hooks,
    ("POST", "hooks"): _answer_hooks,
    ("POST", "alarms"): _alarms,
    ("POST", "instances"): lambda aws, body: {"arns": aws.container_instances(**_object(body))},
    ("POST", "load"): _load,
    ("POST", "listeners"): lambda aws, body: {"arn": aws.listener(**_object(body))},
    ("POST", "target-groups"): lambda aws, body: {"arn": aws.target_group(**_object(body))},
    ("POST", "route"): lambda aws, body: {"rule": aws.route(**_object(body))},
    ("POST", "reset"): _reset,
}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ValueError("an object was expected")
    return body


def _change(rules: faults.Faults | scenarios.Scenarios, body: Any) -> None:
    for item in body if isinstance(body, list) else [body]:
        if _object(item).get("clear"):
            rules.clear()
        elif isinstance(rules, faults.Faults) and "throttle_like_aws" in item:
            rules.throttle_like_aws(bool(item["throttle_like_aws"]))
        else:
            rules.add(**item)


def _reply(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document).encode())
