"""When a live listener rule is what a manifest says.

AWS takes conditions and forward actions in more than one form and answers in all of them at once, in any
order; `comparable` brings both sides into one form.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from apollo.api import is_unknown
from apollo.compare.names import spec_names
from apollo.compare.rules import CLEARED, Cleared, Field, Rules
from apollo.compare.values import lowered
from apollo.resources.listener_rule import ListenerRuleSpec

__all__ = ["CONFIGS", "RULES", "comparable", "live_spec"]

Data = Mapping[str, Any]

CONFIGS: Final[Mapping[str, str]] = {
    "host-header": "hostHeaderConfig",
    "path-pattern": "pathPatternConfig",
    "http-header": "httpHeaderConfig",
    "query-string": "queryStringConfig",
    "http-request-method": "httpRequestMethodConfig",
    "source-ip": "sourceIpConfig",
}
"""Where a condition of a field holds its values."""
_WITH_REGEX: Final = ("host-header", "path-pattern", "http-header")


def _condition(member: Data) -> str | None:
    """A condition's name: its field, and which header it looks at."""
    field = member.get("field")
    header = (member.get("httpHeaderConfig") or {}).get("httpHeaderName")
    return f"{field}:{str(header).lower()}" if header else field


def _network(value: Any) -> Any:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return value


_SESSION: Final = {
    "sessionCookieName": "AWSELBAuthSessionCookie",
    "scope": "openid",
    "sessionTimeout": 604800,
    "onUnauthenticatedRequest": "authenticate",
}
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html"""
_REDIRECT: Final = {
    "host": "#{host}",
    "path": "/#{path}",
    "port": "#{port}",
    "protocol": "#{protocol}",
    "query": "#{query}",
}
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""

RULES: Final = Rules(
    ListenerRuleSpec,
    {
        # Where a rule is, and in which order: not what it says.
        "/listenerArn": Field(never=True),
        "/priority": Field(never=True),
        "/tags": Field(never=True),
        "/conditions": Field(key=_condition),
        **{f"/conditions/*/{config}/values": Field(unordered=True) for config in CONFIGS.values()},
        **{f"/conditions/*/{CONFIGS[field]}/regexValues": Field(unordered=True) for field in _WITH_REGEX},
        # Host names, headers and queries are matched in any case; paths and methods are not.
        "/conditions/*/hostHeaderConfig/values/*": Field(normal=lowered),
        "/conditions/*/httpHeaderConfig/httpHeaderName": Field(normal=lowered),
        "/conditions/*/httpHeaderConfig/values/*": Field(normal=lowered),
        "/conditions/*/queryStringConfig/values/*/key": Field(normal=lowered),
        "/conditions/*/queryStringConfig/values/*/value": Field(normal=lowered),
        "/conditions/*/sourceIpConfig/values/*": Field(normal=_network),
        "/actions": Field(key="type"),
        "/actions/*/fixedResponseConfig/contentType": Field(default="text/plain"),
        "/actions/*/fixedResponseConfig/messageBody": Field(default=""),
        "/actions/*/forwardConfig/targetGroups": Field(key="targetGroupArn"),
        "/actions/*/jwtValidationConfig/additionalClaims": Field(key="name"),
        "/actions/*/jwtValidationConfig/additionalClaims/*/values": Field(unordered=True),
        **{f"/actions/*/redirectConfig/{name}": Field(default=value) for name, value in _REDIRECT.items()},
        **{
            f"/actions/*/{config}/{name}": Field(default=value)
            for config in ("authenticateOidcConfig", "authenticateCognitoConfig")
            for name, value in _SESSION.items()
        },
        # AWS never gives it back.
        "/actions/*/authenticateOidcConfig/clientSecret": Field(never=True),
        "/actions/*/authenticateOidcConfig/useExistingClientSecret": Field(never=True),
        "/transforms": Field(key="type", absence=Cleared([])),
    },
    absence=CLEARED,
)
"""Equality of two rules in the form that `comparable` gives."""


def comparable(spec: Data) -> dict[str, Any]:
    """A rule in the one form that is compared: conditions by their configuration alone, actions in their
    order without its numbers, forward actions as weighted target groups."""
    result = dict(spec)
    if "conditions" in spec:
        result["conditions"] = [_plain_condition(item) for item in spec["conditions"] or ()]
    if "actions" in spec:
        result["actions"] = [_plain_action(item) for item in _in_order(spec["actions"] or ())]
    return result


def _plain_condition(condition: Data) -> dict[str, Any]:
    field = str(condition.get("field"))
    config = CONFIGS.get(field)
    if config is None:
        return dict(condition)
    held = {name: value for name, value in (condition.get(config) or {}).items() if value not in (None, [])}
    for name in ("values", "regexValues"):
        if condition.get(name) and not held.get(name):
            held[name] = condition[name]
    return {"field": field, config: held}


def _in_order(actions: Sequence[Data]) -> list[Data]:
    if any(action.get("order") is None for action in actions):
        return list(actions)
    return sorted(actions, key=lambda action: int(action["order"]))


def _plain_action(action: Data) -> dict[str, Any]:
    result = {name: value for name, value in action.items() if name not in ("order", "targetGroupArn")}
    if action.get("type") != "forward":
        return result
    config = dict(action.get("forwardConfig") or {})
    groups = [dict(group) for group in config.get("targetGroups") or ()]
    if not groups and action.get("targetGroupArn"):
        groups = [{"targetGroupArn": action["targetGroupArn"]}]
    if len(groups) == 1 and groups[0].get("weight") != 0:
        groups[0].pop("weight", None)  # all of the requests, whatever it is
    config["targetGroups"] = groups
    sticky = config.get("targetGroupStickinessConfig")
    if not is_unknown(sticky) and not (sticky or {}).get("enabled"):
        config.pop("targetGroupStickinessConfig", None)
    return {**result, "forwardConfig": config}


def live_spec(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What DescribeRules says of a rule, under the names of a spec and in the form that is compared."""
    kept = {name: rule[name] for name in ("Conditions", "Actions", "Transforms") if name in rule}
    return comparable(spec_names(kept, ("AuthenticationRequestExtraParams",)))
