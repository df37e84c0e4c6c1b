"""Apollo as a task of a service that it keeps itself."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import anyio
import pytest

from apollo.operator import Operator
from apollo.operator.home import VARIABLE, Home, find_home
from tests.integration.world import ACCOUNT, World, git, local_world, service, task_definition
from tests.virtual import ScaledClock

pytestmark = pytest.mark.anyio

SPEED = 60.0
TASK = {
    "Cluster": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/green",
    "TaskARN": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task/green/0123456789abcdef0123456789abcdef",
    "ServiceName": "apollo",
    "Family": "apollo",
    "Revision": "1",
    "LaunchType": "FARGATE",
}


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The task metadata endpoint; the paths that were asked for."""
    asked: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(TASK).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{server.server_port}/v4/abc")
    yield asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: list[str]) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


@asynccontextmanager
async def running(world: World) -> AsyncIterator[Operator]:
    async with world.operator(clock=ScaledClock(SPEED)) as operator, anyio.create_task_group() as tasks:
        await tasks.start(operator.run)
        yield operator
        operator.stop()


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens outside of this loop
            await anyio.sleep(0.02)


def synced(operator: Operator, *names: str) -> bool:
    rows = {str(row.key): row.sync for row in operator.live()["stage"].resources}
    return all(rows.get(name) == "Synced" for name in names)


def both(image: str) -> dict[str, str | None]:
    """Apollo's own service in one app, and three others."""
    apps = {"apollo": "apollo", "b": "zebra", "c": "ant", "d": "bee"}
    return {
        f"{app}/{name}.yaml": task_definition(name, image=image) + "---" + service(name, count=1)
        for app, name in apps.items()
    }


def test_an_identity_is_its_own_only_in_its_own_place() -> None:
    from apollo.api import Identity

    home = Home("green", TASK["TaskARN"], "apollo", "apollo", "7")
    mine = Identity("ecs:service", "green/apollo")
    assert home.is_part_of(mine, "eu-west-1", ACCOUNT)
    assert not home.is_part_of(mine, "us-east-1", ACCOUNT)
    assert not home.is_part_of(mine, "eu-west-1", "210987654321")
    assert not home.is_part_of(Identity("ecs:service", "blue/apollo"), "eu-west-1", ACCOUNT)
    revision = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/apollo:"
    assert home.is_part_of(Identity("ecs:task-definition", revision + "7"), "eu-west-1", ACCOUNT)
    assert not home.is_part_of(Identity("ecs:task-definition", revision + "6"), "eu-west-1", ACCOUNT)
    assert home.is_part_of(Identity("ecs:cluster", "green"), "eu-west-1", None)


async def test_outside_of_ecs_there_is_no_home() -> None:
    assert await find_home({}) is None
    assert await find_home({VARIABLE: "http://127.0.0.1:9/v4/x"}) is None


async def test_it_knows_where_it_runs(world: World, metadata: list[str]) -> None:
    world.write(both("web:1"))
    async with running(world) as operator:
        assert operator.home == Home("green", TASK["TaskARN"], "apollo", "apollo", "1")
    assert metadata == ["/v4/abc/task"]


async def test_its_own_service_is_changed_last_and_nothing_is_sent_after_it(world: World) -> None:
    world.write(both("web:1"))
    names = ("Service/apollo", "Service/zebra", "Service/ant", "Service/bee")
    async with running(world) as operator:
        await until(lambda: synced(operator, *names))
        await until(lambda: world.services()["apollo"]["runningCount"] == 1)
        world.aws.clear()
        world.write(both("web:2"))
        await until(lambda: sum(call == "UpdateService" for call in world.calls()) == 4)
        world.write(both("web:3"))  # what comes now is the successor's
        before = len(world.calls())
        await until(lambda: operator.live()["stage"].commit != "" and len(operator.live()) == 1)
        await anyio.sleep(60 / SPEED)
        assert world.calls()[before:] == []
        updated = [
            str(request.params["service"])
            for request in world.aws.mutations()
            if request.operation == "UpdateService"
        ]
    assert updated[-1].endswith("apollo")
    async with running(world) as successor:
        await until(lambda: sum(call == "UpdateService" for call in world.calls()) == 8)
        await until(lambda: synced(successor, "Service/zebra", "Service/ant", "Service/bee"))


async def test_the_plan_of_a_single_pass_has_it_last_too(world: World) -> None:
    world.write(both("web:1"))
    async with world.operator(clock=ScaledClock(SPEED)) as operator:
        await operator.run(once=True)
    made = [str(r.params["serviceName"]) for r in world.aws.mutations() if r.operation == "CreateService"]
    assert made[-1] == "apollo"


async def test_what_it_runs_on_is_not_deleted_unless_somebody_says_so(world: World) -> None:
    world.configure(sync="{prune: true, maxPrune: 100%}")
    world.write(both("web:1"))
    async with running(world) as operator:
        await until(lambda: synced(operator, "Service/apollo", "Service/zebra"))
        world.write({"apollo/apollo.yaml": None, "b/zebra.yaml": None})
        await until(lambda: "zebra" not in world.services())

        def held() -> bool:
            rows = {str(row.key): row.reason for row in operator.live()["stage"].resources}
            return rows.get("Service/apollo") == "SelfDestruct"

        await until(held)
        assert "apollo" in world.services()
        assert world.services()["apollo"]["status"] == "ACTIVE"


async def test_it_does_not_scale_itself_to_nothing(world: World) -> None:
    world.write(both("web:1"))
    async with running(world) as operator:
        await until(lambda: synced(operator, "Service/apollo"))
        world.write(
            {"apollo/apollo.yaml": task_definition("apollo", image="web:1") + "---" + service("apollo", 0)}
        )

        def held() -> bool:
            rows = {str(row.key): row.reason for row in operator.live()["stage"].resources}
            return rows.get("Service/apollo") == "SelfDestruct"

        await until(held)
        assert world.services()["apollo"]["desiredCount"] == 1


async def test_its_other_environments_send_nothing_either_while_the_successor_comes(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    config = world.folder / "apollo.yaml"
    first, second = config.read_text().split("---")
    config.write_text(first + "---" + second.replace("cluster: green", "cluster: blue"))
    world.aws.client("ecs").create_cluster(clusterName="blue")
    world.write(both("web:1"))
    git(world.repo, "branch", "prod")

    def updated(cluster: str) -> int:
        return sum(
            request.operation == "UpdateService" and request.params.get("cluster") == cluster
            for request in world.aws.mutations()
        )

    async with running(world) as operator:
        await until(lambda: synced(operator, "Service/apollo", "Service/ant"))
        await until(lambda: operator.live()["prod"].sync == "Synced")
        world.write(both("web:2"))
        await until(lambda: any("apollo" in str(one.params.get("service")) for one in world.aws.mutations()))
        await until(lambda: updated("green") == 4)
        git(world.repo, "branch", "--force", "prod", "stage")
        await until(lambda: operator.live()["prod"].sync == "OutOfSync")
        await anyio.sleep(30 / SPEED)
        assert updated("blue") == 0
    async with running(world):
        await until(lambda: updated("blue") == 4)
