"""Requests that no client should send: those of the conformance suite, bent at random by the service models.

For a long hunt: python -m tests.testing.bent SEED ROUNDS
"""

import copy
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
import botocore.session

from apollo.testing import LocalAws
from apollo.testing.dispatch import Dispatcher
from apollo.testing.http import HttpRequest, Reply
from tests.conformance.registry import Check
from tests.conformance.stage import Stage
from tests.conformance.targets import Ours

Json = dict[str, Any]
PROTOCOLS = {
    "ecs": "json",
    "elbv2": "query",
    "application-autoscaling": "json",
    "resourcegroupstaggingapi": "json",
    "sts": "query",
}
COMMON = frozenset(
    {"InvalidParameterException", "MalformedInput", "SerializationException", "ValidationException"}
    | {"ValidationError", "SimNotImplemented"}
)
"""Codes that any operation of these protocols may answer with; the last is ours."""
_ODD: Sequence[Any] = (
    *(
        None,
        "",
        0,
        -1,
        2**63,
        1.5,
        True,
        [],
        {},
        [None],
        {"a": None},
        "x" * 300,
        "\x00",
        "\ud800",
        "ünïcödé ☃",
    ),
    *("a", "web", ":", "/", "*", "arn:aws:ecs:eu-west-1:123456789012:service/x/y", "arn:::::", "web:1"),
)


@dataclass(frozen=True)
class Step:
    """One request of a check, and how many seconds after the check began."""

    at: float
    service: str
    operation: str
    params: Json


def steps_of(target: Ours, check: Check) -> list[Step]:
    """What a check sends, in order."""
    begin = target.aws.clock.now()
    try:
        check.body(Stage(target, "c-"))
        return [
            Step(one.time - begin, one.service, one.operation, copy.deepcopy(one.params))
            for one in target.aws.requests
            if one.service in PROTOCOLS and one.operation in _tools(one.service)[0].operation_names
        ]
    finally:
        target.cleanup("c-")


class Bender:
    """Makes wrong values out of right ones."""

    def __init__(self, dice: random.Random, share: float) -> None:
        self._dice = dice
        self._share = share

    def bend(self, shape: Any, value: Any) -> Any:
        dice, share = self._dice, self._share
        if dice.random() < share:
            return self.make(shape) if dice.random() < 0.7 else dice.choice(_ODD)
        if shape.type_name == "structure" and isinstance(value, dict):
            bent = {
                name: self.bend(shape.members[name], item) if name in shape.members else item
                for name, item in value.items()
                if dice.random() >= share / 2
            }
            if shape.members and dice.random() < 2 * share:
                name = dice.choice(list(shape.members))
                bent[name] = self.make(shape.members[name])
            return bent
        if shape.type_name == "list" and isinstance(value, list):
            items = [self.bend(shape.member, item) for item in value]
            if items and dice.random() < share:
                items.append(copy.deepcopy(items[0]))
            return items
        return value

    def make(self, shape: Any, depth: int = 0) -> Any:
        """Something that the model lets through, as far as it says."""
        dice = self._dice
        match shape.type_name:
            case "structure":
                return {
                    name: self.make(member, depth + 1)
                    for name, member in shape.members.items()
                    if name in shape.required_members or (depth < 4 and dice.random() < 0.2)
                }
            case "list":
                return [self.make(shape.member, depth + 1) for _ in range(dice.choice((0, 1, 1, 2)))]
            case "map":
                return {"a": self.make(shape.value, depth + 1)}
            case "string":
                texts = [odd for odd in _ODD if isinstance(odd, str)]
                return dice.choice(shape.enum or texts)
            case "integer" | "long":
                low, high = shape.metadata.get("min", -1), shape.metadata.get("max", 2000)
                return dice.choice((low, high, 0, 1, 2, 100, 10**12))
            case "float" | "double":
                return dice.choice((0.0, 1.0, 50.0, -1.0, 1e300))
            case "boolean":
                return dice.random() < 0.5
            case _:
                return dice.choice((0, 1, 4e9))


@cache
def _tools(service: str) -> tuple[Any, Any, Any]:
    """Model, serializer and parser."""
    protocol = PROTOCOLS[service]
    return (
        botocore.session.Session().get_service_model(service),
        botocore.serialize.create_serializer(protocol, include_validation=False),
        botocore.parsers.create_parser(protocol),
    )


def send(dispatcher: Dispatcher, service: str, operation: str, params: Mapping[str, Any]) -> str | None:
    """What is wrong with the answer to a request; None: nothing. What the SDK cannot write is not sent."""
    model, serializer, parser = _tools(service)
    known = model.operation_model(operation)
    try:
        written = serializer.serialize_to_request(params, known)
        body = written["body"]
        raw = urlencode(body).encode() if isinstance(body, dict) else body
    except Exception:  # the SDK cannot write such a value
        return None
    headers = {name.lower(): value for name, value in written["headers"].items()}
    scope = f"123456789012/20260101/eu-west-1/{model.signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}"
    return wrong(dispatcher.handle(HttpRequest("POST", "/", headers, raw)), known, parser)


def wrong(reply: Reply, operation: Any, parser: Any) -> str | None:
    try:
        told = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
        parsed = parser.parse(told, operation.output_shape)
    except Exception as error:
        return f"{operation.name}: the SDK cannot read the answer: {error}"
    if reply.status == 200:
        return None  # strict: it was held against the model already
    error = parsed["Error"]
    shapes = operation.error_shapes
    codes = {s.name for s in shapes} | {s.metadata.get("error", {}).get("code") for s in shapes}
    if reply.status >= 500 or error["Code"] not in codes | COMMON:
        return f"{operation.name}: {reply.status} {error['Code']}: {error.get('Message', '')[-1500:]}"
    return None


def play(steps: Sequence[Step], dice: random.Random, bend: bool = True) -> Iterator[str]:
    """The requests again, some of them bent; what is wrong with the answers and with the state afterwards."""
    aws = LocalAws(strict=True, seed=1)
    begin = aws.clock.now()
    dispatcher = Dispatcher(aws.world, strict=True)
    bender = Bender(dice, dice.choice((0.02, 0.05, 0.15)))
    for step in steps:
        aws.advance(max(0.0, begin + step.at - aws.clock.now()))
        params = step.params
        shape = _tools(step.service)[0].operation_model(step.operation).input_shape
        if bend and shape is not None and dice.random() < 0.6:
            bent = bender.bend(shape, params)
            params = bent if isinstance(bent, dict) else {}
        found = send(dispatcher, step.service, step.operation, params)
        if found is not None:
            yield f"{found}\n{json.dumps(params, default=str)[:2000]}"
    aws.settle(3 * 3600.0)
    aws.snapshot()
    aws.state()


def _hunt(seed: int, rounds: int, tell: Callable[[str], None]) -> None:
    from tests.conformance.registry import checks

    dice = random.Random(seed)
    with Ours() as target:
        assert isinstance(target, Ours)
        every = [steps_of(target, check) for check in checks()]
    for _ in range(rounds):
        for steps in every:
            for found in play(steps, dice):
                tell(found)


if __name__ == "__main__":
    _hunt(int(sys.argv[1]), int(sys.argv[2]), print)
