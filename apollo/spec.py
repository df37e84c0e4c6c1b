"""What every spec is: a frozen pydantic model whose unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from apollo.api import Env

__all__ = ["Spec"]


class Spec(BaseModel):
    """The desired state of one kind, as a user writes it below ``spec:``.

    Field names are AWS's own in lowerCamelCase. Values never change after loading. A field left out and a
    field set to null mean the same: not declared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    named_lists: ClassVar[Mapping[str, str]] = {}
    """List fields whose members are addressed by a member's field: ``{"/containerDefinitions": "name"}``."""

    def completed(self, name: str, env: Env) -> Self:
        """This spec with what the manifest left to Apollo: names from ``metadata.name``, the environment's
        cluster, references by bare name. Pure; the default changes nothing."""
        return self

    def declared(self) -> dict[str, Any]:
        """What the manifest declares, as plain data: unset and null members are left out."""
        return self.model_dump(mode="python", exclude_none=True, exclude_unset=True, by_alias=True)
