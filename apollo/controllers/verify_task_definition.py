"""What a task definition names in AWS: images, roles, secrets, log groups, file systems.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from apollo.api import Around, Context, Problem
from apollo.controllers.existence import files, images, logs, roles, secrets
from apollo.controllers.existence.base import Check, run

__all__ = ["ACTIONS", "problems"]

ACTIONS = images.ACTIONS | roles.ACTIONS | secrets.ACTIONS | logs.ACTIONS | files.ACTIONS


async def problems(ctx: Context, declared: Mapping[str, Any], around: Around) -> Sequence[Problem]:
    """Everything at once; ``declared`` is a spec as plain data."""
    return await run(_checks(ctx, declared, around))


def _checks(ctx: Context, declared: Mapping[str, Any], around: Around) -> Iterator[Check]:
    for name in ("executionRoleArn", "taskRoleArn"):
        if declared.get(name):
            yield partial(roles.role_problems, ctx, declared[name], f"/{name}")
    platform = images.platform_of(declared)
    for index, container in enumerate(declared.get("containerDefinitions") or ()):
        path = f"/containerDefinitions/{_word(container.get('name'), index)}"
        yield from _of_container(ctx, container, path, platform, around)
    for index, volume in enumerate(declared.get("volumes") or ()):
        efs = volume.get("efsVolumeConfiguration") or {}
        if efs.get("fileSystemId"):
            point = (efs.get("authorizationConfig") or {}).get("accessPointId")
            path = f"/volumes/{_word(volume.get('name'), index)}/efsVolumeConfiguration"
            yield partial(files.efs_problems, ctx, efs["fileSystemId"], point, path)


def _of_container(
    ctx: Context, container: Mapping[str, Any], path: str, platform: str, around: Around
) -> Iterator[Check]:
    credentials = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    if container.get("image"):
        yield partial(images.image_problems, ctx, container["image"], f"{path}/image", platform)
    if credentials:
        where = f"{path}/repositoryCredentials/credentialsParameter"
        yield partial(secrets.secret_problems, ctx, credentials, where, secret=True)
    log = container.get("logConfiguration") or {}
    if log:
        yield partial(logs.log_problems, ctx, log, f"{path}/logConfiguration", around.provided)
    for at, given in (
        (f"{path}/secrets", container.get("secrets")),
        (f"{path}/logConfiguration/secretOptions", log.get("secretOptions")),
    ):
        for index, secret in enumerate(given or ()):
            where = f"{at}/{_word(secret.get('name'), index)}/valueFrom"
            yield partial(secrets.secret_problems, ctx, str(secret.get("valueFrom") or ""), where)


def _word(name: object, index: int) -> str:
    """A member of a named list in a pointer."""
    return str(name).replace("~", "~0").replace("/", "~1") if name else str(index)
