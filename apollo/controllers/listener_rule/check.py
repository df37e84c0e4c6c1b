"""What is certainly wrong with a rule, found without AWS.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.compare.listener_rule import CONFIGS
from apollo.controllers.listener_rule import check_actions
from apollo.controllers.listener_rule import check_values as values
from apollo.resources.checks import tags
from apollo.resources.listener_rule import DEFAULT

__all__ = ["problems"]

_ROUTING = ("forward", "redirect", "fixed-response")
_CONFIG = {
    "redirect": "redirectConfig",
    "fixed-response": "fixedResponseConfig",
    "authenticate-oidc": "authenticateOidcConfig",
    "authenticate-cognito": "authenticateCognitoConfig",
    "jwt-validation": "jwtValidationConfig",
}
_ONCE = frozenset({"host-header", "path-pattern", "http-request-method", "source-ip"})


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Findings that AWS would refuse for certain; ``Problem.path`` points into the spec."""
    conditions = declared.get("conditions") or []
    if declared.get("priority") == DEFAULT:
        for name in ("conditions", "transforms"):
            if declared.get(name):
                yield Problem(
                    "APO-RULE-001",
                    f"the default rule takes every request that is left, and has no {name}",
                    path=f"/{name}",
                    hint=f"leave out {name}, or give the rule a priority between 1 and 50000",
                )
    elif not conditions:
        yield Problem(
            "APO-RULE-002",
            "a rule needs at least one condition",
            path="/conditions" if "conditions" in declared else "",
            hint="conditions: [{field: host-header, hostHeaderConfig: {values: [web.example.com]}}]",
        )
    yield from _of_conditions(conditions)
    yield from _of_actions(declared.get("actions") or [])
    yield from values.problems(conditions)
    yield from tags.problems(declared)
    kinds = [item.get("type") for item in declared.get("transforms") or ()]
    for kind in {kind for kind in kinds if kinds.count(kind) > 1}:
        yield Problem("APO-RULE-007", f"there may be one transform of type {kind}", path="/transforms")


def _of_conditions(conditions: list[Mapping[str, Any]]) -> Iterator[Problem]:
    for index, condition in enumerate(conditions):
        field = condition.get("field")
        if field is None:
            hint = f"field: one of {', '.join(CONFIGS)}"
            yield Problem(
                "APO-RULE-003",
                "a condition says which field it is about",
                path=f"/conditions/{index}",
                hint=hint,
            )
            continue
        config = CONFIGS.get(field)
        strays = [name for name in CONFIGS.values() if name in condition and name != config]
        if config is not None and strays:
            yield Problem(
                "APO-RULE-003",
                f"a condition on {field} has no {strays[0]}",
                path=f"/conditions/{index}/{strays[0]}",
                hint=f"its values go into {config}",
            )
    fields = [condition.get("field") for condition in conditions]
    for field in sorted(_ONCE):
        if fields.count(field) > 1:
            yield Problem(
                "APO-RULE-004",
                f"there may be one condition on {field}",
                path="/conditions",
                hint="put the values into one condition: any of them may match",
            )


def _of_actions(actions: list[Mapping[str, Any]]) -> Iterator[Problem]:
    orders = [action.get("order") for action in actions]
    ordered = actions
    if all(order is not None for order in orders):
        ordered = sorted(actions, key=lambda action: int(action["order"]))
        if len(set(orders)) < len(orders):
            yield Problem("APO-RULE-005", "two actions have the same order", path="/actions")
    kinds = [str(action.get("type")) for action in ordered]
    if kinds and (kinds[-1] not in _ROUTING or any(kind in _ROUTING for kind in kinds[:-1])):
        yield Problem(
            "APO-RULE-005",
            "a rule ends with exactly one action of type forward, redirect or fixed-response",
            path="/actions",
        )
    for index, action in enumerate(actions):
        yield from _of_action(action, f"/actions/{index}")
        yield from check_actions.problems(action, f"/actions/{index}")


def _of_action(action: Mapping[str, Any], path: str) -> Iterator[Problem]:
    kind = str(action.get("type"))
    config = _CONFIG.get(kind)
    if config is not None and not action.get(config):
        yield Problem("APO-RULE-006", f"an action of type {kind} needs {config}", path=path)
    if kind != "forward":
        return
    groups = (action.get("forwardConfig") or {}).get("targetGroups") or []
    if not groups and not action.get("targetGroupArn"):
        hint = "forwardConfig: {targetGroups: [{targetGroupArn: …, weight: 1}]}"
        yield Problem("APO-RULE-006", "an action of type forward needs a target group", path=path, hint=hint)
    if len(groups) > 1 and any(group.get("weight") is None for group in groups):
        where = f"{path}/forwardConfig/targetGroups"
        yield Problem("APO-RULE-006", "each of several target groups needs a weight", path=where)
