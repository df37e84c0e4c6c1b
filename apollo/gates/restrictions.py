"""What an environment allows at all; no pull request on the manifests can lift it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from attrs import frozen

from apollo.api import Allowed, Denied, Held, Proposal, Resource, Verdict, is_unknown, refs_in
from apollo.gates.base import located

__all__ = ["RestrictionsGate"]

_Subject = Literal["kinds", "clusters", "roles", "listeners", "images"]
_SUBJECTS: tuple[_Subject, ...] = get_args(_Subject)

_FREE_FORM = frozenset({"dockerLabels", "labels", "tags", "options", "driverOpts", "environment"})
"""Members whose keys and values are the user's own words, not AWS's fields."""

_CLUSTERS = frozenset({("Service", "cluster"), ("Cluster", "name"), ("Cluster", "arn")})
"""Outputs that name a cluster."""

_RULES = frozenset({"productionListenerRule", "testListenerRule"})
"""Fields of a service that name listener rules (ECS AdvancedConfiguration)."""


@frozen
class _Use:
    subject: _Subject
    value: str
    path: str = ""


class RestrictionsGate:
    """``allow`` of the environment: kinds, clusters, roles, listeners, images.

    An entry is compared with the whole value, or with the name at the end of an ARN when one of the two is
    only a name; ``*`` stands for any text. A list left out restricts nothing, an empty one everything.
    """

    name = "restrictions"

    def check(self, proposal: Proposal) -> Verdict:
        if all(getattr(proposal.allow, subject) is None for subject in _SUBJECTS):
            return Allowed()
        unknown: list[str] = []
        refused: list[tuple[_Use, str]] = []
        for use in _uses(proposal):
            entries: tuple[str, ...] | None = getattr(proposal.allow, use.subject)
            if entries is None:
                continue
            if _judged_elsewhere(use):
                continue
            if is_unknown(use.value):
                unknown.append(f"{use.path} is not known yet, and allow.{use.subject} restricts it")
            elif not any(_matches(entry, use.value) for entry in entries):
                field = f"{use.path}: " if use.path else ""
                listed = ", ".join(entries) or "nothing"
                text = f"{field}{use.value} is not among allow.{use.subject} ({listed})"
                refused.append((use, text))
        refused += _beyond_git(proposal)
        if refused and proposal.want is None:
            message = f"{located(proposal)} is kept: " + "; ".join(text for _, text in refused)
            return Held("Restricted", message, until="the kind is allowed here", quiet=True)
        if refused:
            lists = ", ".join(dict.fromkeys(f"allow.{use.subject}" for use, _ in refused))
            return Denied(
                "Restricted",
                f"{located(proposal)}: " + "; ".join(text for _, text in refused),
                hint=f"whoever owns apollo.yaml can extend {lists} of environment {proposal.env.name}",
            )
        if unknown:
            return Held(
                "Restricted", f"{located(proposal)}: " + "; ".join(unknown), until="the value is known"
            )
        return Allowed()


def _beyond_git(proposal: Proposal) -> list[tuple[_Use, str]]:
    """A task definition that git does not hold: its images and roles are not seen here, so where those are
    restricted it would be a way around."""
    want = proposal.want
    holder, path = (want.spec, "/taskDefinition") if want is not None else (None, "")
    if not hasattr(holder, "taskDefinition"):  # a kind that starts tasks says so below its target
        holder, path = getattr(holder, "target", None), "/target/taskDefinition"
    named = getattr(holder, "taskDefinition", None)
    if want is None or not named or any(ref.kind == "TaskDefinition" for ref in want.references):
        return []
    found = []
    subjects: tuple[_Subject, ...] = ("images", "roles")
    for subject in subjects:
        if getattr(proposal.allow, subject) is not None:
            text = (
                f"{path}: {named} is not of this environment's manifests, and allow.{subject} "
                "restricts what it may hold"
            )
            found.append((_Use(subject, named, path), text))
    return found


def _judged_elsewhere(use: _Use) -> bool:
    """Whether it is a cluster in git, or that of a service in git, which has to pass itself before anything
    follows it."""
    refs = list(refs_in(use.value)) if use.subject == "clusters" else []
    return bool(refs) and all((ref.kind, ref.output) in _CLUSTERS for ref in refs)


def _uses(proposal: Proposal) -> Iterator[_Use]:
    yield _Use("kinds", proposal.key.kind)
    if proposal.want is not None:
        yield from _in_spec(proposal.want)


def _in_spec(want: Resource[Any]) -> Iterator[_Use]:
    declared = want.spec.declared()
    if "cluster" in type(want.spec).model_fields and not declared.get("cluster"):
        yield _Use("clusters", "default", "/cluster")  # what ECS takes when no cluster is named
    yield from _in_mapping(declared, "")


def _in_mapping(node: Mapping[Any, Any], path: str) -> Iterator[_Use]:
    for name, value in node.items():
        at = f"{path}/{name}"
        if name in _FREE_FORM:
            continue
        if isinstance(value, str):
            subject = _subject(str(name), path)
            if subject is not None:
                yield _Use(subject, _listener_of(value) if name in _RULES else value, at)
        elif isinstance(value, Mapping):
            yield from _in_mapping(value, at)
        elif isinstance(value, list | tuple):
            yield from _in_list(value, at)


def _in_list(items: Iterable[Any], path: str) -> Iterator[_Use]:
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            yield from _in_mapping(item, f"{path}/{item.get('name', index)}")


def _subject(name: str, path: str) -> _Subject | None:
    if name in {"cluster", "clusterArn"} or (name == "clusterName" and not path):
        return "clusters"
    if name.lower().endswith("rolearn") or (name == "role" and not path):
        return "roles"
    if name == "listenerArn" or name in _RULES:
        return "listeners"
    if name == "image":
        return "images"
    return None


def _listener_of(rule: str) -> str:
    """The ARN of the listener that a rule's ARN belongs to (elbv2: the last part is the rule's own id)."""
    if ":listener-rule/" not in rule:
        return rule
    return rule.replace(":listener-rule/", ":listener/", 1).rpartition("/")[0]


def _matches(entry: str, value: str) -> bool:
    if _like(entry, value):
        return True
    return _is_arn(entry) != _is_arn(value) and _like(_name(entry), _name(value))


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def _is_arn(text: str) -> bool:
    return text.startswith("arn:")


def _name(text: str) -> str:
    """What follows the resource type in an ARN: ``arn:aws:iam::1:role/team/web`` → ``team/web``."""
    return text.partition("/")[2] or text if _is_arn(text) else text
