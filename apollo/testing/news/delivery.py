"""Where the news go: to the rules of EventBridge, and to the log groups of containers."""

import contextlib
import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.testing.news.shapes import Event
    from apollo.testing.services.ecs.region import Region
    from apollo.testing.services.ecs.state import Task, TaskDefinition
    from apollo.testing.world import World

Json = dict[str, Any]

MISSING_GROUP = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
    "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
    "exist. : exit status 1"
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html"""


def deliver(world: "World", event: "Event", at: float) -> None:
    """Give an event to the rules of the default bus in its account and region.

    What a target that is gone or is not simulated would get is lost.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html
    """
    if "events" not in world.moto.used:
        return
    with world.moto.inside():
        bus = world.moto.backend("events", event["account"], event["region"]).event_buses.get("default")
        for rule in list(bus.rules.values()) if bus is not None else []:
            if not getattr(rule, "state", "ENABLED").startswith("ENABLED"):
                continue
            if not rule.event_pattern.get_pattern():
                continue  # it has a schedule only
            for target in rule.targets:
                alone = copy.copy(rule)  # with one target, so that none stands in the way of the others
                alone.targets = [target]
                told = {**event, "time": at}
                transformed = "InputTransformer" in target
                if transformed:
                    told["ingestion-time"] = at
                with contextlib.suppress(Exception):
                    alone.send_to_targets(told, transform_input=transformed)


def awslogs(definition: "TaskDefinition") -> list[tuple[str, Json]]:
    """The containers that log to CloudWatch Logs, with their options."""
    found = []
    for container in definition.containers:
        logging = container.get("logConfiguration", {})
        options = logging.get("options", {})
        if logging.get("logDriver") == "awslogs" and "awslogs-group" in options:
            found.append((container["name"], options))
    return found


def lacks_log_group(ecs: "Region", definition: "TaskDefinition") -> bool:
    """Whether a task cannot start for want of a log group.

    On AWS it never can: the awslogs driver makes the group only with `awslogs-create-group`. Here it is held
    against a task only where somebody has made log groups in that account and region, so that who does not
    care for logs need not make any.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    if "logs" not in ecs.world.moto.used:
        return False
    for _, options in awslogs(definition):
        with ecs.world.moto.inside():
            groups = ecs.world.moto.backend("logs", ecs.account, _region(ecs, options)).groups
            create = str(options.get("awslogs-create-group", "false")).lower() == "true"
            if groups and options["awslogs-group"] not in groups and not create:
                return True
    return False


def write_logs(world: "World", ecs: "Region", task: "Task", at: float, status: str) -> None:
    """What the containers of a task write when it begins to run, and when it ends.

    The stream is prefix/container/task-id; without a prefix there is none that could be foreseen.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    if "logs" not in world.moto.used:
        return
    begun = task.running_at if task.running_at < task.stop_at else task.activating_at
    for name, options in awslogs(task.definition):
        lines: list[tuple[float, str]] = []
        if status == "RUNNING" or (status == "STOPPED" and begun != task.running_at and begun < task.stop_at):
            lines.append((begun, f"{name} started"))
        if status == "STOPPED" and begun < task.stop_at:
            lines.extend((task.deprovisioning_at, line) for line in _last_words(task, name))
        if lines and "awslogs-stream-prefix" in options:
            _put(world, ecs, task, name, options, lines)


def _last_words(task: "Task", name: str) -> list[str]:
    said = []
    if task.unhealthy and name == task.culprit:
        said.append(f"{name} does not answer its health check")
    code = task.exit_code if task.exit_code is not None else 0
    if task.stop_code == "EssentialContainerExited" and name != task.culprit:
        code = 0
    if task.stop_code != "EssentialContainerExited":
        said.append(f"{name} received SIGTERM")
    return [*said, f"{name} exited with code {code}"]


def _put(
    world: "World", ecs: "Region", task: "Task", name: str, options: Json, lines: list[tuple[float, str]]
) -> None:
    group, stream = options["awslogs-group"], f"{options['awslogs-stream-prefix']}/{name}/{task.id}"
    with world.moto.inside():
        logs: Any = world.moto.backend("logs", ecs.account, _region(ecs, options))
        if group not in logs.groups:
            if str(options.get("awslogs-create-group", "false")).lower() != "true":
                return
            logs.create_log_group(group, {})
        logs.ensure_log_stream(group, stream)
        logs.put_log_events(
            group, stream, [{"timestamp": int(at * 1000), "message": line} for at, line in lines]
        )


def _region(ecs: "Region", options: Json) -> str:
    return str(options.get("awslogs-region", ecs.region))
