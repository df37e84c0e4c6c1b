"""IAM roles: whether they are there, whom they trust, and whether they may be passed.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from attrs import frozen

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, arn, find, pages

__all__ = ["ACTIONS", "INFRASTRUCTURE", "LINKED_ACTIONS", "TASKS", "linked_role_problems", "role_problems"]

ACTIONS = frozenset({"iam:GetRole", "iam:SimulatePrincipalPolicy"})
LINKED_ACTIONS = frozenset({"iam:GetRole"})

TASKS: Final = "ecs-tasks.amazonaws.com"
"""Who assumes task roles and execution roles."""
INFRASTRUCTURE: Final = "ecs.amazonaws.com"
"""Who assumes the roles by which ECS itself acts: on volumes, listeners, certificates."""

_LINKED = "AWSServiceRoleForECS"
_DEPLOYS = "ecs:RegisterTaskDefinition"
_UNTOLD = "AWS cannot simulate what these credentials may do"


@frozen
class Role:
    """:ivar trusted: the services that the trust policy lets in; ``*`` for all."""

    arn: str
    trusted: frozenset[str]


class _Roles(Existing[str, Role]):
    """GetRole: one in a call. Keys are names without their path, which are unique in an account."""

    name = "iam.GetRole"
    action = "iam:GetRole"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Role]:
        role = (await ctx.read("iam", "GetRole", RoleName=keys[0]))["Role"]
        return {keys[0]: Role(str(role["Arn"]), _trusted(role.get("AssumeRolePolicyDocument")))}


@frozen
class Principal:
    """Who asks. ``deploys`` is false for credentials that only read: others will have to pass the roles."""

    arn: str
    deploys: bool


class _Principals(Existing[str, Principal]):
    """The credentials in use, and whether they deploy at all. The one key is ``me``; there is no value for
    the root user and for federated ones, of whom AWS simulates nothing."""

    name = "iam.SimulatePrincipalPolicy:deploys"
    action = "iam:SimulatePrincipalPolicy"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Principal]:
        me = await _principal(ctx)
        if me is None:
            return {}
        decisions = await _decisions(ctx, me, _DEPLOYS, ["*"], ())
        return {keys[0]: Principal(me, decisions.get("*") != "denied")}


@frozen
class Passing:
    """May ``principal`` pass ``role`` to ``service``?"""

    principal: str
    role: str
    service: str


class _Passes(Existing[Passing, bool]):
    """SimulatePrincipalPolicy: 100 roles in a call."""

    name = "iam.SimulatePrincipalPolicy"
    action = "iam:SimulatePrincipalPolicy"
    batch = 100

    def scope(self, key: Passing) -> Hashable:
        return (key.principal, key.service)

    async def look(self, ctx: Context, keys: Sequence[Passing]) -> Mapping[Passing, bool]:
        first = keys[0]
        context = [
            {
                "ContextKeyName": "iam:PassedToService",
                "ContextKeyValues": [first.service],
                "ContextKeyType": "string",
            }
        ]
        roles = [key.role for key in keys]
        said = await _decisions(ctx, first.principal, "iam:PassRole", roles, context)
        return {key: said[key.role] == "allowed" for key in keys if key.role in said}


ROLES = _Roles()
PASSES = _Passes()
PRINCIPALS = _Principals()


async def _decisions(
    ctx: Context, me: str, action: str, resources: list[str], context: Sequence[Mapping[str, Any]]
) -> Mapping[str, str]:
    """By resource ``allowed`` or ``denied``; absent where it hangs on values that only a real call has."""
    said: dict[str, str] = {}
    params: dict[str, Any] = {"PolicySourceArn": me, "ActionNames": [action], "ResourceArns": resources}
    if context:
        params["ContextEntries"] = list(context)
    async for page in pages(ctx, "iam", "SimulatePrincipalPolicy", "Marker", **params):
        for result in page.get("EvaluationResults") or ():
            decision = str(result.get("EvalDecision", ""))
            if decision != "allowed" and result.get("MissingContextValues"):
                continue
            name = str(result.get("EvalResourceName", "*"))
            said[name] = "allowed" if decision == "allowed" else "denied"
    return said


async def _principal(ctx: Context) -> str | None:
    """The user or role behind the credentials; None for the root user and for federated ones."""
    me = arn(str((await ctx.read("sts", "GetCallerIdentity")).get("Arn", "")))
    kind, _, name = me.resource.partition("/") if me else ("", "", "")
    if me is not None and kind == "user":
        return f"arn:{me.partition}:iam::{me.account}:{me.resource}"
    if kind != "assumed-role":
        return None
    # The session does not tell the role's path.
    role = (await ctx.read("iam", "GetRole", RoleName=name.split("/")[0]))["Role"]
    return str(role["Arn"])


def _trusted(document: Any) -> frozenset[str]:
    """The services that a trust policy lets assume the role."""
    try:
        policy = json.loads(unquote(document)) if isinstance(document, str) else document or {}
    except ValueError:
        return frozenset({"*"})  # unreadable: nothing is claimed about it
    found: set[str] = set()
    for statement in _many(policy.get("Statement")):
        if statement.get("Effect") != "Allow" or not _assumes(_many(statement.get("Action"))):
            continue
        principal = statement.get("Principal")
        if principal == "*":
            found.add("*")
        elif isinstance(principal, Mapping):
            found.update(_many(principal.get("Service")))
            if "*" in _many(principal.get("AWS")):
                found.add("*")
    return frozenset(found)


def _assumes(actions: Iterable[str]) -> bool:
    return any(action.lower() in ("sts:assumerole", "sts:*", "*", "sts:assume*") for action in actions)


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


async def role_problems(ctx: Context, role: str, path: str, service: str = TASKS) -> Iterable[Problem]:
    """What is wrong with a role that is passed to ``service``, given by ARN or by name."""
    if is_unknown(role):
        return ()
    named = arn(role)
    if named is not None and named.service != "iam":
        return [
            Problem(
                "APO-PRE-020", f"{role} is not the ARN of a role", path=path, hint="arn:aws:iam::…:role/…"
            )
        ]
    if named is not None and ctx.env.account and named.account != ctx.env.account:
        return [
            Problem(
                "APO-PRE-020",
                f"role {role} is of account {named.account}, and AWS passes no role across accounts",
                path=path,
                hint=f"name a role of account {ctx.env.account}",
            )
        ]
    name = (named.resource if named else role).rsplit("/", 1)[-1]
    live = await find(ctx, ROLES, name)
    if isinstance(live, Unknown):
        return [live.told("roles", path)]
    if live is None or (named is not None and live.arn != role):
        where = f" in account {ctx.env.account}" if ctx.env.account else ""
        hint = f"its ARN is {live.arn}" if live is not None else "create the role, or correct the name"
        return [Problem("APO-PRE-020", f"there is no role {role}{where}", path=path, hint=hint)]
    problems = []
    if not live.trusted & {service, "*"}:
        trusted = ", ".join(sorted(live.trusted)) or "no service"
        problems.append(
            Problem(
                "APO-PRE-021",
                f"role {name} cannot be assumed by {service}: its trust policy names {trusted}",
                path=path,
                hint=f"add {service} to the services of the role's trust policy (sts:AssumeRole)",
            )
        )
    return [*problems, *await _passing_problems(ctx, live, path, service)]


async def _passing_problems(ctx: Context, role: Role, path: str, service: str) -> Iterable[Problem]:
    what = "permissions to pass roles"
    me = await find(ctx, PRINCIPALS, "me")
    if isinstance(me, Unknown):
        return [me.told(what, path)]
    if me is None:
        return [Unknown(_UNTOLD).told(what, path)]
    if not me.deploys:
        why = f"these credentials do not deploy ({_DEPLOYS} is denied); ask with those that do"
        return [Unknown(why, "APO-PRE-003").told(what, path)]
    passes = await find(ctx, PASSES, Passing(me.arn, role.arn, service))
    if isinstance(passes, Unknown):
        return [passes.told(what, path)]
    if passes is None:
        return [Unknown(_UNTOLD).told(what, path)]
    if not passes:
        return [
            Problem(
                "APO-PRE-022",
                f"these credentials may not pass role {role.arn} to {service}",
                path=path,
                hint="allow iam:PassRole on it; apollo iam-policy prints the statement",
            )
        ]
    return ()


async def linked_role_problems(ctx: Context, path: str) -> Iterable[Problem]:
    """Whether ECS has its own role in the account. It makes it itself, where the caller may."""
    live = await find(ctx, ROLES, _LINKED)
    if isinstance(live, Unknown):
        return [live.told("roles", path)]
    if live is not None:
        return ()
    return [
        Problem(
            "APO-PRE-023",
            f"this account has no service-linked role {_LINKED} yet",
            path=path,
            hint="ECS makes it with the first service if the credentials allow iam:CreateServiceLinkedRole; "
            "else: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
            severity="warning",
        )
    ]
