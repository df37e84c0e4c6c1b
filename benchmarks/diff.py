"""What one resource costs: parsing its file, comparing it with what AWS answers, its digest."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

from apollo.api import HASH_TAG, OWNER_TAG, Env, Resource, evolve
from apollo.compare import digest
from apollo.controllers.service import ServiceController
from apollo.controllers.service.seen import project
from apollo.manifest import Tree
from apollo.plugins import Registry
from apollo.settings import Environment
from benchmarks.harness import Row
from benchmarks.world import ACCOUNT, manifest

__all__ = ["run"]

_ARN = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"


def run(tiny: bool) -> Iterator[Row]:
    registry = Registry()
    tree = Tree(Environment(name="stage"), "apollo", registry, root="apps")
    files = {f"apps/web/m{at}.yaml": manifest(f"web-{at}") for at in range(2 if tiny else 200)}
    tree.update("0", {"apps/web/first.yaml": manifest("first")})  # the kinds are loaded, the schemas built
    took = process_time()
    snapshot = tree.update("1", files)
    took = process_time() - took
    yield Row("", "parse a file of two resources", took / len(files) * 1e3, "ms")

    want = next(one for one in snapshot.resources.values() if one.key.kind == "Service")
    want = evolve(want, env=Env("stage", "apollo", "eu-west-1", ACCOUNT, "green"))
    want = _resolved(want)
    controller = registry.get("Service")
    assert isinstance(controller, ServiceController)
    seen = project(_live(want), "green")
    steps = controller.diff(want, seen)
    if steps:
        raise RuntimeError(f"the canned service is not equal: {[step.changes for step in steps]}")
    yield Row("", "diff of an unchanged service", _micro(lambda: controller.diff(want, seen), tiny), "µs")
    live = _live(want)
    yield Row("", "projection of a service's answer", _micro(lambda: project(live, "green"), tiny), "µs")
    spec = want.spec.declared()
    yield Row("", "declared() of a service", _micro(want.spec.declared, tiny), "µs")
    yield Row("", "digest of a service", _micro(lambda: digest(spec), tiny), "µs")


def _resolved(want: Resource[Any]) -> Resource[Any]:
    spec = want.spec.model_copy(update={"taskDefinition": f"{_ARN}:task-definition/{want.key.name}:1"})
    return evolve(want, spec=spec)


def _live(want: Resource[Any]) -> dict[str, Any]:
    """The service as DescribeServices answers it, with what AWS adds."""
    spec = want.spec.declared()
    name = spec.pop("serviceName")
    tags = {**want.tags, HASH_TAG: "x"}
    tags[OWNER_TAG] = want.owner
    return {
        **spec,
        "serviceName": name,
        "serviceArn": f"{_ARN}:service/green/{name}",
        "clusterArn": f"{_ARN}:cluster/green",
        "status": "ACTIVE",
        "runningCount": 2,
        "pendingCount": 0,
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
        "deployments": [
            {
                "id": "ecs-svc/1",
                "status": "PRIMARY",
                "taskDefinition": spec["taskDefinition"],
                "desiredCount": 2,
                "runningCount": 2,
                "pendingCount": 0,
                "failedTasks": 0,
                "launchType": "FARGATE",
                "rolloutState": "COMPLETED",
            }
        ],
        "events": [{"id": str(at), "message": f"(service {name}) steady state."} for at in range(100)],
    }


def _micro(work: Callable[[], object], tiny: bool) -> float:
    """µs of CPU for one call: the median of seven batches."""
    count = 2 if tiny else 300
    taken = []
    for _ in range(7):
        begin = process_time()
        for _ in range(count):
            work()
        taken.append((process_time() - begin) / count * 1e6)
    return statistics.median(taken)
