"""What the action of a rule may hold.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, mapping, number, repeated, text

__all__ = ["problems"]

_GROUPS = 5
_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_SAME = {
    "protocol": "#{protocol}",
    "port": "#{port}",
    "host": "#{host}",
    "path": "/#{path}",
    "query": "#{query}",
}
_CODE = re.compile(r"[245]\d\d")


def problems(action: Any, path: str) -> Iterator[Problem]:
    if not isinstance(action, Mapping):
        return
    kind = action.get("type")
    if kind == "forward":
        yield from _forward(action, path)
    elif kind == "redirect":
        yield from _redirect(mapping(action, "redirectConfig"), f"{path}/redirectConfig")
    elif kind == "fixed-response":
        yield from _fixed(mapping(action, "fixedResponseConfig"), f"{path}/fixedResponseConfig")


def _forward(action: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ForwardActionConfig.html"""
    config = mapping(action, "forwardConfig")
    where = f"{path}/forwardConfig/targetGroups"
    groups = items(config, "targetGroups", f"{path}/forwardConfig", "")
    if len(groups) > _GROUPS:
        message = f"an action forwards to at most {_GROUPS} target groups, not {len(groups)}"
        yield error("APO-RULE-011", message, where)
    arns = [text(group, "targetGroupArn") for group, _ in groups]
    for index, arn in repeated([arn or index for index, arn in enumerate(arns)]):
        yield error("APO-RULE-011", f"target group {arn} is given twice", f"{where}/{index}/targetGroupArn")
    one = text(action, "targetGroupArn")
    if one is not None and groups and None not in arns and arns != [one]:
        message = "targetGroupArn beside forwardConfig is the only one of its target groups"
        yield error("APO-RULE-011", message, f"{path}/targetGroupArn", "leave out targetGroupArn")
    for group, at in groups:
        weight = number(group, "weight")
        if weight is not None and not 0 <= weight <= 999:
            yield error("APO-RULE-011", "a weight is 0 to 999", f"{at}/weight")
    sticky = mapping(config, "targetGroupStickinessConfig")
    seconds = number(sticky, "durationSeconds")
    if seconds is not None and not 1 <= seconds <= 604800:
        at = f"{path}/forwardConfig/targetGroupStickinessConfig/durationSeconds"
        yield error("APO-RULE-011", "stickiness lasts 1 second to 7 days (604800)", at)


def _redirect(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""
    if config and all(config.get(name) in (None, same) for name, same in _SAME.items()):
        message = "the redirect leads to where the request came from, for ever"
        yield error("APO-RULE-012", message, path, "change protocol, port, host or path")
    port = text(config, "port")
    if port and port != "#{port}" and not (port.isdigit() and 1 <= int(port[:9]) <= 65535):
        yield error("APO-RULE-012", f"'{port[:20]}' is no port", f"{path}/port", 'port: "443"')
    target = text(config, "path")
    if target and not target.startswith("/") and not target.startswith("#{path}"):
        yield error(
            "APO-RULE-012", "the path of a redirect begins with /", f"{path}/path", f"path: /{target}"
        )


def _fixed(config: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html"""
    code = text(config, "statusCode")
    if code is not None and not _CODE.fullmatch(code):
        yield error(
            "APO-RULE-013", "a fixed response is 2XX, 4XX or 5XX", f"{path}/statusCode", 'for example "503"'
        )
    kind = text(config, "contentType")
    if kind is not None and kind not in _TYPES:
        hint = f"one of {', '.join(_TYPES)}"
        yield error("APO-RULE-013", f"a fixed response cannot be {kind[:60]}", f"{path}/contentType", hint)
    body = text(config, "messageBody")
    if body is not None and len(body) > 1024:
        yield error(
            "APO-RULE-013", "the body of a fixed response has at most 1024 bytes", f"{path}/messageBody"
        )
