"""What a schedule calls when it fires: RunTask, another operation of ECS, or whatever moto delivers to.

A call that fails is not tried again; its payload goes to the target's dead-letter queue, if there is one.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any, cast

from apollo.testing.errors import ApiError

if TYPE_CHECKING:
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.world import World

Json = dict[str, Any]

_UNIVERSAL = "arn:aws:scheduler:::aws-sdk:ecs:"
"""Targets whose input is the request itself. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html"""


def fire(world: "World", service: str, account: str, region: str, item: Any, at: float) -> None:
    """Call the target of a schedule, or the targets of a rule."""
    if service == "scheduler":
        _of_schedule(world, account, region, item, at)
        return
    for target in list(item.targets):
        if "EcsParameters" in target:
            request = run_task(target["Arn"], target["EcsParameters"], target.get("Input"))
            request["startedBy"] = _by("events-rule", item)
            _call(world, account, region, "RunTask", request, at, target)
        else:
            _deliver(world, account, region, item, target, at)


def _by(kind: str, item: Any) -> str:
    return f"{kind}/{item.name}"[:128]


def _of_schedule(world: "World", account: str, region: str, item: Any, at: float) -> None:
    target, by = item.target, _by("chronos-schedule", item)
    if "EcsParameters" in target:
        request = run_task(target["Arn"], target["EcsParameters"], target.get("Input"))
        _call(world, account, region, "RunTask", request | {"startedBy": by}, at, target)
    elif target["Arn"].startswith(_UNIVERSAL):
        name = target["Arn"].removeprefix(_UNIVERSAL)
        given = lowered(_document(target.get("Input")))
        _call(world, account, region, name[:1].upper() + name[1:], given, at, target)
    elif ":sqs:" in target["Arn"]:
        _send(world, target["Arn"], target.get("Input") or "{}")


def run_task(cluster: str, parameters: Json, given: str | None) -> Json:
    """RunTask's request. The input of such a target is the overrides.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
    """
    request: Json = lowered(parameters)
    request["cluster"] = cluster
    request["taskDefinition"] = request.pop("taskDefinitionArn", "")
    request["count"] = request.pop("taskCount", 1)
    overrides = lowered(_document(given))
    if overrides:
        request["overrides"] = overrides
    return request


def lowered(value: Any) -> Any:
    """With names as ECS has them: they begin with a small letter."""
    if isinstance(value, dict):
        return {f"{str(k)[:1].lower()}{str(k)[1:]}": lowered(item) for k, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def _document(text: str | None) -> Json:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _call(
    world: "World", account: str, region: str, operation: str, request: Json, at: float, target: Json
) -> None:
    """Carry out an operation of ECS as the target's role."""
    from apollo.testing.wire.models import operation_model
    from apollo.testing.wire.validate import clean
    from apollo.testing.world import Call, Identity

    ecs = cast("Ecs", world.backend("ecs", account, region))
    role = str(target.get("RoleArn", "")).rpartition("/")[2] or "scheduler"
    identity = Identity(account, f"arn:aws:sts::{account}:assumed-role/{role}/schedule", "AROALOCALSCHEDULE")
    handler, model = ecs.operations.get(operation), operation_model("ecs", operation)
    failed: str | None = None
    if handler is None or model is None:
        failed = f"ecs:{operation} is not simulated by the local AWS"
    else:
        try:
            params = clean(model.input_shape, request, ecs.validation_code)
            handler(ecs, Call("ecs", operation, params, account, region, identity, at))
            world.changed(account, region)
        except ApiError as error:
            failed = f"{error.code}: {error.message}"
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if failed is not None and queue:
        _send(world, queue, target.get("Input") or "{}", failed)


def _send(world: "World", queue: str, body: str, failed: str | None = None) -> None:
    """A message to a queue; lost where the queue is gone."""
    _, _, _, region, account, name = (*queue.split(":", 5), "", "", "", "", "", "")[:6]
    attributes: Json | None = None
    if failed is not None:
        attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": failed}}
    with contextlib.suppress(Exception), world.moto.inside():
        world.moto.used.add("sqs")
        world.moto.backend("sqs", account, region).send_message(name, body, message_attributes=attributes)


def _deliver(world: "World", account: str, region: str, rule: Any, target: Json, at: float) -> None:
    """A scheduled event, to what moto delivers to.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """
    event = {
        "version": "0",
        "id": world.ids.uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": at,
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    alone = copy.copy(rule)
    alone.targets = [target]
    transformed = "InputTransformer" in target
    if transformed:
        event["ingestion-time"] = at
    with contextlib.suppress(Exception), world.moto.inside():
        alone.send_to_targets(event, transform_input=transformed)
