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
    return _as_role(sts, call)


def assume_role_with_web_identity(sts: "Sts", call: Call) -> Json:
    """As AssumeRole, for somebody without credentials. The token is not looked into.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    provider = call.params.get("ProviderId", "token.actions.githubusercontent.com")
    return {
        **_as_role(sts, call),
        "SubjectFromWebIdentityToken": "local",
        "Audience": "sts.amazonaws.com",
        "Provider": provider,
    }


def get_session_token(sts: "Sts", call: Call) -> Json:
    """Credentials of the same identity, for a time.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    return {"Credentials": _credentials(sts.world, call, call.identity, 43200)}


def get_federation_token(sts: "Sts", call: Call) -> Json:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html"""
    account, name = call.identity.account, call.params["Name"]
    user = f"{account}:{name}"
    arn = f"arn:aws:sts::{account}:federated-user/{name}"
    return {
        "Credentials": _credentials(sts.world, call, Identity(account, arn, user), 43200),
        "FederatedUser": {"FederatedUserId": user, "Arn": arn},
    }


def get_access_key_info(sts: "Sts", call: Call) -> Json:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html"""
    return {"Account": sts.world.identify(call.params["AccessKeyId"]).account}


def _as_role(sts: "Sts", call: Call) -> Json:
    found = _ROLE.fullmatch(call.params["RoleArn"])
    if found is None:
        raise ApiError("ValidationError", f"{call.params['RoleArn']} is invalid")
    account, role = found.groups()
    session = call.params["RoleSessionName"]
    key = sts.world.ids.access_key()
    role_id = f"AROA{sts.world.ids.hex(17).upper()}:{session}"
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    return {
        "Credentials": _credentials(sts.world, call, Identity(account, arn, role_id), 3600, key),
        "AssumedRoleUser": {"AssumedRoleId": role_id, "Arn": arn},
    }


def _credentials(world: World, call: Call, identity: Identity, seconds: int, key: str = "") -> Json:
    key = key or world.ids.access_key()
    world.sessions[key] = identity
    return {
        "AccessKeyId": key,
        "SecretAccessKey": world.ids.short(40),
        "SessionToken": world.ids.short(64),
        # SDKs compare the expiry with the wall clock, whatever the virtual clock says.
        "Expiration": time.time() + call.params.get("DurationSeconds", seconds),
    }


class Sts(Backend):
    """Stateless but for the credentials it hands out, which the world keeps."""

    model: ClassVar[str] = "sts"
    validation_code: ClassVar[str] = "ValidationError"
    operations: ClassVar[Mapping[str, Handler]] = {
        "GetCallerIdentity": get_caller_identity,
        "AssumeRole": assume_role,
        "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
        "GetAccessKeyInfo": get_access_key_info,
        "GetFederationToken": get_federation_token,
        "GetSessionToken": get_session_token,
    }

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world

    def snapshot(self) -> Json:
        return {}

    def next_event(self) -> float | None:
        return None

    def step(self) -> None:
        return None
