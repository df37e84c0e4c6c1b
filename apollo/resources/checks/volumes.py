"""Volumes of a task, and where its containers mount them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Volume.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, flag, items, mapping, nearest, repeated, text

__all__ = ["problems"]

_KINDS = (
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
)


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    volumes = items(declared, "volumes")
    names = [one.get("name") for one, _ in volumes]
    for index, name in repeated([name if isinstance(name, str) else None for name in names]):
        if name:
            yield error("APO-TD-029", f"two volumes are called {name}", f"/volumes/{index}/name")
    for volume, path in volumes:
        kinds = [kind for kind in _KINDS if volume.get(kind) is not None]
        if mapping(volume, "host").get("sourcePath"):
            kinds.append("host")
        if flag(volume, "configuredAtLaunch"):
            kinds.append("configuredAtLaunch")
        if len(kinds) > 1:
            message = f"a volume is of one kind, not of {' and '.join(kinds)}"
            yield error("APO-TD-029", message, f"{path}/{kinds[-1]}")
        if not volume.get("name"):
            yield error("APO-TD-029", "a volume needs its name", path)
        yield from _efs(mapping(volume, "efsVolumeConfiguration"), f"{path}/efsVolumeConfiguration")
    containers = items(declared, "containerDefinitions")
    known = {name for one, _ in containers if (name := text(one, "name")) is not None}
    declared_names = {name for name in names if isinstance(name, str)}
    for container, path in containers:
        for mount, where in items(container, "mountPoints", path, "containerPath"):
            volume_name = text(mount, "sourceVolume")
            if volume_name and volume_name not in declared_names:
                hint = nearest(volume_name, declared_names) or f"volumes: [{{name: {volume_name}}}]"
                message = f"the task has no volume '{volume_name}'"
                yield error("APO-TD-028", message, f"{where}/sourceVolume", hint)
            if not mount.get("containerPath"):
                yield error("APO-TD-028", "a mount point needs its containerPath", where)
        for index, taken in repeated(
            [str(one.get("containerPath")) for one, _ in items(container, "mountPoints", path)]
        ):
            message = f"two volumes are mounted at {taken}"
            yield error("APO-TD-028", message, f"{path}/mountPoints/{index}/containerPath")
        for source, where in items(container, "volumesFrom", path, "sourceContainer"):
            name = text(source, "sourceContainer")
            if name is not None and name not in known:
                message = f"there is no container '{name}' to take volumes from"
                yield error("APO-TD-028", message, f"{where}/sourceContainer", nearest(name, known))


def _efs(volume: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html"""
    access = mapping(volume, "authorizationConfig")
    plain = text(volume, "transitEncryption") != "ENABLED"
    if plain and (text(access, "iam") == "ENABLED" or access.get("accessPointId")):
        message = "an access point, or IAM authorization, needs encryption in transit"
        yield error("APO-TD-029", message, path, "transitEncryption: ENABLED")
    root = text(volume, "rootDirectory")
    if access.get("accessPointId") and root not in (None, "", "/"):
        message = "with an access point rootDirectory is left out, or is /"
        yield error("APO-TD-029", message, f"{path}/rootDirectory", "the access point says where its root is")
