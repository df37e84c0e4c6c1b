"""What a preflight check may know of the rest of git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from apollo.api.desired import Resource
from apollo.api.names import Key

__all__ = ["Around"]


@frozen
class Around:
    """What stands around a resource in the plan that is verified.

    :ivar resources: everything that git holds for the environment, with the outputs that are known.
    :ivar provided: what these bring about in AWS beside themselves, as `Controller.provides` names it, e.g.
        ``targetGroup:arn:…`` or ``logGroup:/ecs/web``. What is provided need not be there yet.
    """

    resources: Mapping[Key, Resource[Any]] = field(factory=dict)
    provided: frozenset[str] = frozenset()
