"""A service against the task definition that it runs.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from apollo.api import Problem, is_unknown
from apollo.resources.checks.placement import fargate
from apollo.resources.checks.values import error, flag, items, mapping, nearest, number, templated, text

__all__ = ["problems"]


def problems(service: Mapping[str, Any], task: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """What AWS would refuse of the two together; ``Problem.path`` points into the service.

    :param name: what the task definition is called in git.
    """
    yield from _compatible(service, task, name)
    yield from _network(service, task, name)
    containers = {
        called: one for one, _ in items(task, "containerDefinitions") if (called := text(one, "name"))
    }
    for balancer, path in items(service, "loadBalancers", "", ""):
        yield from _port(balancer, path, containers, name)
    for registry, path in items(service, "serviceRegistries", "", ""):
        if registry.get("containerName"):
            yield from _port(registry, path, containers, name)
    yield from _names(service, containers, name)
    yield from _volumes(service, task, name)


def _compatible(service: Mapping[str, Any], task: Mapping[str, Any], name: str) -> Iterator[Problem]:
    where = "/launchType" if service.get("launchType") else "/capacityProviderStrategy"
    if fargate(service):
        wanted = task.get("requiresCompatibilities")
        missing = [field for field in ("cpu", "memory") if not task.get(field)]
        mode = task.get("networkMode")
        why = ""
        if isinstance(wanted, list | tuple) and wanted and "FARGATE" not in wanted:
            why = f"says that it is for {', '.join(str(one) for one in wanted)}"
        elif mode != "awsvpc" and not is_unknown(mode) and not templated(str(mode)):
            why = f"has networkMode {mode or 'bridge'}"
        elif missing:
            why = f"has no {' and no '.join(missing)} of the task"
        if why:
            hint = "requiresCompatibilities: [FARGATE] there lets Apollo check all that Fargate wants"
            message = f"the service is to run on Fargate, and TaskDefinition/{name} {why}"
            yield error("APO-SVC-030", message, where, hint)
    elif service.get("launchType") == "EXTERNAL" and task.get("networkMode") == "awsvpc":
        message = f"there is no awsvpc outside of AWS, and TaskDefinition/{name} has that networkMode"
        yield error("APO-SVC-030", message, where)


def _network(service: Mapping[str, Any], task: Mapping[str, Any], name: str) -> Iterator[Problem]:
    mode = task.get("networkMode") or "bridge"
    if is_unknown(mode) or templated(str(mode)):
        return
    given = mapping(mapping(service, "networkConfiguration"), "awsvpcConfiguration")
    if mode == "awsvpc" and not given and not fargate(service):  # on Fargate that is SVC-002
        yield error(
            "APO-SVC-031",
            f"TaskDefinition/{name} has networkMode awsvpc, and the service says nothing of its network",
            "/networkConfiguration" if "networkConfiguration" in service else "",
            "networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-…], securityGroups: [sg-…]}}",
        )
    elif mode != "awsvpc" and given and not fargate(service):
        yield error(
            "APO-SVC-031",
            f"networkConfiguration is for networkMode awsvpc, and TaskDefinition/{name} has {mode}",
            "/networkConfiguration",
            "leave it out, or set networkMode: awsvpc in the task definition",
        )


def _port(
    use: Mapping[str, Any], path: str, containers: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[Problem]:
    called, port = text(use, "containerName"), number(use, "containerPort")
    if called is None or templated(called):
        return
    container = containers.get(called)
    if container is None:
        message = f"TaskDefinition/{name} has no container '{called}'"
        yield error("APO-SVC-032", message, f"{path}/containerName", nearest(called, containers))
        return
    if port is None:
        return
    ports = items(container, "portMappings")
    if any(_has(one, port) for one, _ in ports):
        return
    others = sorted({str(found) for one, _ in ports if (found := number(one, "containerPort")) is not None})
    message = f"container {called} of TaskDefinition/{name} maps no port {port:g}"
    hint = f"it maps {', '.join(others)}" if others else f"portMappings: [{{containerPort: {port:g}}}]"
    yield error("APO-SVC-032", message, f"{path}/containerPort", hint)


def _has(mapped: Mapping[str, Any], port: int | float) -> bool:
    if mapped.get("containerPort") == port:
        return True
    low, _, high = str(mapped.get("containerPortRange") or "").partition("-")
    return low.isdigit() and high.isdigit() and int(low) <= port <= int(high)


def _names(
    service: Mapping[str, Any], containers: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[Problem]:
    """Names of ports, which Service Connect, VPC Lattice and gateways go by."""
    connect = mapping(service, "serviceConnectConfiguration")
    uses = [
        *items(service, "vpcLatticeConfigurations", "", ""),
        *items(service, "gatewayConnectors", "", "portName"),
    ]
    if flag(connect, "enabled"):
        uses += items(connect, "services", "/serviceConnectConfiguration", "portName")
    known: Collection[str] = {
        found
        for container in containers.values()
        for mapped, _ in items(container, "portMappings", "", "")
        if (found := text(mapped, "name")) is not None
    }
    for use, path in uses:
        port = text(use, "portName")
        if port is not None and not templated(port) and port not in known:
            hint = nearest(port, known) or f"portMappings: [{{name: {port}, containerPort: …}}]"
            message = f"TaskDefinition/{name} has no port called '{port}'"
            yield error("APO-SVC-033", message, f"{path}/portName", hint)


def _volumes(service: Mapping[str, Any], task: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceVolumeConfiguration.html"""
    launched = {
        called
        for one, _ in items(task, "volumes")
        if flag(one, "configuredAtLaunch") and (called := text(one, "name")) is not None
    }
    configured = set()
    for volume, path in items(service, "volumeConfigurations"):
        called = text(volume, "name")
        configured.add(called)
        if called is not None and called not in launched:
            message = f"TaskDefinition/{name} has no volume '{called}' with configuredAtLaunch: true"
            yield error("APO-SVC-034", message, f"{path}/name", nearest(called, launched))
    for called in sorted(launched - configured):
        if None not in configured:
            message = f"volume '{called}' of TaskDefinition/{name} is configured at launch, and not here"
            hint = f"volumeConfigurations: [{{name: {called}, managedEBSVolume: {{…}}}}]"
            where = "/volumeConfigurations" if service.get("volumeConfigurations") else ""
            yield error("APO-SVC-034", message, where, hint)
