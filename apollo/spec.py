"""What every spec is: a frozen pydantic model whose unknown keys are errors."""

# Annotations are values here, not text: pydantic would compile the text of each anew, for every class below.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from apollo.api import Env

__all__ = ["Spec", "lean"]


class Spec(BaseModel):
    """The desired state of one kind, as a user writes it below ``spec:``.

    Field names are AWS's own in lowerCamelCase. Values never change after loading. A field left out and a
    field set to null mean the same: not declared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    named_lists: ClassVar[Mapping[str, str]] = {}
    """List fields whose members are addressed by a member's field: ``{"/containerDefinitions": "name"}``."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text that waits for an output of another resource is not held to lengths and patterns."""
        schema = handler(source)
        _spare_markers(schema)
        return schema

    def completed(self, name: str, env: "Env") -> Self:
        """This spec with what the manifest left to Apollo: names from ``metadata.name``, the environment's
        cluster, references by bare name. Pure; the default changes nothing."""
        return self

    def declared(self) -> dict[str, Any]:
        """What the manifest declares, as plain data: unset and null members are left out."""
        return self.model_dump(mode="python", exclude_none=True, exclude_unset=True, by_alias=True)


_FIELDS: dict[frozenset[str], set[str]] = {}
_NONE: dict[str, Any] = {}
_S = TypeVar("_S", bound=Spec)


def lean(spec: _S) -> _S:
    """The spec, sharing with others what is alike: which fields are set, and that none is unknown. Nothing of
    it ever changes, and a thousand services are twenty thousand models, each with a set and a mapping of its
    own otherwise: a fifth of what their repository takes."""
    fields = spec.__pydantic_fields_set__
    object.__setattr__(spec, "__pydantic_fields_set__", _FIELDS.setdefault(frozenset(fields), fields))
    if spec.__pydantic_extra__ is not None and not spec.__pydantic_extra__:
        object.__setattr__(spec, "__pydantic_extra__", _NONE)
    return spec


_MARK = "\ue000"
"""Begins the text that stands for an output: see `apollo.api.refs`, which is above this module."""
_BOUNDS = frozenset({"pattern", "min_length", "max_length"})


def _spare_markers(schema: Any) -> None:
    """Wrap, in place, every text with bounds inside of a schema."""
    if isinstance(schema, dict):
        members: list[Any] = list(schema.values())
    else:
        members = schema if isinstance(schema, list) else []
    for member in members:
        kind = member.get("type") if isinstance(member, dict) else None
        if kind == "str" and _BOUNDS & member.keys():
            wrapped = core_schema.no_info_wrap_validator_function(_unless_marked, dict(member))
            member.clear()
            member.update(wrapped)
        else:
            _spare_markers(member)


def _unless_marked(value: Any, handler: Any) -> Any:
    return value if isinstance(value, str) and _MARK in value else handler(value)
