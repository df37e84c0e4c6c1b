"""Where Apollo itself runs: the ECS task it is, as the task metadata endpoint (version 4) tells.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from anyio import to_thread
from attrs import frozen

from apollo.api import Identity

__all__ = ["VARIABLE", "Home", "find_home"]

_log = logging.getLogger("apollo.operator")

VARIABLE: Final = "ECS_CONTAINER_METADATA_URI_V4"
_SECONDS: Final = 2.0
_MOST: Final = 1_000_000


@frozen
class Home:
    """The ECS task that this process runs in.

    :ivar cluster, service: names; ``service`` is empty in a task that no service started.
    :ivar task: the task's ARN. :ivar family, revision: its task definition.
    """

    cluster: str
    task: str
    service: str = ""
    family: str = ""
    revision: str = ""

    @property
    def region(self) -> str:
        return _part(self.task, 3)

    @property
    def account(self) -> str:
        return _part(self.task, 4)

    def is_part_of(self, identity: Identity, region: str, account: str | None) -> bool:
        """Whether an object is what this process stands on: its service, its task definition, its cluster."""
        if region != self.region or (account is not None and account != self.account):
            return False
        name = identity.id.rsplit("/", 1)[-1] if identity.id.startswith("arn:") else identity.id
        if identity.type == "ecs:service":
            return bool(self.service) and identity.id == f"{self.cluster}/{self.service}"
        if identity.type == "ecs:task-definition":
            return bool(self.family) and name in (self.family, f"{self.family}:{self.revision}")
        return identity.type == "ecs:cluster" and name == self.cluster


async def find_home(environment: Mapping[str, str] | None = None) -> Home | None:
    """The task that this process runs in; None outside of ECS, or when the endpoint does not answer."""
    url = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not url.startswith("http://"):
        return None
    try:
        return await to_thread.run_sync(_ask, f"{url.rstrip('/')}/task", abandon_on_cancel=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("the ECS task metadata endpoint does not answer: %s", type(error).__name__)
        return None


def _ask(url: str) -> Home:
    # Link-local and never through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_SECONDS) as answer:
        told: Any = json.loads(answer.read(_MOST))
    return Home(
        cluster=str(told["Cluster"]).rsplit("/", 1)[-1],
        task=str(told["TaskARN"]),
        service=str(told.get("ServiceName") or ""),
        family=str(told.get("Family") or ""),
        revision=str(told.get("Revision") or ""),
    )


def _part(arn: str, number: int) -> str:
    parts = arn.split(":", 5)
    return parts[number] if len(parts) == 6 else ""
