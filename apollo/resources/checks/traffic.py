"""How a service is reached: load balancers, service registries, Service Connect, volumes of its tasks.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks import logs
from apollo.resources.checks.values import error, flag, items, mapping, number, repeated, templated, text

__all__ = ["problems"]


def problems(declared: Mapping[str, Any], *, fargate: bool) -> Iterator[Problem]:
    yield from _balancers(declared)
    registries = items(declared, "serviceRegistries", "", "")
    if len(registries) > 1:
        yield error("APO-SVC-021", "a service has at most one service registry", "/serviceRegistries/1")
    for registry, path in registries:
        if registry.get("port") is not None and registry.get("containerPort") is not None:
            message = "port and containerPort exclude each other"
            yield error("APO-SVC-021", message, f"{path}/port")
        if registry.get("containerPort") is not None and not registry.get("containerName"):
            yield error("APO-SVC-021", "containerPort needs the containerName beside it", path)
    yield from _connect(mapping(declared, "serviceConnectConfiguration"), fargate)
    volumes = items(declared, "volumeConfigurations")
    if len(volumes) > 1:
        yield error("APO-SVC-023", "a service configures one volume at most", volumes[1][1])


def _balancers(declared: Mapping[str, Any]) -> Iterator[Problem]:
    balancers = items(declared, "loadBalancers", "", "")
    for balancer, path in balancers:
        group, classic = balancer.get("targetGroupArn"), balancer.get("loadBalancerName")
        if not group and not classic:
            yield error("APO-SVC-020", "a load balancer is given by targetGroupArn", path)
        elif group and classic:
            message = "targetGroupArn and loadBalancerName exclude each other"
            yield error("APO-SVC-020", message, f"{path}/loadBalancerName")
        arn = text(balancer, "targetGroupArn")
        if arn and arn.startswith("arn:") and not templated(arn) and ":targetgroup/" not in arn:
            hint = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID"
            yield error(
                "APO-SVC-020", "this is not the ARN of a target group", f"{path}/targetGroupArn", hint
            )
        for field in ("containerName", "containerPort"):
            if balancer.get(field) is None or balancer.get(field) == "":
                yield error("APO-SVC-020", f"a load balancer needs {field}: where it sends requests to", path)
        port = number(balancer, "containerPort")
        if port is not None and not 0 <= port <= 65535:
            yield error("APO-SVC-020", f"a port is 0 to 65535, not {port}", f"{path}/containerPort")
    yield from _shifting(declared, balancers)


def _shifting(
    declared: Mapping[str, Any], balancers: list[tuple[Mapping[str, Any], str]]
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html"""
    strategy = text(mapping(declared, "deploymentConfiguration"), "strategy") or "ROLLING"
    advanced = [mapping(one, "advancedConfiguration") for one, _ in balancers]
    if any(advanced) or strategy != "ROLLING":
        for settings, (_, path) in zip(advanced, balancers, strict=True):
            if not settings:
                why = (
                    "the others have one" if strategy == "ROLLING" else f"strategy {strategy} shifts traffic"
                )
                hint = "alternateTargetGroupArn, productionListenerRule and roleArn"
                yield error("APO-SVC-022", f"advancedConfiguration is missing, and {why}", path, hint)
    groups: list[Any] = []
    for (balancer, path), settings in zip(balancers, advanced, strict=True):
        if not settings:
            continue
        path += "/advancedConfiguration"
        missing = [
            name
            for name in ("alternateTargetGroupArn", "productionListenerRule", "roleArn")
            if not settings.get(name)
        ]
        if missing:
            yield error("APO-SVC-022", f"advancedConfiguration needs {' and '.join(missing)}", path)
        rule = settings.get("productionListenerRule")
        if rule and rule == settings.get("testListenerRule"):
            message = "one rule cannot be both for production and for tests"
            yield error("APO-SVC-022", message, f"{path}/testListenerRule")
        groups += [balancer.get("targetGroupArn"), settings.get("alternateTargetGroupArn")]
        if any(group for _, group in repeated([str(one or id(settings)) for one in groups])):
            message = "each target group is given once"
            yield error("APO-SVC-022", message, f"{path}/alternateTargetGroupArn")
            return


def _connect(connect: Mapping[str, Any], fargate: bool) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html"""
    path = "/serviceConnectConfiguration"
    if not flag(connect, "enabled"):
        return
    discovered: set[str] = set()
    for service, where in items(connect, "services", path, "portName"):
        name = text(service, "discoveryName") or text(service, "portName")
        if name is not None and name in discovered:
            message = f"two services of Service Connect are called {name}"
            yield error("APO-SVC-024", message, where, "give one of them another discoveryName")
        discovered.add(str(name))
        aliases = service.get("clientAliases")
        if isinstance(aliases, list | tuple) and len(aliases) > 1:
            message = "a service of Service Connect has one client alias at most"
            yield error("APO-SVC-024", message, f"{where}/clientAliases/1")
    yield from logs.options(mapping(connect, "logConfiguration"), f"{path}/logConfiguration", fargate=fargate)
