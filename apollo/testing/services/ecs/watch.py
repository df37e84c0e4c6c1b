"""The end of a deployment, and what decides over it: alarms, bake time, early success.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
"""

import math

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.service_view import counts
from apollo.testing.services.ecs.state import INF, Json, Service, ServiceDeployment, Task


def watching(ecs: Region, configuration: Json) -> str:
    """The alarm status with which a deployment begins.

    "If an alarm is in the ALARM state at the beginning of a deployment, Amazon ECS will not monitor alarms
    for the duration of that deployment."
    """
    alarms = configuration["alarms"]
    if not alarms["enable"] or any(ecs.alarms.get(name) == "ALARM" for name in alarms["alarmNames"]):
        return "DISABLED"
    return "MONITORING"


def alarmed(ecs: Region, service: Service) -> list[str]:
    """The alarms that fail the deployment now; they count from the first task that runs."""
    current = service.current
    if current.alarms != "MONITORING" or current.status != "IN_PROGRESS":
        return []
    names = current.configuration["alarms"]["alarmNames"]
    found = [name for name in names if ecs.alarms.get(name) == "ALARM"]
    primary = service.primary
    if found and any(task.ran and task.deployment is primary for task in service.tasks):
        return found
    return []


def early(service: Service) -> Json | None:
    """The early success criteria of the deployment under way."""
    found: Json | None = service.current.configuration.get("earlySuccessCriteria")
    return found if found is not None and found["enable"] else None


def healthy_enough(service: Service, criteria: Json) -> bool:
    """ "… running and healthy on the target service revision …, as a percent of the desired number of tasks …
    rounded up", and at least one."""
    share = math.ceil(service.desired * int(criteria["healthyPercent"]) / 100)
    needed = max(share, min(1, service.desired))
    primary = service.primary
    return sum(t.well and t.live and t.deployment is primary for t in service.tasks) >= needed


def stands(service: Service, live: list[Task]) -> bool:
    """Every task that should be there is, healthy, and no other."""
    return (
        len(service.deployments) == 1
        and len(live) == service.desired == len(service.tasks)
        and all(task.well for task in live)
    )


def releases_old(ecs: Region, service: Service, at: float) -> bool:
    """With early success criteria: the tasks of the source revision may go, all of them."""
    criteria = early(service)
    if criteria is None or service.current.status not in ("IN_PROGRESS", "SUCCESSFUL"):
        return False
    return service.primary.rollout_state == "COMPLETED" or (
        healthy_enough(service, criteria) and baked(ecs, service, at)
    )


def succeeded(ecs: Region, service: Service, live: list[Task], at: float) -> bool:
    """Whether the deployment is complete."""
    criteria = early(service) if service.current.status == "IN_PROGRESS" else None
    if criteria is None:
        return stands(service, live) and baked(ecs, service, at)
    if criteria["sourceServiceRevisionCleanup"] == "BLOCKING" and len(service.deployments) > 1:
        return False
    return healthy_enough(service, criteria) and baked(ecs, service, at)


def baked(ecs: Region, service: Service, at: float) -> bool:
    """Whether alarms were watched long enough; the time begins with the first call."""
    current = service.current
    if current.alarms != "MONITORING" or current.status != "IN_PROGRESS":
        return True
    if current.baked_at == INF:
        current.baked_at = at + ecs.world.timings.alarm_bake
    return at >= current.baked_at


def complete(service: Service, at: float) -> None:
    primary, current = service.primary, service.current
    primary.rollout_state, primary.reason = "COMPLETED", text.completed(primary.id)
    primary.updated_at = at
    primary.failed = 0
    service.last_good = (primary.id, primary.revision)
    if current.status in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
        current.status = "SUCCESSFUL" if current.status == "IN_PROGRESS" else "ROLLBACK_SUCCESSFUL"
        current.finished_at = current.updated_at = at
        end_watch(current)
        if early(service) is not None:
            current.counts = counts(service, at)
    service.say(at, text.deployment_completed(service.name, primary.id))


def end_watch(current: ServiceDeployment) -> None:
    """Neither failures nor alarms matter to the service deployment any more."""
    if current.breaker == "MONITORING":
        current.breaker = "MONITORING_COMPLETE"
    if current.alarms == "MONITORING":
        current.alarms = "MONITORING_COMPLETE"
    current.baked_at = INF
