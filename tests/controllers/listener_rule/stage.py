"""A listener of the local AWS, and a process of Apollo that looks after its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from apollo.api import Denied, Env, Key, Lifecycle, Origin, Owned, Resource, Step, is_unknown
from apollo.controllers.listener_rule import ListenerRuleController, RuleSeen
from apollo.reads import together
from apollo.resources.listener_rule import ListenerRuleSpec
from tests.controllers.pilot import Pilot

RULES = ListenerRuleController()
PLAIN = Lifecycle()
Want = Resource[ListenerRuleSpec]


def says(text: str) -> dict[str, Any]:
    """An action that tells who answered."""
    config = {"statusCode": "200", "contentType": "text/plain", "messageBody": text}
    return {"type": "fixed-response", "fixedResponseConfig": config}


def host(*values: str) -> dict[str, Any]:
    return {"field": "host-header", "hostHeaderConfig": {"values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"field": "path-pattern", "pathPatternConfig": {"values": list(values)}}


@define
class Stage:
    """One listener."""

    pilot: Pilot
    listener: str
    environment: str = "stage"
    each: Callable[[], None] = lambda: None
    """Called after every call."""
    wanted: dict[Key, Want] = field(factory=dict)

    @classmethod
    def on(cls, pilot: Pilot, name: str = "web", environment: str = "stage") -> Stage:
        listener = pilot.local.listener(name, region="eu-west-1")
        pilot.local.clear()
        return cls(pilot, listener, environment)

    @property
    def elb(self) -> Any:
        """Somebody else's hand."""
        return self.pilot.local.client("elbv2", region="eu-west-1")

    def rule(
        self,
        name: str = "web",
        priority: int | str = 10,
        conditions: Sequence[Mapping[str, Any]] | None = None,
        *,
        actions: Sequence[Mapping[str, Any]] | None = None,
        lifecycle: Lifecycle = PLAIN,
        **more: Any,
    ) -> Want:
        spec: dict[str, Any] = {
            "listenerArn": self.listener,
            "priority": priority,
            "actions": list(actions or [says(name)]),
            **more,
        }
        if priority != "default":
            spec["conditions"] = list(conditions or [host(f"{name}.example.com")])
        env = Env(self.environment, region="eu-west-1", cluster="green")
        key = Key("ListenerRule", self.environment, name)
        parsed = ListenerRuleSpec.model_validate(spec).completed(name, env)
        return Resource(
            key, name, parsed, env, generation="g", lifecycle=lifecycle, origin=Origin("web.yaml", 1)
        )

    def foreign(self, priority: int, conditions: Sequence[Mapping[str, Any]], says_: str = "foreign") -> str:
        """A rule that somebody else made; its ARN."""
        made = self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=_pascal(conditions),
            Actions=_pascal([says(says_)]),
        )
        return str(made["Rules"][0]["RuleArn"])

    # ── what Apollo does ─────────────────────────────────────────────────────────────────────────────────

    async def look(self, *wants: Want) -> list[tuple[Want, RuleSeen | None]]:
        keys = {want.key for want in wants}
        ctx = self.pilot.ctx()

        async def one(want: Want) -> tuple[Want, RuleSeen | None]:
            told = evolve(want, peers=frozenset(keys - {want.key}))
            return told, await RULES.observe(ctx, RULES.identity(want.spec, want.env), told)

        return await together(one, wants)

    async def steps(self, *wants: Want) -> list[Step]:
        return list(RULES.diff_group(await self.look(*wants)))

    async def conflicts(self, *wants: Want) -> Mapping[Key, Denied]:
        return RULES.conflicts(await self.look(*wants))

    async def orphans(self, *wants: Want) -> list[Owned]:
        """What git does not hold. Some rule of git is always on the listener, else it would not be listed."""
        neighbour = self.rule("neighbour", 40000)
        found = [one async for one in RULES.owned(self.pilot.ctx(), [*wants, neighbour])]
        gone = [one for one in found if one.key not in {want.key for want in wants}]
        return sorted(gone, key=lambda one: one.order)

    async def send(self, step: Step) -> None:
        assert not is_unknown(step.call.params)
        ctx = self.pilot.ctx(writable=True)
        RULES.acted(ctx, step, await RULES.act(ctx, step))
        self.each()

    async def apply(self, *wants: Want, prune: bool = True) -> list[Step]:
        """Until nothing is left to do; the steps that were sent.

        :param prune: whether what git does not hold goes along with the group; if not, it stays.
        """
        sent: list[Step] = []
        for _ in range(200):
            members = await self.look(*wants)
            orphans = await self.orphans(*wants) if prune else []
            gone = [(None, one.seen) for one in orphans if one.group == self.listener]
            refused = RULES.conflicts([*members, *gone])
            steps = RULES.diff_group([*(one for one in members if one[0].key not in refused), *gone])
            if not steps:
                return sent
            sent.append(steps[0])
            await self.send(steps[0])
        raise AssertionError("the steps do not come to an end")

    # ── what there is ────────────────────────────────────────────────────────────────────────────────────

    def rules(self) -> dict[str, Mapping[str, Any]]:
        """By priority."""
        found = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        return {rule["Priority"]: rule for rule in found}

    def bodies(self) -> dict[str, str]:
        """Who answers at each priority."""
        return {priority: body(rule) for priority, rule in self.rules().items()}

    def answer(self, **request: Any) -> str:
        return body(self.pilot.local.route(self.listener, **request))

    def calls(self) -> list[str]:
        """The mutating calls since the last look here."""
        made = [request.operation for request in self.pilot.local.mutations()]
        self.pilot.local.clear()
        return made

    def tags(self, priority: int | str) -> dict[str, str]:
        arn = self.rules()[str(priority)]["RuleArn"]
        (found,) = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def body(rule: Mapping[str, Any]) -> str:
    config = rule["Actions"][-1].get("FixedResponseConfig") or {}
    return str(config.get("MessageBody") or config.get("StatusCode"))


def _pascal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name[:1].upper() + name[1:]: _pascal(item) for name, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list | tuple) else value


def calls(steps: Iterable[Step]) -> list[str]:
    return [f"{step.call.operation} {step.target.name}" for step in steps]
