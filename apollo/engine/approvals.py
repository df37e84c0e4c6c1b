"""What a person let through as one plan, by its digest: found out beside the loop, which knows of single
resources only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import define, evolve, field

from apollo.engine.engine import Engine
from apollo.engine.plan import ResourcePlan

__all__ = ["Approvals"]


@define
class Approvals:
    """Looks for approved plans where one could help.

    :ivar seen: everything as it was seen last.
    """

    engine: Engine
    seen: Callable[[], Iterable[ResourcePlan]]
    _asked: tuple[frozenset[str], frozenset[str], str] | None = field(default=None, init=False)

    async def let_through(self) -> bool:
        """Whether everything that is held now has been let through as one plan.

        Looks at everything, reading only, and only where something is held, an approval names no single
        resource, and either is news.
        """
        engine = self.engine
        held = frozenset(item.digest for item in self.seen() if item.findings)
        whole = frozenset(engine.memory.approved()) - held
        asked = (held, whole, engine.snapshot.commit)
        if not held or not whole or asked == self._asked:
            return False
        self._asked = asked
        snapshot = engine.snapshot
        # An engine of its own: what the workers know of outputs is theirs, and newer than this look, which
        # takes a while.
        twin = evolve(engine)
        twin.last_app.update(engine.last_app)
        twin.take(evolve(snapshot, changed=frozenset(snapshot.resources)))
        plan = await twin.look()
        if engine.snapshot is not snapshot or not plan.stopped or plan.digest not in engine.memory.approved():
            return False
        engine.looker.judge.approved |= {item.digest for item in plan if item.findings}
        await engine.memory.used(plan.digest)
        return True
