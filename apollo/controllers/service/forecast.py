"""What a change of a service does to its tasks, as far as its own settings and counts tell. Pure, but for
`durations`.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from apollo.api import Context, Forecast, Identity, Loader, Resource, Step
from apollo.controllers.service.fields import field_of
from apollo.controllers.service.scaling import count_owner, first_count
from apollo.controllers.service.seen import ServiceSeen, seconds
from apollo.resources.service import ServiceSpec

__all__ = ["durations", "forecast", "waves"]

Want = Resource[ServiceSpec]
Data = Mapping[str, Any]


def forecast(want: Want | None, seen: ServiceSeen | None, steps: Sequence[Step]) -> Forecast | None:
    """What the steps do to running tasks; None where they leave them alone."""
    if not steps:
        return None
    running = seen.running if seen is not None else 0
    if want is None:
        task = _short(str(seen.fields.get("taskDefinition") or "")) if seen is not None else ""
        return Forecast(running, summary=f"{_tasks(running)} of {task or 'the service'} stopped for good")
    if steps[0].verb == "create":
        count = first_count(want)
        return Forecast(count, summary=f"{_tasks(count)} started")
    if any(step.verb == "replace" for step in steps):
        count = first_count(want)
        return Forecast(
            running,
            summary=f"{_tasks(running)} stopped, then {_tasks(count)} started",
            warnings=("nothing serves between the deletion and the first new task that is healthy",),
        )
    if seen is None or not any(step.disruptive for step in steps):
        return None
    changes = [change for step in steps for change in step.changes]
    count = _count(want, seen)
    if not any(field_of(change) != "desiredCount" for change in changes if change.path in _restarts(steps)):
        return Forecast(
            max(0, seen.desired - count), summary=f"{_tasks(max(0, seen.desired - count))} stopped"
        )
    return _rollout(want, seen, count)


def _restarts(steps: Sequence[Step]) -> set[str]:
    return {path for step in steps for path in step.restarts}


def _count(want: Want, seen: ServiceSeen) -> int:
    """How many tasks the new deployment has."""
    declared = want.spec.desiredCount
    if want.spec.schedulingStrategy == "DAEMON":
        return seen.desired or seen.running
    return seen.desired if declared is None or count_owner(want, seen) else declared


def _rollout(want: Want, seen: ServiceSeen, count: int) -> Forecast | None:
    live: Data = seen.fields
    declared = want.spec.declared()
    controller = {**(live.get("deploymentController") or {}), **(declared.get("deploymentController") or {})}
    if controller.get("type", "ECS") != "ECS":
        return None  # somebody else starts and stops these tasks
    settings = {
        **(live.get("deploymentConfiguration") or {}),
        **(declared.get("deploymentConfiguration") or {}),
    }
    if count == 0 and seen.running == 0:
        return Forecast(0, summary="no task runs, so none is replaced")
    strategy = settings.get("strategy") or "ROLLING"
    if strategy == "ROLLING":
        found = _rolling(want, settings, count, seen.running)
    else:
        found = _shifting(strategy, settings, count, seen.running)
    said = (*found.steps, *_ends(settings, count))
    return Forecast(
        tasks=found.tasks,
        strategy=strategy,
        summary=found.summary,
        steps=said,
        warnings=(*found.warnings, *_pauses(settings)),
        waves=found.waves,
        least=found.least,
        most=found.most,
        bake=found.bake,
    )


# ── rolling ──────────────────────────────────────────────────────────────────────────────────────────────


def _rolling(want: Want, settings: Data, count: int, running: int) -> Forecast:
    daemon = want.spec.schedulingStrategy == "DAEMON"
    minimum = _number(settings.get("minimumHealthyPercent"), 0 if daemon else 100)
    maximum = _number(settings.get("maximumPercent"), 100 if daemon else 200)
    least = math.ceil(count * minimum / 100)
    most = math.floor(count * maximum / 100)
    rounds = waves(count, running, least, most)
    bake = 60.0 * _number(settings.get("bakeTimeInMinutes"), 0)
    summary = f"{_tasks(running)} replaced"
    if count != running:
        summary = f"{_tasks(running)} replaced by {count}"
    if rounds is None:
        stuck = (
            f"this rollout cannot end: at {minimum}/{maximum}% of {_tasks(count)} AWS comes to where it may "
            "neither stop nor start one; raise maximumPercent or lower minimumHealthyPercent"
        )
        return Forecast(running, summary=summary, warnings=(stuck,), least=least, most=most)
    at_once = max((started for _, started in rounds), default=0)
    summary += f" in {len(rounds)} rounds of up to {at_once}" if len(rounds) > 1 else " at once"
    summary += f", rolling {minimum}/{maximum}%"
    said = [f"at least {min(least, running)} run at any time, at most {max(most, running)}"]
    more = max(0, min(most, running + count) - running)
    if more and _on_instances(want):
        said.append(f"the instances of the cluster need room for {_tasks(more)} more meanwhile")
    warnings = []
    if least == 0 and count:
        warnings.append(
            f"minimumHealthyPercent {minimum} lets all tasks stop before the first new one is healthy"
        )
    if bake:
        said.append(f"then {_time(bake)} of bake time")
    return Forecast(
        running,
        summary=summary,
        steps=tuple(said),
        warnings=tuple(warnings),
        waves=len(rounds),
        least=least,
        most=most,
        bake=bake,
    )


def waves(count: int, running: int, least: int, most: int) -> list[tuple[int, int]] | None:
    """The rounds of a rolling update, each as (tasks stopped before, tasks started): as many new ones as
    ``most`` leaves room for, then old ones stop as far as ``least`` allows. None when
    it comes to where AWS may neither stop nor start one.
    """
    old, new = running, 0
    rounds: list[tuple[int, int]] = []
    while new < count:
        stopped = 0
        room = most - (old + new)
        if room < count - new and old:
            # What is missing is made room for, as far as the healthy ones are more than enough.
            stopped = max(0, min(old, old + new - least, count - new - max(0, room)))
            old -= stopped
            room = most - (old + new)
        started = min(count - new, max(0, room))
        if not started and not stopped:
            return None
        if started:
            rounds.append((stopped, started))
        new += started
        old -= max(0, min(old, old + new - max(least, count)))
    return rounds


def _on_instances(want: Want) -> bool:
    if want.spec.launchType == "EC2":
        return True
    providers = [one.capacityProvider for one in want.spec.capacityProviderStrategy or ()]
    return bool(providers) and not all(name in ("FARGATE", "FARGATE_SPOT") for name in providers)


# ── shifting traffic ─────────────────────────────────────────────────────────────────────────────────────


def _shifting(strategy: str, settings: Data, count: int, running: int) -> Forecast:
    """Blue/green, linear and canary: all new tasks start beside the old ones, then traffic moves."""
    bake = 60.0 * _number(settings.get("bakeTimeInMinutes"), 0)
    said = [f"{_tasks(count)} start beside the {running} that serve: {count + running} in all"]
    waiting = bake
    if strategy == "LINEAR":
        how = settings.get("linearConfiguration") or {}
        percent = float(how.get("stepPercent") or 10.0)
        pause = 60.0 * _number(how.get("stepBakeTimeInMinutes"), 6)
        stages = max(1, math.ceil(100 / percent))
        said.append(f"traffic moves in {stages} steps of {percent:g}%, {_time(pause)} between two")
        waiting += pause * (stages - 1)
    elif strategy == "CANARY":
        how = settings.get("canaryConfiguration") or {}
        percent = float(how.get("canaryPercent") or 5.0)
        pause = 60.0 * _number(how.get("canaryBakeTimeInMinutes"), 10)
        said.append(f"{percent:g}% of the traffic moves, and after {_time(pause)} the rest")
        waiting += pause
    else:
        said.append("all traffic moves at once")
    said.append(f"both stay for {_time(bake)}, then the old tasks stop" if bake else "the old tasks stop")
    name = {"BLUE_GREEN": "blue/green", "LINEAR": "linear", "CANARY": "canary"}.get(
        strategy, strategy.lower()
    )
    summary = f"{_tasks(running)} replaced, {name}"
    if waiting:
        summary += f", at least {_time(waiting)}"
    return Forecast(
        running,
        summary=summary,
        steps=tuple(said),
        waves=1,
        least=running,
        most=count + running,
        bake=waiting,
    )


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────


def _ends(settings: Data, count: int) -> list[str]:
    """What AWS does when it goes wrong."""
    found = []
    breaker = settings.get("deploymentCircuitBreaker") or {}
    if breaker.get("enable"):
        what = "AWS rolls back" if breaker.get("rollback") else "AWS stops the rollout, and leaves it there"
        found.append(f"{what} after {_tasks(_failures(breaker, count), 'failed task')}")
    alarms = settings.get("alarms") or {}
    if alarms.get("enable"):
        what = "rolls back" if alarms.get("rollback") else "stops the rollout"
        found.append(f"AWS {what} on an alarm of {', '.join(map(str, alarms.get('alarmNames') or ()))}")
    if not found:
        found.append("no circuit breaker and no alarm: AWS goes on trying when the new tasks fail")
    return found


def _failures(breaker: Data, count: int) -> int:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html"""
    rule = breaker.get("thresholdConfiguration") or {}
    kind, value = rule.get("type", "BOUNDED_PERCENT"), _number(rule.get("value"), 50)
    if kind == "COUNT":
        return value
    share = math.ceil(count * value / 100)
    return max(3, min(200, share)) if kind == "BOUNDED_PERCENT" else max(1, share)


