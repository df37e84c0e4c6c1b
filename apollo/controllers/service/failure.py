"""Why a deployment failed, in words: AWS's own reason, what the tasks died of, what the service said.

Read only for deployments that AWS has given up, once each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from apollo.api import Context, Loader
from apollo.controllers.service.seen import Deployment, seconds

__all__ = ["FAILURES", "FailedDeployment"]

_TASKS = 20
_REASONS = 3
_EVENTS = 2
_LENGTH = 300
# Events that only tell what ECS did; the others say why.
_ROUTINE = (
    "has reached a steady state",
    "has started",
    "has stopped",
    "has begun",
    ") stopped ",
    ") registered ",
    ") deregistered ",
    "AZ balanced",
    "deployment completed",
    "rolling back to",
    "deployment failed: tasks failed to start",  # the stopped tasks say why
)


@frozen
class FailedDeployment:
    """Asks for the causes of what AWS gave up. ``task_definition``: the ARN it was to run."""

    cluster: str
    service: str
    deployment: Deployment = field(eq=lambda deployment: (deployment.arn, deployment.status))
    task_definition: str = ""


class Failures(Loader[FailedDeployment, str]):
    """ListTasks, DescribeTasks and the events of one service."""

    name = "ecs.failures"
    batch = 1

    def immutable(self, key: FailedDeployment, value: str) -> bool:
        return key.deployment.final

    async def fetch(self, ctx: Context, keys: Sequence[FailedDeployment]) -> Mapping[FailedDeployment, str]:
        return {key: await _explain(ctx, key) for key in keys}


FAILURES = Failures()


async def _explain(ctx: Context, failed: FailedDeployment) -> str:
    parts = [failed.deployment.reason.rstrip(".")] if failed.deployment.reason else []
    parts += _task_reasons(await _stopped(ctx, failed), failed.task_definition)
    answer = await ctx.read("ecs", "DescribeServices", cluster=failed.cluster, services=[failed.service])
    for service in (answer.get("services") or ())[:1]:
        parts += _complaints(service.get("events") or (), failed)
    return "; ".join(dict.fromkeys(part[:_LENGTH] for part in parts if part))


async def _stopped(ctx: Context, failed: FailedDeployment) -> Sequence[Mapping[str, Any]]:
    """The newest stopped tasks of the service; ECS forgets them after an hour."""
    page = await ctx.read(
        "ecs",
        "ListTasks",
        cluster=failed.cluster,
        serviceName=failed.service,
        desiredStatus="STOPPED",
        maxResults=100,
    )
    arns = page.get("taskArns") or []
    if not arns:
        return ()
    answer = await ctx.read("ecs", "DescribeTasks", cluster=failed.cluster, tasks=list(arns))
    tasks: list[Mapping[str, Any]] = list(answer.get("tasks") or ())
    return sorted(tasks, key=lambda task: seconds(task.get("stoppedAt")), reverse=True)


def _task_reasons(tasks: Iterable[Mapping[str, Any]], task_definition: str) -> list[str]:
    """``app exited with 1: Essential container in task exited (3 tasks)``, the most frequent first."""
    of_it = [task for task in tasks if task.get("taskDefinitionArn") == task_definition]
    # Tasks that ECS itself stopped to go back say nothing about the cause.
    died = [task for task in of_it if not str(task.get("stoppedReason") or "").startswith("Scaling activity")]
    said = Counter(_task_reason(task) for task in died[:_TASKS])
    return [
        text + (f" ({count} tasks)" if count > 1 else "")
        for text, count in said.most_common(_REASONS)
        if text
    ]


def _task_reason(task: Mapping[str, Any]) -> str:
    reason = str(task.get("stoppedReason") or "")
    exits = _exits(task)
    return f"{', '.join(exits)}: {reason}" if exits and reason else reason or ", ".join(exits)


def _exits(task: Mapping[str, Any]) -> list[str]:
    found = []
    for container in task.get("containers") or ():
        name, code, why = container.get("name"), container.get("exitCode"), container.get("reason")
        if code:
            found.append(f"{name} exited with {code}" + (f" ({why})" if why else ""))
        elif why and why not in str(task.get("stoppedReason") or ""):
            found.append(f"{name}: {why}")
    return found


def _complaints(events: Iterable[Mapping[str, Any]], failed: FailedDeployment) -> list[str]:
    """The newest events since the deployment began that say more than what ECS did."""
    said: dict[str, None] = {}
    for event in events:
        text = str(event.get("message") or "")
        if failed.deployment.created and seconds(event.get("createdAt")) < failed.deployment.created:
            continue
        if text and not any(word in text for word in _ROUTINE):
            said[text.removeprefix(f"(service {failed.service}) ").rstrip(".")] = None
    return list(said)[:_EVENTS]
