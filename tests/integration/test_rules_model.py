"""Whatever git says of up to twenty rules of one listener, through the engine, the gates and boto3: after
every single call each request meets the rule of the old state or of the new one. APOLLO_EXAMPLES=200 looks
longer.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
from attrs import define, field, frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apollo.api import AppState, Controller, Env, Key, Resource, Snapshot
from apollo.aws import Aws
from apollo.compare import digest
from apollo.controllers.listener_rule import ListenerRuleController
from apollo.engine.apply import apply
from apollo.engine.engine import Engine
from apollo.engine.events import Event
from apollo.engine.memory import Forgetful
from apollo.gates.lifecycle import LifecycleGate
from apollo.gates.ownership import OwnershipGate
from apollo.gates.prune import PruneGate
from apollo.resources.listener_rule import ListenerRuleSpec
from apollo.settings import Aws as AwsSettings
from apollo.settings import Environment, EnvironmentSpec, Sync
from apollo.testing import LocalAws
from tests.controllers.listener_rule.stage import body, says
from tests.controllers.listener_rule.traffic import REQUESTS, listings
from tests.integration.world import ACCOUNT
from tests.virtual import VirtualClock

pytestmark = pytest.mark.anyio
_numbers = itertools.count()

RULES = ListenerRuleController()
GATES = (OwnershipGate(), LifecycleGate(), PruneGate())

some = settings(
    max_examples=int(os.environ.get("APOLLO_EXAMPLES", "4")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # What it finds is made small where somebody looks at it: that takes minutes.
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if "APOLLO_EXAMPLES" in os.environ else [])],
)
Content = Mapping[str, tuple[int, Any, str]]
"""Names to priority, conditions and what they answer."""


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    with LocalAws() as aws, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in aws.env(account=ACCOUNT, region="eu-west-1").items():
            patch.setenv(name, value)
        yield aws


@frozen
class Kinds:
    def names(self) -> Collection[str]:
        return [RULES.kind]

    def get(self, kind: str) -> Controller[Any, Any]:
        return RULES


@define
class Listener:
    """A listener, and an Apollo that starts anew for each commit."""

    local: LocalAws
    aws: Aws
    arn: str
    env: Env
    """An installation of its own: what one leaves behind would be found by the next."""
    content: Content = field(factory=dict)
    answers: list[list[str]] = field(factory=list)

    @classmethod
    def new(cls, local: LocalAws, aws: Aws) -> Listener:
        name = f"m{next(_numbers)}"
        arn = local.listener(name, account=ACCOUNT, region="eu-west-1")
        return cls(local, aws, arn, Env("stage", name, "eu-west-1", ACCOUNT, "green"))

    @property
    def elb(self) -> Any:
        return self.local.client("elbv2", account=ACCOUNT, region="eu-west-1")

    def foreign(self, at: int, conditions: Any) -> None:
        self.elb.create_rule(
            ListenerArn=self.arn,
            Priority=at,
            Conditions=_pascal(conditions),
            Actions=_pascal([says(f"t{at}")]),
        )

    def resources(self, content: Content) -> dict[Key, Resource[Any]]:
        found = {}
        for name, (priority, conditions, answer) in content.items():
            spec = ListenerRuleSpec.model_validate(
                {
                    "listenerArn": self.arn,
                    "priority": priority,
                    "conditions": conditions,
                    "actions": [says(answer)],
                }
            ).completed(name, self.env)
            key = Key(RULES.kind, "stage", name)
            text = hashlib.sha256(digest(spec.declared()).encode()).hexdigest()
            found[key] = Resource(key, "web", spec, self.env, commit="c", digest=text)
        return found

    async def apply(self, content: Content) -> None:
        """Plan, compare what was announced with what is done, and look at who answers after every call."""
        wanted = self.resources(content)
        environment = Environment(
            name="stage",
            spec=EnvironmentSpec(
                cluster="green", aws=AwsSettings(region="eu-west-1"), sync=Sync(prune=True, maxPrune=100)
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
                lane=lane,
                writable=writable,  # type: ignore[arg-type]
            ),
            Forgetful(),
            VirtualClock(auto=True),
            self._hear,
            manual=True,
        )
        engine.take(Snapshot("stage", "c", "d", wanted, {"web": AppState("c")}, frozenset(wanted)))
        self.local.clear()
        plan = await engine.plan()
        assert not self.local.mutations()
        announced = [(step.call.operation, step.target.name) for step in plan.steps]
        self.answers = []
        self.probe()
        result = await apply(engine, plan)
        assert result.exit_code == 0, (result.outcomes, plan.findings)
        done = [request.operation for request in self.local.mutations()]
        assert done == [operation for operation, _ in announced]
        self.judge(done)
        again = await engine.plan()
        assert not again.steps
        self.content = content

    def _hear(self, event: Event) -> None:
        if event.type == "Acted":
            self.probe()

    def probe(self) -> None:
        self.answers.append([body(self.local.route(self.arn, **request)) for request in REQUESTS])

    def judge(self, done: list[str]) -> None:
        old, new = self.answers[0], self.answers[-1]
        assert len(self.answers) == len(done) + 1
        for call, answers in zip(done, self.answers[1:], strict=True):
            for request, was, now, shall in zip(REQUESTS, old, answers, new, strict=True):
                assert now in (was, shall), f"{request}: {now} after {call}, not {was} or {shall}"

    def state(self) -> list[Any]:
        """All rules with their tags, without what AWS makes up."""
        rules = self.elb.describe_rules(ListenerArn=self.arn)["Rules"]
        found = []
        for rule in rules:
            (tagged,) = self.elb.describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"]
            tags = sorted(
                (tag["Key"], tag["Value"].removeprefix(self.env.installation)) for tag in tagged["Tags"]
            )
            # All conditions have to hold, each by one of its values, in whatever order.
            conditions = sorted(str(_unordered(one)) for one in rule["Conditions"])
            found.append((rule["Priority"], conditions, rule["Actions"], tags))
        return found


def _unordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _unordered(value[name]) for name in sorted(value)}
    return sorted(map(str, map(_unordered, value))) if isinstance(value, list | tuple) else value


def _pascal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name[:1].upper() + name[1:]: _pascal(item) for name, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list | tuple) else value


@st.composite
def histories(draw: st.DrawFn, count: int, most: int = 20) -> tuple[dict[int, Any], list[Content]]:
    """As `listings`, and what rules answer changes, too. ``stays`` is always there, below all others."""
    foreign, commits = draw(listings(count=count, least=2, most=most - 1))
    found = []
    for number, commit in enumerate(commits):
        answers = {name: f"{name}.{draw(st.integers(0, 1)) * number}" for name in sorted(commit)}
        content = {name: (at, what, answers[name]) for name, (at, what) in commit.items()}
        found.append(content | {"stays": (40000, [{"field": "path-pattern", "values": ["/stays"]}], "stays")})
    return foreign, found


@given(histories(count=3))
@some
async def test_every_request_meets_the_old_rule_or_the_new_one_and_announced_is_done(
    local: LocalAws, drawn: tuple[dict[int, Any], list[Content]]
) -> None:
    foreign, commits = drawn
    async with Aws("acme", clock=VirtualClock(auto=True)) as aws:
        listener = Listener.new(local, aws)
        for at, conditions in foreign.items():
            listener.foreign(at, conditions)
        for content in commits:
            await listener.apply(content)
        # Updated step by step, or made at once: the same.
        fresh = Listener.new(local, aws)
        for at, conditions in foreign.items():
            fresh.foreign(at, conditions)
        await fresh.apply(commits[-1])
        assert listener.state() == fresh.state()