def _pauses(settings: Data) -> list[str]:
    hooks = settings.get("lifecycleHooks") or ()
    stages = [
        stage.replace("_", " ").lower()
        for hook in hooks
        if hook.get("targetType") == "PAUSE"
        for stage in hook.get("lifecycleStages") or ()
    ]
    return [f"it pauses at {', '.join(stages)} until somebody lets it continue"] if stages else []


# ── how long it took ─────────────────────────────────────────────────────────────────────────────────────


class _Took(Loader[tuple[str, str], tuple[float, ...]]):
    """ListServiceDeployments, the newest that succeeded: one service in a call. Keys are (cluster, name)."""

    name = "ecs.ListServiceDeployments:took"
    batch = 1

    async def fetch(
        self, ctx: Context, keys: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[float, ...]]:
        found = {}
        for cluster, name in keys:
            answer = await ctx.read(
                "ecs",
                "ListServiceDeployments",
                cluster=cluster,
                service=name,
                status=["SUCCESSFUL"],
                maxResults=20,
            )
            ended = []
            for one in answer.get("serviceDeployments") or ():
                begun, over = seconds(one.get("startedAt")), seconds(one.get("finishedAt"))
                # A service's first deployment replaces nothing, but nothing in this list says which it is.
                if begun and over >= begun:
                    ended.append((over, over - begun))
            found[cluster, name] = tuple(took for _, took in sorted(ended, reverse=True)[:_LAST])
        return found


_LAST = 5
_TOOK = _Took()


async def durations(ctx: Context, at: Identity) -> Sequence[float]:
    """Seconds that AWS took for the last rollouts that succeeded, newest first."""
    cluster, _, name = at.id.partition("/")
    return await ctx.load(_TOOK, (cluster, name)) or ()


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────


def _number(value: Any, otherwise: int) -> int:
    return int(value) if isinstance(value, int | float) else otherwise


def _tasks(number: int, noun: str = "task") -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _time(seconds_: float) -> str:
    minutes = round(seconds_ / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
