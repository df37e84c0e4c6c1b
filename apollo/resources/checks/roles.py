"""Roles of a task, and the secrets that need one.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, mapping, text, unrendered

__all__ = ["problems", "secret"]

_ROLE = r"arn:aws[a-z-]*:iam::(?:\d{12}|[^\d:]*):role/.+"
_ECR = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com"
_PARAMETER = r"[A-Za-z0-9_.\-/]+"
_SECRET_ARN = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-abc123"


def problems(declared: Mapping[str, Any], *, fargate: bool) -> Iterator[Problem]:
    for field in ("executionRoleArn", "taskRoleArn"):
        arn = text(declared, field)
        # A role may also go by its name.
        if arn and arn.startswith("arn:") and not unrendered(arn) and not re.fullmatch(_ROLE, arn):
            hint = "arn:aws:iam::123456789012:role/NAME"
            yield error("APO-TD-033", f"'{arn[:80]}' is not the ARN of a role", f"/{field}", hint)
    role = bool(declared.get("executionRoleArn"))
    for container, path in items(declared, "containerDefinitions"):
        logs = mapping(container, "logConfiguration")
        for one, where in [
            *items(container, "secrets", path),
            *items(logs, "secretOptions", f"{path}/logConfiguration"),
        ]:
            yield from secret(one, where)
        if role:
            continue
        needs = ""
        if container.get("secrets"):
            needs, where = "secrets", f"{path}/secrets"
        elif fargate and logs.get("logDriver") == "awslogs":
            needs, where = "log driver awslogs on Fargate", f"{path}/logConfiguration/logDriver"
        elif fargate and re.match(_ECR, text(container, "image") or ""):
            needs, where = "an image of ECR on Fargate", f"{path}/image"
        if needs:
            message = f"the task needs an executionRoleArn for {needs}"
            yield error("APO-TD-034", message, where, "executionRoleArn: arn:aws:iam::ACCOUNT:role/NAME")


def secret(one: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """One secret: an ARN of Secrets Manager or of Parameter Store, or the name of a parameter."""
    source = text(one, "valueFrom")
    if source is None or unrendered(source):
        return
    path += "/valueFrom"
    if not source.startswith("arn:"):
        if not re.fullmatch(_PARAMETER, source):
            message = f"'{_short(source)}' is neither an ARN nor the name of a parameter"
            yield error("APO-TD-035", message, path, _SECRET_ARN)
        return
    parts = source.split(":")
    service = parts[2] if len(parts) > 5 else ""
    if service == "ssm" and len(parts) == 6 and parts[5].startswith("parameter/"):
        return
    if service != "secretsmanager" or len(parts) < 7 or parts[5] != "secret" or not parts[6]:
        message = f"'{_short(source)}' is not the ARN of a secret or a parameter"
        hint = f"{_SECRET_ARN} or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"
        yield error("APO-TD-035", message, path, hint)
    elif len(parts) not in (7, 10):
        message = "behind the name of a secret stand JSON key, version stage and version id, all three"
        hint = f"{':'.join(parts[6:8])}{':' * (10 - len(parts[:8]))}: a part may be empty, its colon may not"
        yield error("APO-TD-035", message, path, hint)


def _short(value: str) -> str:
    return value if len(value) <= 80 else value[:77] + "…"
