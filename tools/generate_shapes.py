"""Write ``apollo/resources/shapes/*.py`` from the service models that botocore packages.

    python tools/generate_shapes.py            # write the modules
    python tools/generate_shapes.py --check    # exit 1 when they differ from what would be written

Taken over: names, types, required members, enums, bounds of numbers and lengths, and patterns that are
anchored at both ends (what AWS means by the other ones, no two engines agree on). Not taken over: AWS's
documentation. Names are AWS's with the first letter in lower case, for every service.

A user may have a newer botocore than the one that was read here: its additional fields are accepted without
these modules (see `apollo.resources.shape`). ``BOTOCORE`` in ``__init__.py`` says which one it was.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

TARGET = Path(__file__).resolve().parent.parent / "apollo" / "resources" / "shapes"
COMMAND = "python tools/generate_shapes.py"


class Top(NamedTuple):
    """A model for the whole input of some operations."""

    name: str
    operations: tuple[str, ...]
    omitted: frozenset[str] = frozenset()
    """Members that Apollo fills in itself; no manifest may name them."""
    completed: frozenset[str] = frozenset()
    """Required members that Apollo completes when a manifest leaves them out."""


MODULES: Mapping[str, tuple[str, tuple[Top, ...]]] = {
    "task_definition": (
        "ecs",
        (Top("TaskDefinitionInput", ("RegisterTaskDefinition",), completed=frozenset({"family"})),),
    ),
    "service": (
        "ecs",
        (
            Top(
                "ServiceInput",
                ("CreateService", "UpdateService"),
                omitted=frozenset({"clientToken", "forceNewDeployment", "service"}),
                completed=frozenset({"serviceName"}),
            ),
        ),
    ),
    "listener_rule": (
        "elbv2",
        (
            Top("CreateRuleInput", ("CreateRule",)),
            Top("ModifyRuleInput", ("ModifyRule",)),
            Top("SetRulePrioritiesInput", ("SetRulePriorities",)),
        ),
    ),
    "scaling_policy": (
        "application-autoscaling",
        (
            Top("RegisterScalableTargetInput", ("RegisterScalableTarget",)),
            Top("PutScalingPolicyInput", ("PutScalingPolicy",)),
            Top("PutScheduledActionInput", ("PutScheduledAction",)),
        ),
    ),
}
"""Module → its service and models. Shapes that several modules of a service use go to a common one."""

SCALARS = {
    "string": "str",
    "character": "str",
    "integer": "int",
    "long": "int",
    "double": "float",
    "float": "float",
    "boolean": "bool",
    "timestamp": "str",  # ISO 8601, as boto3 takes it
    "blob": "str",
}


def packaged(service: str) -> dict[str, Any]:
    """The newest model of a service that botocore packages, read as data."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("botocore is not installed here: pip install boto3")
    folder = Path(spec.submodule_search_locations[0]) / "data" / service
    newest = max(path for path in folder.iterdir() if path.is_dir())
    if (packed := newest / "service-2.json.gz").exists():
        return dict(json.loads(gzip.decompress(packed.read_bytes())))
    return dict(json.loads((newest / "service-2.json").read_bytes()))


