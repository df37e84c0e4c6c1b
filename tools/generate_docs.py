"""Write the parts of docs/reference that come from the code.

    python tools/generate_docs.py            writes them
    python tools/generate_docs.py --check    says what is stale, and exits with 1

A page holds them between ``<!-- generated: NAME -->`` and ``<!-- end of generated -->``; what stands around
is written by hand. Pages of kinds are made whole.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from apollo.cli.explain import Field  # noqa: E402
from apollo.cli.main import cli  # noqa: E402

DOCS = ROOT / "docs"
_PART = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z-]+)(?: (?P<argument>\S+))? -->\n)"
    r".*?(?P<end><!-- end of generated -->)",
    re.DOTALL,
)


def wanted() -> dict[Path, str]:
    """Every page that holds something generated, as it should be."""
    found: dict[Path, str] = {}
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text("utf-8")
        if "<!-- generated: " in text:
            found[page] = _PART.sub(_filled, text)
    for kind in _kinds():
        found[DOCS / f"reference/kinds/{kind}.md"] = _kind_page(kind)
    return found


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = 0
    for page, text in wanted().items():
        if page.exists() and page.read_text("utf-8") == text:
            continue
        stale += 1
        print(f"{'stale' if check else 'wrote'} {page.relative_to(ROOT)}")
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, "utf-8")
    if check and stale:
        print("python tools/generate_docs.py writes them anew")
    return 1 if check and stale else 0


def _filled(found: re.Match[str]) -> str:
    make = _PARTS[found["name"]]
    body = make(found["argument"]) if found["argument"] else make()
    return f"{found['begin']}\n{body.strip()}\n\n{found['end']}"


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────


def _cli() -> str:
    return "\n".join(_commands(cli, "apollo"))


def _commands(group: click.Group, path: str) -> Iterator[str]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
            continue
        inner = click.Context(command, parent=context, info_name=name)
        yield f"### {path} {name}\n"
        usage = " ".join(command.collect_usage_pieces(inner))
        yield f"```text\n{path} {name} {usage}\n```\n"
        yield _prose(command.help or "") + "\n"
        rows = [_option(one, inner) for one in command.get_params(inner) if isinstance(one, click.Option)]
        rows = [row for row in rows if row[0] not in ("`--debug`", "`--help`", "`-h`, `--help`")]
        if rows:
            yield _table(("option", "does"), rows)
        if command.epilog:
            head, _, line = command.epilog.removeprefix("\b").partition(":")
            lines = re.split(r"\s{3,}", line.strip())
            shown = [one for one in lines if one.startswith(("apollo", "echo"))]
            yield f"{head.strip()}: " + ", ".join(f"`{one}`" for one in shown) + "\n"


def _option(option: click.Option, context: click.Context) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else option.make_metavar(context)
    if value and value not in ("TEXT", "BOOLEAN"):
        names += f" `{value}`".replace("|", "\\|")
    help_ = " ".join((option.help or "").split())
    if option.show_default and _says(option.default) and "[default" not in help_:
        help_ += f" Default: {option.default}."
    help_ = re.sub(r"\s*\[default: (.*)\]", r" Default: \1.", help_)
    return names, help_


def _says(default: object) -> bool:
    """Whether a default is worth printing, and the same on every machine."""
    return isinstance(default, str | int | float) and default is not False and default != ""


# ── kinds and settings ───────────────────────────────────────────────────────────────────────────────────


_MADE = """This page is made from the code by `tools/generate_docs.py`; `apollo explain {kind}.FIELD` says the
same for one field.
"""
_ABOUT_FIELDS = """What each means is told by AWS's own documentation of the fields of these names. `[]` is a
member of a list. A field of AWS that is newer than this page is accepted, and checked, if the installed
botocore knows it.
"""


def _kinds() -> list[str]:
    from apollo.plugins import Registry

    ours = [info.kind for info in Registry().report(load=True) if info.distribution == "apollo-ecs"]
    return sorted(ours)


def _kind_page(kind: str) -> str:
    from apollo.cli.manifest_schema import spec_schema
    from apollo.plugins import Registry

    controller = Registry().get(kind)
    rows, closed = _fields(spec_schema(controller.spec_type)), _consequences(kind)
    lines = [
        f"# {kind}\n",
        _MADE.format(kind=kind),
        _prose(inspect.getdoc(type(controller)) or "") + "\n",
        "| | |\n|---|---|",
        f"| Outputs, for `${{{{ {kind}/NAME.output }}}}` | {_codes(sorted(controller.output_names))} |",
        f"| Of these known before an update | {_codes(sorted(controller.stable_outputs))} |",
        f"| IAM actions to plan | {_codes(sorted(controller.permissions - controller.write_permissions))} |",
        f"| IAM actions to apply, beside those | {_codes(sorted(controller.write_permissions))} |",
        f"| IAM actions for `--verify`, beside those | {_codes(sorted(controller.verify_permissions))} |\n",
        "## Fields\n",
        _ABOUT_FIELDS,
    ]
    if closed:
        lines.append(
            _table(
                ("field", "type", "limits", "a change of it"),
                [(*row, closed.get(row[0].strip("`").split(".")[0].split("[")[0], "")) for row in rows],
            )
        )
    else:
        lines.append(_table(("field", "type", "limits"), rows))
    return "\n".join(lines).rstrip() + "\n"


def _consequences(kind: str) -> Mapping[str, str]:
    """What a change of a top-level field of a spec does to what runs."""
    if kind == "Service":
        from apollo.compare.service import IMMUTABLE, STARTS_DEPLOYMENT

        return {
            **dict.fromkeys(STARTS_DEPLOYMENT, "replaces tasks"),
            **dict.fromkeys(IMMUTABLE, "needs a new service"),
            "taskDefinition": "replaces tasks",
            "launchType": "needs a new service",
        }
    return {}


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    definitions = schema.pop("$defs", {})
    rows: list[tuple[str, str, str]] = []

    def walk(field: Field, seen: tuple[str, ...]) -> None:
        for name, member in field.members().items():
            _, many = member.resolved()
            shown = f"{field.path}.{name}".removeprefix("spec.") + ("[]" if many else "")
            rows.append(
                (f"`{shown}`" + (" (required)" if member.required else ""), member.type(), _limits(member))
            )
            label = json.dumps(member.schema, sort_keys=True)
            if label not in seen and len(seen) < 6:
                inner = Field(
                    f"{field.path}.{name}" + ("[]" if many else ""),
                    member.schema,
                    definitions,
                    member.required,
                )
                walk(inner, (*seen, label))

    walk(Field("spec", schema, definitions), ())
    return rows


def _limits(field: Field) -> str:
    schema, _ = field.resolved()
    found = []
    if "enum" in schema:
        found.append(", ".join(f"`{value}`" for value in schema["enum"]))
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if low in schema or high in schema:
            found.append(f"{schema.get(low, '…')} to {schema.get(high, '…')}{unit}")
    if "pattern" in schema:
        found.append(f"`{schema['pattern']}`".replace("|", "\\|"))
    return "; ".join(found)


def _settings(kind: str) -> str:
    from apollo.cli.kinds import own_model
    from apollo.cli.manifest_schema import spec_schema

    said = _attribute_docs("apollo.settings")
    schema = spec_schema(own_model(kind))
    definitions = schema.pop("$defs", {})
    rows: list[tuple[str, str, str, str]] = []

    def walk(field: Field, model: str) -> None:
        for name, member in field.members().items():
            inner, many = member.resolved()
            path = f"{field.path}.{name}"
            text = said.get((model, name), "") or str(inner.get("description", ""))
            kind_of = _limits(member) if "enum" in inner else member.type()
            rows.append((f"`{path}`", kind_of, _default(member), _line(text)))
            reference = _reference(member.schema)
            if reference:
                walk(Field(path + ("[]" if many else ""), member.schema, definitions), reference)

    walk(Field("spec", schema, definitions), f"{kind}Spec")
    return _table(("field", "type", "left out", ""), rows)


def _reference(schema: Mapping[str, Any]) -> str:
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).rsplit("/", 1)[-1]
    return ""


def _default(field: Field) -> str:
    default = field.schema.get("default")
    if default in (None, ""):
        return "required" if field.required else ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _lifecycle() -> str:
    from apollo.cli.manifest_schema import LIFECYCLE

    rows = []
    for name, schema in LIFECYCLE["properties"].items():
        field = Field(name, schema, {})
        rows.append(
            (f"`lifecycle.{name}`", _limits(field) or field.type(), _default(field), schema["description"])
        )
    return _table(("field", "values", "left out", ""), rows)


# ── codes, events, permissions ───────────────────────────────────────────────────────────────────────────


def _errors() -> str:
    from apollo.cli.codes import lookup

    used = sorted(
        {
            code
            for path in (ROOT / "apollo").rglob("*.py")
            for code in re.findall(r"APO-[A-Z]+-\d{3}", path.read_text("utf-8"))
        }
    )
    parts: dict[str, list[tuple[str, str, str]]] = {}
    for code in used:
        found = lookup(code)
        if found is None:  # tests/cli holds the tables to the source
            continue
        meaning, remedy = found
        parts.setdefault(code.split("-")[1], []).append((f"`{code}`", meaning, remedy))
    lines = []
    for area, rows in parts.items():
        lines += [f"## {_AREAS.get(area, area)}\n", _table(("code", "means", "what to do"), rows)]
        lines += [_explained(code.strip("`")) for code, _, _ in rows]
    return "\n".join(line for line in lines if line)


def _explained(code: str) -> str:
    """A section of its own for a finding about a spec: why, an example, the source."""
    from apollo.cli.explained import SPEC_CODES

    more = SPEC_CODES.get(code)
    if more is None or not more.why:
        return ""
    example = f"\n```text\n{more.example}\n```\n" if more.example else ""
    source = f"\nSource: <{more.source}>\n" if more.source else ""
    return f"### {code}\n\n{more.meaning} {more.why} {more.remedy}\n{example}{source}"


_AREAS = {
    "AWS": "AWS",
    "CLI": "Command line",
    "CONF": "Configuration",
    "ECS": "ECS",
    "GENERAL": "General",
    "GIT": "Git",
    "LOAD": "Manifests",
    "PLAN": "Plans",
    "PLUGIN": "Plugins",
    "RULE": "Listener rules",
    "SCALE": "Scaling",
    "STORE": "Store",
    "SVC": "Services",
    "TAG": "Tags",
    "TD": "Task definitions",
    "YAML": "YAML and JSON",
}


def _events(module: str) -> str:
    """The members of ``EventType``, with the comment that stands behind each."""
    path = ROOT / (module.replace(".", "/") + ".py")
    source = path.read_text("utf-8")
    body = source.split("EventType = Literal[")[1].split("\n]")[0]
    rows = [
        (f"`{name}`", (said[0].upper() + said[1:]) if said else "")
        for name, said in re.findall(r'"(\w+)",(?:\s*# (.*))?', body)
    ]
    return _table(("event", "means"), rows)


def _iam(mode: str) -> str:
    from apollo.cli.iam import policy
    from apollo.cli.kinds import controllers
    from apollo.plugins import Registry

    actions: set[str] = set()
    for controller in controllers(Registry()).values():
        actions |= controller.permissions - (controller.write_permissions if mode == "read" else set())
    if mode == "read":
        actions.discard("iam:PassRole")
    return f"```json\n{json.dumps(policy(actions), indent=2)}\n```"


# ── the library ──────────────────────────────────────────────────────────────────────────────────────────


def _library(module: str) -> str:
    room = importlib.import_module(module)
    lines = [_prose(inspect.getdoc(room) or "") + "\n"]
    constants = []
    for name in sorted(room.__all__, key=str.lower):
        item = getattr(room, name)
        if inspect.isclass(item):
            lines += _class(name, item)
        elif inspect.isfunction(item):
            said = inspect.getdoc(item) or ""
            if not item.__module__.startswith("apollo."):  # in another style: its summary will do
                said = said.partition("\n\n")[0]
            lines += [
                f"### {module}.{name}\n",
                _code(f"{name}{_signature(item)}"),
                _prose(said) + "\n",
            ]
        else:
            shown = (
                repr(item)
                if isinstance(item, str | int)
                else str(item).replace("typing.", "").replace("|", "\\|")
            )
            shown = re.sub(r"apollo(\.\w+)*\.", "", shown)
            constants.append((f"`{name}`", f"`{shown}`" if len(shown) < 120 else ""))
    if constants:
        lines += ["### Other names of " + module + "\n", _table(("name", "value"), constants)]
    return "\n".join(lines)


def _class(name: str, item: type[Any]) -> Iterator[str]:
    yield f"### {_home(item)}.{name}\n"
    head = name
    if "__init__" in vars(item) and not issubclass(item, BaseException) and not _is_protocol(item):
        head += _signature(item.__init__, drop_self=True)
    yield _code(f"class {head}")
    yield _prose(inspect.getdoc(item) or "") + "\n"
    said = _attribute_docs(item.__module__)
    rows = [
        (f"`{field}`", _line(text))
        for (owner, field), text in said.items()
        if owner == item.__name__ and field in _annotations(item)
    ]
    if rows:
        yield _table(("attribute", "means"), rows)
    methods = []
    for method, value in vars(item).items():
        function = value.fget if isinstance(value, property) else value
        if method.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        signature = "" if isinstance(value, property) else _signature(function, drop_self=True)
        methods.append((f"`{method}{signature}`".replace("|", "\\|"), _line(inspect.getdoc(function) or "")))
    if methods:
        yield _table(("method", "does"), methods)


def _home(item: type[Any]) -> str:
    parts = item.__module__.split(".")
    return ".".join(parts[:2]) if len(parts) > 1 else parts[0]


def _annotations(item: type[Any]) -> Mapping[str, Any]:
    return vars(item).get("__annotations__", {})


def _is_protocol(item: type[Any]) -> bool:
    return bool(getattr(item, "_is_protocol", False))


def _signature(function: Callable[..., Any], *, drop_self: bool = False) -> str:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return "(…)"
    parameters = list(signature.parameters.values())
    if drop_self and parameters and parameters[0].name == "self":
        parameters = parameters[1:]
    parameters = [
        one.replace(annotation=_raw(one.annotation), default=_shown(one.default)) for one in parameters
    ]
    returns = _raw(signature.return_annotation)
    text = str(signature.replace(parameters=parameters, return_annotation=returns))
    text = re.sub(r"\b(?:apollo\.\w+(?:\.\w+)*|typing|collections\.abc|attr|attrs)\.", "", text)
    return text.removesuffix(" -> None")


def _raw(annotation: Any) -> Any:
    """An annotation as it is written in the source."""
    return _Shown(annotation) if isinstance(annotation, str) else annotation


def _shown(default: Any) -> Any:
    """A default value as it may stand in a signature: nothing of this machine or this run."""
    if default is inspect.Parameter.empty:
        return default
    text = repr(default)
    return _Shown("…" if " at 0x" in text or len(text) > 40 or "NOTHING" in text else text)


class _Shown:
    """Text that a signature prints as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _attribute_docs(module: str) -> dict[tuple[str, str], str]:
    """``(class, attribute)`` → the text below the attribute."""
    source = inspect.getsource(importlib.import_module(module))
    found = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for one, following in zip(node.body, node.body[1:], strict=False):
            named = isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
            said = (
                isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
                and isinstance(following.value.value, str)
            )
            if named and said:
                found[node.name, one.target.id] = inspect.cleandoc(following.value.value)  # type: ignore[union-attr, attr-defined]
    return found


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────


