"""Blue/green, linear and canary deployments on their course, stage by stage.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from functools import partial

from apollo.testing.services.ecs import lifecycle_hooks, text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.rollback import course_failure, fail_deployment
from apollo.testing.services.ecs.shifts import Shift, Step
from apollo.testing.services.ecs.staffing import start, stop
from apollo.testing.services.ecs.state import INF, Deployment, Service, Task
from apollo.testing.services.ecs.traffic import PRODUCTION, TEST, problem, route
from apollo.testing.services.ecs.watch import complete
from apollo.testing.services.ecs.zones import surplus

_DAY = 86400.0
""" "The system times out, fails the deployment, and then initiates a rollback after a stage reaches 24
hours." Hooks and bake times have times of their own."""


def begin(ecs: Region, service: Service, at: float) -> None:
    """The deployment is under way: are the listener rules as they should be?"""
    shift = service.current.shift
    if shift is None or shift.step.stage == "RECONCILE_SERVICE":
        return
    reason = problem(ecs, shift.green.config)
    if reason is not None:
        fail_deployment(service, at, course_failure(reason))


def advance(ecs: Region, service: Service, at: float) -> None:
    """Go on as far as possible now."""
    current, shift = service.current, service.current.shift
    while shift is not None and current.shifting:
        step = shift.step
        if shift.entered_at is None:
            _enter(ecs, service, shift, at)
        entered = shift.entered_at or at
        reason = lifecycle_hooks.failed(ecs, current, shift, at)
        if reason is None and step.until and at >= entered + _DAY:
            reason = text.stage_timed_out(step.stage) if not shift.back else None
        if reason is not None:
            fail_deployment(service, at, course_failure(reason))
            continue
        _staff(ecs, service, shift, at)
        shift.next_at = _pending(ecs, service, shift, step, entered, at)
        if shift.next_at > at:
            return
        shift.index += 1
        shift.entered_at = None
        if shift.index == len(shift.steps):
            shift.index -= 1
            shift.next_at = INF
            complete(service, at)


def _enter(ecs: Region, service: Service, shift: Shift, at: float) -> None:
    step = shift.step
    shift.entered_at = at
    service.current.updated_at = at
    if step.production is not None:
        shift.production = step.production
        route(ecs, shift.green, PRODUCTION, step.production)
    if step.test is not None:
        shift.test = step.test
        route(ecs, shift.green, TEST, step.test)
    if step.hooks is not None:
        lifecycle_hooks.begin(ecs, service.current, shift, step.hooks, at)


def _pending(ecs: Region, service: Service, shift: Shift, step: Step, entered: float, at: float) -> float:
    """When to look again; now or before, when the step is done."""
    hooks = lifecycle_hooks.waiting(shift)
    if hooks is not None:
        return hooks
    ready = entered + max(step.wait, ecs.world.timings.stage)
    if ready > at:
        return ready
    match step.until:
        case "scaled":
            mine = _live(service, service.primary)
            done = len(mine) == service.desired and all(task.well for task in mine)
        case "reconciled":
            kept = (service.primary, shift.blue)
            done = all(task.deployment in kept for task in service.tasks)
        case "cleaned":
            done = all(task.deployment is service.primary for task in service.tasks)
        case _:
            done = True
    return at if done else entered + _DAY if entered + _DAY > at else INF


def _live(service: Service, deployment: Deployment | None) -> list[Task]:
    return [task for task in service.tasks if task.live and task.deployment is deployment]


def _staff(ecs: Region, service: Service, shift: Shift, at: float) -> None:
    """Blue stays as large as the service should be until it is cleaned up; green grows in SCALE_UP."""
    service.primary.desired = service.desired
    blocked = at < service.throttled_until or at < service.blocked_until
    for deployment in service.deployments:
        live = _live(service, deployment)
        wanted = _wanted(service, shift, deployment, len(live))
        if len(live) > wanted:
            gone = surplus(live, len(live) - wanted)
            stop(ecs, service, [task for task in gone if task.protected_until <= at], at)
        elif len(live) < wanted and not blocked:
            start(ecs, service, deployment, wanted - len(live), at)


def _wanted(service: Service, shift: Shift, deployment: Deployment, have: int) -> int:
    stage = shift.step.stage
    if deployment is service.primary:
        waits = not shift.back and stage in ("RECONCILE_SERVICE", "PRE_SCALE_UP")
        return 0 if waits else service.desired
    if stage == "CLEAN_UP":
        return 0
    if deployment is shift.blue:
        return service.desired
    return have if deployment.revision is shift.green else 0


def plan(ecs: Region, service: Service) -> None:
    """Have what comes next happen in time, even if nobody looks at the service: its listener rules are seen
    by others."""
    if service.current.shifting and service.next_at != service.planned_at and service.next_at < INF:
        service.planned_at = service.next_at
        ecs.world.at(service.next_at, partial(_happen, ecs, service))


def _happen(ecs: Region, service: Service, at: float) -> None:
    ecs.step_service(service, at)
