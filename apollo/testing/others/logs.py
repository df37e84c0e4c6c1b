"""What moto does not know of log groups: their class, their key, their protection, being asked for by name.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.testing.world import Call, World

Answer = tuple[int, dict[str, str], bytes]

_OURS = frozenset({"AssociateKmsKey", "DisassociateKmsKey", "PutLogGroupDeletionProtection"})
_ALSO = frozenset({"CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups"})
_JSON = {"content-type": "application/x-amz-json-1.1"}


def answered(world: "World", call: "Call", payload: Any, ask: Callable[[], Answer]) -> Answer:
    """The answer of moto, with what it leaves out; or one in its place."""
    if call.service != "logs" or call.operation not in _OURS | _ALSO or not isinstance(payload, dict):
        return ask()
    if call.operation in _OURS:
        group = _group(world, call, payload)
        if group is None:
            return _refusal("ResourceNotFoundException", "The specified log group does not exist.")
        if call.operation == "PutLogGroupDeletionProtection":
            group.deletion_protection_enabled = bool(payload.get("deletionProtectionEnabled"))
        else:
            group.kms_key_id = payload.get("kmsKeyId") if call.operation == "AssociateKmsKey" else None
        return 200, dict(_JSON), b""
    if call.operation == "DeleteLogGroup":
        group = _group(world, call, payload)
        if getattr(group, "deletion_protection_enabled", False):
            return _refusal("ValidationException", "The log group is protected against deletion.")
        return ask()
    status, headers, body = ask()
    if status == 200 and call.operation == "CreateLogGroup":
        group = _group(world, call, payload)
        group.log_group_class = payload.get("logGroupClass") or "STANDARD"
        group.deletion_protection_enabled = bool(payload.get("deletionProtectionEnabled"))
    elif status == 200:
        body = _described(world, call, payload, json.loads(body))
    return status, headers, body


def _described(world: "World", call: "Call", payload: dict[str, Any], found: dict[str, Any]) -> bytes:
    named = payload.get("logGroupIdentifiers")
    with world.moto.inside():
        groups = dict(world.moto.backend("logs", call.account, call.region).groups)
    if named is not None:
        wanted = {str(one).removesuffix(":*").rpartition(":log-group:")[2] for one in named}
        found = {"logGroups": [groups[name].to_describe_dict() for name in sorted(wanted & groups.keys())]}
    for one in found.get("logGroups", ()):
        group = groups[one["logGroupName"]]
        one["logGroupClass"] = getattr(group, "log_group_class", "STANDARD")
        one["deletionProtectionEnabled"] = getattr(group, "deletion_protection_enabled", False)
    return json.dumps(found).encode()


def _group(world: "World", call: "Call", payload: dict[str, Any]) -> Any:
    name = next(
        (
            payload[key]
            for key in ("logGroupName", "logGroupIdentifier", "resourceIdentifier")
            if payload.get(key)
        ),
        "",
    )
    with world.moto.inside():
        groups = world.moto.backend("logs", call.account, call.region).groups
        return groups.get(str(name).removesuffix(":*").rpartition(":log-group:")[2])


def _refusal(code: str, message: str) -> Answer:
    return 400, dict(_JSON), json.dumps({"__type": code, "message": message}).encode()