def _prose(text: str) -> str:
    """A docstring as Markdown: field lists as a list, doctest-like blocks as code."""
    text = re.sub(r"(?<!`)``([^`]+)``(?!`)", r"`\1`", inspect.cleandoc(text))
    text = re.sub(r"(?m)^    (?=\S)|^(?=    )", "    ", text)
    text = re.sub(
        r"\s*:(ivar|param|raises|return|returns)( [^:\n]+)?:",
        lambda found: f"\n- {_field_name(found)}:",
        text,
    )
    return text.strip()


def _field_name(found: re.Match[str]) -> str:
    words = {"ivar": "", "param": "", "raises": "raises ", "return": "returns", "returns": "returns"}
    return words[found[1]] + (f"`{found[2].strip()}`" if found[2] else "")


def _line(text: str) -> str:
    """The first paragraph of a docstring, for a cell of a table."""
    first = re.split(r"\n\s*\n|\s*:(?:ivar|param|raises|returns?)\b", text.strip())[0]
    return re.sub(r"(?<!`)``([^`]+)``(?!`)", r"`\1`", " ".join(first.split())).replace("|", "\\|")


def _code(text: str) -> str:
    lines = textwrap.wrap(text, 110, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


_PARTS: Mapping[str, Callable[..., str]] = {
    "cli": _cli,
    "errors": _errors,
    "events": _events,
    "iam": _iam,
    "library": _library,
    "lifecycle": _lifecycle,
    "settings": _settings,
}

if __name__ == "__main__":
    sys.exit(main())
