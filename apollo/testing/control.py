"""The control API, on the same port under `/_apollo/`: for whoever steers the local AWS from another process.

GET  /_apollo/health     {"status": "ok", "now", "speed", "seed"}
GET  /_apollo/requests   the request log; ?since=SEQ&mutating=1
GET  /_apollo/snapshot   the state without identifiers and timestamps
POST /_apollo/clock      {"advance": seconds} and/or {"speed": n}
GET, POST /_apollo/faults      POST: the arguments of Faults.add, or a list of them, or {"clear": true}, or
                               {"throttle_like_aws": true}
GET, POST /_apollo/scenarios   POST: the arguments of Scenarios.add, or a list of them, or {"clear": true}
POST /_apollo/load       {"service", "tasks", "cluster", "account", "region"}: now it needs so many tasks
POST /_apollo/reset      forget everything but the clock
"""

import json
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from apollo.testing import faults, scenarios
from apollo.testing.http import HttpRequest, Reply
from apollo.testing.services.autoscaling import ApplicationAutoScaling
from apollo.testing.services.autoscaling.load import load_needs
from apollo.testing.world import DEFAULT_ACCOUNT, DEFAULT_REGION, World

PREFIX = "/_apollo/"
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Control:
    """Answers the control API itself and hands every other request on."""

    def __init__(self, world: World, inner: Callable[[HttpRequest], Reply]) -> None:
        self._world = world
        self._inner = inner

    def handle(self, request: HttpRequest) -> Reply:
        if not request.path.startswith(PREFIX):
            return self._inner(request)
        # A page in a browser must not be able to steer it under a name of its own.
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        if host not in _LOCAL_HOSTS or "origin" in request.headers:
            return _reply(403, {"error": "only from this machine"})
        url = urlsplit(request.path)
        try:
            body = json.loads(request.body) if request.body else {}
            with self._world.lock:
                return self._route(request.method, url.path[len(PREFIX) :], parse_qs(url.query), body)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            return _reply(400, {"error": str(error)})

    def _route(self, method: str, name: str, args: dict[str, list[str]], body: Any) -> Reply:
        world = self._world
        world.catch_up()
        match method, name:
            case "GET", "health":
                return _reply(200, self._health() | {"status": "ok"})
            case "GET", "requests":
                since = int(args.get("since", ["0"])[0])
                only = args.get("mutating", ["0"])[0] in ("1", "true")
                found = [r.as_dict() for r in world.log if r.seq > since and (r.mutating or not only)]
                return _reply(200, {"requests": found, "counts": world.log.counts()})
            case "GET", "snapshot":
                state = {}
                for (service, account, region), backend in sorted(world.backends.items()):
                    backend.step()
                    state[f"{account}/{region}/{service}"] = backend.snapshot()
                return _reply(200, state)
            case "POST", "clock":
                if not isinstance(body, dict):
                    raise ValueError("an object was expected")
                if "speed" in body:
                    world.clock.set_speed(float(body["speed"]))
                if "advance" in body:
                    world.clock.advance(float(body["advance"]))
                return _reply(200, self._health())
            case "POST", "load":
                scaling = world.backend(
                    "application-autoscaling",
                    body.get("account", DEFAULT_ACCOUNT),
                    body.get("region", DEFAULT_REGION),
                )
                service = f"service/{body.get('cluster', 'default')}/{body.get('service')}"
                desired = load_needs(cast("ApplicationAutoScaling", scaling), service, int(body.get("tasks")))
                return _reply(200, {"desiredCount": desired})
            case "POST", "reset":
                world.reset()
                return _reply(200, {})
            case (("GET" | "POST"), "faults"):
                if method == "POST":
                    _change(world.faults, body)
                return _reply(200, {"faults": [faults.as_dict(rule) for rule in world.faults.rules]})
            case (("GET" | "POST"), "scenarios"):
                if method == "POST":
                    _change(world.scenarios, body)
                return _reply(200, {"scenarios": [scenarios.as_dict(rule) for rule in world.scenarios.rules]})
        return _reply(404, {"error": f"no {method} {PREFIX}{name}"})

    def _health(self) -> dict[str, Any]:
        return {"now": self._world.clock.now(), "speed": self._world.clock.speed, "seed": self._world.seed}


def _change(rules: faults.Faults | scenarios.Scenarios, body: Any) -> None:
    for item in body if isinstance(body, list) else [body]:
        if item.get("clear"):
            rules.clear()
        elif isinstance(rules, faults.Faults) and "throttle_like_aws" in item:
            rules.throttle_like_aws(bool(item["throttle_like_aws"]))
        else:
            rules.add(**item)


def _reply(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document).encode())
