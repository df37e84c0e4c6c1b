"""What RegisterTaskDefinition refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

import re

from apollo.testing.services.ecs.region import client_error
from apollo.testing.services.ecs.sizes import FARGATE
from apollo.testing.services.ecs.state import Json

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ECR = re.compile(r"\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?/")
_LOG_DRIVERS = frozenset({"awslogs", "splunk", "awsfirelens"})
MAX_CONTAINERS = 10


def check(content: Json) -> None:
    """Refuse what AWS refuses; `content` has its units converted already."""
    family = content["family"]
    if not _NAME.fullmatch(family):
        raise client_error(
            "Family contains invalid characters." if family else "Family should not be null or empty."
        )
    if len(family) > 255:
        raise client_error("Family is too long. The maximum length is 255 characters.")
    containers = content["containerDefinitions"]
    if not containers:
        raise client_error("Container list cannot be empty.")
    if len(containers) > MAX_CONTAINERS:
        raise client_error("Too many containers.")
    for container in containers:
        _check_container(content, container)
    names = [c["name"] for c in containers]
    if len(names) != len(set(names)):
        raise client_error("Container names must be unique within a Task Definition.")
    if not any(c.get("essential", True) for c in containers):
        raise client_error("Task definition must have at least one essential container.")
    _check_volumes(content, names)
    _check_depends(containers)
    if "FARGATE" in content.get("requiresCompatibilities", []):
        _check_fargate(content)
    size = content.get("memory")
    if size is not None:
        for container in containers:
            if max(container.get("memory", 0), container.get("memoryReservation", 0)) > int(size):
                raise client_error(
                    f"Invalid setting for container '{container['name']}'. "
                    "The container memory is greater than the task memory."
                )
    storage = content.get("ephemeralStorage")
    if storage is not None and not 21 <= storage["sizeInGiB"] <= 200:
        raise client_error("Ephemeral storage size must be between 21 and 200 GiB.")
    if len(content.get("placementConstraints", [])) > 10:
        raise client_error("Too many placement constraints; the maximum is 10.")


def _check_container(content: Json, container: Json) -> None:
    name = container.get("name")
    if not name:
        raise client_error("Container.name should not be null or empty.")
    if not _NAME.fullmatch(name) or len(name) > 255:
        raise client_error("Container.name contains invalid characters.")
    if not container.get("image"):
        raise client_error("Container.image should not be null or empty.")
    if not content.get("memory") and not container.get("memory") and not container.get("memoryReservation"):
        raise client_error(
            f"Invalid setting for container '{name}'. "
            "At least one of 'memory' or 'memoryReservation' must be specified."
        )
    memory, reserved = container.get("memory"), container.get("memoryReservation")
    if memory is not None and memory < 6:
        raise client_error(f"Invalid setting for container '{name}'. 'memory' must be at least 6.")
    if memory is not None and reserved is not None and reserved > memory:
        raise client_error(
            f"Invalid setting for container '{name}'. "
            "'memoryReservation' must be less than or equal to 'memory'."
        )
    mode = content.get("networkMode", "bridge")
    ports = container.get("portMappings", [])
    if mode == "none" and ports:
        raise client_error("When networkMode=none, port mappings are not allowed.")
    if mode == "awsvpc" and container.get("links"):
        raise client_error("Links are not supported when networkMode=awsvpc.")
    seen = set()
    for mapping in ports:
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if port is None and "containerPortRange" not in mapping:
            raise client_error(
                "Either containerPort or containerPortRange must be specified in a port mapping."
            )
        if port is not None and not 0 <= port <= 65535:
            raise client_error(f"Invalid 'containerPort' setting for container '{name}'")
        if host and host != port and mode in ("awsvpc", "host"):
            raise client_error(
                f"When networkMode={mode}, the host ports and container ports in port mappings must match."
            )
        key = (port or mapping.get("containerPortRange"), mapping.get("protocol", "tcp"))
        if mode != "bridge" and key in seen:
            raise client_error(f"Container '{name}' cannot have duplicate port mappings: {key[0]}/{key[1]}.")
        seen.add(key)
    health = container.get("healthCheck")
    if health is not None:
        for member, low, high in (
            ("interval", 5, 300),
            ("timeout", 2, 120),
            ("retries", 1, 10),
            ("startPeriod", 0, 300),
        ):
            if member in health and not low <= health[member] <= high:
                raise client_error(
                    f"Invalid setting for container '{name}'. "
                    f"healthCheck.{member} must be between {low} and {high}."
                )
    restart = container.get("restartPolicy")
    if restart is not None and not 60 <= restart.get("restartAttemptPeriod", 300) <= 1800:
        raise client_error("restartAttemptPeriod must be between 60 and 1800.")


def _check_volumes(content: Json, names: list[str]) -> None:
    volumes = [volume.get("name") for volume in content.get("volumes", [])]
    if len(volumes) != len(set(volumes)):
        raise client_error("Volume names must be unique within a Task Definition.")
    for container in content["containerDefinitions"]:
        for mount in container.get("mountPoints", []):
            if mount.get("sourceVolume") not in volumes:
                raise client_error(
                    f"Unknown volume '{mount.get('sourceVolume')}' in mount points "
                    f"of container '{container['name']}'."
                )
        for source in container.get("volumesFrom", []):
            if source.get("sourceContainer") not in names:
                raise client_error(f"Unknown container '{source.get('sourceContainer')}' in volumesFrom.")


def _check_depends(containers: list[Json]) -> None:
    graph = {c["name"]: [d["containerName"] for d in c.get("dependsOn", [])] for c in containers}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name not in graph:
            raise client_error(f"Container '{path[-1]}' depends on container '{name}', which does not exist.")
        if name in path:
            raise client_error("Container dependencies must not be circular.")
        if name not in done:
            for other in graph[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _check_fargate(content: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    cpu, memory = content.get("cpu"), content.get("memory")
    for what, value in (("cpu", cpu), ("memory", memory)):
        if not value:
            raise client_error(f"Fargate requires that '{what}' be defined at the task level.")
    if content.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    assert cpu is not None and memory is not None
    if int(memory) not in FARGATE.get(int(cpu), ()):
        raise client_error(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")
    if content.get("placementConstraints"):
        raise client_error("Fargate does not support placement constraints.")
    for volume in content.get("volumes", []):
        if volume.get("host", {}).get("sourcePath") or "dockerVolumeConfiguration" in volume:
            raise client_error("Fargate does not support host volumes with a sourcePath or Docker volumes.")
    role = content.get("executionRoleArn")
    for container in content["containerDefinitions"]:
        _check_fargate_container(container, role is not None)


def _check_fargate_container(container: Json, role: bool) -> None:
    if container.get("privileged"):
        raise client_error("Fargate does not support privileged containers.")
    if container.get("links"):
        raise client_error("Fargate does not support links.")
    driver = container.get("logConfiguration", {}).get("logDriver")
    if driver is not None and driver not in _LOG_DRIVERS:
        raise client_error(f"Fargate does not support log driver '{driver}'.")
    needs = "Fargate requires task definition to have execution role ARN to support "
    if role:
        return
    if driver == "awslogs":
        raise client_error(f"{needs}log driver awslogs.")
    if container.get("secrets"):
        raise client_error(f"{needs}secrets.")
    if _ECR.match(container["image"]):
        raise client_error(f"{needs}ECR images.")
