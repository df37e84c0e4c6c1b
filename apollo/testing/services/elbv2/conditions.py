"""Rule conditions: what is refused, the form in which they are kept, and how they are shown.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import ipaddress
import random
import re
from typing import Any

from apollo.testing.services.elbv2.region import invalid
from apollo.testing.services.elbv2.state import Json

CONFIG = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
LEGACY = frozenset({"host-header", "path-pattern"})
"""Fields whose condition may be said with Values, and is shown with it."""
_REGEX = frozenset({"host-header", "path-pattern", "http-header"})
_ONCE = frozenset({"host-header", "path-pattern", "http-request-method", "source-ip"})
_WILD = frozenset({"host-header", "path-pattern", "http-header", "query-string"})
_SETTLED = frozenset({"host-header"})
"""Fields whose values come back in the order in which they were sent."""

VALUES_PER_RULE = 5
WILDCARDS_PER_RULE = 5
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""

_HOST = re.compile(r"[A-Za-z0-9.*?-]{1,128}")
_PATH = re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*?-]{1,128}")
_METHOD = re.compile(r"[A-Z_-]{1,40}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")


def checked(given: list[Json]) -> list[Json]:
    """The conditions of a request in the form in which they are kept."""
    if not given:
        raise invalid("A condition must be specified")
    kept = [_condition(item) for item in given]
    fields = [item["Field"] for item in kept]
    for field in sorted(_ONCE):
        if fields.count(field) > 1:
            raise invalid(f"A rule can only have one '{field}' condition")
    texts = [(item["Field"], text) for item in kept for text in _texts(item)]
    if len(texts) > VALUES_PER_RULE:
        raise invalid(f"A rule can only have '{VALUES_PER_RULE}' condition values")
    wild = sum(len(re.findall(r"(?<!\\)[*?]", text)) for field, text in texts if field in _WILD)
    if wild > WILDCARDS_PER_RULE and not any(_config(item).get("RegexValues") for item in kept):
        raise invalid(f"A rule can only have '{WILDCARDS_PER_RULE}' condition wildcards")
    return kept


def _config(kept: Json) -> Json:
    found: Json = kept[CONFIG[kept["Field"]]]
    return found


def _texts(kept: Json) -> list[str]:
    """One text per match evaluation."""
    config = _config(kept)
    if kept["Field"] == "query-string":
        return [f"{pair.get('Key', '')}={pair['Value']}" for pair in config["Values"]]
    if "IpAddressType" in config:
        return [config["IpAddressType"]]
    return [*config.get("Values", []), *config.get("RegexValues", [])]


def _condition(given: Json) -> Json:
    field = given.get("Field")
    if not field:
        raise invalid("A condition field must be specified")
    if field not in CONFIG:
        raise invalid(f"Condition field '{field}' must be one of '[{', '.join(sorted(CONFIG))}]'")
    name = CONFIG[field]
    for other in CONFIG.values():
        if other in given and other != name:
            raise invalid(f"You cannot provide '{other}' for a condition of type '{field}'")
    legacy = {key: given[key] for key in ("Values", "RegexValues") if given.get(key)}
    config: Json = dict(given.get(name, {}))
    if legacy:
        if config and field in LEGACY:
            raise invalid(f"You cannot provide both Values and '{name}' for a condition of type '{field}'")
        if field not in LEGACY and not ("RegexValues" in legacy and field in _REGEX):
            raise invalid(f"You cannot provide Values for a condition of type '{field}'; use '{name}'")
        if len(legacy.get("Values", [])) > 1:
            raise invalid("The 'values' field contains too many values; the limit is '1'")
        config |= legacy
    config = {key: value for key, value in config.items() if value != []}
    if config.get("Values") and config.get("RegexValues"):
        raise invalid(f"You cannot provide both Values and RegexValues for a condition of type '{field}'")
    if not any(key in config for key in ("Values", "RegexValues", "IpAddressType")):
        raise invalid("A condition value must be specified")
    _check_values(field, config)
    return {"Field": field, name: config}


def _check_values(field: str, config: Json) -> None:
    for text in config.get("RegexValues", []):
        if len(text) > 128:
            raise invalid("The regular expression can have at most 128 characters")
        try:
            re.compile(text)
        except re.error:
            raise invalid(f"The regular expression '{text}' is not valid") from None
    values: list[Any] = config.get("Values", [])
    match field:
        case "host-header":
            for text in values:
                if not _HOST.fullmatch(text):
                    raise invalid(f"The host name '{text}' is not valid")
        case "path-pattern":
            for text in values:
                if not _PATH.fullmatch(text):
                    raise invalid(f"The path pattern '{text}' is not valid")
        case "http-header":
            header = config.get("HttpHeaderName", "")
            if not _HEADER.fullmatch(header):
                raise invalid("An HTTP header name of at most 40 characters must be specified")
            if header.lower() == "host":
                raise invalid("The host header must be matched with a 'host-header' condition")
            _check_length(values)
        case "query-string":
            for pair in values:
                if not pair.get("Value"):
                    raise invalid("A query string value must be specified")
            _check_length([text for pair in values for text in pair.values()])
        case "http-request-method":
            for text in values:
                if not _METHOD.fullmatch(text):
                    raise invalid(f"The HTTP request method '{text}' is not valid")
        case "source-ip":
            for text in values:
                try:
                    ipaddress.ip_network(text)
                except ValueError:
                    raise invalid(f"'{text}' is not a valid CIDR block") from None
                if "/" not in text:
                    raise invalid(f"'{text}' is not a valid CIDR block")


def _check_length(texts: list[str]) -> None:
    if any(not 1 <= len(text) <= 128 for text in texts):
        raise invalid("A condition value must have between 1 and 128 characters")


def shown(kept: list[Json], shuffle: random.Random | None) -> list[Json]:
    """As DescribeRules answers: the legacy members mirror the config, and sets have no order.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
    """
    result = []
    for item in kept:
        field, config = item["Field"], dict(_config(item))
        if shuffle is not None and field not in _SETTLED and "Values" in config:
            config["Values"] = shuffle.sample(config["Values"], len(config["Values"]))
        view: Json = {"Field": field}
        if field in LEGACY and "Values" in config:
            view["Values"] = config["Values"]
        if "RegexValues" in config:
            view["RegexValues"] = config["RegexValues"]
        result.append(view | {CONFIG[field]: config})
    return result if shuffle is None else shuffle.sample(result, len(result))
