"""Deleting services."""

from tests.conformance.registry import check, ecs
from tests.conformance.stage import Stage

AREA = "ECS services"


@check(
    "ecs.service.delete.above-zero",
    source=ecs("DeleteService"),
    says="If the service is actively maintaining tasks, you can't delete it",
    needs=("task",),
)
def delete_above_zero(s: Stage) -> None:
    """A service with a desired count above 0 is deleted only by force."""
    s.running(1)
    with s.refused("InvalidParameterException"):
        s.delete()
    assert s.look()["status"] == "ACTIVE"
    assert s.delete(force=True)["status"] in ("DRAINING", "INACTIVE")


@check(
    "ecs.service.delete.at-zero",
    source=ecs("DeleteService"),
    says=("You can delete a service if you have no running tasks in it and the desired task count is zero."),
)
def delete_at_zero(s: Stage) -> None:
    """A service without tasks is deleted, still described, and listed no more."""
    s.service()
    s.delete()
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    assert s.look()["status"] == "INACTIVE"
    assert s.ecs.list_services(cluster=s.cluster)["serviceArns"] == []


@check(
    "ecs.service.delete.draining",
    source=ecs("DeleteService"),
    says="the service status moves from ACTIVE to DRAINING",
    needs=("task",),
)
def draining(s: Stage) -> None:
    """With tasks that run it is DRAINING first, with desired count 0, listed no more, and then INACTIVE."""
    s.running(1)
    gone = s.delete(force=True)
    assert (gone["status"], gone["desiredCount"]) == ("DRAINING", 0)
    assert s.ecs.list_services(cluster=s.cluster)["serviceArns"] == []
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    assert (s.look()["status"], s.look()["runningCount"]) == ("INACTIVE", 0)


@check("ecs.service.delete.tasks-stop", source=ecs("DeleteService"), needs=("task",))
def tasks_stop(s: Stage) -> None:
    """The tasks of a deleted service stop."""
    s.running(1)
    [before] = s.tasks()
    s.delete(force=True)
    s.settle(lambda: not s.tasks())
    assert s.tasks() == []
    assert s.task(before["taskArn"])["desiredStatus"] == "STOPPED"


@check("ecs.service.delete.missing", source=ecs("DeleteService"))
def delete_missing(s: Stage) -> None:
    """Deleting what is not there is ServiceNotFoundException."""
    with s.refused("ServiceNotFoundException"):
        s.ecs.delete_service(cluster=s.cluster, service=s.name("nope"))


@check("ecs.service.delete.update-after", source=ecs("UpdateService"))
def update_after(s: Stage) -> None:
    """A deleted service cannot be updated: ServiceNotActiveException."""
    s.service()
    s.delete()
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    with s.refused("ServiceNotActiveException"):
        s.update(desiredCount=0)


@check("ecs.service.delete.recreate", source=ecs("DeleteService"))
def recreate(s: Stage) -> None:
    """Over an INACTIVE service a new one of the same name can be created."""
    first = s.service()
    s.delete()
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    second = s.service()
    assert second["status"] == "ACTIVE"
    assert second["deployments"][0]["id"] != first["deployments"][0]["id"]


@check("ecs.service.delete.waiter", source=ecs("DescribeServices"))
def inactive_waiter(s: Stage) -> None:
    """The SDK's waiter services_inactive ends."""
    s.service()
    s.delete()
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    s.ecs.get_waiter("services_inactive").wait(
        cluster=s.cluster, services=[s.name("web")], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
    )
