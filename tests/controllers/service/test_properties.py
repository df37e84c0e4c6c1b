"""Whatever two manifests say: one update makes the service equal, and no other call is needed."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.compare import canonical, without
from apollo.compare.service import RULES

from ..pilot import SERVICES, Pilot, resolve, resource, task

pytestmark = pytest.mark.anyio
_names = itertools.count()

BREAKERS = st.fixed_dictionaries(
    {"enable": st.booleans(), "rollback": st.just(False)},
    optional={"resetOnHealthyTask": st.booleans()},
)
ROLLING = st.fixed_dictionaries(
    {},
    optional={
        "maximumPercent": st.just(200),
        "minimumHealthyPercent": st.just(100),
        "deploymentCircuitBreaker": BREAKERS,
    },
)
NETWORKS = st.fixed_dictionaries(
    {"subnets": st.sampled_from([["subnet-a"], ["subnet-b", "subnet-a"], ["subnet-a", "subnet-b"]])},
    optional={"assignPublicIp": st.sampled_from(["ENABLED", "DISABLED"])},
).map(lambda config: {"awsvpcConfiguration": {"securityGroups": ["sg-a"], **config}})
STRATEGIES = st.sampled_from(
    [
        [{"capacityProvider": "FARGATE_SPOT"}],
        [{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 2}],
    ]
)
SPECS = st.builds(
    lambda fields, capacity: {**fields, **capacity},
    st.fixed_dictionaries(
        {"desiredCount": st.integers(0, 5), "networkConfiguration": NETWORKS},
        optional={
            "deploymentConfiguration": ROLLING,
            "enableExecuteCommand": st.booleans(),
            "enableECSManagedTags": st.booleans(),
            "propagateTags": st.sampled_from(["SERVICE", "TASK_DEFINITION", "NONE"]),
            "tags": st.just([{"key": "team", "value": "green"}]),
        },
    ),
    st.one_of(
        st.just({"launchType": "FARGATE"}), STRATEGIES.map(lambda items: {"capacityProviderStrategy": items})
    ),
)
several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def wanted(pilot: Pilot, spec: dict[str, Any], image: str, name: str) -> Any:
    tasks = resource("TaskDefinition", task(image), name=name)
    outputs = await pilot.arn(tasks)
    return resolve(resource("Service", spec, name=name), outputs)


@given(before=SPECS, after=SPECS, same=st.booleans())
@several
async def test_an_update_reaches_what_a_creation_would_have_made(
    pilot: Pilot, before: dict[str, Any], after: dict[str, Any], same: bool
) -> None:
    name, twin = (f"web-{next(_names)}" for _ in range(2))
    await pilot.apply(await wanted(pilot, before, "web:1", name))
    want = await wanted(pilot, after, "web:1" if same else "web:2", name)
    look = await pilot.look(want)
    assert look.calls.count("UpdateService") <= 1
    assert set(look.calls) <= {"UpdateService", "TagResource", "UntagResource"}
    updated = await pilot.apply(want)
    assert (await pilot.look(want)).steps == ()
    created = await pilot.apply(await wanted(pilot, after, "web:1" if same else "web:2", twin))
    assert comparable(updated.fields) == comparable(created.fields)


def comparable(fields: Any) -> dict[str, Any]:
    """A live service without what names it, and without what is AWS's while nobody declares it."""
    return canonical(without(fields, ("/serviceName", "/taskDefinition", "/platformVersion"), RULES), RULES)


@given(before=SPECS, after=SPECS)
@several
async def test_comparing_is_pure(pilot: Pilot, before: dict[str, Any], after: dict[str, Any]) -> None:
    name = f"web-{next(_names)}"
    await pilot.apply(await wanted(pilot, before, "web:1", name))
    want = await wanted(pilot, after, "web:2", name)
    seen = (await pilot.look(want)).seen
    kept = copy.deepcopy((want.spec.declared(), dict(seen.fields), dict(seen.live)))
    first = SERVICES.diff(want, seen)
    assert SERVICES.diff(want, seen) == first
    assert (want.spec.declared(), dict(seen.fields), dict(seen.live)) == kept
