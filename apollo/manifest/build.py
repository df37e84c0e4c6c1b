"""One file's documents as resources: defaults, specFrom, expressions, types, the kind's own checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import evolve

from apollo.api import (
    Controller,
    Env,
    Identity,
    Key,
    Kinds,
    Origin,
    Ref,
    Resource,
    Spec,
    is_unknown,
    marker,
    refs_in,
)
from apollo.errors import ApolloError, Problem
from apollo.manifest.findings import did_you_mean, validated
from apollo.manifest.header import Header, not_ours, read_header, readable_name
from apollo.manifest.interpolate import Interpolator, readable
from apollo.manifest.merge import merged
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, find_path, node_of, pointer
from apollo.manifest.placeholders import placeholders
from apollo.manifest.pointers import found, known_field, named_pointer, seek
from apollo.manifest.policy import judged
from apollo.manifest.specfrom import SUFFIXES, native, target_of
from apollo.manifest.syntax import MAX_PROBLEMS, ParsedFile, parse
from apollo.manifest.unit import Entry, Provenance, Unit, Use
from apollo.settings import Environment
from apollo.spec import lean

__all__ = ["SETTINGS_KINDS", "Builder", "digest_of", "env_of"]

SETTINGS_KINDS = ("Installation", "Environment", "Notification")
"""Kinds of ``apollo.yaml``; where one lies among the manifests it is checked, and is no resource."""

_MARK = json.dumps(marker("", "", ""))[1:7]
"""How the begin of a reference looks in canonical JSON."""

Read = Callable[[str], "bytes | Problem | None"]
"""Content of a repository-relative path; None when there is no such file, a Problem when it is refused."""


def env_of(environment: Environment, installation: str) -> Env:
    """What controllers are told of an environment."""
    aws = environment.spec.aws
    return Env(
        environment.name,
        installation=installation,
        region=aws.region or "",
        account=aws.accountId,
        cluster=environment.spec.cluster,
    )


def digest_of(kind: str, spec: Spec) -> str:
    """16 hex digits over the kind and everything a completed spec declares."""
    return _hash(_canonical(kind, spec.declared()))


_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)


def _canonical(kind: str, declared: Mapping[str, Any]) -> str:
    return _JSON.encode([kind, declared])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Builder:
    """Builds the files of one environment.

    :ivar parsed: how many files were parsed so far.
    """

    def __init__(
        self,
        environment: Environment,
        installation: str,
        kinds: Kinds,
        read: Read,
        *,
        provenance: bool = False,
    ) -> None:
        self.environment = environment
        self.kinds = kinds
        self.env = env_of(environment, installation)
        self.parsed = 0
        self._read = read
        self._provenance = provenance
        self._interpolator = Interpolator(environment.spec.variables, self.env)

    def build(self, file: str, content: bytes, app: str) -> Unit:
        """Everything one file says. ``app``: that of a resource without a label. Never raises for bad
        input."""
        self.parsed += 1
        parsed = parse(content, file)
        work = _FileWork(self, file, app)
        for document in parsed.documents:
            work.document(document)
        problems = list(parsed.problems) + work.problems
        readable = parsed.ok and work.readable
        if not readable or (problems and not work.apps):
            work.apps.add(app)
        return Unit(
            file,
            frozenset(work.apps),
            tuple(work.entries),
            tuple(dict.fromkeys(problems)),
            frozenset(work.claimed),
            readable,
            work.targets,
        )

    def check_beside(
        self, resource: Resource[Any], beside: Mapping[Key, Resource[Any]], content: bytes
    ) -> list[Problem]:
        """What is wrong with a resource beside those that it refers to. ``content``: of its file."""
        try:
            controller = self.kinds.get(resource.key.kind)
            if type(controller).check_beside is Controller.check_beside:
                return []
            found = list(judged(controller.check_beside(resource, beside), self.environment.spec.policy))
        except Exception as error:  # a plugin's own code; one bad kind must not stop the others
            kind = resource.key.kind
            message = f"the controller of {kind} failed: {type(error).__name__}: {error}"
            found = [Problem("APO-LOAD-043", message, hint="report it to its author")]
        # Nodes are not kept, since hardly ever anything is found: read the file once more for the places.
        return (
            _FileWork(self, resource.origin.file, resource.app).again(resource, content, found)
            if found
            else []
        )

    def defaults(self, kind: str, at: Node) -> Node | None:
        """The environment's defaults of a kind as nodes, each at its own place in ``apollo.yaml``."""
        values = self.environment.spec.defaults.get(kind)
        return node_of(values, at, f"default of {kind}", in_place=True) if values else None

    def native(self, naming: str, file: str, spec_type: type[Spec], at: Node) -> tuple[Any, str, str]:
        """The spec that ``specFrom`` names, or what is wrong; its path; the digest of its content."""
        path = target_of(naming, file)
        if path is None:
            hint = "keep the file inside of the repository"
            return (
                at.problem("APO-LOAD-031", f"{file} leaves the repository", path="/specFrom/file", hint=hint),
                "",
                "",
            )
        if not path.lower().endswith(SUFFIXES):
            return (
                at.problem("APO-LOAD-032", "a .json, .yaml or .yml file is expected", path="/specFrom/file"),
                path,
                "",
            )
        content = self._read(path)
        if content is None:
            return at.problem("APO-LOAD-030", f"there is no file {path}", path="/specFrom/file"), path, ""
        if isinstance(content, Problem):
            return content, path, ""
        self.parsed += 1
        parsed: ParsedFile = parse(content, path)
        digest = hashlib.blake2b(content, digest_size=12).hexdigest()
        if not parsed.ok:
            return next(one for one in parsed.problems if one.severity == "error"), path, digest
        return native(parsed, spec_type, at, path), path, digest


