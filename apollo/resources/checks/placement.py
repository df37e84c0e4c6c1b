"""Where the tasks of a service run: launch type, capacity providers, network, placement.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, mapping, number, repeated, templated, text, texts

__all__ = ["fargate", "problems"]

_PLATFORM = r"LATEST|\d+\.\d+\.\d+"
_FARGATE = ("FARGATE", "FARGATE_SPOT")


def fargate(declared: Mapping[str, Any]) -> bool:
    """Whether the tasks run on Fargate for certain."""
    providers = {text(one, "capacityProvider") for one, _ in items(declared, "capacityProviderStrategy")}
    return declared.get("launchType") == "FARGATE" or bool(providers.intersection(_FARGATE))


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    on_fargate = fargate(declared)
    yield from _capacity(declared)
    network = mapping(mapping(declared, "networkConfiguration"), "awsvpcConfiguration")
    if on_fargate and not network.get("subnets"):
        yield error(
            "APO-SVC-002",
            "a service on Fargate needs networkConfiguration.awsvpcConfiguration.subnets",
            "/networkConfiguration" if "networkConfiguration" in declared else "",
            "networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-…], securityGroups: [sg-…]}}",
        )
    yield from _network(network)
    version = text(declared, "platformVersion")
    if version:
        if declared.get("launchType") in ("EC2", "EXTERNAL"):
            message = "only Fargate has platform versions"
            yield error("APO-SVC-014", message, "/platformVersion", "leave out platformVersion")
        elif not re.fullmatch(_PLATFORM, version) and not templated(version):
            message = f"'{version}' is no platform version"
            yield error("APO-SVC-014", message, "/platformVersion", "LATEST, or for example 1.4.0")
    yield from _placement(declared, on_fargate)
    if declared.get("schedulingStrategy") == "DAEMON":
        yield from _daemon(declared, on_fargate)


def _capacity(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""
    strategy = items(declared, "capacityProviderStrategy", "", "capacityProvider")
    if declared.get("launchType") and strategy:
        message = "launchType and capacityProviderStrategy exclude each other"
        yield error("APO-SVC-001", message, "/launchType", "leave out launchType")
    names = [text(one, "capacityProvider") for one, _ in strategy]
    for index, name in repeated([name or index for index, name in enumerate(names)]):
        where = f"/capacityProviderStrategy/{index}/capacityProvider"
        yield error("APO-SVC-015", f"capacity provider {name} is given twice", where)
    on = {name in _FARGATE for name in names if name is not None and not templated(name)}
    if len(on) > 1:
        message = "a strategy is of FARGATE and FARGATE_SPOT, or of Auto Scaling groups, never of both"
        yield error("APO-SVC-015", message, "/capacityProviderStrategy")
    weights = [number(one, "weight") for one, _ in strategy]
    if strategy and all(weight == 0 for weight in weights):
        yield error(
            "APO-SVC-015",
            "one capacity provider at least needs a weight above 0",
            "/capacityProviderStrategy",
        )
    based = [path for one, path in strategy if (number(one, "base") or 0) > 0]
    if len(based) > 1:
        yield error("APO-SVC-015", "only one capacity provider has a base", f"{based[1]}/base")
    if len(strategy) > 20:
        yield error("APO-SVC-015", "20 capacity providers are the most", "/capacityProviderStrategy/20")


def _network(network: Mapping[str, Any]) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"""
    path = "/networkConfiguration/awsvpcConfiguration"
    for field, most, prefix in (("subnets", 16, "subnet-"), ("securityGroups", 5, "sg-")):
        given = network.get(field)
        if isinstance(given, list | tuple) and len(given) > most:
            yield error("APO-SVC-016", f"{most} {field} are the most", f"{path}/{field}/{most}")
        for name in texts(network, field):
            # Names of tests and placeholders are not judged; an id of the other sort is certainly wrong.
            other = "sg-" if prefix == "subnet-" else "subnet-"
            if name.startswith(other):
                index = list(given or ()).index(name)
                message = f"'{name}' is not one of the {field}"
                yield error(
                    "APO-SVC-016", message, f"{path}/{field}/{index}", f"their ids begin with {prefix}"
                )


def _placement(declared: Mapping[str, Any], on_fargate: bool) -> Iterator[Problem]:
    constraints = items(declared, "placementConstraints", "", "")
    strategies = items(declared, "placementStrategy", "", "")
    for field, given, most in (
        ("placementConstraints", constraints, 10),
        ("placementStrategy", strategies, 5),
    ):
        if given and on_fargate:
            message = "on Fargate there are no instances to place tasks on"
            yield error("APO-SVC-017", message, f"/{field}", f"leave out {field}")
        if len(given) > most:
            yield error("APO-SVC-017", f"a service has at most {most} {field}", f"/{field}/{most}")
    for one, path in constraints:
        kind, expression = text(one, "type"), one.get("expression")
        if kind == "memberOf" and not expression:
            hint = "expression: attribute:ecs.instance-type =~ t3.*"
            yield error("APO-SVC-017", "memberOf needs an expression", path, hint)
        elif kind == "distinctInstance" and expression:
            yield error("APO-SVC-017", "distinctInstance has no expression", f"{path}/expression")
    for one, path in strategies:
        kind, by = text(one, "type"), text(one, "field")
        if kind == "binpack" and by is not None and by.lower() not in ("cpu", "memory"):
            yield error("APO-SVC-017", f"binpack goes by cpu or memory, not by {by}", f"{path}/field")
        elif kind == "binpack" and not one.get("field"):
            yield error("APO-SVC-017", "binpack needs its field", path, "field: memory")
        elif kind == "random" and one.get("field"):
            yield error("APO-SVC-017", "random has no field", f"{path}/field")


def _daemon(declared: Mapping[str, Any], on_fargate: bool) -> Iterator[Problem]:
    """A DAEMON runs once on every instance."""
    if on_fargate:
        message = "Fargate has no instances that a DAEMON could run on"
        yield error("APO-SVC-003", message, "/schedulingStrategy", "schedulingStrategy: REPLICA")
    controller = text(mapping(declared, "deploymentController"), "type")
    if controller in ("CODE_DEPLOY", "EXTERNAL"):
        message = f"deployment controller {controller} knows no DAEMON"
        yield error("APO-SVC-018", message, "/schedulingStrategy")
    for field in ("desiredCount", "placementStrategy"):
        if declared.get(field) not in (None, [], ()):
            message = f"a DAEMON runs once on every instance, and has no {field}"
            yield error("APO-SVC-018", message, f"/{field}", f"leave out {field}")
    if declared.get("availabilityZoneRebalancing") == "ENABLED":
        message = "the tasks of a DAEMON are not rebalanced"
        yield error("APO-SVC-018", message, "/availabilityZoneRebalancing")
