"""The spec of a ListenerRule: every field of CreateRule and ModifyRule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from apollo.resources.shape import Aws, AwsShape
from apollo.resources.shapes.listener_rule import Action, RuleCondition, RuleTransform, Tag

__all__ = ["DEFAULT", "LAST", "ListenerRuleSpec"]

DEFAULT = "default"
"""The priority of the rule that a listener always has: it applies when no other one does."""
LAST = 50000
"""The greatest priority, evaluated last."""


class ListenerRuleSpec(AwsShape):
    """AWS's CreateRule and ModifyRule inputs joined; `priority` may also be ``default``.

    Not fields of a spec: ``ruleArn`` (AWS assigns it) and ``resetTransforms`` (an act: leaving ``transforms``
    out means that there are none).

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
    """

    aws = Aws(
        "elbv2",
        ("CreateRuleInput", "ModifyRuleInput"),
        frozenset({"ruleArn", "resetTransforms"}),
        pascal=True,
    )

    listenerArn: str
    priority: Annotated[int, Field(ge=1, le=LAST)] | Literal["default"]
    conditions: list[RuleCondition] | None = None
    actions: Annotated[list[Action], Field(min_length=1)]
    transforms: list[RuleTransform] | None = None
    tags: list[Tag] | None = None

    named_lists: ClassVar[Mapping[str, str]] = {
        "/actions": "type",
        "/actions/*/forwardConfig/targetGroups": "targetGroupArn",
        "/transforms": "type",
        "/tags": "key",
    }

    @property
    def is_default(self) -> bool:
        return self.priority == DEFAULT
