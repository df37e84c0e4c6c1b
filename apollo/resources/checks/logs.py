"""Log drivers of containers, and what each cannot do without.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, mapping, text

__all__ = ["options", "problems"]

_REQUIRED = {"awslogs": ("awslogs-group", "awslogs-region"), "splunk": ("splunk-token", "splunk-url")}
_EXAMPLE = {
    "awslogs-group": "awslogs-group: /ecs/web",
    "awslogs-region": "awslogs-region: eu-west-1",
    "awslogs-stream-prefix": "awslogs-stream-prefix: web",
    "splunk-token": "put it into secretOptions",
}


def problems(declared: Mapping[str, Any], *, fargate: bool) -> Iterator[Problem]:
    containers = items(declared, "containerDefinitions")
    routers = [path for one, path in containers if mapping(one, "firelensConfiguration")]
    for path in routers[1:]:
        message = "a task has at most one container with a firelensConfiguration"
        yield error("APO-TD-031", message, f"{path}/firelensConfiguration")
    for container, path in containers:
        config = mapping(container, "logConfiguration")
        yield from options(config, f"{path}/logConfiguration", fargate=fargate)
        if config.get("logDriver") == "awsfirelens" and not routers:
            yield error(
                "APO-TD-031",
                "awsfirelens needs a container that routes the logs, and none has a firelensConfiguration",
                f"{path}/logConfiguration/logDriver",
                "firelensConfiguration: {type: fluentbit} at the container that runs Fluent Bit",
            )


def options(config: Mapping[str, Any], path: str, *, fargate: bool) -> Iterator[Problem]:
    """One logConfiguration; Service Connect has one, too."""
    driver = config.get("logDriver")
    if not isinstance(driver, str):
        return
    given = {*mapping(config, "options"), *(text(one, "name") for one, _ in items(config, "secretOptions"))}
    required = list(_REQUIRED.get(driver, ()))
    if driver == "awslogs" and fargate:
        required.append("awslogs-stream-prefix")
    missing = [name for name in required if name not in given]
    if missing:
        where = f"{path}/options" if config.get("options") else path
        yield error(
            "APO-TD-030",
            f"log driver {driver} needs {' and '.join(missing)}" + (" on Fargate" if fargate else ""),
            where,
            "; ".join(_EXAMPLE[name] for name in missing if name in _EXAMPLE),
        )
    mode = text(mapping(config, "options"), "mode")
    if mode is not None and driver == "awslogs" and mode not in ("blocking", "non-blocking"):
        yield error("APO-TD-030", "mode is blocking or non-blocking", f"{path}/options/mode")
