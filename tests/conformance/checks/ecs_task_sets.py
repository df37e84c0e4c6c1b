"""Task sets: services whose deployment controller is EXTERNAL or CODE_DEPLOY."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Json, Stage

AREA = "ECS task sets"
GUIDE = ecs_guide("deployment-type-external")
FAULT = ("InvalidParameterException", "ClientException")
FULL = {"value": 100.0, "unit": "PERCENT"}


def _service(s: Stage, **extra: Any) -> Json:
    given: Json = {
        "taskDefinition": None,
        "launchType": None,
        "networkConfiguration": None,
        "deploymentController": {"type": "EXTERNAL"},
        "desiredCount": 1,
    } | extra
    if given["taskDefinition"] is None:
        # Stage.service fills in a task definition where none is named.
        clean = {name: value for name, value in given.items() if value is not None}
        answer = s.ecs.create_service(cluster=s.cluster, serviceName=s.name("web"), **clean)
        return dict(answer["service"])
    return s.service(**given)


def _where(s: Stage) -> Json:
    return {"cluster": s.cluster, "service": s.name("web")}


def _add(s: Stage, **extra: Any) -> Json:
    given: Json = {
        "taskDefinition": s.web["taskDefinitionArn"],
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": s.target.network},
    } | extra
    return dict(s.ecs.create_task_set(**_where(s), **given)["taskSet"])


def _sets(s: Stage) -> list[Json]:
    return list(s.ecs.describe_task_sets(**_where(s))["taskSets"])


@check("ecs.sets.external", source=GUIDE)
def external(s: Stage) -> None:
    """An EXTERNAL service needs no task definition, has no deployments, and starts nothing by itself."""
    service = _service(s)
    assert (service["status"], service["deploymentController"]) == ("ACTIVE", {"type": "EXTERNAL"})
    assert service.get("deployments", []) == []
    found = s.look()
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (1, 0, 0)


@check(
    "ecs.sets.no-daemon",
    source=ecs("CreateService"),
    says="CODE_DEPLOY or EXTERNAL deployment controller types don't support the DAEMON scheduling strategy.",
)
def no_daemon(s: Stage) -> None:
    """DAEMON with the EXTERNAL controller is refused."""
    with s.refused(*FAULT):
        _service(s, schedulingStrategy="DAEMON", desiredCount=None)


@check(
    "ecs.sets.create",
    source=ecs("CreateTaskSet"),
    says="This is used when a service uses the EXTERNAL deployment controller type.",
)
def create(s: Stage) -> None:
    """A task set is ACTIVE, scaled to 0 unless said, and shown with the service."""
    _service(s)
    made = _add(s, externalId="one")
    assert (made["status"], made["scale"]["value"], made["computedDesiredCount"]) == ("ACTIVE", 0.0, 0)
    assert (made["externalId"], made["taskDefinition"]) == ("one", s.web["taskDefinitionArn"])
    assert ":task-set/" in made["taskSetArn"]
    assert [known["id"] for known in s.look()["taskSets"]] == [made["id"]]


@check("ecs.sets.only-external", source=ecs("CreateTaskSet"))
def only_external(s: Stage) -> None:
    """Of a service that ECS deploys, a task set is refused."""
    s.service()
    with s.refused(*FAULT, "UnsupportedFeatureException"):
        _add(s)


@check(
    "ecs.sets.scale",
    source=ecs("TaskSet"),
    says="The result is always rounded up.",
    needs=("task",),
)
def scale(s: Stage) -> None:
    """Its tasks are its share of the desired count, rounded up; then it is in a steady state."""
    _service(s)
    made = _add(s, scale={"value": 40.0, "unit": "PERCENT"})
    assert (made["computedDesiredCount"], made["stabilityStatus"]) == (1, "STABILIZING")
    s.settle(lambda: _sets(s)[0]["stabilityStatus"] == "STEADY_STATE")
    [found] = _sets(s)
    assert (found["runningCount"], found["pendingCount"], found["stabilityStatus"]) == (1, 0, "STEADY_STATE")
    assert s.look()["runningCount"] == 1


@check("ecs.sets.update", source=ecs("UpdateTaskSet"), says="Modifies a task set.", needs=("task",))
def update(s: Stage) -> None:
    """UpdateTaskSet changes the scale, and the tasks follow."""
    _service(s)
    made = _add(s, scale=FULL)
    s.settle(lambda: _sets(s)[0]["runningCount"] == 1)
    s.ecs.update_task_set(**_where(s), taskSet=made["id"], scale={"value": 0.0, "unit": "PERCENT"})
    s.settle(lambda: _sets(s)[0]["runningCount"] == 0)
    [found] = _sets(s)
    assert (found["computedDesiredCount"], found["runningCount"]) == (0, 0)


@check(
    "ecs.sets.primary",
    source=ecs("UpdateServicePrimaryTaskSet"),
    says="Modifies which task set in a service is the primary task set.",
)
def primary(s: Stage) -> None:
    """The primary task set is one, and the service shows its task definition as its own."""
    _service(s)
    one, two = _add(s), _add(s, taskDefinition=s.register()["taskDefinitionArn"])
    for made in (one, two):
        s.ecs.update_service_primary_task_set(**_where(s), primaryTaskSet=made["taskSetArn"])
        assert s.look()["taskDefinition"] == made["taskDefinition"]
    assert {found["id"]: found["status"] for found in _sets(s)} == {one["id"]: "ACTIVE", two["id"]: "PRIMARY"}


@check(
    "ecs.sets.delete",
    source=ecs("DeleteTaskSet"),
    says="If true , you can delete a task set even if it hasn't been scaled down to zero.",
)
def delete(s: Stage) -> None:
    """One that is scaled above zero is deleted only by force; it drains, and is gone."""
    _service(s, desiredCount=0)
    made = _add(s, scale=FULL)
    with s.refused(*FAULT):
        s.ecs.delete_task_set(**_where(s), taskSet=made["id"])
    gone = s.ecs.delete_task_set(**_where(s), taskSet=made["id"], force=True)["taskSet"]
    assert gone["status"] == "DRAINING"
    s.settle(lambda: not _sets(s))
    assert _sets(s) == []


@check("ecs.sets.missing", source=ecs("UpdateTaskSet"))
def missing(s: Stage) -> None:
    """One that is not there is TaskSetNotFoundException."""
    _service(s)
    with s.refused("TaskSetNotFoundException"):
        s.ecs.update_task_set(**_where(s), taskSet="ecs-svc/1234567890123456789", scale=FULL)
    with s.refused("TaskSetNotFoundException"):
        s.ecs.update_service_primary_task_set(**_where(s), primaryTaskSet="ecs-svc/1234567890123456789")


@check(
    "ecs.sets.update-service",
    source=ecs("UpdateService"),
    says="For services using an external deployment controller, you can update only the desired count",
)
def update_service(s: Stage) -> None:
    """UpdateService changes the desired count of an EXTERNAL service, and refuses a task definition."""
    _service(s)
    assert s.update(desiredCount=2)["desiredCount"] == 2
    with s.refused(*FAULT):
        s.update(taskDefinition=s.web["taskDefinitionArn"])


@check(
    "ecs.sets.code-deploy",
    source=ecs("UpdateService"),
    says="For services using the blue/green ( CODE_DEPLOY ) deployment controller, only the desired count",
    needs=("balancer",),
)
def code_deploy(s: Stage) -> None:
    """A CODE_DEPLOY service begins with a PRIMARY task set, and refuses another task definition."""
    group = s.group()
    s.listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    service = s.service(
        deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
    )
    [first] = service["taskSets"]
    assert (first["status"], first["taskDefinition"]) == ("PRIMARY", s.web["taskDefinitionArn"])
    with s.refused(*FAULT):
        s.update(taskDefinition=s.register()["taskDefinitionArn"])
