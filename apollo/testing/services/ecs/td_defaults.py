"""What AWS adds to a task definition, and how it hands lists back in another order.

The differences between what was registered and what is described are what a deployment tool has to see
through. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html and what
Terraform, CDK and others have learnt to ignore (their suppress functions).
"""

import random
import re
from typing import Any

from apollo.testing.services.ecs.sizes import cpu_units, fits_fargate, memory_mib
from apollo.testing.services.ecs.state import Json

_CONTAINER_LISTS = ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls")
_SHUFFLED = ("environment", "secrets", "portMappings")
_COMPUTED = frozenset({"tags"})


def filled(params: Json) -> Json:
    """The registered content with AWS's defaults."""
    content = {name: value for name, value in params.items() if name not in _COMPUTED}
    for name in ("cpu", "memory"):
        if content.get(name) == "":
            del content[name]
    if content.get("cpu"):
        content["cpu"] = cpu_units(content["cpu"])
    if content.get("memory"):
        content["memory"] = memory_mib(content["memory"])
    content["containerDefinitions"] = [dict(c) for c in content["containerDefinitions"]]
    return content


def add_defaults(content: Json) -> Json:
    """Fill in what the API documents as default; done after the checks, on what they accepted."""
    content.setdefault("networkMode", "bridge")
    content.setdefault("placementConstraints", [])
    content["volumes"] = [_volume(volume) for volume in content.get("volumes", [])]
    if not content.get("requiresCompatibilities"):
        content.pop("requiresCompatibilities", None)
    proxy = content.get("proxyConfiguration")
    if proxy is not None:
        content["proxyConfiguration"] = {"type": "APPMESH", **proxy}
    mode = content["networkMode"]
    content["containerDefinitions"] = [_container(c, mode) for c in content["containerDefinitions"]]
    return content


def _container(container: Json, mode: str) -> Json:
    filled = {"cpu": 0, "essential": True, **container}
    for name in _CONTAINER_LISTS:
        filled.setdefault(name, [])
    filled["portMappings"] = [_port(mapping, mode) for mapping in filled["portMappings"]]
    if "healthCheck" in filled:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
        filled["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **filled["healthCheck"]}
    if "restartPolicy" in filled:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html
        filled["restartPolicy"] = {"restartAttemptPeriod": 300, **filled["restartPolicy"]}
    linux = filled.get("linuxParameters")
    if linux is not None and "capabilities" in linux:
        filled["linuxParameters"] = {
            **linux,
            "capabilities": {"add": [], "drop": [], **linux["capabilities"]},
        }
    for name, key in (("volumesFrom", "sourceContainer"),):
        filled[name] = sorted(filled[name], key=lambda item: str(item.get(key)))
    if "links" in filled:
        filled["links"] = sorted(filled["links"])
    return filled


def _port(mapping: Json, mode: str) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html"""
    result = dict(mapping)
    # "Amazon ECS treats any other specified value as tcp."
    result["protocol"] = "udp" if mapping.get("protocol") == "udp" else "tcp"
    if "containerPort" in result:
        if mode in ("awsvpc", "host"):
            result["hostPort"] = result["containerPort"]
        else:
            result.setdefault("hostPort", 0)
    return result


def _volume(volume: Json) -> Json:
    kinds = (
        "host",
        "dockerVolumeConfiguration",
        "efsVolumeConfiguration",
        "fsxWindowsFileServerVolumeConfiguration",
    )
    result = dict(volume)
    if not any(kind in result for kind in kinds) and not result.get("configuredAtLaunch"):
        result["host"] = {}
    efs = result.get("efsVolumeConfiguration")
    if efs is not None:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
        result["efsVolumeConfiguration"] = {"rootDirectory": "/", **efs}
    return result


def compatibilities(content: Json) -> list[str]:
    """Which launch types AWS found the content to fit."""
    if content["networkMode"] == "awsvpc":
        if fits_fargate(content.get("cpu"), content.get("memory")):
            return ["EC2", "FARGATE"]
        return ["EC2"]
    return ["EXTERNAL", "EC2"]


def requires_attributes(content: Json) -> list[Json]:
    """The agent capabilities that AWS derives; a sample of them, by the content.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
    """
    names = {"com.amazonaws.ecs.capability.docker-remote-api.1.18"}
    if content["networkMode"] == "awsvpc":
        names.add("ecs.capability.task-eni")
    if content.get("taskRoleArn"):
        names.add("com.amazonaws.ecs.capability.task-iam-role")
    for container in content["containerDefinitions"]:
        driver = container.get("logConfiguration", {}).get("logDriver")
        if driver:
            names.add(f"com.amazonaws.ecs.capability.logging-driver.{driver}")
            if content.get("executionRoleArn") and driver == "awslogs":
                names.add("ecs.capability.execution-role-awslogs")
        if re.match(r"\d{12}\.dkr\.ecr\.", container["image"]):
            names.add("com.amazonaws.ecs.capability.ecr-auth")
            if content.get("executionRoleArn"):
                names.add("ecs.capability.execution-role-ecr-pull")
        for secret in container.get("secrets", []):
            kind = "asm" if ":secretsmanager:" in secret.get("valueFrom", "") else "ssm"
            names.add(f"ecs.capability.secrets.{kind}.environment-variables")
        if "healthCheck" in container:
            names.add("ecs.capability.container-health-check")
    return [{"name": name} for name in sorted(names)]


def reordered(content: Json, rng: random.Random) -> Json:
    """One more echo of the content, with the lists whose order AWS does not keep in some other order."""
    echo = dict(content)
    echo["containerDefinitions"] = _mixed(
        [_mixed_container(c, rng) for c in content["containerDefinitions"]], rng
    )
    for name in ("requiresCompatibilities", "volumes"):
        if len(echo.get(name, ())) > 1:
            echo[name] = _mixed(echo[name], rng)
    return echo


def _mixed_container(container: Json, rng: random.Random) -> Json:
    if not any(len(container.get(name, ())) > 1 for name in _SHUFFLED):
        return container
    echo = dict(container)
    for name in _SHUFFLED:
        if len(echo.get(name, ())) > 1:
            echo[name] = _mixed(echo[name], rng)
    return echo


def _mixed(items: list[Any], rng: random.Random) -> list[Any]:
    return rng.sample(items, len(items)) if len(items) > 1 else items
