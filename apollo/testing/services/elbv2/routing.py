"""Which rule a request would match: the data plane of a listener, for tests that probe after every call.

Rules are evaluated "in priority order, from the lowest value to the highest value"; all conditions of a rule
have to hold, and each holds when one of its values matches.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from apollo.testing.services.elbv2.conditions import CONFIG
from apollo.testing.services.elbv2.state import Json, Listener, Rule


@dataclass(slots=True, frozen=True)
class Probe:
    """A request as the load balancer sees it."""

    host: str = "example.com"
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    source_ip: str = "203.0.113.1"


def match(listener: Listener, probe: Probe) -> Rule:
    """The first rule whose conditions all hold; the default rule when none does."""
    for rule in listener.ordered():
        if all(_holds(item, probe) for item in rule.conditions):
            return rule
    return listener.default


@cache
def _wildcard(text: str, fold: bool, escapes: bool) -> re.Pattern[str]:
    """`*` is any run of characters, `?` exactly one; `\\*` and `\\?` are themselves where escapes count."""
    tokens = re.findall(r"\\[*?]|." if escapes else r".", text, re.DOTALL)
    parts = [{"*": ".*", "?": "."}.get(token) or re.escape(token[-1]) for token in tokens]
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if fold else 0))


def _like(pattern: str, text: str, *, fold: bool, escapes: bool = False) -> bool:
    return _wildcard(pattern, fold, escapes).fullmatch(text) is not None


def _any(config: Json, texts: Sequence[str], *, fold: bool) -> bool:
    """Values, else regular expressions, over what the request has there."""
    flags = re.IGNORECASE if fold else 0
    return any(_like(value, text, fold=fold) for value in config.get("Values", []) for text in texts) or any(
        re.search(value, text, flags) for value in config.get("RegexValues", []) for text in texts
    )


def _holds(condition: Json, probe: Probe) -> bool:
    name = condition["Field"]
    config: Json = condition[CONFIG[name]]
    match name:
        case "host-header":  # "A host name is not case-sensitive"; the port does not count
            return _any(config, [_host(probe.host)], fold=True)
        case "path-pattern":  # "The path pattern is applied only to the path of the URL", case-sensitive
            return _any(config, [probe.path.partition("?")[0]], fold=False)
        case "http-header":
            return _any(config, _header(probe, config["HttpHeaderName"]), fold=True)
        case "query-string":
            return any(_pair_holds(wanted, pair) for wanted in config["Values"] for pair in _query(probe))
        case "http-request-method":
            return probe.method in config["Values"]
    return _from(config, probe.source_ip)


def _host(text: str) -> str:
    name, colon, port = text.rpartition(":")
    return name if colon and port.isdigit() else text


def _header(probe: Probe, name: str) -> list[str]:
    texts: list[str] = []
    for key, value in probe.headers.items():
        if key.lower() == name.lower():
            texts += [value] if isinstance(value, str) else value
    return texts


def _query(probe: Probe) -> list[tuple[str, str]]:
    given = list(probe.query)
    for item in filter(None, probe.path.partition("?")[2].split("&")):
        key, _, value = item.partition("=")
        given.append((key, value))
    return given


def _pair_holds(wanted: Json, pair: tuple[str, str]) -> bool:
    """Without a key, the value is looked for in every value; not case-sensitive."""
    if "Key" in wanted and not _like(wanted["Key"], pair[0], fold=True, escapes=True):
        return False
    return _like(wanted["Value"], pair[1], fold=True, escapes=True)


def _from(config: Json, source: str) -> bool:
    address = ipaddress.ip_address(source)
    if "IpAddressType" in config:
        return bool(config["IpAddressType"] == f"ipv{address.version}")
    networks = [ipaddress.ip_network(text) for text in config["Values"]]
    return any(address in network for network in networks if network.version == address.version)
