"""Whatever git says of a service, its task definition and its scaling, one commit after another: what is
announced is done, and where it ends is where a fresh creation would have come. APOLLO_EXAMPLES=200 looks
longer.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
from attrs import define, frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apollo.api import AppState, Controller, Env, Key, Resource, Snapshot, refs_in
from apollo.aws import Aws
from apollo.compare import Rules, canonical, digest, without
from apollo.compare import scaling_policy as of_scaling
from apollo.compare import service as of_service
from apollo.compare import task_definition as of_tasks
from apollo.controllers.scaling_policy import ScalingPolicyController
from apollo.controllers.service import ServiceController
from apollo.controllers.task_definition import TaskDefinitionController
from apollo.engine.apply import apply
from apollo.engine.engine import Engine
from apollo.engine.memory import Forgetful
from apollo.gates.lifecycle import LifecycleGate
from apollo.gates.ownership import OwnershipGate
from apollo.gates.prune import PruneGate
from apollo.settings import Aws as AwsSettings
from apollo.settings import Environment, EnvironmentSpec, Sync
from apollo.testing import LocalAws
from tests.controllers.pilot import task
from tests.controllers.scaling_policy.stage import MEMORY, scheduled, stepping, tracking
from tests.controllers.service.test_properties import SPECS
from tests.crash import one_connection
from tests.integration.world import ACCOUNT, SimClock

pytestmark = pytest.mark.anyio
_numbers = itertools.count()

CONTROLLERS: Mapping[str, Controller[Any, Any]] = {
    one.kind: one for one in (TaskDefinitionController(), ServiceController(), ScalingPolicyController())
}
GATES = (OwnershipGate(), LifecycleGate(), PruneGate())
Content = Mapping[str, Mapping[str, Any]]
"""Kinds to specs."""

some = settings(
    max_examples=int(os.environ.get("APOLLO_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # What it finds is made small where somebody looks at it: that takes minutes.
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if "APOLLO_EXAMPLES" in os.environ else [])],
)

POLICIES = st.lists(
    st.one_of(
        st.builds(tracking, st.just("cpu"), st.integers(40, 80), disableScaleIn=st.booleans()),
        st.builds(
            tracking, st.just("memory"), st.just(50), st.just(MEMORY), scaleInCooldown=st.integers(60, 62)
        ),
        st.builds(lambda n, **more: stepping("steps", (0, None, n), **more), st.integers(1, 3)),
        st.builds(lambda n: stepping("steps", (0, 10, n), (10, None, n + 1), cooldown=60), st.integers(1, 3)),
    ),
    unique_by=lambda policy: policy["name"],
    max_size=3,
)
ACTIONS = st.lists(
    st.builds(
        lambda name, least, more: scheduled(name, scalableTargetAction={"minCapacity": least}, **more),
        st.sampled_from(["morning", "evening"]),
        st.integers(2, 4),
        st.sampled_from([{}, {"timezone": "Europe/Berlin"}]),
    ),
    unique_by=lambda action: action["name"],
    max_size=2,
)
SCALING = st.fixed_dictionaries(
    {"service": st.just("web"), "minCapacity": st.integers(0, 2), "maxCapacity": st.integers(3, 6)},
    optional={
        "policies": POLICIES,
        "scheduledActions": ACTIONS,
        "suspendedState": st.fixed_dictionaries({}, optional={"dynamicScalingInSuspended": st.booleans()}),
    },
)
TASKS = st.builds(
    lambda image, more: task(image, **more),
    st.sampled_from(["web:1", "web:2"]),
    st.sampled_from([{}, {"tags": [{"key": "team", "value": "green"}]}, {"enableFaultInjection": True}]),
)
CONTENTS = st.builds(
    lambda tasks, service, scaling: (
        {"TaskDefinition": tasks, "Service": service} | ({"ScalingPolicy": scaling} if scaling else {})
    ),
    TASKS,
    SPECS,
    st.none() | SCALING,
)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    with LocalAws() as aws, pytest.MonkeyPatch.context() as patch, one_connection():
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in aws.env(account=ACCOUNT, region="eu-west-1").items():
            patch.setenv(name, value)
        yield aws


@frozen
class Kinds:
    def names(self) -> Collection[str]:
        return CONTROLLERS.keys()

    def get(self, kind: str) -> Controller[Any, Any]:
        return CONTROLLERS[kind]


@define
class Shop:
    """A cluster of its own, for an installation of its own: what one leaves behind would be found by the
    next."""

    local: LocalAws
    aws: Aws
    env: Env

    @classmethod
    def new(cls, local: LocalAws, aws: Aws) -> Shop:
        name = f"m{next(_numbers)}"
        local.client("ecs", account=ACCOUNT, region="eu-west-1").create_cluster(
            clusterName=name, capacityProviders=["FARGATE", "FARGATE_SPOT"]
        )
        return cls(local, aws, Env("stage", name, "eu-west-1", ACCOUNT, name))

    def client(self, name: str) -> Any:
        return self.local.client(name, account=ACCOUNT, region="eu-west-1")

    def resources(self, content: Content) -> dict[Key, Resource[Any]]:
        found = {}
        for kind, text in content.items():
            spec = CONTROLLERS[kind].spec_type.model_validate(text).completed("web", self.env)
            key = Key(kind, "stage", "web")
            mark = hashlib.sha256(digest(spec.declared()).encode()).hexdigest()
            references = tuple(refs_in(spec))
            found[key] = Resource(key, "web", spec, self.env, commit="c", digest=mark, references=references)
        return found

    def engine(self, content: Content) -> Engine:
        wanted = self.resources(content)
        environment = Environment(
            name="stage",
            spec=EnvironmentSpec(
                cluster=self.env.cluster,
                aws=AwsSettings(region="eu-west-1"),
                sync=Sync(prune=True, maxPrune=100),
            ),
        )
        engine = Engine(
            self.env,
            environment,
            Kinds(),
            GATES,
            lambda lane, *, writable=False, commit="": self.aws.context(
                self.env,
                environment,
                lane=lane,  # type: ignore[arg-type]
                writable=writable,
            ),
            Forgetful(),
            SimClock(self.local),
            manual=True,
        )
        engine.take(Snapshot("stage", "c", "d", wanted, {"web": AppState("c")}, frozenset(wanted)))
        return engine

    async def apply(self, content: Content) -> None:
        """Plan, and compare what was announced with what is done, until nothing is left to do. The count of a
        service is handed back when its scaling has gone: that takes a second plan."""
        for _ in range(3):
            engine = self.engine(content)
            self.local.clear()
            plan = await engine.plan()
            assert not self.local.mutations()
            announced = [step.call.operation for step in plan.steps]
            result = await apply(engine, plan)
            assert result.exit_code == 0, [(one.key.kind, one.message) for one in result.outcomes]
            assert [request.operation for request in self.local.mutations()] == announced
            self.local.settle()
            if not announced:
                return
        raise AssertionError("there is always something left to do")

    def state(self, content: Content) -> dict[str, Any]:
        """All that AWS holds, but what names the place, and what is AWS's as long as git does not say it."""
        wanted = {key.kind: one.spec.declared() for key, one in self.resources(content).items()}
        ecs = self.client("ecs")
        (live,) = ecs.describe_services(cluster=self.env.cluster, services=["web"], include=["TAGS"])[
            "services"
        ]
        answer = ecs.describe_task_definition(taskDefinition=live["taskDefinition"], include=["TAGS"])
        place = ["/cluster", "/taskDefinition"]
        if "ScalingPolicy" in content:
            place.append("/desiredCount")  # the scaling's
        state = {
            "TaskDefinition": _own(answer["taskDefinition"], wanted["TaskDefinition"], of_tasks.RULES),
            "Service": _own(of_service.live_spec(live), wanted["Service"], of_service.RULES, *place),
            # A tag that git no longer names is somebody else's and stays.
            "tags": [tag for tag in wanted["TaskDefinition"].get("tags", ()) if tag in answer["tags"]],
        }
        assert live["deployments"][0]["rolloutState"] == "COMPLETED" and len(live["deployments"]) == 1
        assert live["runningCount"] == live["desiredCount"]
        scaling = self.client("application-autoscaling")
        at = {"ServiceNamespace": "ecs", "ResourceId": f"service/{self.env.cluster}/web"}
        ids = {"ServiceNamespace": "ecs", "ResourceIds": [at["ResourceId"]]}
        targets = scaling.describe_scalable_targets(**ids)["ScalableTargets"]
        assert len(targets) == ("ScalingPolicy" in content)
        for target in targets:
            found = of_scaling.live_spec(
                target,
                scaling.describe_scaling_policies(**at)["ScalingPolicies"],
                scaling.describe_scheduled_actions(**at)["ScheduledActions"],
            )
            state["ScalingPolicy"] = _own(found, wanted["ScalingPolicy"], of_scaling.RULES)
        return state


def _own(live: Mapping[str, Any], declared: Mapping[str, Any], rules: Rules, *but: str) -> Any:
    """What a spec could say of it."""
    fields = {name: value for name, value in live.items() if name in rules.root.fields}
    return canonical(without(fields, (*but, *_kept(rules.root, declared)), rules), rules)


def _kept(node: Any, declared: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Where the table of a kind says that what is not declared is AWS's."""
    for name, child in node.fields.items():
        value = declared.get(name)
        if isinstance(value, Mapping) or (value is None and child.absence == "merged"):
            yield from _kept(child, value or {}, f"{path}/{name}")
        elif value is None and child.absence == "kept":
            yield f"{path}/{name}"


@given(commits=st.lists(CONTENTS, min_size=2, max_size=3))
@some
async def test_what_is_announced_is_done_and_ends_where_a_fresh_creation_does(
    local: LocalAws, commits: list[Content]
) -> None:
    async with Aws("acme", clock=SimClock(local)) as aws:
        shop, fresh = Shop.new(local, aws), Shop.new(local, aws)
        for content in commits:
            await shop.apply(content)
        await fresh.apply(commits[-1])
        assert shop.state(commits[-1]) == fresh.state(commits[-1])
