"""What Fargate does not have.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.resources.checks.values import error, flag, items, mapping, number, text

__all__ = ["problems"]

_DRIVERS = ("awslogs", "splunk", "awsfirelens")


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    mode = declared.get("networkMode")
    if mode != "awsvpc" and not is_unknown(mode):
        yield error(
            "APO-TD-004",
            "on Fargate networkMode has to be awsvpc" + (f", not {mode}" if mode else ""),
            "/networkMode" if mode else "/requiresCompatibilities",
            "networkMode: awsvpc",
        )
    if declared.get("placementConstraints"):
        yield _none("placement constraints", "/placementConstraints")
    if text(declared, "pidMode") == "host":
        yield _none("pidMode host", "/pidMode", "pidMode: task")
    if declared.get("ipcMode"):
        yield _none("ipcMode", "/ipcMode")
    if declared.get("inferenceAccelerators"):
        yield _none("inference accelerators", "/inferenceAccelerators")
    for volume, path in items(declared, "volumes"):
        if mapping(volume, "host").get("sourcePath"):
            yield _none("a host with a sourcePath", f"{path}/host/sourcePath", "leave out host: it is empty")
        if volume.get("dockerVolumeConfiguration") is not None:
            yield _none("Docker volumes", f"{path}/dockerVolumeConfiguration")
    for container, path in items(declared, "containerDefinitions"):
        yield from _container(container, path)


def _container(container: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if flag(container, "privileged"):
        yield _none("privileged containers", f"{path}/privileged")
    driver = text(mapping(container, "logConfiguration"), "logDriver")
    if driver is not None and driver not in _DRIVERS:
        where = f"{path}/logConfiguration/logDriver"
        yield _none(f"log driver {driver}", where, f"one of {', '.join(_DRIVERS)}")
    for one, where in items(container, "resourceRequirements", path, "type"):
        if one.get("type") == "GPU":
            yield _none("GPUs", where)
    if mapping(container, "linuxParameters").get("devices"):
        yield _none("devices of a host", f"{path}/linuxParameters/devices")
    for field in ("startTimeout", "stopTimeout"):
        value = number(container, field)
        if value is not None and value > 120:
            yield error("APO-TD-032", f"{field} on Fargate is at most 120 (seconds)", f"{path}/{field}")


def _none(what: str, path: str, hint: str = "") -> Problem:
    return error("APO-TD-032", f"Fargate does not support {what}", path, hint)
