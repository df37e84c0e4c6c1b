"""What is measured, as Prometheus reads it."""

from __future__ import annotations

import pytest
from prometheus_client.metrics_core import Metric

from apollo.web.bounded import OTHERS, Bounded
from tests.integration.world import World, git, service, task_definition
from tests.web.conftest import healthy, serving, until
from tests.web.rules import complaints, parsed

pytestmark = pytest.mark.anyio

CANARY = "c4n4ry-s3cr3t-v4lu3"


def files(image: str = "web:1", count: int = 2) -> dict[str, str | None]:
    secret = task_definition(image=image).replace('value: "2"', f'value: "{CANARY}"')
    return {"web/web.yaml": secret + "---" + service(count=count)}


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    """The sum of the samples of that name with these labels."""
    found = [
        one.value
        for family in families.values()
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    ]
    assert found, f"there is no {sample} with {labels}"
    return sum(found)


async def test_a_rollout_shows_in_every_metric_that_it_concerns(world: World) -> None:
    world.write(files())
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        sha = world.write(files("web:2"))
        await until(lambda: world.calls().count("UpdateService") == 1 and healthy(site.operator))
        await until(lambda: site.operator.watched()["stage"].loop.swept > 0)
        _, text = await site.get("/metrics")
        found = parsed(text)
        assert complaints(found.values()) == []
        assert CANARY not in text
        here = {"environment": "stage"}
        assert value(found, "apollo_build_info") == 1
        assert value(found, "apollo_instance_info", installation="apollo") == 1
        assert value(found, "apollo_loop_up", **here) == 1
        assert value(found, "apollo_ready", **here) == 1
        assert value(found, "apollo_commit_info", **here, commit=sha) == 1
        assert value(found, "apollo_reconcile_total", **here, kind="Service") >= 2
        assert value(found, "apollo_reconcile_duration_seconds_count", **here, kind="TaskDefinition") >= 2
        assert value(found, "apollo_reconcile_panics_total", **here) == 0
        assert value(found, "apollo_queue_depth", **here) >= 0
        assert value(found, "apollo_aws_requests_total", operation="UpdateService", code="OK") == 1
        assert value(found, "apollo_aws_rate_wait_seconds_count", lane="act") >= 4
        assert value(found, "apollo_git_fetch_total", **here, result="success") >= 2
        assert value(found, "apollo_sync_total", **here, app="web", phase="Succeeded") >= 2
        states = {"sync_status": "Synced", "health_status": "Healthy"}
        assert value(found, "apollo_app_info", **here, app="web", **states) == 1
        assert value(found, "apollo_resources", **here, app="web", kind="Service", **states) == 1
        assert value(found, "apollo_drift", **here, app="web", kind="Service") == 0
        assert value(found, "apollo_last_sweep_timestamp_seconds", **here) > 0
        assert value(found, "process_cpu_seconds_total") > 0


async def test_the_way_of_a_commit_is_measured_once_it_is_healthy(world: World) -> None:
    world.write(files())
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        _, text = await site.get("/metrics")
        # What was in git before the start may be weeks old, and says nothing.
        assert value(parsed(text), "apollo_commit_to_healthy_seconds_count", environment="stage") == 0
        world.write(files("web:2"))
        measured: list[float] = []
        site.operator.subscribe(
            measures=lambda one: measured.append(one.seconds) if hasattr(one, "commit") else None
        )
        await until(lambda: measured)
        _, text = await site.get("/metrics")
        assert value(parsed(text), "apollo_commit_to_healthy_seconds_count", environment="stage") == 1
        assert 0 < measured[0] < 3600


async def test_drift_is_counted_and_shown_while_it_lasts(world: World) -> None:
    world.configure(sync="{selfHeal: warn}")
    world.write(files())
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        world.aws.client("ecs").update_service(cluster="green", service="web", desiredCount=5)
        site.operator.look()

        def drifted() -> bool:
            rows = site.operator.live()["stage"].resources
            return any(row.reason == "Drifted" for row in rows)

        await until(drifted)
        found = parsed((await site.get("/metrics"))[1])
        assert value(found, "apollo_drift", environment="stage", app="web", kind="Service") == 1
        assert value(found, "apollo_drift_detected_total", environment="stage", kind="Service") >= 1


async def test_errors_of_aws_are_counted_by_their_code(world: World) -> None:
    world.aws.faults.add("ecs:CreateService", "access_denied")
    world.write(files())
    async with serving(world) as site:
        await until(lambda: "CreateService" in [one.operation for one in world.aws.requests])

        def failed() -> bool:
            rows = site.operator.live()["stage"].resources
            return any(row.reason == "AccessDenied" for row in rows)

        await until(failed)
        found = parsed((await site.get("/metrics"))[1])
        code = "AccessDeniedException"
        assert value(found, "apollo_aws_requests_total", operation="CreateService", code=code) == 1
        assert value(found, "apollo_sync_total", app="web", phase="Failed") == 1
        assert value(found, "apollo_reconcile_total", kind="Service", result="error") >= 1


async def test_a_commit_that_does_not_load_is_counted(world: World) -> None:
    world.write(files())
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        world.write(
            {"web/web.yaml": "apiVersion: apollo/v1\nkind: Service\nmetadata: {name: web}\nspec: {x: 1}\n"}
        )
        await until(lambda: git(world.repo, "rev-parse", "HEAD") == site.operator.live()["stage"].commit)
        found = parsed((await site.get("/metrics"))[1])
        assert value(found, "apollo_source_failures_total", environment="stage") >= 1


async def test_openmetrics_is_spoken_too(world: World) -> None:
    world.write(files())
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        _, text = await site.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
        assert text.endswith("# EOF\n")


def test_what_comes_from_outside_does_not_grow_without_end() -> None:
    bounded = Bounded(most=3)
    assert [bounded("stage", f"app{number}") for number in range(5)] == [
        "app0",
        "app1",
        "app2",
        OTHERS,
        OTHERS,
    ]
    assert bounded("stage", "app1") == "app1"
    assert bounded("prod", "app4") == "app4"
