"""A rollout by Apollo's operator, a bad image, a rollback and what other services see of it: told as JSON.

Run by test_determinism.py in processes of their own.
"""

import json
import os
import random
import sys
from pathlib import Path

import anyio

from apollo.testing import LocalAws
from tests.integration.world import ACCOUNT, World, service, task_definition


async def play(folder: Path, seed: int) -> dict[str, object]:
    with LocalAws(seed=seed, port=int(os.environ["PORT"])) as aws:
        os.environ.update(aws.env(account=ACCOUNT))
        world = World(folder, aws)
        sqs, events, logs = aws.client("sqs"), aws.client("events"), aws.client("logs")
        url = sqs.create_queue(QueueName="news")["QueueUrl"]
        events.put_rule(Name="ecs", EventPattern='{"source": ["aws.ecs"]}')
        arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:news"
        events.put_targets(Rule="ecs", Targets=[{"Id": "1", "Arn": arn}])
        logs.create_log_group(logGroupName="/web")
        aws.faults.add("ecs:Describe*", "throttle", probability=0.2)
        for image in ("web:1", "web:crash-2", "web:3"):
            files = {"web.yaml": task_definition(image=image) + "---" + service(taskDefinition="web")}
            world.write(files)
            await world.apply()
            aws.settle()
        aws.faults.clear()
        heard = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        return {
            # Apollo's user agent has the random id of its run.
            "log": [request.as_dict() | {"user_agent": ""} for request in aws.requests],
            "state": aws.state(),
            "heard": [message["Body"] for message in heard],
        }


def one_after_another() -> None:
    """The client, too, has to be the same twice: it asks in an order, and waits without a dice of its own."""
    limiter, dice = anyio.CapacityLimiter, random.Random
    anyio.CapacityLimiter = lambda total: limiter(1)  # type: ignore[assignment,misc]

    class Seeded(dice):
        def __init__(self, seed: object = None) -> None:
            super().__init__(0 if seed is None else seed)  # type: ignore[arg-type]

    random.Random = Seeded  # type: ignore[misc]


if __name__ == "__main__":
    one_after_another()
    print(json.dumps(anyio.run(play, Path(sys.argv[1]), int(sys.argv[2]))))
