"""Task definitions: what comes back is not what went in."""

from typing import Any

import pytest

from tests.testing.conftest import Json, Refused, Stage

ROLE = "arn:aws:iam::123456789012:role/execution"


def described(stage: Stage, name: str, **extra: Any) -> Json:
    found: Json = stage.ecs.describe_task_definition(taskDefinition=name, **extra)["taskDefinition"]
    return found


def test_server_defaults_of_a_container(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html; Terraform,
    ecspresso
    and others had to learn them (an absent member comes back filled)."""
    got = described(stage, "web")["containerDefinitions"][0]
    assert got == {
        "name": "app",
        "image": "web:1",
        "cpu": 0,
        "essential": True,
        "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
    }


def test_computed_members(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""
    got = described(stage, "web")
    assert got["taskDefinitionArn"] == "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
    assert (got["revision"], got["status"]) == (1, "ACTIVE")
    assert sorted(got["compatibilities"]) == ["EC2", "FARGATE"]
    assert {"name": "ecs.capability.task-eni"} in got["requiresAttributes"]
    assert got["registeredBy"] == "arn:aws:iam::123456789012:user/local"
    assert got["registeredAt"].timestamp() == pytest.approx(stage.aws.clock.now(), abs=1e-3)
    assert (got["volumes"], got["placementConstraints"]) == ([], [])


@pytest.mark.parametrize(
    ("mode", "given", "seen"),
    [
        ("awsvpc", {"containerPort": 80}, {"containerPort": 80, "hostPort": 80, "protocol": "tcp"}),
        ("host", {"containerPort": 80}, {"containerPort": 80, "hostPort": 80, "protocol": "tcp"}),
        ("bridge", {"containerPort": 80}, {"containerPort": 80, "hostPort": 0, "protocol": "tcp"}),
        (
            "bridge",
            {"containerPort": 80, "hostPort": 8080},
            {"containerPort": 80, "hostPort": 8080, "protocol": "tcp"},
        ),
        (
            "awsvpc",
            {"containerPort": 53, "protocol": "udp"},
            {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
        ),
    ],
)
def test_port_mappings_per_network_mode(stage: Stage, mode: str, given: Json, seen: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html"""
    stage.register("1", "ports", {"portMappings": [given]}, networkMode=mode, requiresCompatibilities=["EC2"])
    assert described(stage, "ports")["containerDefinitions"][0]["portMappings"] == [seen]


def test_network_mode_defaults_to_bridge(stage: Stage) -> None:
    """ "If no network mode is specified, the default is bridge." (RegisterTaskDefinition.networkMode)"""
    containers = [{"name": "app", "image": "web:1", "memory": 128}]
    got = stage.ecs.register_task_definition(family="old", containerDefinitions=containers)["taskDefinition"]
    assert got["networkMode"] == "bridge"
    assert "requiresCompatibilities" not in got
    assert sorted(got["compatibilities"]) == ["EC2", "EXTERNAL"]


def test_defaults_inside_declared_blocks(stage: Stage) -> None:
    """HealthCheck: 30 s, 5 s, 3 tries. ContainerRestartPolicy: 300 s. Capabilities: the other list is empty.
    EFSVolumeConfiguration: the root. A volume without configuration has an empty host."""
    stage.register(
        "1",
        "blocks",
        {
            "healthCheck": {"command": ["CMD", "true"]},
            "restartPolicy": {"enabled": True},
            "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        },
        volumes=[{"name": "a"}, {"name": "b", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    )
    got = described(stage, "blocks")
    container = got["containerDefinitions"][0]
    assert container["healthCheck"] == {
        "command": ["CMD", "true"],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
    }
    assert container["restartPolicy"]["restartAttemptPeriod"] == 300
    assert container["linuxParameters"]["capabilities"] == {"add": [], "drop": ["ALL"]}
    volumes = {v["name"]: v for v in got["volumes"]}
    assert volumes["a"] == {"name": "a", "host": {}}
    assert volumes["b"]["efsVolumeConfiguration"]["rootDirectory"] == "/"


@pytest.mark.parametrize(
    ("cpu", "memory", "seen"),
    [
        ("256", "512", ("256", "512")),
        (".25 vCPU", "0.5 GB", ("256", "512")),
        ("1 vCPU", "2GB", ("1024", "2048")),
        ("2vcpu", "4 gb", ("2048", "4096")),
        ("16 vCPU", "120 GB", ("16384", "122880")),
    ],
)
def test_units_are_converted(stage: Stage, cpu: str, memory: str, seen: tuple[str, str]) -> None:
    """ "String values are converted to an integer … when the task definition is registered." """
    stage.register("1", "units", cpu=cpu, memory=memory)
    got = described(stage, "units")
    assert (got["cpu"], got["memory"]) == seen


def test_lists_come_back_in_another_order(stage: Stage) -> None:
    """Order of containers, environment, secrets and ports is not kept on AWS (Terraform sorts them, CDK too);
    command and dnsServers are ordered."""
    names = [f"V{n}" for n in range(8)]
    stage.register(
        "1",
        "mixed",
        {
            "environment": [{"name": n, "value": "x"} for n in names],
            "secrets": [{"name": n, "valueFrom": "arn:aws:ssm:::parameter/x"} for n in names],
            "portMappings": [{"containerPort": p} for p in (8080, 443, 80)],
            "command": ["a", "b", "c", "d"],
            "dnsServers": ["10.0.0.1", "10.0.0.2"],
        },
        executionRoleArn=ROLE,
        requiresCompatibilities=["FARGATE", "EC2"],
    )
    echoes = [described(stage, "mixed") for _ in range(12)]
    containers = [echo["containerDefinitions"][0] for echo in echoes]
    for member in ("environment", "secrets"):
        orders = {tuple(item["name"] for item in c[member]) for c in containers}
        assert len(orders) > 6
        assert {tuple(sorted(order)) for order in orders} == {tuple(names)}
    assert len({tuple(m["containerPort"] for m in c["portMappings"]) for c in containers}) > 1
    assert len({tuple(echo["requiresCompatibilities"]) for echo in echoes}) == 2
    assert {tuple(c["command"]) for c in containers} == {("a", "b", "c", "d")}
    assert {tuple(c["dnsServers"]) for c in containers} == {("10.0.0.1", "10.0.0.2")}


def test_containers_come_back_in_another_order(stage: Stage) -> None:
    containers = [{"name": n, "image": "web:1"} for n in ("app", "logger", "sidecar")]
    stage.register(family="three", containerDefinitions=containers)
    orders = {tuple(c["name"] for c in described(stage, "three")["containerDefinitions"]) for _ in range(20)}
    assert len(orders) > 2


def test_every_registration_is_a_new_revision(stage: Stage) -> None:
    """RegisterTaskDefinition has no idempotency token: a lost answer leaves an orphaned revision."""
    assert stage.register().endswith("web:2")
    assert stage.register().endswith("web:3")


def test_revisions_go_on_after_deregistration(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html"""
    stage.register("2")
    gone = stage.ecs.deregister_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert "deregisteredAt" in gone
    # a bare family skips INACTIVE revisions, an exact name does not
    assert described(stage, "web")["revision"] == 1
    assert described(stage, "web:2")["status"] == "INACTIVE"
    assert stage.register("3").endswith("web:3")
    with refused("ClientException", "inactive"):
        stage.ecs.deregister_task_definition(taskDefinition="web:2")
    with refused("ClientException", "Revision is required"):
        stage.ecs.deregister_task_definition(taskDefinition="web")


@pytest.mark.parametrize(
    "name", ["nope", "web:9", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"]
)
def test_describe_what_does_not_exist(stage: Stage, refused: Refused, name: str) -> None:
    with refused("ClientException", "Unable to describe task definition."):
        described(stage, name)


def test_a_family_with_only_inactive_revisions(stage: Stage, refused: Refused) -> None:
    stage.ecs.deregister_task_definition(taskDefinition="web:1")
    with refused("ClientException", "Unable to describe task definition."):
        described(stage, "web")


def test_delete_only_after_deregistration(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html"""
    answer = stage.ecs.delete_task_definitions(taskDefinitions=["web:1", "web:7"])
    assert answer["taskDefinitions"] == []
    assert [failure["arn"].rpartition("/")[2] for failure in answer["failures"]] == ["web:1", "web:7"]
    stage.ecs.deregister_task_definition(taskDefinition="web:1")
    [gone] = stage.ecs.delete_task_definitions(taskDefinitions=["web:1"])["taskDefinitions"]
    assert gone["status"] == "DELETE_IN_PROGRESS"
    with refused("ClientException"):
        described(stage, "web:1")
    assert stage.register().endswith("web:2")  # "the revision is incremented the next time"
    with refused("InvalidParameterException"):
        stage.ecs.delete_task_definitions(taskDefinitions=[f"web:{n}" for n in range(1, 12)])


def test_a_used_revision_stays_in_deletion(stage: Stage) -> None:
    """ "A task definition revision will stay in DELETE_IN_PROGRESS status until all the associated tasks
    and services
    have been terminated." """
    stage.create()
    stage.ecs.deregister_task_definition(taskDefinition="web:1")
    stage.ecs.delete_task_definitions(taskDefinitions=["web:1"])
    assert described(stage, "web:1")["status"] == "DELETE_IN_PROGRESS"


def test_list_sort_status_family_and_pages(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html: familyPrefix
    is "the
    full family name"."""
    for _ in range(4):
        stage.register()
    stage.register(family="web-api")
    stage.ecs.deregister_task_definition(taskDefinition="web:3")

    def names(**params: Any) -> list[str]:
        arns = stage.ecs.list_task_definitions(**params)["taskDefinitionArns"]
        return [arn.rpartition("/")[2] for arn in arns]

    assert names(familyPrefix="web") == ["web:1", "web:2", "web:4", "web:5"]
    assert names(familyPrefix="web", sort="DESC") == ["web:5", "web:4", "web:2", "web:1"]
    assert names(familyPrefix="we") == []
    assert names(status="INACTIVE") == ["web:3"]
    assert names() == ["web:1", "web:2", "web:4", "web:5", "web-api:1"]
    pages = list(
        stage.ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix="web", PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["taskDefinitionArns"]) for page in pages] == [3, 1]


def test_list_families(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitionFamilies.html"""
    stage.register(family="web-api")
    stage.ecs.deregister_task_definition(taskDefinition="web:1")
    families = stage.ecs.list_task_definition_families
    assert families()["families"] == ["web", "web-api"]
    assert families(status="ACTIVE")["families"] == ["web-api"]
    assert families(status="INACTIVE")["families"] == ["web"]
    assert families(familyPrefix="web-")["families"] == ["web-api"]
    with refused("InvalidParameterException", "Invalid token"):
        families(nextToken="%%%")


def test_tags_are_outside_the_object_and_only_on_request(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html (include)"""
    tags = [{"key": "apollo:owner", "value": "acme/stage/TaskDefinition/web"}]
    arn = stage.register(tags=tags)
    plain = stage.ecs.describe_task_definition(taskDefinition=arn)
    assert plain.get("tags", []) == []
    assert stage.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"] == tags
    with refused("InvalidParameterException", "Tags can not be empty."):
        stage.register(tags=[])
