"""From what is wanted and seen to the calls that make them equal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apollo.api import OWNER_TAG, Call, Change, Ignored, Key, Resource, Step, is_unknown, marker
from apollo.compare import (
    Field,
    Rules,
    aws_names,
    declared_tags,
    differences,
    ignored,
    keeping,
    tag_changes,
    tag_list,
)
from apollo_ecs_target_group.reads import TargetGroup
from apollo_ecs_target_group.spec import FIXED, HEALTH, TargetGroupSpec

__all__ = ["RULES", "deletion", "left_alone", "steps"]

Want = Resource[TargetGroupSpec]

RULES: Final = Rules(
    TargetGroupSpec,
    {
        "/name": Field(never=True),  # where it is, not what it says
        "/tags": Field(never=True),
        "/attributes": Field(key="key", others=True),
    },
)
"""Only what is declared is compared: all else is AWS's."""

_NEW: Final[Mapping[str, str]] = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.enabled": "false",
}
"""What AWS gives every new target group, so that a plan does not announce a call that is not needed.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""


def steps(want: Want, seen: TargetGroup | None) -> list[Step]:
    """What makes AWS equal to ``want``."""
    if seen is None:
        return [_create(want, "there is no such target group"), *_attributes_of_new(want)]
    changes = differences(want.spec.declared(), seen.fields, RULES, want.lifecycle.ignore)
    fixed = [one for one in changes if _field(one) in FIXED and not is_unknown(one.after)]
    if fixed:
        return [*_replace(want, seen, fixed), *_attributes_of_new(want)]
    found = _tags(want, seen)
    health = [one for one in changes if _field(one) in HEALTH]
    if health:
        call = Call("elbv2", "ModifyTargetGroup", _health(want, seen, health))
        found.append(Step("update", want.key, call, tuple(health), why=f"{_names(health)} change"))
    attributes = [one for one in changes if _field(one) == "attributes"]
    if attributes:
        changed = {one.path.split("/")[2] for one in attributes}
        values = [one for one in _attributes(want) if one["Key"] in changed]
        call = Call("elbv2", "ModifyTargetGroupAttributes", _of(seen.arn, Attributes=values))
        found.append(Step("update", want.key, call, tuple(attributes), why="attributes change"))
    return found


def deletion(seen: TargetGroup | None) -> list[Step]:
    """What removes a target group that git does not hold any more; its tag says whose it was."""
    key = Key.of_owner(seen.tags.get(OWNER_TAG)) if seen is not None else None
    if seen is None or key is None:
        return []
    return [
        Step(
            "delete", key, Call("elbv2", "DeleteTargetGroup", _of(seen.arn)), why="it is not in git any more"
        )
    ]


def left_alone(want: Want, seen: TargetGroup) -> Sequence[Ignored]:
    """Differences that ``lifecycle.ignore`` leaves alone."""
    return ignored(want.spec.declared(), seen.fields, RULES, want.lifecycle.ignore)


def _of(arn: str, **more: Any) -> dict[str, Any]:
    return {"TargetGroupArn": arn, **more}


def _field(change: Change) -> str:
    return change.path.split("/")[1]


def _names(changes: Sequence[Change]) -> str:
    return ", ".join(dict.fromkeys(map(_field, changes)))


def _create(want: Want, why: str) -> Step:
    declared = want.spec.declared()
    params: dict[str, Any] = {"Name": want.spec.name}
    params |= aws_names({name: declared[name] for name in (*FIXED, *HEALTH) if name in declared})
    params["Tags"] = aws_names(tag_list(declared_tags(want)))
    return Step("create", want.key, Call("elbv2", "CreateTargetGroup", params), why=why)


def _attributes_of_new(want: Want) -> list[Step]:
    """CreateTargetGroup takes no attributes."""
    values = [one for one in _attributes(want) if _NEW.get(one["Key"]) != one["Value"]]
    if not values:
        return []
    params = _of(marker(want.key.kind, want.key.name, "arn"), Attributes=values)
    changes = tuple(Change(f"/attributes/{one['Key']}/value", None, one["Value"]) for one in values)
    call = Call("elbv2", "ModifyTargetGroupAttributes", params)
    return [Step("update", want.key, call, changes, why="attributes are set once it is there")]


def _attributes(want: Want) -> list[dict[str, str]]:
    return [{"Key": one.key, "Value": one.value} for one in want.spec.attributes or ()]


def _replace(want: Want, seen: TargetGroup, fixed: Sequence[Change]) -> list[Step]:
    names = ", ".join(_field(one) for one in fixed)
    why = f"{names} cannot be changed in place: the target group is deleted and made anew"
    call = Call("elbv2", "DeleteTargetGroup", _of(seen.arn))
    return [
        Step("replace", want.key, call, tuple(fixed), disruptive=True, why=why),
        _create(want, "in the place of the one that was deleted"),
    ]


def _health(want: Want, seen: TargetGroup, changes: Sequence[Change]) -> dict[str, Any]:
    """What has changed; a matcher goes out whole."""
    declared = keeping(want.spec.declared(), seen.fields, want.lifecycle.ignore, RULES)
    touched = set(map(_field, changes))
    return _of(seen.arn, **aws_names({name: declared[name] for name in HEALTH if name in touched}))


def _tags(want: Want, seen: TargetGroup) -> list[Step]:
    set_, removed, changes = tag_changes(want, seen.tags)
    found = []
    if set_:
        adopting = OWNER_TAG in set_
        why = f"taken over from {seen.tags.get(OWNER_TAG) or 'nobody'}" if adopting else "tags change"
        params = {"ResourceArns": [seen.arn], "Tags": aws_names(tag_list(set_))}
        told = tuple(change for change in changes if change.after is not None)
        call = Call("elbv2", "AddTags", params)
        found.append(Step("adopt" if adopting else "update", want.key, call, told, why=why))
    if removed:
        params = {"ResourceArns": [seen.arn], "TagKeys": removed}
        told = tuple(change for change in changes if change.after is None)
        found.append(Step("update", want.key, Call("elbv2", "RemoveTags", params), told, why="tags change"))
    return found
