"""``apollo explain``: what a field of a manifest takes, and what an error code means. Offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import click
from attrs import frozen

from apollo.cli.options import debug_option
from apollo.cli.text import paint_for, say, table

__all__ = ["Field", "explain", "find"]


@frozen
class Field:
    """One place of a manifest: its schema, and whether its parent requires it."""

    path: str
    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
    required: bool = False

    def resolved(self) -> tuple[Mapping[str, Any], bool]:
        """The schema behind references and ``or null``, and whether it is a list of that."""
        schema, many = self.schema, False
        while True:
            if "$ref" in schema:
                name = schema["$ref"].rsplit("/", 1)[-1]
                schema = {**self.definitions[name], **_without(schema, "$ref")}
                continue
            options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
            if len(options) == 1:
                schema = {**options[0], **_without(schema, "anyOf")}
                continue
            if schema.get("type") == "array" and isinstance(schema.get("items"), dict) and not many:
                about = {"description": schema["description"]} if "description" in schema else {}
                schema, many = {**schema["items"], **about}, True
                continue
            return schema, many

    def members(self) -> dict[str, Field]:
        schema, _ = self.resolved()
        required = schema.get("required", ())
        return {
            name: Field(f"{self.path}.{name}", member, self.definitions, name in required)
            for name, member in schema.get("properties", {}).items()
        }

    def type(self) -> str:
        """``string``, ``integer``, ``list of object`` …"""
        schema, many = self.resolved()
        options = schema.get("anyOf")
        if options:
            names = [Field("", option, self.definitions).type() for option in options]
            name = " or ".join(dict.fromkeys(name for name in names if name != "null"))
        elif "enum" in schema:
            name = "one of"
        elif isinstance(schema.get("type"), list):
            name = "string"
        else:
            name = schema.get("type", "any")
            inner = schema.get("additionalProperties")
            if name == "object" and "properties" not in schema and isinstance(inner, dict):
                name = f"map of {Field('', inner, self.definitions).type()}"
        return f"list of {name}" if many else name


def _without(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: item for key, item in schema.items() if key != name}


def find(kind: str, root: Mapping[str, Any], names: list[str]) -> Field:
    """The field that ``names`` lead to, from the manifest's top or from its spec; list members need no index.

    :raises ApolloError: there is no such field, with a suggestion.
    """
    from apollo.errors import ApolloError

    top = Field(kind, root, root.get("$defs", {}))
    here = top
    if names and names[0] not in top.members():
        here = top.members()["spec"]
    for name in names:
        members = here.members()
        if name not in members:
            import difflib

            near = difflib.get_close_matches(name, members, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"apollo explain {here.path}"
            raise ApolloError(f"{here.path} has no field {name!r}", code="APO-CLI-011", hint=hint)
        here = members[name]
    return here


@click.command(
    epilog="Examples: apollo explain Service.deploymentConfiguration   apollo explain APO-LOAD-021"
)
@click.argument("what", metavar="KIND[.FIELD…]|CODE")
@debug_option
def explain(what: str) -> None:
    """Say what a kind, a field of it, or an error code means.

    Fields are written as in a manifest: Service.lifecycle.prune, TaskDefinition.spec.cpu; `spec.` may be
    left out.
    """
    if re.fullmatch(r"(?i)[a-z][a-z0-9]*(-[a-z0-9]+)*-\d+", what):
        say("\n".join(_code(what.upper())))
        return
    from apollo.cli.kinds import OWN_KINDS, registry, spec_model
    from apollo.cli.manifest_schema import LIFECYCLE, METADATA, SPEC_FROM, spec_schema

    kind, names = _split(what)
    model = spec_model(registry(), kind)
    known = {name.lower(): name for name in (*registry().names(), *OWN_KINDS)}
    kind = known[kind.lower()]
    spec = spec_schema(model)
    parts: dict[str, Any] = {"metadata": METADATA}
    if kind not in OWN_KINDS:
        parts |= {"lifecycle": LIFECYCLE, "specFrom": SPEC_FROM}
    definitions = spec.pop("$defs", {})
    root = {
        "type": "object",
        "properties": {**parts, "spec": spec},
        "required": ["metadata"],
        "$defs": definitions,
    }
    say("\n".join(_field(kind, find(kind, root, names))))


def _split(what: str) -> tuple[str, list[str]]:
    """Kinds of plugins hold a dot themselves: ``acme.Queue.spec.size``."""
    parts = [part for part in re.split(r"[./\[\]*]+", what) if part]
    if len(parts) > 1 and parts[0].islower() and parts[1][:1].isupper():
        return f"{parts[0]}.{parts[1]}", parts[2:]
    return (parts[0] if parts else what), parts[1:]


def _field(kind: str, field: Field) -> Iterator[str]:
    import sys

    paint = paint_for(sys.stdout)
    schema, _ = field.resolved()
    rows = [("KIND", kind)]
    if field.path != kind:
        rows.append(("FIELD", field.path.removeprefix(f"{kind}.")))
        rows.append(("TYPE", field.type()))
        rows.append(("REQUIRED", "yes" if field.required else "no"))
    for label, text in _limits(schema):
        rows.append((label, text))
    if field.path != kind and not field.required:
        rows.append(("LEFT OUT", _absence(field)))
    yield table([(paint.bold(label), text) for label, text in rows])
    if schema.get("description"):
        yield ""
        yield str(schema["description"]).strip()
    members = field.members()
    if field.path == kind:
        members |= {f"spec.{name}": member for name, member in members.pop("spec").members().items()}
    if members:
        yield ""
        yield paint.bold("FIELDS")
        yield table(
            [
                (
                    paint.cyan(name),
                    ", ".join([member.type(), *(["required"] if member.required else [])]),
                    _first_sentence(member),
                )
                for name, member in members.items()
            ],
            indent="  ",
        )


def _limits(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "enum" in schema:
        yield "VALUES", ", ".join(map(str, schema["enum"]))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        yield "BOUNDS", " to ".join(str(end) if end is not None else "…" for end in (low, high))
    low, high = schema.get("minLength"), schema.get("maxLength")
    if low is not None or high is not None:
        ends = " to ".join(str(end) if end is not None else "…" for end in (low, high))
        yield "LENGTH", f"{ends} characters"
    if "pattern" in schema:
        yield "PATTERN", str(schema["pattern"])


def _absence(field: Field) -> str:
    if "default" in field.schema:
        default = field.schema["default"]
        return str(default).lower() if isinstance(default, bool) else str(default)
    if ".spec." in f".{field.path}." and not field.path.startswith(
        ("Installation", "Environment", "Notification")
    ):
        return "not declared: the defaults of the environment, else AWS's own"
    return "none"


def _first_sentence(field: Field) -> str:
    schema, _ = field.resolved()
    if "enum" in schema and len(schema["enum"]) <= 6:
        return " | ".join(map(str, schema["enum"]))
    text = str(schema.get("description", "")).strip().splitlines()
    return text[0].split(". ")[0] if text else ""


def _code(code: str) -> Iterator[str]:
    from apollo.cli.codes import lookup
    from apollo.errors import ApolloError

    entry, of = lookup(code), ""
    if entry is None:
        entry, of = _declared(code)
    if entry is None:
        raise ApolloError(
            f"there is no error code {code}",
            code="APO-CLI-012",
            hint="codes look like APO-LOAD-021; those of a plugin are known where it is installed",
        )
    meaning, remedy = entry
    yield f"{code}{of}: {meaning}"
    if remedy:
        yield f"\nWhat to do: {remedy}"
    yield from _more(code)


def _declared(code: str) -> tuple[tuple[str, str] | None, str]:
    """What an installed kind says of a code of its own, and which kind it is."""
    from apollo.cli.kinds import controllers, registry
    from apollo.plugins.check import inner

    for kind, controller in controllers(registry()).items():
        codes: object = getattr(inner(controller), "codes", None)
        found: object = codes.get(code) if isinstance(codes, Mapping) else None
        match found:
            case (str(meaning), str(remedy)):
                return (meaning, remedy), f" ({kind})"
    return None, ""


def _more(code: str) -> Iterator[str]:
    """What else is known of a finding about a spec."""
    from apollo.cli.explained import SPEC_CODES

    more = SPEC_CODES.get(code)
    if more is None:
        return
    if more.why:
        yield f"\nWhy: {more.why}"
    if more.example:
        yield "\nFor example:\n" + "\n".join(f"  {line}" for line in more.example.splitlines())
    if more.source:
        yield f"\nSource: {more.source}"
