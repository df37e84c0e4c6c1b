"""A kind tried on example manifests against a local AWS in this process: made, left alone, and removed again,
and once more for each answer that may be lost."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.lowlevel
import anyio.to_thread

from apollo.api import OWNER_TAG, Controller, Resource
from apollo.aws.models import iam_action
from apollo.cli.demo.cloud import environment
from apollo.operator import Operator, Result
from apollo.plugins.check_calls import Noted
from apollo.plugins.check_findings import Finding, judged
from apollo.plugins.check_manifests import granted
from apollo.settings import Settings
from apollo.testing import LocalAws, Request

__all__ = ["live"]

_ANCHOR: Final = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: apollo-plugins-check}
spec: {containerDefinitions: [{name: app, image: app:1, memory: 64}]}
"""
"""Stays in git when the examples leave it: nothing is pruned for a tree that is empty."""
_PASSES: Final = 4
"""So many passes may pass until a lost answer is made up for; an operator would go on."""
_LATER: Final = 3600.0


class _Clock:
    """The local AWS's: sleeping lets its time pass."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws

    def monotonic(self) -> float:
        return self._aws.clock.now()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._aws.clock.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        self._aws.advance(max(0.0, seconds))
        await anyio.lowlevel.checkpoint()


def live(
    settings: Settings,
    controllers: Sequence[Controller[Any, Any]],
    resources: Mapping[str, list[Resource[Any]]],
    files: Sequence[Path],
) -> Iterator[Finding]:
    """The checks that act.

    :param settings: of one environment. :param resources: of the example manifests, by kind.
    """
    with tempfile.TemporaryDirectory(prefix="apollo-check-") as folder, LocalAws() as aws, environment(aws):
        anchor = Path(folder, "anchor.yaml")
        anchor.write_text(_ANCHOR, "utf-8")
        trial = _Trial(aws, settings, controllers, resources, tuple(files), anchor)
        yield from anyio.run(trial.run)


class _Trial:
    """One kind, or several that are tried together."""

    def __init__(
        self,
        aws: LocalAws,
        settings: Settings,
        controllers: Sequence[Controller[Any, Any]],
        resources: Mapping[str, list[Resource[Any]]],
        files: tuple[Path, ...],
        anchor: Path,
    ) -> None:
        self._aws = aws
        self._settings = settings
        self._noted = [Noted(one) for one in controllers]
        self._files, self._anchor = (*files, anchor), anchor
        self._kind = ", ".join(one.kind for one in controllers)
        self._kept = {
            one.owner for some in resources.values() for one in some if one.lifecycle.prune == "never"
        }

    async def run(self) -> list[Finding]:
        self._stage()
        made = await self._apply(self._files)
        calls = [(one.service, one.operation) for one in self._aws.mutations()]
        own = any(one.code.startswith("APO-PLUGIN") for one in made.outcomes)
        remedy = "the example has to be whole: all that it needs in it"
        if own:
            remedy = "it is the kind itself that raised, at the line that is named"
        found = [self._judged("is made", _wrong(made), remedy, calls)]
        if found[0].verdict == "fail":
            return found
        state = self._state()
        found.append(await self._unchanged("a second pass changes nothing", 0.0))
        found.append(await self._unchanged("nothing drifts by itself", _LATER))
        before = len(self._aws.mutations())
        gone = await self._apply((self._anchor,), prune=True)
        deletions = [(one.service, one.operation) for one in self._aws.mutations()[before:]]
        remedy = "owned must list it, and diff(None, seen) delete it"
        pruned = self._judged("is pruned", [*_wrong(gone), *self._left()], remedy, deletions)
        found.append(pruned)
        found += self._permitted()
        found += await self._foreign()
        remedy = "observe has to find what a lost call has done; no state may be kept in the process"
        lost = await self._lose(calls, state)
        found.append(self._judged("lost answers while making it", lost, remedy, calls))
        if pruned.verdict == "pass":
            lost = await self._lose(deletions, None)
            found.append(self._judged("lost answers while pruning it", lost, remedy, deletions))
        return found

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────

    def _stage(self) -> None:
        """A fresh account with the cluster of the environment."""
        self._aws.reset()
        spec = self._settings.environments[0].spec
        client = self._aws.client("ecs", region=spec.aws.region or self._region)
        client.create_cluster(clusterName=spec.cluster or "default")
        self._aws.clear()

    async def _apply(
        self, paths: Sequence[Path], *, prune: bool = False, installation: str | None = None
    ) -> Result:
        """One pass of a process that remembers nothing."""
        name, settings = self._settings.environments[0].name, self._settings
        if installation is not None:
            other = settings.installation.model_copy(update={"name": installation})
            settings = settings.model_copy(update={"installation": other})
        async with Operator(
            settings, controllers=self._noted, clock=_Clock(self._aws), region=self._region
        ) as operator:
            plan = await operator.plan(name, paths=paths, prune=prune)
            if prune and plan.stopped:  # by lifecycle.prune: confirm, say: the trial confirms
                await operator.store.approve(name, plan.digest, "apollo plugins check")
                plan = await operator.plan(name, paths=paths, prune=prune)
            return await operator.apply(plan)

    async def _unchanged(self, check: str, later: float) -> Finding:
        self._aws.advance(later)
        before = len(self._aws.mutations())
        wrong = _wrong(await self._apply(self._files))
        again = Counter(_words(one) for one in self._aws.mutations()[before:])
        wrong += [f"{call} is sent {count} times again" for call, count in again.items()]
        remedy = "diff has to find nothing where AWS equals git: compare what AWS answers, not what was sent"
        return self._judged(check, wrong, remedy)

    async def _foreign(self) -> Iterator[Finding]:
        """What another installation made under the same name is left alone."""
        self._stage()
        await self._apply(self._files, installation="somebody-else")
        for noted in self._noted:
            noted.calls.clear()
        plan = (await self._apply(self._files)).plan
        # What is not there yet has a name that AWS gives, or one for each installation.
        apart = {one.key.kind for one in plan if one.action == "create"}
        remedy = "owner has to answer the ownership tag that the object has: observe must read its tags"
        return iter(
            [
                judged(
                    noted.kind,
                    "somebody else's is left alone",
                    [f"{operation} is sent" for _, operation, writes in sorted(noted.calls) if writes],
                    remedy,
                )
                for noted in self._noted
                if noted.kind not in apart
            ]
        )

    async def _lose(self, calls: Sequence[tuple[str, str]], state: Any) -> list[str]:
        """Each changing call once not arrived, and once not answered. ``state``: how it has to end; None: the
        calls prune."""
        wrong = []
        met: Counter[tuple[str, str]] = Counter()
        for call in calls:
            service, operation = call
            for kind, words in (("reset_before", "did not arrive"), ("reset_after", "was not answered")):
                self._stage()
                if state is None:
                    await self._apply(self._files)
                self._aws.faults.add(f"{service}:{operation}", kind, times=1, skip=met[call])  # type: ignore[arg-type]
                problem = await self._recovers(state)
                if problem:
                    wrong.append(f"{operation} {words}: {problem}")
            met[call] += 1
        return wrong

    async def _recovers(self, state: Any) -> str:
        paths, prune = (self._files, False) if state is not None else ((self._anchor,), True)
        for _ in range(_PASSES):
            before = len(self._aws.mutations())
            result = await self._apply(paths, prune=prune)
            if result.exit_code == 0 and len(self._aws.mutations()) == before:
                break
            self._aws.advance(120.0)  # a deleted name may have to rest
        else:
            return "; ".join(_wrong(result)) or f"after {_PASSES} passes it still changes something"
        if state is None:
            return "; ".join(self._left())
        return "" if self._state() == state else "it ends in another state than without"

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _region(self) -> str:
        return self._settings.environments[0].spec.aws.region or "eu-west-1"

    def _owners(self) -> Counter[str]:
        """How many objects carry which ownership tag, by AWS's own index."""
        client = self._aws.client("resourcegroupstaggingapi", region=self._region)
        pages = client.get_paginator("get_resources").paginate(TagFilters=[{"Key": OWNER_TAG}])
        found: Counter[str] = Counter()
        for page in pages:
            for one in page["ResourceTagMappingList"]:
                found[next(tag["Value"] for tag in one["Tags"] if tag["Key"] == OWNER_TAG)] += 1
        return found

    def _state(self) -> Any:
        self._aws.settle()
        return self._aws.snapshot(), self._owners()

    def _left(self) -> list[str]:
        kinds = {one.kind for one in self._noted}
        left = [one for one in self._owners() if one.split("/")[2] in kinds and one not in self._kept]
        return [f"{'/'.join(one.split('/')[2:])} is still there" for one in sorted(left)]

    def _permitted(self) -> Iterator[Finding]:
        for noted in self._noted:
            wrong, used = [], set()
            for service, operation, writes in sorted(noted.calls):
                action = iam_action(service, operation)
                if action is None:
                    continue
                used.add(action)
                if not granted(action, noted.permissions):
                    wrong.append(f"{action} is used and not among permissions")
                elif writes and not granted(action, noted.write_permissions):
                    wrong.append(f"{action} writes and is not among write_permissions")
                elif not writes and granted(action, noted.write_permissions):
                    wrong.append(f"{action} only reads and is among write_permissions: plan would lack it")
            remedy = "apollo iam-policy grants what permissions says, and nothing else"
            yield judged(
                noted.kind, "every call is permitted", wrong, remedy, f"{len(used)} IAM actions used"
            )

    def _judged(
        self, check: str, wrong: Sequence[str], remedy: str, calls: Sequence[tuple[str, str]] = ()
    ) -> Finding:
        mine = {(s, o) for noted in self._noted for s, o, writes in noted.calls if writes}
        said = ", ".join(
            dict.fromkeys(operation for service, operation in calls if (service, operation) in mine)
        )
        return judged(self._kind, check, wrong, remedy, said)


def _words(request: Request) -> str:
    return f"{request.service}:{request.operation}"


def _wrong(result: Result) -> list[str]:
    """Why a pass did not end well."""
    if result.exit_code == 0:
        return []
    found = [one.message for one in result.plan.problems if one.severity == "error"]
    found += [f"{one.key}: {one.failure.message}" for one in result.plan.resources if one.failure is not None]
    found += [f"{one.key}: {one.message}" for one in result.plan.findings if one.decision != "skip"]
    found += [
        f"{one.key}: {one.message}" for one in result.outcomes if one.outcome != "Succeeded" and one.message
    ]
    return list(dict.fromkeys(found)) or [f"it ends with exit code {result.exit_code}"]
