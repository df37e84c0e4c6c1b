"""How a service is deployed: percentages, strategies, hooks, alarms.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, flag, items, mapping, number, text

__all__ = ["problems"]

_HOOKS = 10
"""Of each type: "You can configure a maximum of 10 pause hooks and 10 Lambda hooks per service"."""
_LONGEST = {"PAUSE": 20160, "AWS_LAMBDA": 1440}
_NO_PAUSE = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
_PART = "/deploymentConfiguration"


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    config = mapping(declared, "deploymentConfiguration")
    controller = text(mapping(declared, "deploymentController"), "type") or "ECS"
    strategy = text(config, "strategy") or "ROLLING"
    daemon = declared.get("schedulingStrategy") == "DAEMON"
    if controller == "ECS":
        yield from _percents(config, rolling=strategy == "ROLLING", daemon=daemon)
    if strategy != "ROLLING":
        if daemon:
            message = f"a DAEMON is deployed ROLLING, not {strategy}"
            yield error("APO-SVC-011", message, f"{_PART}/strategy")
        if controller != "ECS":
            message = f"{strategy} needs the deployment controller ECS, not {controller}"
            yield error("APO-SVC-011", message, f"{_PART}/strategy")
    yield from _of_strategy(config, strategy)
    yield from _hooks(config)
    yield from _early(config, strategy)
    breaker = mapping(config, "deploymentCircuitBreaker")
    value = number(mapping(breaker, "thresholdConfiguration"), "value")
    if value is not None and value < 1:
        where = f"{_PART}/deploymentCircuitBreaker/thresholdConfiguration/value"
        yield error("APO-SVC-012", "the threshold of the circuit breaker is at least 1", where)
    alarms = mapping(config, "alarms")
    if flag(alarms, "enable") and alarms.get("alarmNames") == []:
        message = "alarms are enabled, and none is named"
        yield error("APO-SVC-012", message, f"{_PART}/alarms/alarmNames")
    rebalanced = declared.get("availabilityZoneRebalancing") == "ENABLED"
    most = number(config, "maximumPercent")
    if rebalanced and most is not None and most <= 100:
        message = "rebalancing of Availability Zones starts a task before it stops one: maximumPercent > 100"
        yield error("APO-SVC-010", message, f"{_PART}/maximumPercent")


def _percents(config: Mapping[str, Any], *, rolling: bool, daemon: bool) -> Iterator[Problem]:
    least, most = number(config, "minimumHealthyPercent"), number(config, "maximumPercent")
    for field, value in (("minimumHealthyPercent", least), ("maximumPercent", most)):
        if value is not None and value < 0:
            yield error("APO-SVC-010", f"{field} is not negative", f"{_PART}/{field}")
            return
    if most is not None and most < 100:
        yield error("APO-SVC-010", "maximumPercent is at least 100", f"{_PART}/maximumPercent")
        return
    low = least if least is not None else 0 if daemon else 100
    high = most if most is not None else 200
    if low > high:
        message = f"minimumHealthyPercent ({low}) is more than maximumPercent ({high})"
        yield error("APO-SVC-010", message, f"{_PART}/minimumHealthyPercent")
    elif rolling and low == high == 100:
        field = "maximumPercent" if most is not None else "minimumHealthyPercent"
        yield error(
            "APO-SVC-010",
            "with 100 percent at least and 100 percent at most no task can ever be replaced",
            f"{_PART}/{field}",
            "maximumPercent: 200 starts the new task first; minimumHealthyPercent: 0 stops the old one first",
        )


def _of_strategy(config: Mapping[str, Any], strategy: str) -> Iterator[Problem]:
    for field, owner in (("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")):
        if config.get(field) and strategy != owner:
            message = f"{field} goes with strategy {owner}, not {strategy}"
            yield error("APO-SVC-011", message, f"{_PART}/{field}", f"strategy: {owner}")
    linear, canary = mapping(config, "linearConfiguration"), mapping(config, "canaryConfiguration")
    yield from _percent(linear, "stepPercent", 3.0, f"{_PART}/linearConfiguration")
    yield from _minutes(linear, "stepBakeTimeInMinutes", f"{_PART}/linearConfiguration")
    yield from _percent(canary, "canaryPercent", 0.1, f"{_PART}/canaryConfiguration")
    yield from _minutes(canary, "canaryBakeTimeInMinutes", f"{_PART}/canaryConfiguration")
    yield from _minutes(config, "bakeTimeInMinutes", _PART)


def _percent(config: Mapping[str, Any], field: str, least: float, path: str) -> Iterator[Problem]:
    value = number(config, field)
    if value is not None and not (least <= value <= 100 and abs(value * 10 - round(value * 10)) < 1e-6):
        message = f"{field} is {least} to 100, in steps of 0.1"
        yield error("APO-SVC-011", message, f"{path}/{field}")


def _minutes(config: Mapping[str, Any], field: str, path: str) -> Iterator[Problem]:
    value = number(config, field)
    if value is not None and not 0 <= value <= 1440:
        yield error("APO-SVC-011", f"{field} is 0 to 1440 (a day)", f"{path}/{field}")


def _hooks(config: Mapping[str, Any]) -> Iterator[Problem]:
    hooks = items(config, "lifecycleHooks", _PART)
    kinds = Counter(str(hook.get("targetType") or "AWS_LAMBDA") for hook, _ in hooks)
    for kind, count in kinds.items():
        if count > _HOOKS:
            message = f"{count} hooks of type {kind}, and {_HOOKS} are the most"
            yield error("APO-SVC-013", message, f"{_PART}/lifecycleHooks")
    for hook, path in hooks:
        kind = str(hook.get("targetType") or "AWS_LAMBDA")
        stages = hook.get("lifecycleStages")
        if not stages:
            hint = "lifecycleStages: [POST_SCALE_UP]"
            yield error("APO-SVC-013", "a lifecycle hook needs its lifecycleStages", path, hint)
        if kind == "PAUSE":
            for stage in _NO_PAUSE:
                if isinstance(stages, list | tuple) and stage in stages:
                    message = f"a deployment cannot pause at {stage}"
                    yield error(
                        "APO-SVC-013", message, f"{path}/lifecycleStages", f"PRE_{stage} or POST_{stage}"
                    )
            for field in ("hookTargetArn", "roleArn"):
                if hook.get(field):
                    yield error("APO-SVC-013", f"a hook of type PAUSE has no {field}", f"{path}/{field}")
        elif kind == "AWS_LAMBDA":
            missing = [field for field in ("hookTargetArn", "roleArn") if not hook.get(field)]
            if missing:
                yield error(
                    "APO-SVC-013", f"a hook that calls a function needs {' and '.join(missing)}", path
                )
        minutes = number(mapping(hook, "timeoutConfiguration"), "timeoutInMinutes")
        longest = _LONGEST.get(kind)
        if minutes is not None and longest is not None and not 1 <= minutes <= longest:
            message = f"timeoutInMinutes of a hook of type {kind} is 1 to {longest}"
            yield error("APO-SVC-013", message, f"{path}/timeoutConfiguration/timeoutInMinutes")


def _early(config: Mapping[str, Any], strategy: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentEarlySuccessCriteria.html"""
    early, path = mapping(config, "earlySuccessCriteria"), f"{_PART}/earlySuccessCriteria"
    if not flag(early, "enable"):
        return
    if strategy != "ROLLING":
        yield error("APO-SVC-012", f"early success is for strategy ROLLING, not {strategy}", path)
    missing = [name for name in ("healthyPercent", "sourceServiceRevisionCleanup") if early.get(name) is None]
    if missing:
        yield error("APO-SVC-012", f"early success needs {' and '.join(missing)}", path)
    percent, least = number(early, "healthyPercent"), number(config, "minimumHealthyPercent")
    if percent is not None and least is not None and percent < least:
        message = f"healthyPercent ({percent}) is less than minimumHealthyPercent ({least})"
        yield error("APO-SVC-012", message, f"{path}/healthyPercent")
