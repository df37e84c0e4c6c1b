"""JSON Schema of whole manifests, for editors: made from the models that validate them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

__all__ = ["LIFECYCLE", "METADATA", "SPEC_FROM", "all_kinds", "own_schema", "spec_schema", "whole_manifest"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DURATION = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"

_WHOLE = {
    "type": "string",
    "pattern": r"^\s*\$\{\{[^{}]*\}\}\s*$",
    "description": "A value of a variable, of the environment, or of another resource: ${{ var.name }}.",
}

METADATA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {
            "type": ["string", "number", "boolean"],
            "description": "The resource's name: unique per kind in the environment, and the name in AWS "
            "unless the spec says otherwise.",
        },
        "labels": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "Free labels; `apollo/app` names the app, else the first folder does.",
        },
    },
}

SPEC_FROM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file"],
    "description": "Takes the native AWS JSON of another tool as the spec; `spec` is merged over it.",
    "properties": {"file": {"type": "string", "description": "Path, relative to this file."}},
}

LIFECYCLE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How this resource may be treated.",
    "properties": {
        "prune": {
            "enum": ["auto", "confirm", "never"],
            "default": "auto",
            "description": "What happens to the object in AWS once its manifest is gone: deleted where the "
            "environment prunes, only after approval, or never.",
        },
        "adopt": {
            "description": "Takes an object that exists already: an unowned one, or from exactly one owner.",
            "default": False,
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["from"],
                    "properties": {
                        "from": {
                            "type": "string",
                            "description": "The owner now: installation/environment/Kind/name.",
                        }
                    },
                },
            ],
        },
        "replace": {
            "enum": ["deny", "allow"],
            "default": "deny",
            "description": "Whether a change that AWS takes only for a new object may replace this one.",
        },
        "suspend": {
            "type": "boolean",
            "default": False,
            "description": "Observed and planned, but not changed.",
        },
        "ignore": {
            "type": "array",
            "items": {"type": "string", "pattern": "^/"},
            "description": "Pointers into the spec, members of named lists by name "
            "(/containerDefinitions/app/image): neither compared nor changed.",
        },
        "dependsOn": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[^/]+/.+$"},
            "description": "Resources (Kind/name) that must be Healthy first.",
        },
    },
}


class _Generator(GenerateJsonSchema):
    """Apollo's own notations instead of what they are read into."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        name = getattr(schema["function"]["function"], "__name__", "")
        if name == "_duration":
            return {
                "type": "string",
                "pattern": _DURATION,
                "description": "A duration such as 30s, 15m or 1h30m.",
            }
        if name == "_share":
            return {
                "anyOf": [
                    {"type": "string", "pattern": r"^\d+(\.\d+)?%$"},
                    {"type": "integer", "minimum": 0},
                ],
                "description": "A share such as 20%, or a count.",
            }
        return super().function_before_schema(schema)


def spec_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one spec as the model has it, without pydantic's noise (titles, null defaults)."""
    schema: dict[str, Any] = _tidy(model.model_json_schema(schema_generator=_Generator, by_alias=True))
    return schema


