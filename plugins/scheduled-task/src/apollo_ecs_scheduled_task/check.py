"""What is wrong with a spec, found without AWS."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from apollo.api import Key, Problem, Resource, is_unknown, refs_in
from apollo_ecs_scheduled_task import wire
from apollo_ecs_scheduled_task.spec import ScheduledTaskSpec

_AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
_RATE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(\S+( \S+){5}\)")


@cache
def _zones() -> frozenset[str]:
    """Read once: it is a walk through some hundred files."""
    return frozenset(zoneinfo.available_timezones())


def problems(spec: ScheduledTaskSpec) -> Iterator[Problem]:
    """Findings about a spec by itself."""
    yield from _expression(spec.scheduleExpression)
    zones = _zones()
    zone = spec.scheduleExpressionTimezone
    if zone and zones and zone not in zones and not is_unknown(zone):
        yield Problem(
            "APO-SCHEDULED-TASK-011",
            f"there is no time zone {zone}",
            path="/scheduleExpressionTimezone",
            hint="write an IANA name such as Europe/Berlin",
        )
    window = spec.flexibleTimeWindow
    if window is not None and (window.mode == "FLEXIBLE") != (window.maximumWindowInMinutes is not None):
        needs = "needs" if window.mode == "FLEXIBLE" else "takes no"
        yield Problem(
            "APO-SCHEDULED-TASK-012",
            f"a time window of mode {window.mode} {needs} maximumWindowInMinutes",
            path="/flexibleTimeWindow",
        )
    for name in ("startDate", "endDate"):
        value = getattr(spec, name)
        if value is not None and not is_unknown(value) and wire.instant(value) is None:
            yield Problem(
                "APO-SCHEDULED-TASK-013",
                f"{value} is no point in time",
                path=f"/{name}",
                hint="write it as 2027-01-31T22:30:00Z",
            )
    if spec.actionAfterCompletion == "DELETE":
        yield Problem(
            "APO-SCHEDULED-TASK-014",
            "AWS would delete the schedule after its last run, and git would ask for it again",
            path="/actionAfterCompletion",
            hint="leave it out: a schedule that is over starts nothing",
        )
    if spec.groupName == "default":
        yield Problem(
            "APO-SCHEDULED-TASK-015",
            "the group default is everybody's: a scheduled task has a schedule group of its own",
            path="/groupName",
            hint="leave it out, or name a group that holds nothing else",
        )
    yield from _target(spec)


def _expression(text: str) -> Iterator[Problem]:
    if is_unknown(text) or any(form.fullmatch(text) for form in (_AT, _RATE, _CRON)):
        return
    hint = "write rate(15 minutes), cron(0 3 * * ? *) or at(2027-01-31T22:30:00)"
    if text.startswith("cron(") and len(text[5:].rstrip(")").split()) == 5:
        hint = "AWS's cron has six fields, with a year, and one of the days is ?: cron(0 3 * * ? *)"
    yield Problem("APO-SCHEDULED-TASK-010", f"{text} is no schedule", path="/scheduleExpression", hint=hint)


def _target(spec: ScheduledTaskSpec) -> Iterator[Problem]:
    target = spec.target
    if target.launchType is not None and target.capacityProviderStrategy:
        yield Problem(
            "APO-SCHEDULED-TASK-016",
            "launchType and capacityProviderStrategy exclude each other",
            path="/target/launchType",
            hint="leave one of them out",
        )
    if target.launchType == "FARGATE" and target.networkConfiguration is None:
        yield Problem(
            "APO-SCHEDULED-TASK-017",
            "tasks on Fargate need networkConfiguration",
            path="/target",
            hint="networkConfiguration: {awsvpcConfiguration: {subnets: […]}}",
        )
    for index, one in enumerate(target.placementConstraints or ()):
        if one.type == "memberOf" and not one.expression:
            yield Problem(
                "APO-SCHEDULED-TASK-018",
                "memberOf needs an expression",
                path=f"/target/placementConstraints/{index}",
            )


def beside(want: Resource[ScheduledTaskSpec], others: Mapping[Key, Resource[Any]]) -> Iterator[Problem]:
    """Findings about a spec and the TaskDefinition of this environment that it starts, if git has it."""
    target = want.spec.target
    overridden = (target.overrides.containerOverrides if target.overrides else None) or ()
    for ref in refs_in(target.taskDefinition):
        task = others.get(ref.key(want.env.name))
        if ref.kind != "TaskDefinition" or task is None:
            continue
        declared = task.spec.declared()
        names = [str(one.get("name")) for one in declared.get("containerDefinitions") or ()]
        for one in overridden:
            if one.name not in names and not is_unknown(one.name):
                yield Problem(
                    "APO-SCHEDULED-TASK-020",
                    f"TaskDefinition/{ref.name} has no container {one.name}; it has {', '.join(names)}",
                    path=f"/target/overrides/containerOverrides/{one.name}/name",
                )
        if declared.get("networkMode") == "awsvpc" and target.networkConfiguration is None:
            yield Problem(
                "APO-SCHEDULED-TASK-017",
                f"TaskDefinition/{ref.name} has networkMode awsvpc, so its tasks need networkConfiguration",
                path="/target",
                hint="networkConfiguration: {awsvpcConfiguration: {subnets: […]}}",
            )