class Writer:
    """One service's shapes as Python text."""

    def __init__(self, service: str) -> None:
        self.service = service
        data = packaged(service)
        self.shapes: dict[str, Any] = data["shapes"]
        self.operations: dict[str, Any] = data["operations"]
        self.pascal: set[bool] = set()

    def inputs(self, top: Top) -> tuple[str, ...]:
        return tuple(self.operations[name]["input"]["shape"] for name in top.operations)

    def _children(self, name: str) -> Iterator[str]:
        shape = self.shapes[name]
        for member in shape.get("members", {}).values():
            yield member["shape"]
        for part in ("member", "key", "value"):
            if part in shape:
                yield shape[part]["shape"]

    def _has_name(self, name: str) -> bool:
        """Whether a shape gets a name of its own in the module: structures and enums do."""
        shape = self.shapes[name]
        return "enum" in shape or (shape["type"] == "structure" and not shape.get("document"))

    def below(self, tops: Iterable[Top]) -> list[str]:
        """Every shape with a name below the inputs, each after what it uses; a cycle is cut anywhere."""
        done: list[str] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name not in seen:
                seen.add(name)
                for child in self._children(name):
                    visit(child)
                if self._has_name(name):
                    done.append(name)

        roots = {root for top in tops for root in self.inputs(top)}
        for root in sorted(roots):
            visit(root)
        return [name for name in done if name not in roots]

    def _hint(self, name: str, written: set[str]) -> str:
        """The annotation of a shape."""
        shape = self.shapes[name]
        kind = shape["type"]
        if self._has_name(name):
            return name if name in written else f'"{name}"'
        if kind == "structure":
            return "JsonValue"
        if kind == "list":
            base = f"list[{self._hint(shape['member']['shape'], written)}]"
        elif kind == "map":
            parts = [self._hint(shape[part]["shape"], written) for part in ("key", "value")]
            base = f"dict[{', '.join(parts)}]"
        else:
            base = SCALARS[kind]
        limits = [] if kind == "timestamp" else list(self._limits(shape, base in ("int", "float")))
        return f"Annotated[{base}, Field({', '.join(limits)})]" if limits else base

    @staticmethod
    def _limits(shape: Mapping[str, Any], number: bool) -> Iterator[str]:
        low, high = ("ge", "le") if number else ("min_length", "max_length")
        if "min" in shape and (number or shape["min"] > 0):
            yield f"{low}={shape['min']}"
        if "max" in shape:
            yield f"{high}={shape['max']}"
        pattern = str(shape.get("pattern", ""))
        if pattern.startswith("^") and pattern.endswith("$") and "(?" not in pattern:
            yield f"pattern={pattern!r}"

    def _enum(self, name: str) -> str:
        values = ", ".join(repr(value) for value in self.shapes[name]["enum"])
        return f"{name} = Annotated[Literal[{values}], Newer({self.service!r}, {name!r})]"

    def _structure(self, name: str, shapes: tuple[str, ...], top: Top | None, written: set[str]) -> str:
        omitted = sorted(top.omitted) if top else []
        completed = top.completed if top else frozenset()
        aws = [repr(self.service), repr(shapes), *([f"omitted=frozenset({omitted!r})"] if omitted else [])]
        self.pascal |= {member[:1].isupper() for shape in shapes for member in self.shapes[shape]["members"]}
        if len(self.pascal) > 1:
            raise SystemExit(f"{self.service} {name}: some names begin with a capital letter, some do not")
        aws += ["pascal=True"] if True in self.pascal else []
        lines = [f"class {name}(AwsShape):", f"    aws = Aws({', '.join(aws)})"]
        members: set[str] = set()
        for shape in map(self.shapes.__getitem__, shapes):
            for member, ref in shape["members"].items():
                if member in members or member in omitted:
                    continue
                hint = self._hint(ref["shape"], written)
                members.add(member)
                field = member[:1].lower() + member[1:]
                if member in shape.get("required", ()) and member not in completed:
                    lines.append(f"    {field}: {hint}")
                elif hint.startswith('"'):
                    lines.append(f"    {field}: Optional[{hint}] = None")
                else:
                    lines.append(f"    {field}: {hint} | None = None")
        return "\n".join(lines)

    def body(self, names: Iterable[str], tops: Iterable[Top], written: set[str]) -> str:
        """The definitions, in order; ``written`` holds what is already there."""
        parts = []
        for name in names:
            enum = "enum" in self.shapes[name]
            parts.append(self._enum(name) if enum else self._structure(name, (name,), None, written))
            written.add(name)
        parts += [self._structure(top.name, self.inputs(top), top, written) for top in tops]
        return "\n\n\n".join(parts) + "\n"


def module(about: str, body: str, common: str = "", shared: Iterable[str] = ()) -> str:
    """A whole module: docstring, the imports that the body needs, the body."""
    words = set(re.findall(r"\w+", body))

    def line(source: str, names: Iterable[str]) -> list[str]:
        used = sorted(name for name in names if name in words)
        return [f"from {source} import {', '.join(used)}"] if used else []

    blocks = [
        line("typing", ("Annotated", "Literal", "Optional")),
        line("pydantic", ("Field", "JsonValue")),
        line("apollo.resources.shape", ("Aws", "AwsShape", "Newer"))
        + (line(f"apollo.resources.shapes.{common}", shared) if common else []),
    ]
    imports = "\n\n".join("\n".join(block) for block in blocks if block)
    generated = f"Generated by ``{COMMAND}`` from botocore's service models; do not edit."
    return f'"""{about}\n\n{generated}\n"""\n\n{imports}\n\n\n{body}'


def generate() -> dict[str, str]:
    """File name → text, for every module."""
    about = "AWS's own input shapes as models, one module per kind; import only the one that is needed."
    version = importlib.metadata.version("botocore")
    files = {"__init__.py": f'"""{about}"""\n\nBOTOCORE = "{version}"\n"""The botocore that was read."""\n'}
    for service in dict.fromkeys(service for service, _ in MODULES.values()):
        writer = Writer(service)
        tops = {name: tops for name, (owner, tops) in MODULES.items() if owner == service}
        below = {name: writer.below(tops[name]) for name in tops}
        shared: list[str] = []
        common = ""
        if len(tops) > 1:
            first, *rest = below.values()
            shared = [name for name in first if any(name in other for other in rest)]
            common = f"{service}_common"
            files[f"{common}.py"] = module(
                f"Shapes of {service} that several kinds use.", writer.body(shared, (), set())
            )
        for name, models in tops.items():
            own = [shape for shape in below[name] if shape not in shared]
            body = writer.body(own, models, set(shared))
            operations = ", ".join(operation for top in models for operation in top.operations)
            files[f"{name}.py"] = module(f"The input of {operations}.", body, common, shared)
    return files


def differences() -> list[str]:
    """The names of the files that are not what would be written now; the version of botocore alone is no
    difference."""
    new = generate()
    old = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.py")}
    new["__init__.py"] = old.get("__init__.py", "")
    return sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    if parser.parse_args().check:
        changed = differences()
        for name in changed:
            print(f"apollo/resources/shapes/{name} differs: run `{COMMAND}` and commit the result")
        return 1 if changed else 0
    TARGET.mkdir(exist_ok=True)
    files = generate()
    for path in TARGET.glob("*.py"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