def _tidy(schema: Any, *, named: bool = False) -> Any:
    """``named``: the keys of this mapping are field names, which may well be ``title``."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if named:
        return {name: _tidy(item) for name, item in schema.items()}
    tidy = {
        name: _tidy(item, named=name in ("properties", "$defs"))
        for name, item in schema.items()
        if name not in ("title", "default")
    }
    default = _written(schema.get("default"), tidy)
    if default is not None:
        tidy["default"] = default
    if isinstance(tidy.get("description"), str):
        tidy["description"] = tidy["description"].replace("``", "`")
    return tidy


def _written(default: Any, schema: dict[str, Any]) -> str | bool | None:
    """A default as one would write it; None where it says nothing. Durations are seconds in the models."""
    if isinstance(default, str | bool):
        return default
    if isinstance(default, int | float) and schema.get("pattern") == _DURATION:
        return f"{default / 60:g}m" if default >= 60 else f"{default:g}s"
    if isinstance(default, float) and 0 <= default <= 1:
        return f"{default:.0%}"
    return None


def _open(schema: Any) -> Any:
    """The same schema for what people write: ``${{ … }}`` wherever something else than text is wanted, and
    any plain scalar where text is (its own characters are taken)."""
    if not isinstance(schema, dict) or not schema:
        return schema
    options = [_open_inside(option) for option in schema.get("anyOf", [schema])]
    if any(not _is_text(option) and option.get("type") != "null" for option in options):
        options.append({"$ref": "#/$defs/interpolation"})
    options = [
        option | {"type": ["string", "number", "boolean"]} if _is_text(option) else option
        for option in options
    ]
    if len(options) == 1:
        return options[0]
    kept = {name: item for name, item in schema.items() if name != "anyOf"} if "anyOf" in schema else {}
    return kept | {"anyOf": options}


def _open_inside(schema: dict[str, Any]) -> dict[str, Any]:
    """Open the members; the place that refers here is opened itself."""
    out = dict(schema)
    if "properties" in out:
        out["properties"] = {name: _open(item) for name, item in out["properties"].items()}
    for name in ("items", "additionalProperties"):
        if name in out:
            out[name] = _open(out[name])
    return out


def _is_text(schema: dict[str, Any]) -> bool:
    """Free text: no enum, no pattern and no bound that ``${{ … }}`` would break."""
    bounds = ("enum", "const", "pattern", "minLength", "maxLength", "format")
    return schema.get("type") == "string" and not any(bound in schema for bound in bounds)


def _prefixed(value: Any, prefix: str) -> Any:
    """References to definitions under their kind's name, so that two kinds may have one of equal name."""
    if isinstance(value, list):
        return [_prefixed(item, prefix) for item in value]
    if isinstance(value, dict):
        return {
            name: f"#/$defs/{prefix}.{item.rsplit('/', 1)[-1]}"
            if name == "$ref" and isinstance(item, str)
            else _prefixed(item, prefix)
            for name, item in value.items()
        }
    return value


def _parts(kind: str, model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = spec_schema(model)
    definitions = spec.pop("$defs", {})
    return _prefixed(spec, kind), {
        f"{kind}.{name}": _prefixed(item, kind) for name, item in definitions.items()
    }


def whole_manifest(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one kind's manifests, complete in itself."""
    spec, definitions = _parts(kind, model)
    required = spec.pop("required", [])
    envelope = _envelope(kind)
    return {
        "$schema": DIALECT,
        **envelope,
        "properties": envelope["properties"]
        | {"metadata": METADATA, "specFrom": SPEC_FROM, "lifecycle": LIFECYCLE, "spec": _open_inside(spec)},
        "required": ["apiVersion", "kind", "metadata"],
        # What specFrom brings need not stand in the spec.
        "anyOf": [
            {"required": ["specFrom"]},
            {"required": ["spec"], "properties": {"spec": {"required": required}}},
        ],
        "$defs": {
            "interpolation": _WHOLE,
            **{name: _open_inside(item) for name, item in definitions.items()},
        },
    }


def own_schema(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one of Apollo's own documents (``Installation``, ``Environment``)."""
    spec, definitions = _parts(kind, model)
    envelope = _envelope(kind)
    return {
        "$schema": DIALECT,
        **envelope,
        "properties": envelope["properties"] | {"metadata": METADATA, "spec": spec},
        "required": ["apiVersion", "kind", *(["metadata"] if kind == "Environment" else [])],
        "$defs": definitions,
    }


def _envelope(kind: str) -> dict[str, Any]:
    return {
        "title": kind,
        "type": "object",
        "additionalProperties": False,
        "properties": {"apiVersion": {"const": "apollo/v1"}, "kind": {"const": kind}},
    }


def all_kinds(schemas: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """One schema for every manifest: ``kind`` decides which part applies."""
    definitions: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    for kind, schema in schemas.items():
        body = {name: item for name, item in schema.items() if name not in ("$schema", "$defs")}
        definitions |= schema.get("$defs", {})
        definitions[kind] = body
        rules.append(
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{kind}"},
            }
        )
    return {
        "$schema": DIALECT,
        "title": "Apollo manifest",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"const": "apollo/v1"},
            "kind": {"enum": list(schemas)},
        },
        "allOf": rules,
        "$defs": definitions,
    }
