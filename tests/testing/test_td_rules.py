"""What RegisterTaskDefinition refuses:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"""

from typing import Any

import pytest

from tests.testing.conftest import Json, Refused, Stage

EC2: Json = {"requiresCompatibilities": ["EC2"], "cpu": "", "memory": "", "networkMode": "bridge"}
A: Json = {"name": "a", "image": "i"}
SIZED: Json = {"memory": 128}


def attempt(stage: Stage, container: Json | None = None, **extra: Any) -> None:
    extra = {k: v for k, v in extra.items() if v is not None}
    stage.register("1", extra.pop("family", "rules"), container, **extra)


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        ("256", "8192"),
        ("256", "3072"),
        ("512", "512"),
        ("1024", "1024"),
        ("4096", "4096"),
        ("300", "512"),
        ("8192", "17408"),
        ("16384", "20480"),
    ],
)
def test_fargate_sizes(stage: Stage, refused: Refused, cpu: str, memory: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size"""
    with refused(
        "ClientException", f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
    ):
        attempt(stage, cpu=cpu, memory=memory)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"cpu": ""}, "'cpu' be defined at the task level"),
        ({"memory": "", "container": SIZED}, "'memory' be defined at the task level"),
        ({"networkMode": "bridge"}, "Fargate only supports network mode 'awsvpc'."),
        ({"cpu": "a lot"}, "Invalid 'cpu' setting"),
        ({"memory": "1.5"}, "Invalid 'memory' setting"),
        ({"container": {"privileged": True}}, "privileged"),
        ({"container": {"logConfiguration": {"logDriver": "syslog"}}}, "log driver 'syslog'"),
        ({"container": {"logConfiguration": {"logDriver": "awslogs"}}}, "to support log driver awslogs."),
        (
            {"container": {"secrets": [{"name": "A", "valueFrom": "/a"}]}},
            "ARN to support secrets.",
        ),
        (
            {"container": {"image": "1" * 12 + ".dkr.ecr.eu-west-1.amazonaws.com/web:1"}},
            "support ECR images.",
        ),
        ({"placementConstraints": [{"type": "memberOf", "expression": "x"}]}, "placement constraints"),
        ({"volumes": [{"name": "v", "host": {"sourcePath": "/etc"}}]}, "host volumes"),
        ({"ephemeralStorage": {"sizeInGiB": 20}}, "between 21 and 200"),
    ],
)
def test_fargate_rules(stage: Stage, refused: Refused, extra: Json, message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    with refused("ClientException", message):
        attempt(stage, **extra)


@pytest.mark.parametrize(
    ("family", "message"),
    [("", "null or empty"), ("a b", "invalid characters"), ("x" * 256, "255"), ("a.b", "invalid")],
)
def test_family_names(stage: Stage, refused: Refused, family: str, message: str) -> None:
    """ "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed." """
    with refused("ClientException", message):
        attempt(stage, family=family)


@pytest.mark.parametrize(
    ("containers", "message"),
    [
        ([], "Container list cannot be empty."),
        (
            [A, A],
            "Container names must be unique within a Task",
        ),
        ([A | {"essential": False}], "essential"),
        ([{"image": "i"}], "Container.name should not be null or empty."),
        ([{"name": "a"}], "Container.image should not be null or empty."),
        ([{"name": "a b", "image": "i"}], "Container.name contains invalid characters."),
        ([{"name": f"c{n}", "image": "i"} for n in range(11)], "Too many containers."),
        ([A | {"memory": 9999}], "greater than the task memory"),
        (
            [A | {"memory": 100, "memoryReservation": 200}],
            "less than or equal to 'memory'",
        ),
        ([A | {"mountPoints": [{"sourceVolume": "v"}]}], "Unknown volume 'v'"),
        ([A | {"volumesFrom": [{"sourceContainer": "z"}]}], "Unknown container 'z'"),
        (
            [A | {"dependsOn": [{"containerName": "z", "condition": "START"}]}],
            "does not exist",
        ),
        (
            [A | {"dependsOn": [{"containerName": "a", "condition": "START"}]}],
            "circular",
        ),
        (
            [A | {"healthCheck": {"command": ["x"], "interval": 1}}],
            "between 5 and 300",
        ),
        ([A | {"links": ["b"]}], "Links are not supported"),
        (
            [A | {"portMappings": [{"containerPort": 80}, {"containerPort": 80}]}],
            "duplicate",
        ),
    ],
)
def test_container_rules(stage: Stage, refused: Refused, containers: list[Json], message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
    with refused("ClientException", message):
        attempt(stage, containerDefinitions=containers)


@pytest.mark.parametrize("mode", ["awsvpc", "host"])
def test_host_ports_have_to_match(stage: Stage, refused: Refused, mode: str) -> None:
    """ "… the hostPort can either be left blank or set to the same value as the containerPort."
    (PortMapping)"""
    ports = {"portMappings": [{"containerPort": 80, "hostPort": 81}]}
    message = f"When networkMode={mode}, the host ports and container ports in port mappings must match."
    with refused("ClientException", message):
        attempt(stage, ports, networkMode=mode, requiresCompatibilities=["EC2"])


def test_no_ports_without_a_network(stage: Stage, refused: Refused) -> None:
    """ "If the network mode is set to none, you cannot specify port mappings in your container
    definitions" """
    with refused("ClientException", "networkMode=none"):
        attempt(stage, networkMode="none", requiresCompatibilities=["EC2"])


def test_memory_somewhere(stage: Stage, refused: Refused) -> None:
    """ "You must specify a non-zero integer for one or both of memory or memoryReservation" without a task
    size."""
    with refused("ClientException", "At least one of 'memory' or 'memoryReservation' must be specified."):
        attempt(stage, **EC2)
    attempt(stage, SIZED, **EC2)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([{"key": "aws:x", "value": "y"}], "aws: prefixed tag key names are not allowed for external use."),
        ([{"key": "AWS:x", "value": "y"}], "aws: prefixed"),
        ([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], "Duplicate tag keys"),
        ([{"key": "a", "value": "semi;colon"}], "not allowed"),
        ([{"key": f"k{n}", "value": ""} for n in range(51)], "50"),
        ([{"key": "k" * 129, "value": ""}], "128"),
        ([{"key": "k", "value": "v" * 257}], "256"),
    ],
)
def test_tag_rules(stage: Stage, refused: Refused, tags: list[Json], message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html and ecs-using-tags.html"""
    with refused("InvalidParameterException", message):
        attempt(stage, tags=tags)


def test_nothing_is_registered_by_a_refused_call(stage: Stage, refused: Refused) -> None:
    with refused("ClientException"):
        attempt(stage, family="web", networkMode="bridge")
    assert stage.register().endswith("web:2")
