"""What is seen of a rule: always the whole listener with it, since rules are judged by those around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from apollo.api import OWNER_TAG, Context, Loader
from apollo.compare import canonical
from apollo.compare.listener_rule import RULES, live_spec
from apollo.controllers.listener_rule.overlap import Condition, condition_of
from apollo.errors import AwsError
from apollo.reads import listed, together

__all__ = [
    "LISTENERS",
    "SECRETS_SET",
    "STAND_IN_TAG",
    "Listener",
    "LiveRule",
    "RuleSeen",
    "listener_at",
    "listener_of",
]

STAND_IN_TAG = "apollo:stand-in"
"""Marks the rule that stands for another one of the same owner while that one is changed."""


@frozen
class LiveRule:
    """One rule of a listener.

    :ivar priority: None for the default rule.
    :ivar fields: conditions, actions and transforms, as `apollo.compare.listener_rule.comparable` has them.
    """

    arn: str
    priority: int | None
    fields: Mapping[str, Any]
    condition: Condition
    tags: Mapping[str, str] = field(factory=dict)
    secret_set: str = ""
    """The mark of the client secret that this process has set, until the tag says so."""
    served: Mapping[str, bool] | None = None
    """Of the target groups between which ECS shifts requests, by ARN: whether there is a target in it. None
    where it was not asked, or could not be."""

    @property
    def owner(self) -> str | None:
        return self.tags.get(OWNER_TAG)

    @property
    def is_stand_in(self) -> bool:
        return STAND_IN_TAG in self.tags


@frozen
class Listener:
    """A listener's rules, by priority, the default rule last."""

    arn: str
    rules: tuple[LiveRule, ...]

    @property
    def default(self) -> LiveRule | None:
        return next((rule for rule in self.rules if rule.priority is None), None)

    def at(self, priority: int) -> LiveRule | None:
        return next((rule for rule in self.rules if rule.priority == priority), None)

    def of(self, owner: str) -> Iterator[LiveRule]:
        """The rules with an ownership tag: stand-ins and copies as well."""
        return (rule for rule in self.rules if rule.owner == owner)


@frozen
class RuleSeen:
    """A rule on its listener.

    :ivar rule: None when there is none yet.
    :ivar others: stand-ins and copies with the same ownership tag.
    :ivar tags: of the rule; where there is none, those of whoever wants it, since nobody else is concerned.
    """

    listener: Listener
    rule: LiveRule | None
    others: tuple[LiveRule, ...] = ()
    tags: Mapping[str, str] = field(factory=dict)


class _Tags(Loader[str, Mapping[str, str]]):
    """DescribeTags: 20 objects in a call. Keys are ARNs.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
    """

    name = "elbv2.DescribeTags"
    batch = 20

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        answer = await ctx.read("elbv2", "DescribeTags", ResourceArns=list(keys))
        return {
            item["ResourceArn"]: _tag_map(item.get("Tags")) for item in answer.get("TagDescriptions") or ()
        }


TAGS = _Tags()


class _Listeners(Loader[str, Listener]):
    """DescribeRules, all pages, and the tags of each rule: once for everybody who looks at the listener. Keys
    are the ARNs of listeners.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
    """

    name = "elbv2.DescribeRules"
    batch = 1000  # one key each; so many may wait for it

    def scope(self, key: str) -> str:
        return key

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Listener]:
        (arn,) = keys
        return {arn: await listener_at(ctx, arn)}


LISTENERS = _Listeners()


class _SecretsSet(Loader[tuple[str, str], bool]):
    """Which client secrets this process has set, since AWS does not give them back. Keys are the ARN of the
    rule (or listener) and the mark of the secret; only `Context.remember` fills it, and AWS is not asked."""

    name = "elbv2.secrets-set-here"
    batch = 100

    def immutable(self, key: tuple[str, str], value: bool) -> bool:
        return True

    async def fetch(self, ctx: Context, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bool]:
        return {}


SECRETS_SET = _SecretsSet()


async def listener_at(
    ctx: Context, arn: str, known: Mapping[str, Mapping[str, str]] | None = None
) -> Listener:
    """A listener with its rules.

    :param known: tags by ARN, as an index tells them; a rule that it does not tell counts as having none.
        That is good for finding that there is nothing to do, and for nothing else. None: they are read.
    """
    found = await listed(ctx, "elbv2", "DescribeRules", "Rules", ListenerArn=arn, PageSize=400)

    async def tags(rule: Mapping[str, Any]) -> Mapping[str, str] | None:
        try:
            return await ctx.load(TAGS, str(rule["RuleArn"]))
        except AwsError as error:
            if error.category != "not-found":
                raise
            return None  # deleted since it was listed

    tagged: Sequence[Mapping[str, str] | None]
    if known is None:
        tagged = await together(tags, found)
    else:
        tagged = [known.get(str(rule["RuleArn"]), {}) for rule in found]
    rules = [_rule(rule, its) for rule, its in zip(found, tagged, strict=True) if its is not None]
    return Listener(arn, tuple(sorted(rules, key=lambda rule: rule.priority or 1 << 30)))


def _rule(live: Mapping[str, Any], tags: Mapping[str, str]) -> LiveRule:
    fields = live_spec(live)
    priority = str(live.get("Priority"))
    return LiveRule(
        str(live["RuleArn"]),
        None if live.get("IsDefault") or not priority.isdigit() else int(priority),
        fields,
        condition_of(canonical(fields, RULES).get("conditions") or ()),
        tags,
    )


def _tag_map(tags: Any) -> dict[str, str]:
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in tags or () if tag.get("Key")}


def listener_of(rule: str) -> str:
    """The ARN of the listener that a rule's ARN belongs to: the last part is the rule's own id."""
    return rule.replace(":listener-rule/", ":listener/", 1).rpartition("/")[0]
