"""The local AWS in its own process, without sockets: what the `local_…` benchmarks run, and print as JSON.

`python -m benchmarks.local_world rollout SERVICES STRATEGY`: every service rolls out a new task definition.
`python -m benchmarks.local_world idle SERVICES SECONDS`: a long time passes over services, some of whose
tasks end again and again, in ten equal parts; what each cost.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from typing import Any

from apollo.testing import LocalAws
from apollo.testing.dispatch import Dispatcher
from apollo.testing.http import HttpRequest

Json = dict[str, Any]
_SCOPE = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/ecs/aws4_request"
_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}}


class Bare:
    """Requests as the server hands them on, one after another."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self._dispatcher = Dispatcher(aws.world)

    def ecs(self, operation: str, **given: Any) -> Json:
        headers = {
            "x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}",
            "content-type": "application/x-amz-json-1.1",
            "authorization": _SCOPE,
        }
        reply = self._dispatcher.handle(HttpRequest("POST", "/", headers, json.dumps(given).encode()))
        answer: Json = json.loads(reply.body)
        if reply.status != 200:
            raise RuntimeError(f"{operation}: {answer}")
        return answer

    def stage(self, services: int, tasks: int, strategy: str) -> None:
        """Services of so many tasks, which are running."""
        self.ecs("CreateCluster", clusterName="green")
        for image in ("web:1", "web:2"):
            self.ecs(
                "RegisterTaskDefinition",
                family="web",
                cpu="256",
                memory="512",
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                containerDefinitions=[{"name": "app", "image": image}],
            )
        for number in range(services):
            self.ecs(
                "CreateService",
                cluster="green",
                serviceName=f"s{number}",
                taskDefinition="web:1",
                desiredCount=tasks,
                launchType="FARGATE",
                networkConfiguration=_NETWORK,
                deploymentConfiguration={"strategy": strategy},
            )
        self.aws.settle()


def size(aws: LocalAws) -> Json:
    """What is kept: planned moments, tasks, events and requests, all regions together."""
    found = {"planned": len(aws.world._coming), "tasks": 0, "events": 0, "requests": len(list(aws.world.log))}
    for (service, _, _), backend in aws.world.backends.items():
        if service == "ecs":
            ecs: Any = backend
            found["tasks"] += len(ecs.tasks)
            found["events"] += sum(len(s.events) for c in ecs.clusters.values() for s in c.services.values())
    return found


def rollout(services: int, strategy: str) -> Json:
    aws = LocalAws()
    bare = Bare(aws)
    begin = time.process_time()
    bare.stage(services, 2, strategy)
    staged = time.process_time()
    for number in range(services):
        bare.ecs("UpdateService", cluster="green", service=f"s{number}", taskDefinition="web:2")
    aws.settle()
    done = time.process_time()
    names = [f"s{number}" for number in range(services)]
    for at in range(0, services, 10):
        for found in bare.ecs("DescribeServices", cluster="green", services=names[at : at + 10])["services"]:
            [only] = found["deployments"]
            if (only["rolloutState"], found["runningCount"]) != ("COMPLETED", 2):
                raise RuntimeError(f"{found['serviceName']} is not over: {only}")
    return {"create": staged - begin, "rollout": done - staged, "peak": _peak(), **size(aws)}


def idle(services: int, seconds: float) -> Json:
    """Time passes over services of which every hundredth has a task that ends every hour."""
    aws = LocalAws()
    bare = Bare(aws)
    bare.stage(services, 1, "ROLLING")
    aws.scenarios.add("web:2", "exit", after=3600)
    for number in range(0, services, 100):
        bare.ecs("UpdateService", cluster="green", service=f"s{number}", taskDefinition="web:2")
    parts = []
    for _ in range(10):
        begin = time.process_time()
        aws.advance(seconds / 10)
        for backend in list(aws.world.backends.values()):
            backend.step()
        used = time.process_time() - begin
        gc.collect()
        parts.append({"cpu": used, "objects": len(gc.get_objects()), "peak": _peak(), **size(aws)})
    return {"parts": parts}


def _peak() -> float:
    """MB of memory, at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    what, count, how = sys.argv[1:]
    answer = rollout(int(count), how) if what == "rollout" else idle(int(count), float(how))
    json.dump(answer, sys.stdout)
