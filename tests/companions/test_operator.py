"""The running operator with kinds of other packages: all is brought about, mended and taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.companions.test_target_group_and_cluster import (
    CLUSTER,
    ONE,
    cluster,
    groups,
    listener,
    target_group,
    together,
)
from tests.integration.test_operator import SPEED, healthy, running, until
from tests.integration.world import ACCOUNT, World, local_world

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


async def test_a_whole_application_comes_stays_and_goes(world: World) -> None:
    at = listener(world)
    world.configure(sync="{prune: true, maxPrune: 100%}")
    file = world.folder / "apollo.yaml"
    file.write_text(file.read_text().replace("cluster: green", "cluster: blue"))
    text = "---".join([together(at), CLUSTER, target_group(healthCheckPath="/live")])
    keys = ("Cluster/blue", "TargetGroup/web", "ListenerRule/web", "Service/web")
    world.write({"web/web.yaml": text, "other/a.yaml": ONE})
    async with running(world) as operator:
        await until(lambda: healthy(operator, *keys), 60)
        assert cluster(world)["activeServicesCount"] == 1
        elb = world.aws.client("elbv2", account=ACCOUNT)
        arn = groups(world)["web"]["TargetGroupArn"]
        elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/by-hand")
        await until(lambda: groups(world)["web"]["HealthCheckPath"] == "/live", 60)
        world.write({"web/web.yaml": None})
        await until(lambda: cluster(world) is None and not groups(world), 90)
