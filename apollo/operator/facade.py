"""Apollo for scripts: one plan, one apply, one status, each a plain function that returns when it is done.

Each opens and closes all it needs, and runs an event loop of its own. A program that has one already, or asks
more than once, uses `Operator`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio

from apollo.engine.apply import Result
from apollo.engine.plan import Plan
from apollo.engine.status import EnvironmentStatus
from apollo.errors import ApolloError, ConfigError, Problem
from apollo.manifest import load_settings
from apollo.operator.operator import Operator, Progress
from apollo.settings import Settings

__all__ = ["apply", "plan", "status"]

T = TypeVar("T")
Config = Settings | Path | str


def plan(
    config: Config = "apollo.yaml",
    environment: str | None = None,
    *,
    paths: Sequence[Path] = (),
    rev: str | None = None,
    prune: bool | None = None,
    **options: Any,
) -> Plan:
    """What would be done to make AWS equal to git now. Reads only::

        for item in apollo.plan("apollo.yaml", "stage"):
            print(item.key, item.action, item.why)

    :param config: the configuration, or where its file is. :param environment: may be left out where the
        configuration holds one.
    :param paths: files or folders instead of the environment's source, as they lie there.
    :param rev: a revision of the source instead of its branch.
    :param prune: instead of the environment's ``sync.prune``.
    :param options: of `Operator`: ``controllers``, ``gates``, ``handlers``, ``profile``, ``region``, …
    :raises ApolloError: when git, the configuration or AWS cannot be read at all. What is wrong with one
        resource stands in the plan.
    :raises RuntimeError: inside of a running event loop.
    """

    async def work(operator: Operator, name: str) -> Plan:
        return await operator.plan(name, paths=paths, rev=rev, prune=prune)

    return _run(work, config, environment, options)


def apply(
    config: Config = "apollo.yaml",
    environment: str | None = None,
    *,
    expect: Plan | str | None = None,
    paths: Sequence[Path] = (),
    rev: str | None = None,
    prune: bool | None = None,
    wait: bool = True,
    timeout: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Result:
    """Make AWS equal to git once, and follow the rollouts to their end.

    ``Result.exit_code`` is 0 where everything is as it should be; nothing is raised for a rollout that fails.

    :param expect: a plan, or its digest, that somebody has seen: anything else is refused.
    :param wait: follow rollouts to their end. :param timeout: seconds; default ``progressDeadline``.
    :raises ApolloError: as `plan`; ``APO-PLAN-010`` when there is something else to do than ``expect`` says.
    """

    async def work(operator: Operator, name: str) -> Result:
        made = await operator.plan(name, paths=paths, rev=rev, prune=prune)
        wanted = expect.digest if isinstance(expect, Plan) else expect
        if wanted is not None and made.digest != wanted:
            raise ApolloError(
                f"there is something else to do than in plan {wanted}: this is plan {made.digest}",
                code="APO-PLAN-010",
                hint="git, the configuration or AWS moved since; look at the new plan",
            )
        exact = expect is not None
        return await operator.apply(made, wait=wait, timeout=timeout, exact=exact, progress=progress)

    return _run(work, config, environment, options)


def status(
    config: Config = "apollo.yaml",
    environment: str | None = None,
    *,
    paths: Sequence[Path] = (),
    **options: Any,
) -> EnvironmentStatus:
    """How everything of an environment fares now, read live from git and AWS.

    :raises ApolloError: as `plan`.
    """

    async def work(operator: Operator, name: str) -> EnvironmentStatus:
        return await operator.status(name, paths=paths)

    return _run(work, config, environment, options)


def _run(
    work: Callable[[Operator, str], Awaitable[T]],
    config: Config,
    environment: str | None,
    options: dict[str, Any],
) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError(
            "apollo.plan, apply and status run an event loop of their own, and one is running here already, "
            "as in a notebook: write `await asyncio.to_thread(apollo.plan, …)`, or use apollo.Operator"
        )
    settings = config if isinstance(config, Settings) else load_settings(Path(config))
    name = environment or _only(settings)

    async def run() -> T:
        async with Operator(settings, environments=[name], **options) as operator:
            return await work(operator, name)

    return anyio.run(run)


def _only(settings: Settings) -> str:
    names = [one.name for one in settings.environments]
    if len(names) == 1:
        return names[0]
    known = f"it has: {', '.join(names)}" if names else "it has none"
    raise ConfigError([Problem("APO-CONF-011", "which environment of the configuration?", hint=known)])
