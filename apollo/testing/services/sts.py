"""STS: who am I, and becoming somebody in another account."""

import re
import time
from collections.abc import Mapping
from typing import ClassVar

from apollo.testing.errors import ApiError
from apollo.testing.world import Backend, Call, Handler, Identity, Json, World

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")


def get_caller_identity(sts: "Sts", call: Call) -> Json:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    who = call.identity
    return {"UserId": who.user_id, "Account": who.account, "Arn": who.arn}


def assume_role(sts: "Sts", call: Call) -> Json:
    """The credentials belong to the role's account. Trust policies are not evaluated.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    found = _ROLE.fullmatch(call.params["RoleArn"])
    if found is None:
        raise ApiError("ValidationError", f"{call.params['RoleArn']} is invalid")
    account, role = found.groups()
    session = call.params["RoleSessionName"]
    world = sts.world
    key = world.ids.access_key()
    role_id = f"AROA{world.ids.hex(17).upper()}:{session}"
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    world.sessions[key] = Identity(account, arn, role_id)
    # SDKs compare the expiry with the wall clock, whatever the virtual clock says.
    expires = time.time() + call.params.get("DurationSeconds", 3600)
    return {
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": world.ids.short(40),
            "SessionToken": world.ids.short(64),
            "Expiration": expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": role_id, "Arn": arn},
    }


class Sts(Backend):
    """Stateless but for the credentials it hands out, which the world keeps."""

    model: ClassVar[str] = "sts"
    validation_code: ClassVar[str] = "ValidationError"
    operations: ClassVar[Mapping[str, Handler]] = {
        "GetCallerIdentity": get_caller_identity,
        "AssumeRole": assume_role,
    }

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world

    def snapshot(self) -> Json:
        return {}

    def next_event(self) -> float | None:
        return None

    def step(self) -> None:
        return None