class _FileWork:
    """The documents of one file on their way to resources."""

    def __init__(self, builder: Builder, file: str, app: str) -> None:
        self.builder = builder
        self.file = file
        self.app = app
        self.apps: set[str] = set()
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.claimed: set[Key] = set()
        self.targets: dict[str, str] = {}
        self.readable = True

    def document(self, node: Node) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self.readable = False
            return
        wrong = not_ours(node)
        if wrong is not None:
            self.problems.append(wrong)
            if isinstance(node, MapNode) and {"kind", "metadata"} <= node.items.keys():
                self.readable = False  # perhaps a manifest that lost its first line
            return
        assert isinstance(node, MapNode)
        kind, name, app = readable_name(node)
        if kind in SETTINGS_KINDS:
            from apollo.manifest.config import check_document

            self.problems += check_document(node)
            return
        self.apps.add(app or self.app)
        before = len(self.problems)
        header, problems = read_header(node)
        self.problems += problems
        controller = self.controller(node)
        if header is not None and controller is not None:
            try:
                self.resource(node, header, controller)
            except ApolloError as error:
                self.problems.append(node.problem(error.code, error.message, hint=error.hint))
            except Exception as error:  # a plugin's own code; one bad kind must not stop the others
                message = f"the controller of {kind} failed: {type(error).__name__}: {error}"
                self.problems.append(node.problem("APO-LOAD-043", message, hint="report it to its author"))
        if any(problem.severity == "error" for problem in self.problems[before:]):
            if kind and name:
                self.claimed.add(Key(kind, self.builder.env.name, name))
            else:
                self.readable = False

    def again(self, resource: Resource[Any], content: bytes, found: list[Problem]) -> list[Problem]:
        """Findings about a resource that was built before, with their places."""
        documents = parse(content, self.file).documents
        root = next((one for one in documents if one.line == resource.origin.line), None)
        spec_type = type(resource.spec)
        if isinstance(root, MapNode):
            header, _ = read_header(root)
            node = self.merged_spec(root, header, spec_type) if header is not None else None
            if node is not None:
                final = self.builder._interpolator.apply(node, lambda *_: None)
                assert isinstance(final, MapNode)
                return [self.placed(one, final, root, spec_type) for one in found]
        line = resource.origin.line
        return [evolve(one, file=self.file, line=line, path=f"/spec{one.path}") for one in found]

    def controller(self, node: MapNode) -> Controller[Any, Any] | None:
        kind = node.text("kind")
        if kind is None:
            return None  # a finding of the header
        kinds = self.builder.kinds
        if kind not in kinds.names():
            hint = did_you_mean(kind, kinds.names()) or _whence(kind, kinds)
            self.problems.append(
                node.items["kind"].problem("APO-LOAD-018", f"unknown kind '{kind}'", path="/kind", hint=hint)
            )
            return None
        try:
            return kinds.get(kind)
        except ApolloError as error:
            self.problems.append(
                node.items["kind"].problem("APO-LOAD-019", error.message, path="/kind", hint=error.hint)
            )
            return None

    def resource(self, root: MapNode, header: Header, controller: Controller[Any, Any]) -> None:
        builder, spec_type = self.builder, controller.spec_type
        node = self.merged_spec(root, header, spec_type)
        if node is None:
            return
        unset: set[str] = set()

        def report(at: Node, code: str, message: str, hint: str) -> None:
            if len(unset) >= MAX_PROBLEMS:
                return
            path = "/spec" + pointer(node, find_path(node, at) or ())
            unset.add(path)
            self.problems.append(at.problem(code, message, path=path, hint=hint))

        final = builder._interpolator.apply(node, report)
        assert isinstance(final, MapNode)
        spec, problems = validated(spec_type, final, "/spec")
        # What could not be replaced has its finding already; that it is of the wrong type, too, helps nobody.
        self.problems += [problem for problem in problems if problem.path not in unset]
        self.check_ignored(root, header, spec_type)
        if spec is None or unset:
            return
        key = Key(header.kind, builder.env.name, header.name)
        completed = lean(spec.completed(header.name, builder.env))
        own = tuple(controller.references(completed))
        declared = completed.declared()
        canonical = _canonical(header.kind, declared)
        found_refs = tuple(refs_in(declared)) if _MARK in canonical else ()
        metadata = root.items["metadata"]
        assert isinstance(metadata, MapNode)
        name_node = metadata.items["name"]
        resource: Resource[Any] = Resource(
            key,
            header.labels.get("apollo/app", self.app),
            completed,
            builder.env,
            digest=_hash(canonical),
            lifecycle=header.lifecycle,
            origin=Origin(self.file, root.line),
            labels=header.labels,
            references=tuple(dict.fromkeys((*found_refs, *own))),
        )
        named = spec_type.named_lists
        unjudged = (*controller.check(resource), *placeholders(canonical, declared, named))
        found = judged(unjudged, builder.environment.spec.policy)
        own_findings = [self.placed(one, final, root, spec_type) for one in found]
        self.problems += own_findings
        if any(problem.severity == "error" for problem in own_findings):
            return
        uses = tuple(self.uses(root, header, final, spec_type, declared if found_refs else {}, own))
        wrong = [problem for use in uses if (problem := self.wrong_use(use, root)) is not None]
        self.problems += wrong
        if wrong:
            return
        identity = controller.identity(completed, builder.env)
        self.entries.append(
            Entry(
                resource,
                # An id that waits for an output counts, too: equal texts will be equal ids.
                None if identity is None else Identity(identity.type, identity.id),
                name_node.frame("/metadata/name"),
                uses,
                _provenance(final, completed, spec_type.named_lists) if builder._provenance else None,
            )
        )

    def merged_spec(self, root: MapNode, header: Header, spec_type: type[Spec]) -> MapNode | None:
        """defaults < specFrom < spec."""
        at = header.spec or root
        node: Node = header.spec or MapNode(root.source, root.line, root.column)
        named = spec_type.named_lists
        if header.spec_from is not None:
            spec_from = root.items["specFrom"]
            assert isinstance(spec_from, MapNode)
            naming = spec_from.items["file"]
            below, path, digest = self.builder.native(self.file, header.spec_from, spec_type, naming)
            if path:
                self.targets[path] = digest
            if isinstance(below, Problem):
                self.problems.append(below)
                return None
            node = merged(below, node, named)
        defaults = self.builder.defaults(header.kind, at)
        if defaults is not None:
            node = merged(defaults, node, named)
        assert isinstance(node, MapNode)
        return node

    def check_ignored(self, root: MapNode, header: Header, spec_type: type[Spec]) -> None:
        for index, path in enumerate(header.lifecycle.ignore):
            wrong, known = known_field(spec_type, path)
            if wrong:
                self.problems.append(
                    _of_lifecycle(root, "ignore", index).problem(
                        "APO-LOAD-026",
                        f"the spec of {header.kind} has no field '{wrong}' there",
                        path=f"/lifecycle/ignore/{index}",
                        hint=did_you_mean(wrong, known),
                    )
                )

    def placed(self, problem: Problem, spec: MapNode, root: MapNode, spec_type: type[Spec]) -> Problem:
        """A controller's finding with file, line and column."""
        path = problem.path.removeprefix("/spec") if problem.path.startswith("/spec/") else problem.path
        at = seek(spec, path, spec_type.named_lists) if path else root.items.get("spec", root)
        where = at.problem(
            problem.code or "APO-LOAD-042", readable(problem.message), path=f"/spec{path}", hint=problem.hint
        )
        return evolve(where, severity=problem.severity)

    def uses(
        self,
        root: MapNode,
        header: Header,
        spec: MapNode,
        spec_type: type[Spec],
        declared: Mapping[str, Any],
        own: tuple[Ref, ...],
    ) -> Iterator[Use]:
        named = spec_type.named_lists
        for path, text in _texts(declared, named):
            for ref in refs_in(text):
                at = seek(spec, path, named)
                written = isinstance(at, TextNode)
                bare = isinstance(at, TextNode) and at.text == ref.name
                yield Use(ref, at.frame("/spec" + path), bare, not written)
        for ref in own:
            at = root.items.get("spec", root)
            yield Use(ref, at.frame("/spec"), implied=True)
        for index, ref in enumerate(header.lifecycle.depends_on):
            at = _of_lifecycle(root, "dependsOn", index)
            yield Use(ref, at.frame(f"/lifecycle/dependsOn/{index}"))

    def wrong_use(self, use: Use, root: Node) -> Problem | None:
        """What can be said of a reference without looking for its target."""
        kinds, ref = self.builder.kinds, use.ref
        if ref.kind not in kinds.names():
            code, message = "APO-LOAD-018", f"unknown kind '{ref.kind}'"
            hint = did_you_mean(ref.kind, kinds.names())
        elif ref.output and ref.output not in (outputs := kinds.get(ref.kind).output_names):
            code, message = "APO-LOAD-025", f"{ref.kind} has no output '{ref.output}'"
            hint = did_you_mean(ref.output, outputs) or f"there are: {', '.join(sorted(outputs)) or 'none'}"
        else:
            return None
        at = use.at
        return root.source.problem(code, message, at.line, at.column, path=at.path, hint=hint)


