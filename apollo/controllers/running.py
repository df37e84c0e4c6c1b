"""Which revisions the services of an environment run, as the sweep finds them: where the revision that git
wants nearly always is.

It says where to look first, never what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from apollo.api import Context, Env, Loader

__all__ = ["revision_that_runs", "these_run"]

_FAMILY = re.compile(r":task-definition/([^:/]+):\d+$")


class Running(Loader[Env, Mapping[str, str]]):
    """ARNs of revisions by family, for each environment. Only `these_run` fills it; AWS is not asked."""

    name = "ecs.revisions-that-run"
    batch = 1

    def immutable(self, key: Env, value: Mapping[str, str]) -> bool:
        return True  # each sweep brings a newer one in its place

    async def fetch(self, ctx: Context, keys: Sequence[Env]) -> Mapping[Env, Mapping[str, str]]:
        return {}


RUNNING = Running()


def these_run(ctx: Context, arns: Iterable[str]) -> None:
    """Take down what the services of this environment run. Of a family that several run, one counts."""
    found = {family[1]: arn for arn in arns if (family := _FAMILY.search(arn)) is not None}
    ctx.remember(RUNNING, ctx.env, found)


async def revision_that_runs(ctx: Context, family: str) -> str | None:
    """The ARN of a revision that a service of this environment ran at the last sweep."""
    return (await ctx.load(RUNNING, ctx.env) or {}).get(family)
