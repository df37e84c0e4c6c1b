"""Whatever a task definition says, AWS's echo of it, reordered and filled in, is recognised."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.aws import Aws
from tests.virtual import VirtualClock

from .pilot import TASKS, Pilot, resource, task

pytestmark = pytest.mark.anyio
_names = itertools.count()

WORDS = st.sampled_from(["A", "B", "C", "D", "a-b", "x_y"])
PAIRS = st.dictionaries(WORDS, st.text("abc=/ ", max_size=4), max_size=4)
ENVIRONMENT = PAIRS.map(lambda pairs: [{"name": name, "value": value} for name, value in pairs.items()])
SECRETS = st.sets(WORDS, max_size=3).map(
    lambda names: [{"name": name, "valueFrom": f"/app/{name}"} for name in names]
)
PORTS = st.sets(st.integers(1, 65535), max_size=3).map(
    lambda ports: [{"containerPort": port} for port in ports]
)
HEALTH = st.fixed_dictionaries(
    {"command": st.just(["CMD", "true"])},
    optional={"interval": st.integers(5, 300), "retries": st.integers(1, 10)},
)
CONTAINER = st.fixed_dictionaries(
    {"image": st.sampled_from(["web:1", "web:2"])},
    optional={
        "environment": ENVIRONMENT,
        "secrets": SECRETS,
        "portMappings": PORTS,
        "healthCheck": HEALTH,
        "command": st.lists(WORDS, max_size=3),
        "readonlyRootFilesystem": st.booleans(),
        "cpu": st.integers(0, 100),
        "essential": st.just(True),
        "dockerLabels": PAIRS,
    },
)
TASKS_DECLARED = st.builds(
    lambda containers, size, volumes: task(
        cpu=size[0],
        memory=size[1],
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        containerDefinitions=[{"name": f"c{n}", **one} for n, one in enumerate(containers)],
        **volumes,
    ),
    st.lists(CONTAINER, min_size=1, max_size=3),
    st.sampled_from([("256", "512"), (".5 vCPU", "1 GB"), ("1024", "2GB")]),
    st.sampled_from([{}, {"volumes": [{"name": "tmp"}, {"name": "data"}]}]),
)
several = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(spec=TASKS_DECLARED, other=TASKS_DECLARED)
@several
async def test_the_echo_is_the_same_content(
    pilot: Pilot, spec: dict[str, Any], other: dict[str, Any]
) -> None:
    name = f"web-{next(_names)}"
    want = resource("TaskDefinition", spec, name=name)
    await pilot.apply(want)
    assert TASKS.diff(want, (await pilot.look(want)).seen) == []
    changed = resource("TaskDefinition", other, name=name)
    look = await pilot.look(changed)
    if look.steps:
        assert look.calls == ["RegisterTaskDefinition"]
        assert look.steps[0].changes, "a plan says what changes"
    first, second = await pilot.apply(changed), await pilot.apply(want)
    assert TASKS.outputs(second)["revision"] == "1"
    assert TASKS.outputs(first)["revision"] == ("2" if look.steps else "1")


async def test_a_process_that_remembers_nothing_registers_nothing(pilot: Pilot) -> None:
    specs = [
        task(containerDefinitions=[{"name": "app", "image": "web:1", "environment": [
            {"name": name, "value": name} for name in names
        ]}])
        for names in ("ABCDEF", "FEDCBA", "ABC")
    ]  # fmt: skip
    wanted = [resource("TaskDefinition", spec) for spec in specs]
    for want in wanted:
        await pilot.apply(want)
    async with Aws("apollo", clock=VirtualClock(auto=True)) as aws:
        fresh = Pilot(pilot.local, aws)
        found = [TASKS.outputs((await fresh.look(want)).seen)["revision"] for want in wanted]
    assert found == ["1", "1", "2"]
