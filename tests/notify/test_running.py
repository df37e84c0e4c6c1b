"""A running operator tells transitions, once, also across restarts; and shows the state of its commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apollo.errors import ConfigError
from apollo.manifest import load_settings
from tests.integration.test_operator import SPEED, healthy, running, until
from tests.integration.world import World, local_world, service, task_definition
from tests.notify.receiver import Receiver, receiver

pytestmark = pytest.mark.anyio

TOKEN = "ghs_canary0000000000000000"
HOOK = "/hook/T000/canary-of-the-url"


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch, speed=SPEED) as made:
        yield made


def notify(world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    monkeypatch.setenv("HOOK_URL", there.url + HOOK)
    monkeypatch.setenv("HOST_TOKEN", TOKEN)
    with (world.folder / "apollo.yaml").open("a") as file:
        file.write(
            f"""
---
apiVersion: apollo/v1
kind: Notification
metadata: {{name: team}}
spec:
  environments: [stage]
  kinds: [Service]
  webhook: {{urlFrom: {{env: HOOK_URL}}}}
  {more}
---
apiVersion: apollo/v1
kind: Notification
metadata: {{name: host}}
spec:
  github: {{repo: acme/config, token: {{env: HOST_TOKEN}}, api: "{there.url}"}}
"""
        )


def hooks(there: Receiver) -> list[Any]:
    return [one.json for one in there.posted if one.path == HOOK]


def states(there: Receiver, commit: str) -> list[str]:
    return [one.json["state"] for one in there.posted if one.path.endswith(commit)]


async def test_a_deployment_is_told_once_and_its_commit_turns_green(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notify(world, there, monkeypatch)
    sha = world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        await until(lambda: states(there, sha)[-1:] == ["success"])
    assert [one["event"] for one in hooks(there)] == ["RolloutFinished"]
    assert hooks(there)[0]["commit"] == sha and hooks(there)[0]["seconds"] > 0
    before = len(there.posted)
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
    assert len(there.posted) == before, "a restart tells nothing again"
    assert "canary" not in caplog.text


async def test_a_secret_that_is_not_there_is_told_at_the_start(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notify(world, there, monkeypatch)
    monkeypatch.delenv("HOOK_URL")
    async with running(world):
        await until(lambda: "notification team: the environment variable HOOK_URL is empty" in caplog.text)
    assert "notification host" not in caplog.text


async def test_a_rollback_is_told_and_the_commit_turns_red_and_the_next_one_green(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify(world, there, monkeypatch, more='template: "$environment: $key $event"')
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        bad = world.write({"web/web.yaml": task_definition(image="web:crash-2") + "---" + service()})
        await until(lambda: states(there, bad)[-1:] == ["failure"], 40)
        good = world.write({"web/web.yaml": task_definition(image="web:3") + "---" + service()})
        await until(lambda: states(there, good)[-1:] == ["success"], 40)
    events = [one["event"] for one in hooks(there)]
    assert events == ["RolloutFinished", "RolloutFailed", "RolloutFinished"]
    assert hooks(there)[1]["text"] == "stage: Service/web RolloutFailed"
    assert hooks(there)[1]["commit"] == bad


async def test_a_receiver_that_is_down_stops_nothing_and_is_told_later(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify(world, there, monkeypatch)
    there.answers = [(503, {})] * 2
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with running(world) as operator:
        await until(lambda: healthy(operator, "Service/web"))
        await until(lambda: len(hooks(there)) >= 1 and len(there.posted) >= 4)
    assert {one["event"] for one in hooks(there)} == {"RolloutFinished"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{}", "exactly one target is expected, and there is none"),
        ("{sns: {topicArn: 'arn:aws:sns:eu-west-1:123456789012:t'}, eventBridge: {}}", "there are 2"),
        ("{slack: {webhook: {}}}", "exactly one of env, file and secretsManager"),
        ("{slack: {webhook: {env: A}}, events: [Rolledback]}", "Rolledback"),
        ("{slack: {webhook: {env: A}}, template: 'at $plcae'}", "nothing is called '$plcae'"),
        ("{webhook: {}}", "exactly one of url and urlFrom"),
        ("{webhook: {url: 'ftp://x'}}", "http:// or https://"),
        ("{slak: {}}", "slak"),
    ],
)
def test_a_notification_that_cannot_work_is_refused_with_its_place(
    tmp_path: Path, spec: str, said: str
) -> None:
    path = tmp_path / "apollo.yaml"
    path.write_text(f"apiVersion: apollo/v1\nkind: Notification\nmetadata: {{name: a}}\nspec: {spec}\n")
    with pytest.raises(ConfigError) as raised:
        load_settings(path)
    text = str(raised.value)
    assert said in text and "apollo.yaml:4" in text
