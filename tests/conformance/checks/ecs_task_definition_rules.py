"""What RegisterTaskDefinition refuses."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, tags

AREA = "ECS task definitions"
PARAMETERS = ecs_guide("task_definition_parameters")
FARGATE = ecs_guide("fargate-tasks-services")
FAULT = ("ClientException", "InvalidParameterException")


def _refused(s: Stage, **extra: Any) -> None:
    with s.refused(*FAULT):
        s.register(**extra)


def _containers(s: Stage, *changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"app{n}"} | s.target.container("ok") | change for n, change in enumerate(changes)]


@check("ecs.td.refuses.no-container", source=ecs("RegisterTaskDefinition"))
def no_container(s: Stage) -> None:
    """A task definition without containers."""
    _refused(s, containerDefinitions=[])


@check("ecs.td.refuses.same-name", source=PARAMETERS)
def same_name(s: Stage) -> None:
    """Two containers of one name."""
    _refused(s, containerDefinitions=_containers(s, {"name": "app"}, {"name": "app"}))


@check(
    "ecs.td.refuses.none-essential",
    source=ecs("ContainerDefinition"),
    says="All tasks must have at least one essential container.",
)
def none_essential(s: Stage) -> None:
    """No essential container."""
    _refused(s, container={"essential": False})


@check("ecs.td.refuses.no-image", source=ecs("ContainerDefinition"))
def no_image(s: Stage) -> None:
    """A container without an image."""
    _refused(s, containerDefinitions=[{"name": "app"}])


@check("ecs.td.refuses.too-many-containers", source=ecs_guide("service-quotas"))
def too_many_containers(s: Stage) -> None:
    """More than ten containers."""
    _refused(s, containerDefinitions=_containers(s, *({} for _ in range(11))))


@check("ecs.td.refuses.container-name", source=ecs("ContainerDefinition"))
def container_name(s: Stage) -> None:
    """A container's name with a blank."""
    _refused(s, container={"name": "a b"})


@check(
    "ecs.td.refuses.family",
    source=ecs("RegisterTaskDefinition"),
    says=("Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed."),
)
def family(s: Stage) -> None:
    """A family's name with a dot."""
    _refused(s, family="a.b")


@check("ecs.td.refuses.memory-nowhere", source=ecs("ContainerDefinition"))
def memory_nowhere(s: Stage) -> None:
    """Memory neither of the task nor of the container."""
    with s.refused(*FAULT):
        s.ecs.register_task_definition(
            family=s.name("x"), containerDefinitions=[{"name": "app", "image": "web:1"}]
        )


@check(
    "ecs.td.refuses.little-memory",
    source=ecs("ContainerDefinition"),
    says="So, don't specify less than 6 MiB of memory for your containers.",
)
def little_memory(s: Stage) -> None:
    """A container with less than 6 MiB."""
    with s.refused(*FAULT):
        s.plain(memory=5)


@check(
    "ecs.td.refuses.reservation-above-memory",
    source=ecs("ContainerDefinition"),
    says="If you specify both, memory must be greater than memoryReservation.",
)
def reservation(s: Stage) -> None:
    """A memory reservation above the memory limit."""
    with s.refused(*FAULT):
        s.plain(memory=128, memoryReservation=256)


@check("ecs.td.refuses.container-above-task", source=PARAMETERS)
def above_task(s: Stage) -> None:
    """A container with more memory than the task has."""
    _refused(s, container={"memory": 1024})


@check("ecs.td.refuses.volumes-of-one-name", source=PARAMETERS)
def volume_names(s: Stage) -> None:
    """Two volumes of one name."""
    _refused(s, volumes=[{"name": "data"}, {"name": "data"}])


@check("ecs.td.refuses.unknown-volume", source=ecs("MountPoint"))
def unknown_volume(s: Stage) -> None:
    """A mount point of a volume that is not there."""
    _refused(s, container={"mountPoints": [{"sourceVolume": "nope", "containerPath": "/x"}]})


@check("ecs.td.refuses.unknown-dependency", source=ecs("ContainerDependency"))
def unknown_dependency(s: Stage) -> None:
    """A dependency on a container that is not there."""
    _refused(s, container={"dependsOn": [{"containerName": "nope", "condition": "START"}]})


@check("ecs.td.refuses.circular-dependency", source=ecs("ContainerDependency"))
def circular(s: Stage) -> None:
    """Two containers that wait for each other."""
    waits = [[{"containerName": other, "condition": "START"}] for other in ("app1", "app0")]
    _refused(s, containerDefinitions=_containers(s, *({"dependsOn": wait} for wait in waits)))


@check("ecs.td.refuses.host-port", source=ecs("PortMapping"))
def other_host_port(s: Stage) -> None:
    """With awsvpc, a host port other than the container port."""
    _refused(s, container={"portMappings": [{"containerPort": 80, "hostPort": 8080}]})


@check("ecs.td.refuses.same-port", source=PARAMETERS)
def same_port(s: Stage) -> None:
    """With awsvpc, one port mapped twice by one container."""
    _refused(s, container={"portMappings": [{"containerPort": 80}, {"containerPort": 80}]})


@check(
    "ecs.td.refuses.links-awsvpc",
    source=ecs("ContainerDefinition"),
    says="This parameter is only supported if the network mode of a task definition is bridge",
)
def links(s: Stage) -> None:
    """Links with awsvpc."""
    _refused(s, containerDefinitions=_containers(s, {}, {"links": ["app0"]}))


