"""What is wrong with a target group beyond its types, found without AWS: what AWS itself would refuse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from apollo.api import Problem, is_unknown
from apollo_ecs_target_group.spec import TargetGroupSpec

__all__ = ["problems"]

_NAME = re.compile(r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_WEB = ("HTTP", "HTTPS")


def problems(spec: TargetGroupSpec) -> Iterator[Problem]:
    """Every finding."""
    yield from _name(spec)
    yield from _target(spec)
    yield from _health(spec)
    counted = Counter(one.key for one in spec.attributes or ())
    for key in [key for key, count in counted.items() if count > 1]:
        yield _problem(f"/attributes/{key}", f"attribute {key} stands there twice", "keep one of them")


def _problem(path: str, message: str, hint: str = "") -> Problem:
    return Problem("APO-TARGET-GROUP-001", message, path=path, hint=hint)


def _name(spec: TargetGroupSpec) -> Iterator[Problem]:
    name = spec.name or ""
    if is_unknown(name) or _NAME.fullmatch(name):
        return
    text = f"{name!r} is no name for a target group"
    if len(name) > 32:
        text += f": it has {len(name)} characters, and AWS takes 32"
    hint = (
        "letters, digits and hyphens, no hyphen at either end, not beginning with internal-; spec.name may "
    )
    yield _problem("/name", text, hint + "differ from metadata.name")


def _target(spec: TargetGroupSpec) -> Iterator[Problem]:
    needed = ("protocol", "port", "vpcId")
    for field in needed:
        declared = getattr(spec, field) is not None
        if spec.targetType == "lambda" and declared:
            yield _problem(f"/{field}", f"{field} has no meaning for targetType lambda", "take it out")
        elif spec.targetType != "lambda" and not declared:
            yield _problem(
                f"/{field}", f"{field} is missing", f"AWS wants one for targetType {spec.targetType}"
            )
    if spec.protocolVersion is not None and spec.protocol is not None and spec.protocol not in _WEB:
        text = f"protocol {spec.protocol} has no protocolVersion: only HTTP and HTTPS have"
        yield _problem("/protocolVersion", text, "take it out")


def _health(spec: TargetGroupSpec) -> Iterator[Problem]:
    interval, timeout = spec.healthCheckIntervalSeconds, spec.healthCheckTimeoutSeconds
    if interval is not None and timeout is not None and timeout >= interval:
        text = f"a check every {interval} s cannot wait {timeout} s for its answer"
        yield _problem("/healthCheckTimeoutSeconds", text, "less than healthCheckIntervalSeconds")
    if spec.healthCheckEnabled is False and spec.targetType != "lambda":
        text = f"health checks cannot be switched off for targetType {spec.targetType}"
        yield _problem("/healthCheckEnabled", text, "take it out")
    if spec.protocol in _WEB and spec.healthCheckProtocol not in (None, *_WEB):
        text = f"targets of protocol {spec.protocol} cannot be checked by {spec.healthCheckProtocol}"
        yield _problem("/healthCheckProtocol", text, "HTTP or HTTPS")
    path = spec.healthCheckPath
    if path is not None and not is_unknown(path) and not path.startswith("/"):
        yield _problem("/healthCheckPath", f"{path!r} does not begin with a slash", f"/{path}")
    matcher = spec.matcher
    if matcher is not None and (matcher.httpCode is None) == (matcher.grpcCode is None):
        yield _problem("/matcher", "a matcher has either httpCode or grpcCode", "declare one of them")
    elif matcher is not None and (matcher.grpcCode is not None) != (spec.protocolVersion == "GRPC"):
        field = "grpcCode" if matcher.grpcCode is not None else "httpCode"
        text = f"{field} does not go with protocolVersion {spec.protocolVersion or 'HTTP1'}"
        yield _problem(f"/matcher/{field}", text, "grpcCode for GRPC, httpCode for all others")