def _of_lifecycle(root: MapNode, name: str, index: int) -> Node:
    lifecycle = root.items["lifecycle"]
    assert isinstance(lifecycle, MapNode)
    members = lifecycle.items[name]
    return members.items[index] if isinstance(members, ListNode) else members


def _texts(
    value: Any, named: Mapping[str, str], path: str = "", steps: str = ""
) -> Iterator[tuple[str, str]]:
    """Every text of a declared spec with its pointer; only called for specs that hold references."""
    if isinstance(value, str):
        if is_unknown(value):
            yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            label = str(name).replace("~", "~0").replace("/", "~1")
            yield from _texts(item, named, f"{path}/{label}", f"{steps}/{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            label = named_pointer(item, index, named.get(steps, "name"))
            yield from _texts(item, named, f"{path}/{label}", f"{steps}/*")


def _provenance(node: Node, spec: Spec, named: Mapping[str, str]) -> dict[str, Provenance]:
    """Pointer → origin, for every scalar of the completed spec."""

    def walk(value: Any, path: str, steps: str) -> None:
        if isinstance(value, Mapping) and value:
            for name, item in value.items():
                label = str(name).replace("~", "~0").replace("/", "~1")
                walk(item, f"{path}/{label}", f"{steps}/{name}")
        elif isinstance(value, list | tuple) and value:
            for index, item in enumerate(value):
                label = named_pointer(item, index, named.get(steps, "name"))
                walk(item, f"{path}/{label}", f"{steps}/*")
        else:
            at = found(node, path, named)
            result[path] = (
                Provenance("", 0, "completed by Apollo")
                if at is None
                else Provenance(at.source.file, at.line, at.via)
            )

    result: dict[str, Provenance] = {}
    walk(spec.declared(), "", "")
    return result


def _whence(kind: str, kinds: Kinds) -> str:
    """Where an unknown kind may come from: the registry knows of some packages."""
    try:
        kinds.get(kind)
    except ApolloError as error:
        return error.hint
    return f"known here: {', '.join(sorted(kinds.names()))}"
