"""Live objects as specs: in the words that a person would write, equal to what AWS has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apollo.compare import canonical, trimmed
from apollo.compare import listener_rule as rule_table
from apollo.compare import scaling_policy as scaling_table
from apollo.compare import service as service_table
from apollo.compare import task_definition as task_table
from apollo.controllers.listener_rule.seen import Listener, LiveRule
from apollo.controllers.scaling_policy.seen import ScalingSeen
from apollo.controllers.service.seen import ServiceSeen
from apollo.importing.live.fitting import fitting
from apollo.resources.listener_rule import ListenerRuleSpec
from apollo.resources.scaling_policy import ScalingPolicySpec
from apollo.resources.service import ServiceSpec
from apollo.resources.task_definition import TaskDefinitionSpec
from apollo.spec import Spec

__all__ = [
    "fitted",
    "foreign_tags",
    "live_service",
    "rule_spec",
    "same_content",
    "scaling_spec",
    "service_spec",
    "task_spec",
]

_DEFAULTS = {"maximumPercent": 200, "minimumHealthyPercent": 100}
_AUTH = ("authenticateOidcConfig",)


_MODELS: Mapping[str, type[Spec]] = {
    "ListenerRule": ListenerRuleSpec,
    "ScalingPolicy": ScalingPolicySpec,
    "Service": ServiceSpec,
    "TaskDefinition": TaskDefinitionSpec,
}


def fitted(kind: str, live: Mapping[str, Any]) -> dict[str, Any]:
    """All that a spec can say of a live object, defaults and all."""
    return fitting(live, _MODELS[kind])


def live_service(seen: ServiceSeen) -> dict[str, Any]:
    """A service's fields without its tags, which several have a say in."""
    return {name: value for name, value in seen.fields.items() if name != "tags"}


def foreign_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are neither AWS's nor Apollo's."""
    return {key: value for key, value in tags.items() if not key.startswith(("aws:", "ecs:", "apollo:"))}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(foreign_tags(tags).items())]


def service_spec(seen: ServiceSeen, *, cluster: str | None, scaled: bool, task: str | None) -> dict[str, Any]:
    """A service.

    :param cluster: the environment's, which is left out. :param scaled: whether a scaling policy owns the
        desired count. :param task: what ``taskDefinition`` is to say; None: as AWS has it.
    """
    spec = trimmed(fitting(seen.fields, ServiceSpec), service_table.RULES)
    spec["cluster"] = seen.cluster
    if seen.cluster == (cluster or "default"):
        del spec["cluster"]
    if "AWSServiceRoleForECS" in str(spec.get("role", "")):
        del spec["role"]
    if scaled or spec.get("schedulingStrategy") == "DAEMON":
        spec.pop("desiredCount", None)
    if spec.get("platformVersion") == "LATEST":
        del spec["platformVersion"]
    deployment = spec.get("deploymentConfiguration")
    if deployment is not None and spec.get("schedulingStrategy") != "DAEMON":
        rest = {name: value for name, value in deployment.items() if _DEFAULTS.get(name) != value}
        spec["deploymentConfiguration"] = rest
        if not rest:
            del spec["deploymentConfiguration"]
    if task is not None:
        spec["taskDefinition"] = task
    tags = _pairs(seen.tags)
    spec.pop("tags", None)
    return _ordered({**spec, **({"tags": tags} if tags else {})}, ServiceSpec)


def task_spec(content: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """A revision of a task definition."""
    spec = trimmed(fitting(content, TaskDefinitionSpec), task_table.RULES)
    pairs = _pairs(tags)
    return _ordered({**spec, **({"tags": pairs} if pairs else {})}, TaskDefinitionSpec)


def same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two revisions would be registered by the same text."""
    rules = task_table.RULES
    return canonical(fitting(one, TaskDefinitionSpec), rules) == canonical(
        fitting(other, TaskDefinitionSpec), rules
    )


def scaling_spec(seen: ScalingSeen, place: Mapping[str, str]) -> dict[str, Any]:
    """The whole scaling of a service.

    :param place: ``service``, with ``cluster`` where the service is no manifest.
    """
    spec = trimmed(fitting(seen.fields, ScalingPolicySpec), scaling_table.RULES)
    for bound in ("minCapacity", "maxCapacity"):
        spec[bound] = seen.fields[bound]
    tags = foreign_tags(seen.tags)
    return _ordered({**place, **spec, **({"tags": tags} if tags else {})}, ScalingPolicySpec)


def rule_spec(listener: Listener, rule: LiveRule) -> dict[str, Any]:
    """A listener rule."""
    spec = trimmed(fitting(rule.fields, ListenerRuleSpec), rule_table.RULES)
    if rule.priority is None:
        spec.pop("conditions", None)
    for action in spec.get("actions", ()):
        for name in _AUTH:
            if name in action:  # AWS does not give the client's secret back
                action[name] = {**action[name], "useExistingClientSecret": True}
    spec["listenerArn"] = listener.arn
    spec["priority"] = "default" if rule.priority is None else rule.priority
    tags = _pairs(rule.tags)
    return _ordered({**spec, **({"tags": tags} if tags else {})}, ListenerRuleSpec)


def _ordered(spec: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """Fields in the order of AWS's documentation, so that two imports read alike."""
    known = [name for name in model.model_fields if name in spec]
    return {name: spec[name] for name in (*known, *(name for name in spec if name not in known))}
