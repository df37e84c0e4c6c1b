"""Task definitions: revisions, and what AWS adds to what was registered."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS task definitions"


def _app(definition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definition["containerDefinitions"][0]
    return found


@check("ecs.td.register.first-revision", source=ecs("TaskDefinition"))
def first_revision(s: Stage) -> None:
    """The first revision of a family is 1, ACTIVE, and its ARN says so."""
    made = s.register()
    assert (made["family"], made["revision"], made["status"]) == (s.name("web"), 1, "ACTIVE")
    assert made["taskDefinitionArn"].endswith(f":task-definition/{s.name('web')}:1")


@check(
    "ecs.td.register.increments",
    source=ecs("TaskDefinition"),
    says="the revision value always increases by one",
)
def increments(s: Stage) -> None:
    """Every registration makes a new revision, even of the same content."""
    assert [s.register()["revision"] for _ in range(3)] == [1, 2, 3]


@check("ecs.td.register.registered-at", source=ecs("TaskDefinition"))
def registered_at(s: Stage) -> None:
    """registeredAt and registeredBy tell when and who."""
    made = s.register()
    assert made["registeredAt"]
    assert made["registeredBy"].startswith("arn:aws:")


@check("ecs.td.register.tags-beside", source=ecs("RegisterTaskDefinition"))
def tags_beside(s: Stage) -> None:
    """The answer has the tags, beside the task definition and not in it."""
    answer = s.ecs.register_task_definition(
        family=s.name("t"),
        containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64}],
        tags=tags(team="green"),
    )
    assert as_dict(answer["tags"]) == {"team": "green"}
    assert "tags" not in answer["taskDefinition"]


@check("ecs.td.describe.tags-on-request", source=ecs("DescribeTaskDefinition"))
def tags_on_request(s: Stage) -> None:
    """DescribeTaskDefinition shows tags only when TAGS are asked for."""
    arn = s.register(tags=tags(team="green"))["taskDefinitionArn"]
    assert not s.ecs.describe_task_definition(taskDefinition=arn).get("tags")
    shown = s.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"]
    assert as_dict(shown) == {"team": "green"}


@check("ecs.td.defaults.lists", source=ecs("ContainerDefinition"))
def empty_lists(s: Stage) -> None:
    """A container shows empty lists for environment, mountPoints, volumesFrom and systemControls."""
    app = _app(s.register())
    names = ("environment", "mountPoints", "volumesFrom", "systemControls")
    assert {name: app.get(name) for name in names} == {name: [] for name in names}


@check(
    "ecs.td.defaults.essential",
    source=ecs("ContainerDefinition"),
    says="If this parameter is omitted, a container is assumed to be essential.",
)
def essential(s: Stage) -> None:
    """A container is essential unless it says otherwise."""
    assert _app(s.register())["essential"] is True


@check("ecs.td.defaults.cpu", source=ecs("ContainerDefinition"))
def container_cpu(s: Stage) -> None:
    """A container without CPU units shows 0."""
    assert _app(s.register())["cpu"] == 0


@check("ecs.td.defaults.protocol", source=ecs("PortMapping"), says="The default is tcp")
def protocol(s: Stage) -> None:
    """The protocol of a port is tcp."""
    assert _app(s.register())["portMappings"][0]["protocol"] == "tcp"


@check(
    "ecs.td.defaults.host-port-awsvpc",
    source=ecs("PortMapping"),
    says="the hostPort can either be left blank or set to the same value as the containerPort",
)
def host_port(s: Stage) -> None:
    """With awsvpc the host port is shown as the container port."""
    assert _app(s.register())["portMappings"][0]["hostPort"] == 80


@check("ecs.td.defaults.host-port-bridge", source=ecs("PortMapping"))
def host_port_bridge(s: Stage) -> None:
    """With bridge a host port that was left out is shown as 0."""
    made = s.plain(portMappings=[{"containerPort": 80}])
    assert _app(made)["portMappings"][0]["hostPort"] == 0


@check("ecs.td.defaults.placement-constraints", source=ecs("TaskDefinition"))
def no_constraints(s: Stage) -> None:
    """placementConstraints and volumes are shown as empty lists."""
    made = s.register()
    assert (made.get("placementConstraints"), made.get("volumes")) == ([], [])


@check(
    "ecs.td.defaults.health-check",
    source=ecs("HealthCheck"),
    says="The default value is 30 seconds.",
)
def health_check(s: Stage) -> None:
    """A health check gets interval 30, timeout 5 and 3 retries."""
    made = s.register(container={"healthCheck": {"command": ["CMD", "true"]}})
    shown = _app(made)["healthCheck"]
    assert (shown.get("interval"), shown.get("timeout"), shown.get("retries")) == (30, 5, 3)


@check("ecs.td.defaults.efs-root", source=ecs("EFSVolumeConfiguration"))
def efs_root(s: Stage) -> None:
    """An EFS volume without rootDirectory gets `/`."""
    efs = {"fileSystemId": "fs-12345678"}
    made = s.register(volumes=[{"name": "data", "efsVolumeConfiguration": efs}])
    assert made["volumes"][0]["efsVolumeConfiguration"].get("rootDirectory") == "/"


@check("ecs.td.units.cpu", source=ecs("RegisterTaskDefinition"), says="1 vCPU or 1 vcpu")
def vcpu(s: Stage) -> None:
    """`.5 vCPU` is kept as 512 CPU units."""
    made = s.register(cpu=".5 vCPU", memory="1024")
    assert made["cpu"] == "512"


@check("ecs.td.units.memory", source=ecs("RegisterTaskDefinition"), says="1GB or 1 GB")
def gigabytes(s: Stage) -> None:
    """`1 GB` is kept as 1024 MiB."""
    assert s.register(memory="1 GB")["memory"] == "1024"


@check("ecs.td.computed.compatibilities", source=ecs("TaskDefinition"))
def compatibilities(s: Stage) -> None:
    """A Fargate task definition is found compatible with EC2, too."""
    assert {"EC2", "FARGATE"} <= set(s.register()["compatibilities"])


@check("ecs.td.computed.compatibilities-bridge", source=ecs("TaskDefinition"))
def compatibilities_bridge(s: Stage) -> None:
    """One in bridge mode is not compatible with Fargate."""
    made = s.plain()
    assert "EC2" in made["compatibilities"]
    assert "FARGATE" not in made["compatibilities"]


@check("ecs.td.computed.requires-attributes", source=ecs("TaskDefinition"))
def requires_attributes(s: Stage) -> None:
    """requiresAttributes names the capabilities that the content needs, such as task-eni of awsvpc."""
    names = {item["name"] for item in s.register()["requiresAttributes"]}
    assert "ecs.capability.task-eni" in names


@check("ecs.td.keeps.fault-injection", source=ecs("RegisterTaskDefinition"))
def fault_injection(s: Stage) -> None:
    """enableFaultInjection is kept."""
    s.register(enableFaultInjection=True)
    assert s.definition()["enableFaultInjection"] is True


@check("ecs.td.keeps.everything", source=ecs("ContainerDefinition"))
def keeps_everything(s: Stage) -> None:
    """What was registered is described, member by member."""
    role = "arn:aws:iam::123456789012:role/task"
    container: dict[str, Any] = {
        "entryPoint": ["sh", "-c"],
        "environmentFiles": [{"value": "arn:aws:s3:::bucket/a.env", "type": "s3"}],
        "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/key"}],
        "startTimeout": 30,
        "stopTimeout": 60,
        "user": "1000",
        "workingDirectory": "/srv",
        "readonlyRootFilesystem": True,
        "interactive": False,
        "dockerLabels": {"a": "b"},
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}},
        "linuxParameters": {"initProcessEnabled": True},
        "restartPolicy": {"enabled": True, "ignoredExitCodes": [3], "restartAttemptPeriod": 60},
        "versionConsistency": "disabled",
    }
    s.register(
        executionRoleArn=role,
        taskRoleArn=role,
        ephemeralStorage={"sizeInGiB": 30},
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        container=container,
    )
    shown = s.definition()
    assert (shown["taskRoleArn"], shown["executionRoleArn"]) == (role, role)
    assert shown["ephemeralStorage"] == {"sizeInGiB": 30}
    assert shown["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    app = _app(shown)
    assert {name: app.get(name) for name in container} == container


@check("ecs.td.keeps.sets", source=ecs("ContainerDefinition"))
def keeps_sets(s: Stage) -> None:
    """Environment variables are all there, in whatever order."""
    given = [{"name": f"V{n}", "value": str(n)} for n in range(5)]
    s.register(container={"environment": given})
    assert sorted(_app(s.definition())["environment"], key=lambda pair: pair["name"]) == given


@check(
    "ecs.td.describe.family-is-latest-active",
    source=ecs("DescribeTaskDefinition"),
    says="specify the family to find the latest ACTIVE revision in that family",
)
def latest_active(s: Stage) -> None:
    """A family alone means its latest ACTIVE revision, not an INACTIVE newer one."""
    s.register()
    second = s.register()["taskDefinitionArn"]
    assert s.definition()["revision"] == 2
    s.ecs.deregister_task_definition(taskDefinition=second)
    assert s.definition()["revision"] == 1


@check("ecs.td.describe.forms", source=ecs("DescribeTaskDefinition"))
def describe_forms(s: Stage) -> None:
    """family:revision and the ARN name the same revision."""
    arn = s.register()["taskDefinitionArn"]
    s.register()
    by_name = s.definition("web:1")["taskDefinitionArn"]
    by_arn = s.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["taskDefinitionArn"]
    assert by_name == by_arn == arn


@check("ecs.td.describe.missing", source=ecs("DescribeTaskDefinition"))
def describe_missing(s: Stage) -> None:
    """A family or a revision that is not there is refused."""
    s.register()
    for given in ("nope", "web:2"):
        with s.refused("ClientException"):
            s.definition(given)


@check("ecs.td.platform.default", source=ecs_guide("task_definition_parameters"))
def empty_compatibilities(s: Stage) -> None:
    """Without requiresCompatibilities the network mode is bridge for Linux."""
    assert s.plain()["networkMode"] == "bridge"
