"""ExecuteCommand: a session on a container that nobody listens to."""

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Json
from apollo.testing.services.ecs.task_view import view
from apollo.testing.services.ecs.tasks import find
from apollo.testing.world import Call


def execute(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html

    TargetNotConnectedException: the container does not run (yet, or any more).
    """
    p = call.params
    cluster = ecs.cluster(p.get("cluster"))
    task = find(ecs, cluster, p["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    if not p["interactive"]:
        # "Amazon ECS only supports initiating interactive sessions"
        raise invalid("Interactive is the only mode supported currently.")
    if not task.launch["enableExecuteCommand"]:
        raise invalid(
            "The execute command failed because execute command was not enabled when the task was run or the "
            "execute command agent isn't running. Wait and try again or run a new task with execute command "
            "enabled and try again."
        )
    containers = {one["name"]: one for one in view(ecs, task, tags=False)["containers"]}
    name = p.get("container") or (next(iter(containers)) if len(containers) == 1 else None)
    if name not in containers:
        # "A container name only needs to be specified for tasks containing multiple containers."
        raise invalid("Unable to start new execute sessions: the container name is missing or unknown.")
    if containers[name]["lastStatus"] != "RUNNING":
        raise ApiError(
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
        )
    session = f"ecs-execute-command-{ecs.world.ids.short(26).lower()}"
    return {
        "clusterArn": cluster.arn,
        "taskArn": task.arn,
        "containerArn": containers[name]["containerArn"],
        "containerName": name,
        "interactive": True,
        "session": {
            "sessionId": session,
            "streamUrl": f"wss://ssmmessages.{ecs.region}.amazonaws.com/v1/data-channel/{session}",
            "tokenValue": ecs.world.ids.short(64),
        },
    }
