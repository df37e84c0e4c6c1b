"""The plan: what Apollo would do, for people, machines and gates. Data only.

A plan is a function of the git tree, the environment's configuration and AWS, and of nothing else.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import groupby, zip_longest
from typing import Any, Literal

from attrs import field, frozen

from apollo.api import (
    Change,
    Forecast,
    Health,
    Ignored,
    Key,
    Problem,
    Spec,
    Step,
    Wait,
    is_unknown,
    refs_in,
)
from apollo.compare import redacted
from apollo.engine.content import content

__all__ = [
    "Action",
    "Decision",
    "Failure",
    "Finding",
    "Plan",
    "Reason",
    "ResourcePlan",
    "action_of",
    "forecast_dict",
    "problem_dict",
]

Action = Literal["create", "update", "replace", "adopt", "delete", "none"]
Reason = Literal["", "PendingChange", "Drifted", "Differs"]
Decision = Literal["hold", "deny", "skip"]

_PRECEDENCE: tuple[Action, ...] = ("replace", "create", "delete", "adopt", "update")


@frozen
class Finding:
    """What a gate said about one resource. ``skip`` is a hold by configuration: quiet, and no failure."""

    gate: str
    decision: Decision
    key: Key
    reason: str
    message: str
    until: str = ""
    hint: str = ""
    parts: bool = False
    """Only the steps that prune parts are stopped."""

    def to_dict(self) -> dict[str, Any]:
        data = {
            "gate": self.gate,
            "decision": self.decision,
            "key": str(self.key),
            "reason": self.reason,
            "message": self.message,
        }
        return data | {k: v for k, v in (("until", self.until), ("hint", self.hint)) if v}


@frozen
class Failure:
    """Why a resource could not be analysed or acted on."""

    reason: str
    message: str
    code: str = ""
    hint: str = ""
    terminal: bool = False

    def to_dict(self, key: Key | None = None) -> dict[str, Any]:
        data: dict[str, Any] = {"code": self.code, "reason": self.reason, "message": self.message}
        if key is not None:
            data["key"] = str(key)
        if self.hint:
            data["hint"] = self.hint
        return data


def action_of(steps: tuple[Step, ...]) -> Action:
    """The one word for a resource's steps: the most drastic of them."""
    verbs = {step.verb for step in steps}
    return next((action for action in _PRECEDENCE if action in verbs), "none")


