"""What must hold of a Notification beyond its types: one target, secrets from one place, a template that
fits."""

from __future__ import annotations

import string
from collections.abc import Iterator

from apollo.errors import Problem
from apollo.manifest.findings import did_you_mean
from apollo.manifest.nodes import MapNode
from apollo.settings import NotificationSpec, SourceAuth

__all__ = ["PLACEHOLDERS", "TARGETS", "check_notification"]

TARGETS = ("slack", "webhook", "sns", "eventBridge", "github", "gitlab")
PLACEHOLDERS = (
    "environment",
    "app",
    "key",
    "kind",
    "name",
    "event",
    "reason",
    "message",
    "commit",
    "seconds",
)
"""What a template may name."""


def check_notification(spec: NotificationSpec, node: MapNode) -> list[Problem]:
    """What is wrong with a Notification whose types are right."""
    given = [name for name in TARGETS if name in spec.model_fields_set and getattr(spec, name) is not None]
    if len(given) != 1:
        said = f"there are {len(given)}: {', '.join(given)}" if given else "there is none"
        message = f"exactly one target is expected, and {said}"
        return [node.problem("APO-LOAD-063", message, path="/spec", hint=f"one of {', '.join(TARGETS)}")]
    target = getattr(spec, given[0])
    inside = node.items[given[0]]
    assert isinstance(inside, MapNode)
    problems = list(_secrets(target, inside, f"/spec/{given[0]}"))
    if given[0] == "webhook" and (target.url is None) == (target.urlFrom is None):
        message = "exactly one of url and urlFrom is expected"
        problems.append(inside.problem("APO-LOAD-062", message, path="/spec/webhook"))
    if (
        given[0] == "webhook"
        and target.url is not None
        and not target.url.startswith(("https://", "http://"))
    ):
        message = "an http:// or https:// URL is expected"
        problems.append(inside.items["url"].problem("APO-LOAD-015", message, path="/spec/webhook/url"))
    problems += _template(spec, node)
    return problems


def _secrets(target: object, node: MapNode, path: str) -> Iterator[Problem]:
    for name, child in node.items.items():
        value = getattr(target, name, None)
        if isinstance(value, SourceAuth) and len(value.model_fields_set) != 1:
            message = "exactly one of env, file and secretsManager is expected"
            yield child.problem("APO-LOAD-062", message, path=f"{path}/{name}")


def _template(spec: NotificationSpec, node: MapNode) -> Iterator[Problem]:
    if spec.template is None:
        return
    template = string.Template(spec.template)
    at = node.items["template"]
    if not template.is_valid():
        hint = "a dollar sign of its own is written $$"
        yield at.problem("APO-LOAD-064", "'$' stands before no name", path="/spec/template", hint=hint)
        return
    for name in template.get_identifiers():
        if name not in PLACEHOLDERS:
            hint = did_you_mean(name, PLACEHOLDERS) or f"known are: {', '.join(PLACEHOLDERS)}"
            message = f"nothing is called '${name}' in a template"
            yield at.problem("APO-LOAD-064", message, path="/spec/template", hint=hint)
