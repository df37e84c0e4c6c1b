"""Alive is who moves; ready is who can do something."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack

import anyio
import pytest

from apollo import web
from apollo.errors import ApolloError
from apollo.operator.watch import ALIVE
from apollo.source import Commit, GitSource
from apollo.web.server import bind
from tests.integration.world import World, git, service, task_definition
from tests.web.conftest import healthy, serving, until

pytestmark = pytest.mark.anyio

WEB: dict[str, str | None] = {"web/web.yaml": task_definition() + "---" + service()}


async def test_who_serves_is_alive_and_ready(world: World) -> None:
    world.write(WEB)
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        assert await site.get("/livez") == (
            200,
            '{"ok":true,"environments":{"stage":{"ok":true,"message":""}}}',
        )
        assert (await site.get("/readyz"))[0] == 200
        assert (await site.get("/other"))[0] == 404


async def test_who_only_holds_on_keeps_nobody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apollo.web.connection.MOST", 5)
    world.write(WEB)
    async with serving(world) as site, AsyncExitStack() as stack:
        host, port = site.address.split(":")
        for _ in range(12):
            held = await stack.enter_async_context(await anyio.connect_tcp(host, int(port)))
            await held.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert (await site.get("/livez"))[0] == 200
        assert (await site.get("/metrics"))[0] == 200


@pytest.mark.parametrize("begun", [b"", b"GET /livez HTTP/1.1\r\nHo"])
async def test_who_does_not_ask_in_time_is_left(
    world: World, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apollo.web.connection.SECONDS", 0.1)
    async with serving(world) as site:
        host, port = site.address.split(":")
        async with await anyio.connect_tcp(host, int(port)) as held:
            await held.send(begun)
            with anyio.fail_after(20), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await held.receive()


async def test_an_idle_loop_stays_alive(world: World) -> None:
    world.configure(sync="{resync: 24h}")
    world.write(WEB)
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        watch = site.operator.watched()["stage"]
        began = watch.clock.monotonic()
        await until(lambda: watch.clock.monotonic() - began > 3 * ALIVE)
        assert watch.alive
        assert (await site.get("/livez"))[0] == 200


async def test_expired_credentials_are_told_and_pass(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write(WEB)
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        fault = world.aws.faults.add("*", "expired_token")
        world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
        await until(lambda: not healthy(site.operator))
        assert (await site.get("/readyz"))[0] == 503
        assert (await site.get("/livez"))[0] == 200
        world.aws.faults.remove(fault)
        await until(lambda: healthy(site.operator))
        assert (await site.get("/readyz"))[0] == 200
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_git_that_hangs_from_the_start_does_not_hold_up_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = GitSource.refresh

    async def hangs(self: GitSource, accepted: str | None = None) -> Commit:
        if self._source.branch == "prod":
            await anyio.sleep_forever()
        return await refresh(self, accepted)

    monkeypatch.setattr(GitSource, "refresh", hangs)
    world.configure(environments=("stage", "prod"))
    world.write(WEB)
    with anyio.fail_after(20):
        async with serving(world) as site:
            await until(lambda: healthy(site.operator))
            assert json.loads((await site.get("/readyz"))[1])["environments"]["prod"]["ok"] is False


async def test_a_loop_that_does_not_move_is_dead_and_says_which(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    world.write(WEB)
    git(world.repo, "branch", "prod")
    async with serving(world) as site:
        begun = site.operator.watched
        await until(lambda: len(begun()) == 2 and all(one.loop.beat for one in begun().values()))
        watch = begun()["prod"]
        watch.loop.scheduler.stop()  # as if its task had ended
        await until(lambda: not watch.alive)
        status, text = await site.get("/livez")
        assert status == 503
        told = json.loads(text)["environments"]
        assert (told["stage"]["ok"], told["prod"]["ok"]) == (True, False)


async def test_without_aws_it_is_alive_and_not_ready(world: World) -> None:
    world.write(WEB)
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        world.aws.faults.add("*", "error", code="ServiceUnavailableException", status=503, times=100_000)
        site.operator.look()
        await until(lambda: site.operator.watched()["stage"].unanswered)
        status, text = await site.get("/readyz")
        assert (status, json.loads(text)["environments"]["stage"]["message"]) == (503, "AWS does not answer")
        assert (await site.get("/livez"))[0] == 200
        world.aws.faults.clear()
        site.operator.look()
        await until(lambda: not site.operator.watched()["stage"].unanswered)
        assert (await site.get("/readyz"))[0] == 200


async def test_without_git_it_is_alive_and_not_ready(world: World) -> None:
    async with serving(world) as site:  # the branch has no commit yet
        await until(lambda: "stage" in site.operator.watched())
        await until(lambda: site.operator.watched()["stage"].loop.message)
        status, _ = await site.get("/readyz")
        assert status == 503
        assert (await site.get("/livez"))[0] == 200
        world.write(WEB)
        await until(lambda: healthy(site.operator))
        assert (await site.get("/readyz"))[0] == 200


async def test_it_answers_until_the_last_call_is_answered_and_not_longer(world: World) -> None:
    world.write(WEB)
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
    with pytest.raises(OSError, match="refused"):
        await site.get("/livez")


async def test_a_program_may_mount_it(world: World) -> None:
    """In a foreign application, below a path of its own."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    world.write(WEB)
    async with world.operator() as operator:
        host = Starlette(routes=[Mount("/apollo", web.app(operator))])
        sent = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: object) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": "/apollo/livez", "raw_path": b"/apollo/livez",
            "query_string": b"", "headers": [], "root_path": "", "http_version": "1.1", "scheme": "http",
        }  # fmt: skip
        await host(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 200  # type: ignore[index]


def test_an_address_that_is_taken_is_a_clear_error() -> None:
    taken = bind("127.0.0.1:0")
    host, port = taken.getsockname()
    with pytest.raises(ApolloError, match=r"cannot listen on 127\.0\.0\.1") as caught:
        web.serve(f"{host}:{port}")
    assert caught.value.code == "APO-WEB-002"
    taken.close()
    for bad in ("8080", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"):
        with pytest.raises(ApolloError, match="HOST:PORT is expected"):
            web.serve(bad)


def test_without_its_extra_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [one for one in sys.modules if one.startswith("apollo.web.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ApolloError) as caught:
        _ = web.serve
    assert caught.value.code == "APO-WEB-001"
    assert "apollo-ecs[web]" in caught.value.hint
