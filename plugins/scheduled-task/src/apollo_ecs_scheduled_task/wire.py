"""A schedule in the words of a spec, and in those of EventBridge Scheduler. Pure.

Both forms are whole: UpdateSchedule replaces everything, and what is left out of it becomes AWS's default. So
these defaults are filled in on the way, and are sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apollo.api import is_unknown, refs_in

_PLAIN = {
    "taskCount": "TaskCount",
    "launchType": "LaunchType",
    "platformVersion": "PlatformVersion",
    "group": "Group",
    # Below these, AWS's names begin in lower case, too.
    "capacityProviderStrategy": "CapacityProviderStrategy",
    "enableECSManagedTags": "EnableECSManagedTags",
    "enableExecuteCommand": "EnableExecuteCommand",
    "placementConstraints": "PlacementConstraints",
    "placementStrategy": "PlacementStrategy",
    "propagateTags": "PropagateTags",
    "referenceId": "ReferenceId",
}
_SCHEDULE = {
    "scheduleExpression": "ScheduleExpression",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "startDate": "StartDate",
    "endDate": "EndDate",
    "state": "State",
    "description": "Description",
    "kmsKeyArn": "KmsKeyArn",
    "actionAfterCompletion": "ActionAfterCompletion",
}
_VPC = {"subnets": "Subnets", "securityGroups": "SecurityGroups", "assignPublicIp": "AssignPublicIp"}
_RETRY = {
    "maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
}
_RETRIES = {"maximumEventAgeInSeconds": 86_400, "maximumRetryAttempts": 185}
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_WINDOW = {"mode": "Mode", "maximumWindowInMinutes": "MaximumWindowInMinutes"}


def whole(declared: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a spec declares, with AWS's defaults where it says nothing. A start that is over is none: it means
    nothing any more, and AWS refuses to be told of it."""
    target = dict(declared["target"])
    target.setdefault("taskCount", 1)
    target["retryPolicy"] = {**_RETRIES, **(target.get("retryPolicy") or {})}
    found = {
        "scheduleExpressionTimezone": "UTC",
        "flexibleTimeWindow": {"mode": "OFF"},
        "state": "ENABLED",
        "actionAfterCompletion": "NONE",
        **{name: value for name, value in declared.items() if name != "tags"},
        "target": target,
    }
    return _dated(found, now)


def request(fields: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
    """The parameters of CreateSchedule and UpdateSchedule, which take the same."""
    target = fields["target"]
    ecs: dict[str, Any] = {
        "TaskDefinitionArn": _arn("task-definition", target["taskDefinition"], account, region)
    }
    ecs |= {aws: target[name] for name, aws in _PLAIN.items() if target.get(name) is not None}
    if vpc := (target.get("networkConfiguration") or {}).get("awsvpcConfiguration"):
        ecs["NetworkConfiguration"] = {"awsvpcConfiguration": _renamed(vpc, _VPC)}
    if tags := target.get("tags"):
        ecs["Tags"] = [{"key": key, "value": tags[key]} for key in sorted(tags)]
    sent: dict[str, Any] = {
        "Arn": _arn("cluster", target["cluster"], account, region),
        "RoleArn": target["roleArn"],
        "EcsParameters": ecs,
        "RetryPolicy": _renamed(target["retryPolicy"], _RETRY),
    }
    if dead := target.get("deadLetterConfig"):
        sent["DeadLetterConfig"] = {"Arn": dead["arn"]}
    if overrides := target.get("overrides"):
        # As it is written: an output that is not known yet is found in it by its own characters.
        sent["Input"] = json.dumps(overrides, ensure_ascii=False, sort_keys=True)
    return {
        "Name": fields["name"],
        "GroupName": fields["groupName"],
        **{aws: fields[name] for name, aws in _SCHEDULE.items() if fields.get(name) is not None},
        "FlexibleTimeWindow": _renamed(fields["flexibleTimeWindow"], _WINDOW),
        "Target": sent,
    }


def read(answer: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """GetSchedule's answer in the words of a spec."""
    sent: Mapping[str, Any] = answer.get("Target") or {}
    ecs: Mapping[str, Any] = sent.get("EcsParameters") or {}
    target: dict[str, Any] = {
        "cluster": sent.get("Arn"),
        "roleArn": sent.get("RoleArn"),
        "taskDefinition": ecs.get("TaskDefinitionArn"),
        "taskCount": 1,
        **{name: ecs[aws] for name, aws in _PLAIN.items() if ecs.get(aws) is not None},
        "retryPolicy": {**_RETRIES, **_back(sent.get("RetryPolicy"), _RETRY)},
    }
    if vpc := _back((ecs.get("NetworkConfiguration") or {}).get("awsvpcConfiguration"), _VPC):
        target["networkConfiguration"] = {"awsvpcConfiguration": vpc}
    if tags := ecs.get("Tags"):
        target["tags"] = {_either(tag, "key"): _either(tag, "value") for tag in tags}
    if dead := (sent.get("DeadLetterConfig") or {}).get("Arn"):
        target["deadLetterConfig"] = {"arn": dead}
    if text := sent.get("Input"):
        target["overrides"] = _overrides(str(text))
    found = {
        "name": answer.get("Name"),
        "groupName": answer.get("GroupName"),
        "scheduleExpressionTimezone": "UTC",
        "state": "ENABLED",
        "actionAfterCompletion": "NONE",
        **{name: answer[aws] for name, aws in _SCHEDULE.items() if answer.get(aws) is not None},
        "flexibleTimeWindow": _back(answer.get("FlexibleTimeWindow"), _WINDOW) or {"mode": "OFF"},
        "target": target,
    }
    return _dated(found, now)


def instant(value: object) -> datetime | None:
    """A point in time as manifests and boto3 say it; what has no zone is UTC. None when it is none."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return instant(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError, OSError):
        return None


def short(kind: str, value: object) -> object:
    """A cluster or task definition without account and region, which are always the environment's."""
    if isinstance(value, str) and value.startswith("arn:") and not is_unknown(value):
        return value.partition(f":{kind}/")[2] or value
    return value


def _dated(fields: dict[str, Any], now: datetime) -> dict[str, Any]:
    for name in ("startDate", "endDate"):
        when = None if is_unknown(fields.get(name)) else instant(fields.get(name, ""))
        if when is not None:
            fields[name] = when.astimezone(UTC).isoformat(timespec="seconds")
            if name == "startDate" and when <= now:
                del fields[name]
    return fields


def _arn(kind: str, value: str, account: str, region: str) -> str:
    """EventBridge Scheduler takes ARNs alone. Targets are of the schedule's own account and region."""
    if value.startswith("arn:") or any("arn" in ref.output.lower() for ref in refs_in(value)):
        return value
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:ecs:{region}:{account}:{kind}/{value}"


def _overrides(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"containerOverrides": text}


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {aws: values[name] for name, aws in names.items() if values.get(name) is not None}


def _back(values: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    held = values or {}
    return {name: held[aws] for name, aws in names.items() if held.get(aws) is not None}


def _either(tag: Mapping[str, str], name: str) -> str:
    return tag.get(name) or tag.get(name.capitalize()) or ""
