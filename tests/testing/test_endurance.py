"""A long time costs what happens in it, and leaves nothing behind."""

import gc
from typing import Any

from apollo.testing import LocalAws
from tests.testing.conftest import NETWORK, Json

SERVICES = 60


def _definition(family: str) -> Json:
    return {
        "family": family,
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "app", "image": f"{family}:1"}],
    }


def _sizes(aws: LocalAws) -> Json:
    ecs: Any = aws.world.backends["ecs", "123456789012", "eu-west-1"]
    services = [service for cluster in ecs.clusters.values() for service in cluster.services.values()]
    gc.collect()
    return {
        "planned": len(aws.world._coming),
        "tasks": len(ecs.tasks),
        "stopped": len(ecs.stopped),
        "events": sum(len(service.events) for service in services),
        "deployments": sum(len(service.deployments) for service in services),
        "requests": len(list(aws.world.log)),
        "objects": len(gc.get_objects()),
    }


def test_a_million_seconds_leave_nothing_behind() -> None:
    """Services at rest, one whose tasks end every hour, and one whose deployment never succeeds."""
    with LocalAws(seed=3) as aws:
        ecs = aws.client("ecs")
        ecs.create_cluster(clusterName="green")
        for family in ("web", "hourly", "broken"):
            ecs.register_task_definition(**_definition(family))
        aws.scenarios.add("hourly:*", "exit", after=3600)
        aws.scenarios.add("broken:*", "crash")
        for number in range(SERVICES):
            ecs.create_service(
                cluster="green",
                serviceName=f"s{number}",
                taskDefinition=("hourly", "broken")[number] if number < 2 else "web",
                desiredCount=1,
                launchType="FARGATE",
                networkConfiguration=NETWORK,
            )
        sizes = []
        for _ in range(10):
            aws.advance(100_000)
            aws.snapshot()
            sizes.append(_sizes(aws))
        # A hundred events for a service and an hour of stopped tasks are kept; both are full by now.
        for name in sizes[0]:
            assert sizes[9][name] <= sizes[4][name] * 1.01 + 30, (name, [size[name] for size in sizes])


def test_nothing_is_looked_at_while_nothing_happens() -> None:
    """The scheduler sleeps until the next thing to happen; a service at rest has none."""
    with LocalAws(seed=3) as aws:
        ecs = aws.client("ecs")
        ecs.create_cluster(clusterName="green")
        ecs.register_task_definition(**_definition("web"))
        for number in range(SERVICES):
            ecs.create_service(
                cluster="green",
                serviceName=f"s{number}",
                taskDefinition="web",
                desiredCount=1,
                launchType="FARGATE",
                networkConfiguration=NETWORK,
            )
        aws.settle()
        state: Any = aws.world.backends["ecs", "123456789012", "eu-west-1"]
        before = [service.version for service in state.clusters["green"].services.values()]
        assert state.next_event() is None
        aws.advance(1_000_000)
        aws.snapshot()
        assert [service.version for service in state.clusters["green"].services.values()] == before
