"""Apollo for scripts: plain functions that plan, apply and look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import apollo
from apollo import ApolloError
from apollo.manifest import load_settings
from tests.integration.world import SimClock, World, local_world, service, task_definition


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch) as made:
        made.write({"web/web.yaml": task_definition() + "---" + service()})
        monkeypatch.chdir(tmp_path)
        yield made


def test_a_script_plans_applies_and_looks(world: World) -> None:
    clock = SimClock(world.aws)
    plan = apollo.plan(clock=clock)
    assert [(str(one.key), one.action) for one in plan] == [
        ("TaskDefinition/web", "create"),
        ("Service/web", "create"),
    ]
    assert world.calls() == []
    said: list[str] = []
    result = apollo.apply(expect=plan, clock=clock, progress=lambda one: said.append(one.phase))
    assert result.exit_code == 0 and {"acting", "acted", "progress"} <= set(said)
    assert apollo.status(clock=clock).health == "Healthy"
    assert not apollo.plan("apollo.yaml", "stage", clock=clock).changed


def test_what_was_agreed_to_is_done_and_nothing_else(world: World) -> None:
    clock = SimClock(world.aws)
    plan = apollo.plan(clock=clock)
    world.write({"web/web.yaml": task_definition(image="web:2") + "---" + service()})
    with pytest.raises(ApolloError, match="something else to do") as raised:
        apollo.apply(expect=plan.digest, clock=clock)
    assert raised.value.code == "APO-PLAN-010" and world.calls() == []


def test_settings_made_in_code_and_files_as_they_lie_there(world: World) -> None:
    settings = load_settings(world.folder / "apollo.yaml")
    files = [world.repo / "apps"]
    (files[0] / "web/web.yaml").write_text(task_definition(image="web:7"))
    plan = apollo.plan(settings, paths=files, clock=SimClock(world.aws))
    assert [str(one.key) for one in plan] == ["TaskDefinition/web"]


def test_which_environment_is_asked_where_there_are_several(world: World) -> None:
    world.configure(environments=("stage", "prod"))
    with pytest.raises(ApolloError, match="which environment"):
        apollo.plan()
    with pytest.raises(ApolloError, match="no environment 'prd'"):
        apollo.plan(environment="prd")


def test_inside_of_a_running_loop_it_says_what_to_write(world: World) -> None:
    async def notebook() -> str:
        with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
            apollo.plan(clock=SimClock(world.aws))
        return (await asyncio.to_thread(apollo.plan, clock=SimClock(world.aws))).digest

    assert asyncio.run(notebook())
