"""Which service runs which task definition: other tools bind them by file, Apollo by name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apollo.importing.model import Draft, Imported, Report
from apollo.importing.names import unique
from apollo.importing.reader import mapping, scalar
from apollo.manifest.nodes import MapNode, TextNode
from apollo.manifest.specfrom import unwrapped

__all__ = ["link", "references"]

_ARN = re.compile(r"(?:arn:[^:]*:ecs:[^:]*:[^:]*:task-definition/)?(?P<family>[A-Za-z0-9_-]+)(?::\d+)?")


def link(drafts: Sequence[Draft], report: Report) -> None:
    """Give services their task definitions, names their uniqueness, and resources their files; in place."""
    _tell_apart(drafts, report)
    tasks = [draft for draft in drafts if draft.kind == "TaskDefinition"]
    for draft in drafts:
        spec = unwrapped(draft.spec) if draft.spec is not None else None
        if draft.kind != "Service" or not isinstance(spec, MapNode) or draft.spec is None:
            continue
        controller = mapping(spec, "deploymentController")
        if controller is not None and controller.text("type") == "EXTERNAL":
            report.note(
                "asks",
                f"the tasks of Service/{draft.name} are started by another tool (EXTERNAL)",
                controller,
                hint="for rollouts by ECS take deploymentController out; a service that runs so has to be "
                "made anew for that",
            )
            continue
        _task_of(draft, spec, tasks, report)
    _group(drafts)


def _tell_apart(drafts: Sequence[Draft], report: Report) -> None:
    taken: dict[str, set[str]] = {}
    for draft in drafts:
        its = taken.setdefault(draft.kind, set())
        name = unique(draft.name, its)
        if name != draft.name:
            report.note("asks", f"two {draft.kind}s are called {draft.name}: this one is {name}", draft.spec)
            _keep_name(draft)
            draft.name = name
        its.add(name)


def _keep_name(draft: Draft) -> None:
    """Let the spec say its name in AWS, now that the manifest goes by another."""
    field = {"Service": "serviceName", "TaskDefinition": "family"}.get(draft.kind)
    spec = unwrapped(draft.spec) if draft.spec is not None else None
    if field is not None and isinstance(spec, MapNode) and _spelled(spec, field) not in spec.items:
        spec.put(scalar(spec, field), scalar(spec, draft.name))


def _task_of(draft: Draft, spec: MapNode, tasks: Sequence[Draft], report: Report) -> None:
    field = _spelled(spec, "taskDefinition")
    said = spec.items.get(field)
    if isinstance(said, TextNode) and not said.absent:
        found = _ARN.fullmatch(said.text)
        named = [one for one in tasks if found is not None and _family(one) == found["family"]]
        if len(named) == 1:
            if said.text != named[0].name:
                spec.put(scalar(said, field), scalar(said, named[0].name))
                report.note("repaired", f"the task definition is TaskDefinition/{named[0].name}", said)
        elif found is not None and ":" not in said.text and said.text not in {one.name for one in tasks}:
            report.note(
                "asks",
                f"the task definition {said.text} is not among the files",
                said,
                hint="import its file together with this one, or name a revision as FAMILY:NUMBER",
            )
        return
    folder = posixpath.dirname(spec.source.file)
    near = [one for one in tasks if one.spec and posixpath.dirname(one.spec.source.file) == folder]
    if len(near) == 1:
        spec.put(scalar(spec, "taskDefinition"), scalar(spec, near[0].name))
    elif draft.name not in {one.name for one in tasks}:
        report.note(
            "asks",
            f"Service/{draft.name} does not say which task definition it runs",
            draft.spec,
            hint="import its task definition's file together with it, or write spec.taskDefinition",
        )


def _family(draft: Draft) -> str:
    spec = unwrapped(draft.spec) if draft.spec is not None else None
    return (spec.text(_spelled(spec, "family")) if isinstance(spec, MapNode) else None) or draft.name


def _spelled(spec: MapNode, field: str) -> str:
    """A field as it is written here: some answers have their fields with a capital."""
    capital = field[:1].upper() + field[1:]
    return capital if capital in spec.items and field not in spec.items else field


def _group(drafts: Sequence[Draft]) -> None:
    """A service's file holds its task definition, too, unless another service runs that as well."""
    users: dict[str, list[str]] = {}
    for draft in drafts:
        spec = unwrapped(draft.spec) if draft.spec is not None else None
        if draft.kind == "Service" and isinstance(spec, MapNode):
            task = spec.text(_spelled(spec, "taskDefinition")) or draft.name
            users.setdefault(task, []).append(draft.name)
    for draft in drafts:
        if draft.group:
            continue
        its = users.get(draft.name, []) if draft.kind == "TaskDefinition" else []
        draft.group = its[0] if len(its) == 1 else draft.name


_REFERENCE = re.compile(r"\$\{\{ (\w+/[\w.-]+)\.\w+ \}\}")


def references(one: Imported) -> set[str]:
    """The manifests that one names, as ``Kind/name``."""
    found = {name for text in _texts(one.spec) for name in _REFERENCE.findall(text)}
    task = one.spec.get("taskDefinition")
    if one.kind == "Service" and isinstance(task, str) and not set(":/$").intersection(task):
        found.add(f"TaskDefinition/{task}")
    scaled = one.spec.get("service")
    if one.kind == "ScalingPolicy" and isinstance(scaled, str) and "cluster" not in one.spec:
        found.add(f"Service/{scaled}")
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
