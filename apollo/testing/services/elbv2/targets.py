"""Targets and their health. Those of ECS services follow their tasks; others become healthy after a while.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import INF, Json, Target, TargetGroup
from apollo.testing.world import Call

if TYPE_CHECKING:
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.services.ecs.state import Service, Task

TARGETS_PER_GROUP = 1000

_REGISTERING = {
    "State": "initial",
    "Reason": "Elb.RegistrationInProgress",
    "Description": "Target registration is in progress",
}
_CHECKING = {
    "State": "initial",
    "Reason": "Elb.InitialHealthChecking",
    "Description": "Initial health checks in progress",
}
_HEALTHY = {"State": "healthy"}
_UNHEALTHY = {
    "State": "unhealthy",
    "Reason": "Target.FailedHealthChecks",
    "Description": "Health checks failed",
}
_DRAINING = {
    "State": "draining",
    "Reason": "Target.DeregistrationInProgress",
    "Description": "Target deregistration is in progress",
}
_NOT_IN_USE = {
    "State": "unused",
    "Reason": "Target.NotInUse",
    "Description": "Target group is not configured to receive traffic from the load balancer",
}
_NOT_REGISTERED = {
    "State": "unused",
    "Reason": "Target.NotRegistered",
    "Description": "Target is not registered to the target group",
}


def register(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html"""
    group = elb.group(call.params["TargetGroupArn"])
    _forget(group, call.now)
    keys = [_key(group, given) for given in call.params["Targets"]]
    if len({*group.targets, *keys}) > TARGETS_PER_GROUP:
        raise ApiError("TooManyTargets", f"The maximum number of targets in '{group.arn}' is reached")
    for key, given in zip(keys, call.params["Targets"], strict=True):
        known = group.targets.get(key)
        if known is None or known.drained_at < INF:
            group.targets[key] = Target(*key, given.get("AvailabilityZone"), call.now)
    return {}


def deregister(elb: Region, call: Call) -> Json:
    """ "If the specified target does not exist, the action returns successfully."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
    """
    group = elb.group(call.params["TargetGroupArn"])
    _forget(group, call.now)
    delay = float(group.attributes.get("deregistration_delay.timeout_seconds", "0"))
    for given in call.params["Targets"]:
        known = group.targets.get(_key(group, given))
        if known is not None and known.drained_at == INF:
            known.drained_at = call.now + delay if elb.balancers_of(group) else call.now
    _forget(group, call.now)
    return {}


def _key(group: TargetGroup, given: Json) -> tuple[str, int | None]:
    name = given["Id"]
    match group.target_type:
        case "ip":
            try:
                ipaddress.ip_address(name)
            except ValueError:
                raise invalid(f"The IP address '{name}' is not a valid IPv4 address") from None
        case "instance":
            if not name.startswith("i-"):
                raise ApiError("InvalidTarget", f"The following targets are not instance IDs: '{name}'")
        case "lambda":
            return name, None
    return name, given.get("Port", group.fields["Port"])


def _forget(group: TargetGroup, now: float) -> None:
    for key, target in list(group.targets.items()):
        if target.drained_at <= now:
            del group.targets[key]


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html"""
    group = elb.group(call.params["TargetGroupArn"])
    found = health(elb, group)
    wanted = call.params.get("Targets")
    if wanted:
        keys = [_key(group, given) for given in wanted]
        found = {key: found.get(key, (None, _NOT_REGISTERED)) for key in keys}
    return {"TargetHealthDescriptions": [_description(group, key, *item) for key, item in found.items()]}


def _description(group: TargetGroup, key: tuple[str, int | None], zone: str | None, state: Json) -> Json:
    name, port = key
    target: Json = {"Id": name}
    if port is not None:
        target["Port"] = port
    if zone is not None:
        target["AvailabilityZone"] = zone
    described: Json = {"Target": target, "TargetHealth": state}
    if state["State"] != "unused" and port is not None:
        check = group.fields["HealthCheckPort"]
        described["HealthCheckPort"] = str(port) if check == "traffic-port" else check
    return described


def health(elb: Region, group: TargetGroup) -> dict[tuple[str, int | None], tuple[str | None, Json]]:
    """Every target by (id, port), with its zone and its TargetHealth."""
    now = elb.now
    _forget(group, now)
    found: dict[tuple[str, int | None], tuple[str | None, Json]] = {
        key: (target.zone, _registered(elb, target, now)) for key, target in group.targets.items()
    }
    for task, port in _tasks(elb, group):
        state = _of_task(elb, task, now)
        if state is not None:
            found[_address(group, task), port] = (f"{elb.region}{task.zone}", state)
    if not elb.balancers_of(group):
        found = {key: (zone, _NOT_IN_USE) for key, (zone, _) in found.items()}
    return found


def _registered(elb: Region, target: Target, now: float) -> Json:
    if target.drained_at < INF:
        return _DRAINING
    return _HEALTHY if now >= target.registered_at + elb.world.timings.target_healthy else _CHECKING


def _tasks(elb: Region, group: TargetGroup) -> Iterator[tuple["Task", int]]:
    """The tasks of ECS services behind a target group, with the container port that is its target."""
    backend = elb.world.backends.get(("ecs", elb.account, elb.region))
    if backend is None:
        return
    ecs = cast("Ecs", backend)
    for cluster in list(ecs.clusters.values()):
        for service in cluster.services.values():
            if service.status == "INACTIVE" or not _names(service, group):
                continue
            ecs.step_service(service)
            for task in service.tasks:
                if task.deployment is None:
                    continue
                for arn, port in task.deployment.revision.targets:
                    if arn == group.arn:
                        yield task, port


def _names(service: "Service", group: TargetGroup) -> bool:
    known = [*service.revisions.values(), *(made.deployment.revision for made in service.task_sets)]
    return any(arn == group.arn for revision in known for arn, _ in revision.targets)


def _of_task(elb: Region, task: "Task", now: float) -> Json | None:
    """ECS registers a task while it is ACTIVATING and takes it out while it is DEACTIVATING.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """
    if now >= task.stop_at:
        return _DRAINING if now < task.stopping_at and task.ran else None
    if now < task.activating_at:
        return None
    if now < task.running_at:
        return _REGISTERING
    if now < task.running_at + elb.world.timings.target_healthy:
        return _CHECKING
    # A container health check that fails says nothing about the load balancer's own.
    return _UNHEALTHY if task.unhealthy and not task.checked else _HEALTHY


def _address(group: TargetGroup, task: "Task") -> str:
    return f"i-{task.id[:17]}" if group.target_type == "instance" else task.private_ip
