"""Preflight: is what the manifests name there, so that the plan can succeed? Reads only, and only when asked.

Every resource is asked at once, and what one has found is told to the others: 50 services that share 3 roles
cost 3 looks at a role. A check that cannot be made says so, and is no error of the plan.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal, NoReturn, TypeVar

import anyio
from attrs import define, evolve, field, frozen

from apollo.api import Around, Call, Context, Env, Key, Kinds, Loader, Problem, is_unknown
from apollo.engine.look import Looker
from apollo.engine.seen import Member

__all__ = ["Checked", "Preflight", "Status", "verify"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Status = Literal["failed", "warning", "unchecked", "note"]
_STATUS: Mapping[str, Status] = {
    "error": "failed",
    "warning": "warning",
    "unchecked": "unchecked",
    "note": "note",
}


@frozen
class Checked:
    """One finding about one resource; ``problem`` has the file and the line of its manifest."""

    key: Key
    problem: Problem

    @property
    def status(self) -> Status:
        return _STATUS[self.problem.severity]

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": str(self.key),
            "status": self.status,
            "code": self.problem.code,
            "path": self.problem.path,
            "message": self.problem.message,
            "hint": self.problem.hint,
            "file": self.problem.file,
            "line": self.problem.line,
        }


@frozen
class Preflight:
    """What the checks of a plan found, in the order of its resources."""

    findings: tuple[Checked, ...] = ()
    resources: int = 0

    @property
    def failed(self) -> bool:
        """Whether something is missing or wrong. What could not be checked does not count."""
        return any(finding.status == "failed" for finding in self.findings)

    def of(self, status: Status) -> tuple[Checked, ...]:
        return tuple(finding for finding in self.findings if finding.status == status)

    def to_list(self) -> list[dict[str, Any]]:
        """The machine output (``preflight`` of ``plan --verify -o json``); holds no secret."""
        return [finding.to_dict() for finding in self.findings]


async def verify(looker: Looker, members: Mapping[Key, Member], lane: str = "changed") -> Preflight:
    """Ask the kinds of everything that git holds and a plan has looked at.

    :param members: what the looks of the plan found, in its order.
    """
    around = _around(looker.kinds, members)
    ctx = _Once(looker.contexts(lane))
    found: dict[Key, list[Problem]] = {}

    async def one(member: Member) -> None:
        problems = found[member.key] = []
        want = around.resources[member.key]
        try:
            controller = looker.kinds.get(member.key.kind)
            async for problem in controller.verify(ctx, want, member.seen, around):
                problems.append(_placed(problem, want))  # noqa: PERF401 (what is found before an error stays)
        except Exception as error:  # a kind may raise anything; its checks are not made, and that is all
            message = f"not everything of {member.key.kind} is checked: {type(error).__name__}: {error}"
            problems.append(_placed(Problem("APO-PRE-002", message, severity="unchecked"), want))

    asked = [member for key, member in members.items() if key in around.resources]
    async with anyio.create_task_group() as tasks:
        for member in asked:
            tasks.start_soon(one, member)
    findings = (Checked(member.key, problem) for member in asked for problem in found[member.key])
    return Preflight(tuple(findings), len(asked))


def _around(kinds: Kinds, members: Mapping[Key, Member]) -> Around:
    resources = {key: member.want for key, member in members.items() if member.want is not None}
    provided: set[str] = set()
    for key, want in resources.items():
        plan = members[key].plan
        if plan.failure is not None or any(finding.decision == "deny" for finding in plan.findings):
            continue
        try:
            provided.update(kinds.get(key.kind).provides(want.spec))
        except Exception:  # the look at it has said what is wrong
            continue
    return Around(resources, frozenset(name for name in provided if not is_unknown(name)))


def _placed(problem: Problem, want: Any) -> Problem:
    return evolve(problem, file=problem.file or want.origin.file, line=problem.line or want.origin.line)


@define(eq=False)
class _Load:
    done: anyio.Event = field(factory=anyio.Event)
    value: Any = None
    error: Exception | None = None


class _Once:
    """A context in which everything is loaded once; nothing that a preflight finds moves while it lasts."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._loads: dict[Hashable, _Load] = {}

    @property
    def env(self) -> Env:
        return self._ctx.env

    @property
    def thorough(self) -> bool:
        return self._ctx.thorough

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        return await self._ctx.read(service, operation, **params)

    async def load(self, loader: Loader[K, V], key: K, /) -> V | None:
        known = self._loads.get((loader.name, key))
        if known is None:
            known = self._loads[loader.name, key] = _Load()
            try:
                known.value = await self._ctx.load(loader, key)
            except Exception as error:
                known.error = error
            finally:
                known.done.set()
        else:
            await known.done.wait()
        if known.error is not None:
            raise known.error.with_traceback(None)
        return known.value  # type: ignore[no-any-return]

    def remember(self, loader: Loader[K, V], key: K, value: V, /) -> None:
        self._ctx.remember(loader, key, value)

    async def write(self, call: Call, /) -> NoReturn:
        raise AssertionError(f"{call.service}:{call.operation} was asked for by a check")