@check("ecs.td.refuses.health-interval", source=ecs("HealthCheck"), says="between 5 and 300 seconds")
def health_interval(s: Stage) -> None:
    """A health check every second."""
    _refused(s, container={"healthCheck": {"command": ["CMD", "true"], "interval": 1}})


@check("ecs.td.refuses.health-retries", source=ecs("HealthCheck"), says="between 1 and 10 retries")
def health_retries(s: Stage) -> None:
    """A health check with eleven retries."""
    _refused(s, container={"healthCheck": {"command": ["CMD", "true"], "retries": 11}})


@check(
    "ecs.td.refuses.restart-period",
    source=ecs("ContainerRestartPolicy"),
    says="A container can be restarted only once every restartAttemptPeriod seconds.",
)
def restart_period(s: Stage) -> None:
    """A restart policy with a period below a minute."""
    _refused(s, container={"restartPolicy": {"enabled": True, "restartAttemptPeriod": 59}})


@check("ecs.td.refuses.ephemeral-storage", source=ecs("EphemeralStorage"))
def ephemeral(s: Stage) -> None:
    """Ephemeral storage of 20 GiB or of 201 GiB."""
    for size in (20, 201):
        _refused(s, ephemeralStorage={"sizeInGiB": size})


@check("ecs.td.refuses.aws-tag", source=ecs("Tag"))
def aws_tag(s: Stage) -> None:
    """A tag whose key begins with aws:."""
    _refused(s, tags=[{"key": "aws:x", "value": "1"}])


@check(
    "ecs.td.refuses.many-tags",
    source=ecs("RegisterTaskDefinition"),
    says="Maximum number of tags per resource - 50",
)
def many_tags(s: Stage) -> None:
    """More than fifty tags."""
    _refused(s, tags=tags(**{f"k{n}": "" for n in range(51)}))


@check("ecs.td.fargate.size", source=FARGATE)
def size(s: Stage) -> None:
    """256 CPU units with 4096 MiB: no such Fargate size."""
    _refused(s, cpu="256", memory="4096")


@check("ecs.td.fargate.cpu", source=FARGATE)
def odd_cpu(s: Stage) -> None:
    """300 CPU units: no such Fargate size."""
    _refused(s, cpu="300", memory="1024")


@check("ecs.td.fargate.sizes-needed", source=ecs("RegisterTaskDefinition"))
def sizes_needed(s: Stage) -> None:
    """Fargate without CPU or memory of the task."""
    _refused(s, cpu=None)
    _refused(s, memory=None)


@check(
    "ecs.td.fargate.awsvpc", source=ecs("RegisterTaskDefinition"), says="the awsvpc network mode is required"
)
def awsvpc(s: Stage) -> None:
    """Fargate in bridge mode."""
    _refused(s, networkMode="bridge", container={"portMappings": []})


@check(
    "ecs.td.fargate.privileged",
    source=ecs("ContainerDefinition"),
    says="This parameter is not supported for Windows containers or tasks run on Fargate.",
)
def privileged(s: Stage) -> None:
    """A privileged container on Fargate."""
    _refused(s, container={"privileged": True})


@check("ecs.td.fargate.log-driver", source=ecs("LogConfiguration"))
def log_driver(s: Stage) -> None:
    """The log driver syslog on Fargate."""
    _refused(s, container={"logConfiguration": {"logDriver": "syslog"}})


@check("ecs.td.fargate.execution-role-logs", source=ecs_guide("task_execution_IAM_role"))
def role_for_logs(s: Stage) -> None:
    """awslogs on Fargate without an execution role."""
    _refused(s, container={"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}})


@check("ecs.td.fargate.execution-role-ecr", source=ecs_guide("task_execution_IAM_role"))
def role_for_ecr(s: Stage) -> None:
    """An image in a private ECR repository on Fargate without an execution role."""
    _refused(s, container={"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"})


@check("ecs.td.fargate.execution-role-secrets", source=ecs_guide("task_execution_IAM_role"))
def role_for_secrets(s: Stage) -> None:
    """Secrets on Fargate without an execution role."""
    _refused(s, container={"secrets": [{"name": "A", "valueFrom": "/a"}]})


@check("ecs.td.fargate.constraints", source=ecs("RegisterTaskDefinition"))
def constraints(s: Stage) -> None:
    """Placement constraints on Fargate."""
    constraint = {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}
    _refused(s, placementConstraints=[constraint])


@check("ecs.td.fargate.host-volume", source=ecs("HostVolumeProperties"))
def host_volume(s: Stage) -> None:
    """A volume with a path on the host on Fargate."""
    _refused(s, volumes=[{"name": "data", "host": {"sourcePath": "/srv"}}])


@check("ecs.td.fargate.sizes-accepted", source=FARGATE)
def accepted(s: Stage) -> None:
    """The smallest and the largest size of every CPU value up to 16 vCPU are accepted."""
    sizes = {256: (512, 2048), 512: (1024, 4096), 1024: (2048, 8192), 2048: (4096, 16384)}
    sizes |= {4096: (8192, 30720), 8192: (16384, 61440), 16384: (32768, 122880)}
    for cpu, memories in sizes.items():
        for memory in memories:
            assert s.register(cpu=str(cpu), memory=str(memory))["cpu"] == str(cpu)
