"""From what is wanted and seen to the calls that make them equal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apollo.api import OWNER_TAG, Call, Change, Ignored, Key, Resource, Step
from apollo.compare import (
    CLEARED,
    Field,
    Rules,
    declared_tags,
    differences,
    ignored,
    keeping,
    tag_changes,
    tag_list,
)
from apollo_ecs_cluster.reads import Cluster
from apollo_ecs_cluster.spec import ClusterSpec

__all__ = ["RULES", "deletion", "left_alone", "steps"]

Want = Resource[ClusterSpec]

_UPDATED = ("settings", "configuration", "serviceConnectDefaults")
"""What UpdateCluster changes."""
_CAPACITY = ("capacityProviders", "defaultCapacityProviderStrategy")
"""What PutClusterCapacityProviders changes, both at once."""

RULES: Final = Rules(
    ClusterSpec,
    {
        "/clusterName": Field(never=True),  # where it is, not what it says
        "/tags": Field(never=True),
        "/settings": Field(key="name", others=True),
        # Below what is declared, what is left out is taken away: AWS takes the block whole.
        "/configuration/executeCommandConfiguration": Field(below=CLEARED),
        "/configuration/executeCommandConfiguration/logging": Field(default="DEFAULT"),
        "/configuration/executeCommandConfiguration/logConfiguration/cloudWatchEncryptionEnabled": Field(
            default=False
        ),
        "/configuration/executeCommandConfiguration/logConfiguration/s3EncryptionEnabled": Field(
            default=False
        ),
        "/configuration/managedStorageConfiguration": Field(below=CLEARED),
        "/capacityProviders": Field(unordered=True),
        "/defaultCapacityProviderStrategy": Field(key="capacityProvider"),
        "/defaultCapacityProviderStrategy/*/weight": Field(default=0),
        "/defaultCapacityProviderStrategy/*/base": Field(default=0),
    },
)
"""A field that git leaves out stays as it is in AWS."""


def steps(want: Want, seen: Cluster | None) -> list[Step]:
    """What makes AWS equal to ``want``."""
    if seen is None:
        declared = want.spec.declared()
        params = {name: declared[name] for name in ("clusterName", *_UPDATED, *_CAPACITY) if name in declared}
        params["tags"] = tag_list(declared_tags(want))
        call = Call("ecs", "CreateCluster", params)
        return [Step("create", want.key, call, why="there is no such cluster")]
    found = _tags(want, seen)
    changes = differences(want.spec.declared(), seen.fields, RULES, want.lifecycle.ignore)
    declared = keeping(want.spec.declared(), seen.fields, want.lifecycle.ignore, RULES)
    updated = [one for one in changes if _field(one) in _UPDATED]
    if updated:
        params = {"cluster": seen.name}
        params |= {
            name: _sent(name, declared, seen) for name in _UPDATED if name in set(map(_field, updated))
        }
        call = Call("ecs", "UpdateCluster", params)
        found.append(Step("update", want.key, call, tuple(updated), why=f"{_names(updated)} change"))
    capacity = [one for one in changes if _field(one) in _CAPACITY]
    if capacity:
        call = Call("ecs", "PutClusterCapacityProviders", _capacity(declared, seen))
        found.append(Step("update", want.key, call, tuple(capacity), why=f"{_names(capacity)} change"))
    return found


def deletion(seen: Cluster | None) -> list[Step]:
    """What removes a cluster that git does not hold any more; its tag says whose it was."""
    key = Key.of_owner(seen.tags.get(OWNER_TAG)) if seen is not None else None
    if seen is None or key is None:
        return []
    call = Call("ecs", "DeleteCluster", {"cluster": seen.name})
    return [Step("delete", key, call, why="it is not in git any more; AWS deletes it once it is empty")]


def left_alone(want: Want, seen: Cluster) -> Sequence[Ignored]:
    """Differences that ``lifecycle.ignore`` leaves alone."""
    return ignored(want.spec.declared(), seen.fields, RULES, want.lifecycle.ignore)


def _field(change: Change) -> str:
    return change.path.split("/")[1]


def _names(changes: Sequence[Change]) -> str:
    return ", ".join(dict.fromkeys(map(_field, changes)))


def _sent(name: str, declared: Mapping[str, Any], seen: Cluster) -> Any:
    """A block with those of its parts that git does not declare and that would be lost otherwise."""
    if name == "configuration":
        return {**(seen.fields.get(name) or {}), **declared[name]}
    return declared[name]


def _capacity(declared: Mapping[str, Any], seen: Cluster) -> dict[str, Any]:
    """AWS takes providers and strategy whole. What git leaves out stays, as far as it is possible."""
    held = {name: list(seen.fields.get(name) or ()) for name in _CAPACITY}
    providers = declared.get("capacityProviders", held["capacityProviders"])
    strategy = declared.get("defaultCapacityProviderStrategy")
    if strategy is None:
        strategy = [
            item
            for item in held["defaultCapacityProviderStrategy"]
            if item.get("capacityProvider") in providers
        ]
    return {
        "cluster": seen.name,
        "capacityProviders": list(providers),
        "defaultCapacityProviderStrategy": strategy,
    }


def _tags(want: Want, seen: Cluster) -> list[Step]:
    set_, removed, changes = tag_changes(want, seen.tags)
    found = []
    if set_:
        adopting = OWNER_TAG in set_
        why = f"taken over from {seen.tags.get(OWNER_TAG) or 'nobody'}" if adopting else "tags change"
        call = Call("ecs", "TagResource", {"resourceArn": seen.arn, "tags": tag_list(set_)})
        told = tuple(change for change in changes if change.after is not None)
        found.append(Step("adopt" if adopting else "update", want.key, call, told, why=why))
    if removed:
        call = Call("ecs", "UntagResource", {"resourceArn": seen.arn, "tagKeys": removed})
        told = tuple(change for change in changes if change.after is None)
        found.append(Step("update", want.key, call, told, why="tags change"))
    return found