@frozen
class ResourcePlan:
    """One resource of a plan.

    :ivar steps: every step the difference asks for. Gates and waits may keep them from being sent: see
        ``sendable``.
    :ivar reason: ``PendingChange`` git moved; ``Drifted`` AWS was changed behind Apollo's back; ``Differs``
        nothing remembers what was applied.
    :ivar outputs: what others may refer to and is known before acting.
    """

    key: Key
    app: str
    generation: str = ""
    intent: str = ""
    steps: tuple[Step, ...] = ()
    reason: Reason = ""
    health: Health = Health("Unknown")
    wait: Wait | None = None
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = None
    blocked_by: tuple[Key, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    outputs: Mapping[str, str] = field(factory=dict)
    rejected: str | None = None
    origin: str = ""
    shared: tuple[Step, ...] = ()
    """Steps of other members of its group that change this resource as well."""
    group: str = ""
    turns: tuple[int, ...] = ()
    """For each step, its turn among the steps of the group."""
    absent: bool = False
    """Not in git: something of ours that should go."""
    place: str = ""
    """Where an absent one lives in AWS; its key may be in git under another identity."""
    spec: Spec | None = None
    """What git asks for."""
    forecast: Forecast | None = None
    """What acting does to running tasks. Commentary."""

    @property
    def action(self) -> Action:
        """In one word. What git holds is not deleted: parts of it are, such as one policy of a scaling."""
        action = action_of(self.settling)
        return action if self.absent or action != "delete" else "update"

    @property
    def settling(self) -> tuple[Step, ...]:
        """Every step that changes this resource: its own, and those of its group that do it along."""
        return (*self.steps, *self.shared)

    @property
    def stopped(self) -> tuple[Finding, ...]:
        """The findings that keep the steps from being sent."""
        return self.findings

    @property
    def sendable(self) -> bool:
        """Whether acting sends the steps."""
        return bool(self.steps) and not self.findings and self.failure is None and not self.blocked_by

    @property
    def changes(self) -> tuple[Change, ...]:
        own = [change for step in self.steps for change in step.changes]
        others = [change for step in self.shared for key, change in step.also_changes if key == self.key]
        return (*own, *others)

    @property
    def shown(self) -> tuple[Change, ...]:
        """The changes for a reader: of what is made anew and compared with nothing, all that git declares."""
        changes = self.changes
        if not changes and self.spec is not None and self.action == "create":
            return content(self.spec)
        return changes

    @property
    def restarts(self) -> tuple[str, ...]:
        """The fields for which running tasks are replaced or stopped."""
        return tuple(path for step in self.settling for path in step.restarts)

    @property
    def disruptive(self) -> bool:
        return any(step.disruptive for step in self.settling)

    @property
    def why(self) -> str:
        if self.failure is not None:
            return self.failure.message
        if self.blocked_by:
            return "waits for " + ", ".join(map(str, self.blocked_by))
        said: dict[str, None] = {}
        for finding in self.findings:
            said[finding.message] = None
        for step in () if self.skipped else self.settling:
            if step.why:
                said[step.why] = None
        return "; ".join(said)

    @property
    def skipped(self) -> bool:
        """Whether it is left alone as configured."""
        return any(finding.decision == "skip" for finding in self.findings)

    @property
    def digest(self) -> str:
        """Names what is to be done to this resource; what ``apollo approve`` lets through."""
        calls = [[step.call.service, step.call.operation, step.call.params] for step in self.steps]
        return _digest([self.key.environment, str(self.key), self.generation, calls])

    def to_dict(self) -> dict[str, Any]:
        skipped = any(finding.decision == "skip" for finding in self.findings)
        data: dict[str, Any] = {
            "key": str(self.key),
            "app": self.app,
            "action": "none" if skipped else self.action,
            "disruptive": self.disruptive,
            "why": self.why,
            "reason": self.reason,
            "changes": [
                {"path": change.path, "before": change.before, "after": change.after}
                for change in map(redacted, self.shown)
            ],
        }
        if self.restarts:
            data["restarts"] = list(self.restarts)
        if self.forecast is not None:
            data["forecast"] = forecast_dict(self.forecast)
        if self.findings or self.failure or self.blocked_by:
            data["blocked"] = True
            data["digest"] = self.digest
        if self.place:
            data["identity"] = self.place
        if self.wait is not None:
            data["wait"] = {"reason": self.wait.reason, "message": self.wait.message}
        return data


@frozen
class Plan:
    """All resources of one environment, in the order in which they are acted on."""

    environment: str
    commit: str
    config_digest: str
    # asyncio takes the repr of what a program's first task returns: not of thousands of specs.
    resources: tuple[ResourcePlan, ...] = field(default=(), repr=lambda items: f"<{len(items)}>")
    problems: tuple[Problem, ...] = ()
    dirty: bool = False

    def __iter__(self) -> Iterator[ResourcePlan]:
        return iter(self.resources)

    @property
    def sending(self) -> tuple[ResourcePlan, ...]:
        return tuple(item for item in self.resources if item.sendable)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Exactly the mutating calls that acting makes, in order."""
        found: list[Step] = []
        for group, items in groupby(self.sending, key=lambda item: item.group or item):
            steps = [pair for item in items for pair in zip_longest(item.turns, item.steps, fillvalue=0)]
            if isinstance(group, str):
                steps.sort(key=lambda pair: pair[0])
            found += [step for _, step in steps if isinstance(step, Step)]
        return tuple(found)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for item in self.resources for finding in item.findings)

    @property
    def stopped(self) -> bool:
        """Whether a gate holds or denies something (quiet holds by configuration do not count)."""
        return any(finding.decision != "skip" for finding in self.findings)

    @property
    def failed(self) -> bool:
        errors = any(problem.severity == "error" for problem in self.problems)
        return errors or any(item.failure is not None for item in self.resources)

    @property
    def changed(self) -> bool:
        """Whether AWS differs from git in anything that Apollo is to settle."""
        return any(
            item.steps and not any(f.decision == "skip" for f in item.findings) for item in self.resources
        )

    def causes(self, item: ResourcePlan) -> list[tuple[Key, str]]:
        """Why tasks of ``item`` are replaced or stopped, field by field. A field that waits for what another
        resource of this plan becomes is traced to the fields that change there."""
        by_key = {one.key: one for one in self.resources if not one.absent}
        found: dict[tuple[Key, str], None] = {}
        for change in item.changes:
            if change.path not in item.restarts:
                continue
            behind = [by_key.get(ref.key(self.environment)) for ref in refs_in(change.after)]
            deeper = [(one.key, inner.path) for one in behind if one is not None for inner in one.changes]
            found.update(dict.fromkeys(deeper or [(item.key, change.path)]))
        return list(found)

    def summary(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for item in self.resources:
            if item.failure is not None or any(finding.decision == "skip" for finding in item.findings):
                continue
            counts["unchanged" if item.action == "none" else item.action] += 1
        return {
            name: counts[name] for name in ("create", "update", "replace", "adopt", "delete", "unchanged")
        }

    @cached_property
    def digest(self) -> str:
        """Names this plan: desired state, configuration, compared live values and calls; no counts or events.

        Two plans of one digest do the same to the same state of AWS.
        """
        material = [
            self.environment,
            self.config_digest,
            [
                [
                    str(item.key),
                    item.generation,
                    [[c.path, _plain(c.before), _plain(c.after)] for c in item.changes],
                    [[s.call.service, s.call.operation, _plain(s.call.params)] for s in item.steps]
                    if not item.skipped
                    else [],
                ]
                for item in self.resources
            ],
        ]
        return _digest(material)

    def _resource_dict(self, item: ResourcePlan) -> dict[str, Any]:
        data = item.to_dict()
        causes = [{"key": str(key), "path": path} for key, path in self.causes(item)]
        return data | ({"causes": causes} if causes else {})

    def to_dict(self, kind: str = "Plan") -> dict[str, Any]:
        """The stable machine output (``-o json``); holds no secret."""
        return {
            "apiVersion": "apollo/v1",
            "kind": kind,
            "environment": self.environment,
            "commit": self.commit,
            "configDigest": self.config_digest,
            "digest": self.digest,
            "summary": self.summary(),
            "resources": [self._resource_dict(item) for item in self.resources],
            "calls": [
                {
                    "service": step.call.service,
                    "operation": step.call.operation,
                    "keys": [str(key) for key in step.keys],
                }
                for step in self.steps
            ],
            "gates": [finding.to_dict() for finding in self.findings],
            "errors": [problem_dict(problem) for problem in self.problems]
            + [item.failure.to_dict(item.key) for item in self.resources if item.failure is not None],
            "notAnalysed": [
                {"key": str(item.key), "why": item.why}
                for item in self.resources
                if item.failure is not None or (item.blocked_by and not item.steps)
            ],
            "ignored": [
                {"key": str(item.key), "path": one.path, "why": one.why}
                for item in self.resources
                for one in item.ignored
            ],
        }


def forecast_dict(forecast: Forecast) -> dict[str, Any]:
    """A forecast as data. ``duration`` only where AWS tells of rollouts before."""
    data: dict[str, Any] = {
        "summary": forecast.summary,
        "tasks": forecast.tasks,
        "steps": list(forecast.steps),
        "warnings": list(forecast.warnings),
    }
    if forecast.strategy:
        data |= {
            "strategy": forecast.strategy,
            "waves": forecast.waves,
            "leastTasks": forecast.least,
            "mostTasks": forecast.most,
            "bakeSeconds": forecast.bake,
        }
    if forecast.took:
        data["duration"] = {
            "medianSeconds": round(statistics.median(forecast.took), 1),
            "rollouts": len(forecast.took),
        }
    return data


def problem_dict(problem: Problem) -> dict[str, Any]:
    """A problem as every command prints it."""
    return {
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    return "(known after apply)" if isinstance(value, str) and is_unknown(value) else value
