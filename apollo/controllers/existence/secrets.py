"""Secrets and parameters, by name only: no value is ever read.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, arn, elsewhere, find, pages

__all__ = ["ACTIONS", "secret_problems"]

ACTIONS = frozenset({"secretsmanager:DescribeSecret", "ssm:DescribeParameters"})

_SECRET = re.compile(
    r"(arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[^:]+)(?::([^:]*))?(?::([^:]*))?(?::(.*))?"
)


@frozen
class Secret:
    """:ivar deleted: whether it is scheduled for deletion. :ivar versions: the stages of each version id."""

    deleted: bool
    versions: Mapping[str, Sequence[str]]


class _Secrets(Existing[str, Secret]):
    """DescribeSecret: one in a call, and never its value. Keys are ARNs or names."""

    name = "secretsmanager.DescribeSecret"
    action = "secretsmanager:DescribeSecret"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Secret]:
        answer = await ctx.read("secretsmanager", "DescribeSecret", SecretId=keys[0])
        return {keys[0]: Secret(bool(answer.get("DeletedDate")), answer.get("VersionIdsToStages") or {})}


class _Parameters(Existing[str, bool]):
    """DescribeParameters: 50 names in a call, and never their values."""

    name = "ssm.DescribeParameters"
    action = "ssm:DescribeParameters"
    batch = 50

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        wanted = [{"Key": "Name", "Option": "Equals", "Values": list(keys)}]
        found: dict[str, bool] = {}
        async for page in pages(ctx, "ssm", "DescribeParameters", ParameterFilters=wanted, MaxResults=50):
            found.update((str(one["Name"]), True) for one in page.get("Parameters") or ())
        return found


SECRETS = _Secrets()
PARAMETERS = _Parameters()


async def secret_problems(
    ctx: Context, value_from: str, path: str, *, secret: bool = False
) -> Iterable[Problem]:
    """What is wrong with the place a secret comes from.

    :param value_from: the ARN of a secret, with its key, stage and version behind it or not; the ARN or the
        name of a parameter.
    :param secret: a bare name is that of a secret.
    """
    if is_unknown(value_from):
        return ()
    named = arn(value_from)
    if named is not None and named.service == "secretsmanager":
        out = elsewhere(ctx, named, accounts=False)
        return [out.told("secrets", path)] if out else await _secret(ctx, value_from, path)
    if named is None and secret:
        return await _secret(ctx, value_from, path)
    if named is None:
        return await _parameter(ctx, [value_from], value_from, path)
    if named.service == "ssm":
        if out := elsewhere(ctx, named):
            return [out.told("parameters", path)]
        name = named.resource.removeprefix("parameter/")
        # The ARNs of `name` and of `/name` are the same; what has levels begins with a slash.
        names = [f"/{name}"] if "/" in name else [f"/{name}", name]
        return await _parameter(ctx, names, value_from, path)
    return [
        Problem(
            "APO-PRE-030",
            f"{value_from} is neither a secret nor a parameter",
            path=path,
            hint="valueFrom is the ARN of a Secrets Manager secret, or the name or ARN of an SSM parameter",
        )
    ]


async def _secret(ctx: Context, value_from: str, path: str) -> Iterable[Problem]:
    parts = _SECRET.fullmatch(value_from)
    name, stage, version = (parts[1], parts[3], parts[4]) if parts else (value_from, None, None)
    live = await find(ctx, SECRETS, name)
    if isinstance(live, Unknown):
        return [live.told("secrets", path)]
    if live is None:
        return [
            Problem(
                "APO-PRE-030",
                f"there is no secret {name}",
                path=path,
                hint="create it before the merge, or correct the ARN; the six characters at its end are a "
                "part of it",
            )
        ]
    if live.deleted:
        return [
            Problem(
                "APO-PRE-031",
                f"secret {name} is scheduled for deletion, and cannot be read any more",
                path=path,
                hint="aws secretsmanager restore-secret --secret-id …, or name another one",
            )
        ]
    stages = {one for known in live.versions.values() for one in known}
    if live.versions and ((stage and stage not in stages) or (version and version not in live.versions)):
        return [
            Problem(
                "APO-PRE-032",
                f"secret {name} has no version {version or stage}",
                path=path,
                hint=f"its stages are {', '.join(sorted(stages)) or 'none'}",
            )
        ]
    return ()


async def _parameter(ctx: Context, names: Sequence[str], said: str, path: str) -> Iterable[Problem]:
    if names[0].startswith("/aws/"):  # public parameters, and references to secrets: AWS lists neither
        return [Unknown("AWS lists no parameters below /aws/", "APO-PRE-003").told("parameters", path)]
    for name in names:
        live = await find(ctx, PARAMETERS, name.partition(":")[0])  # a version or a label may follow
        if isinstance(live, Unknown):
            return [live.told("parameters", path)]
        if live:
            return ()
    return [
        Problem(
            "APO-PRE-030",
            f"there is no parameter {said}",
            path=path,
            hint="create it in the Parameter Store before the merge, or correct the name",
        )
    ]
