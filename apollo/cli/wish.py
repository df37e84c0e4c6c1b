"""What ``plan`` and ``apply`` are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from apollo.cli.boundary import State

if TYPE_CHECKING:
    from apollo.cli.plan_words import About
    from apollo.cli.where import Place
    from apollo.engine.plan import Plan
    from apollo.operator import Operator

__all__ = ["Wish", "wish_from"]


@frozen
class Wish:
    """What to plan: the environment, and what to take instead of its source."""

    place: Place
    state: State
    paths: tuple[Path, ...] = ()
    rev: str | None = None
    prune: bool | None = None
    variables: tuple[str, ...] = ()
    cluster: str | None = None

    def operator(self) -> Operator:
        from apollo.operator import Operator

        return Operator(
            self.place.settings,
            environments=(self.place.environment.name,),
            profile=self.state.profile,
            region=self.state.region,
            share=1.0,  # a person waits, and it is over in a moment
        )

    async def plan(self, operator: Operator) -> Plan:
        return await operator.plan(
            self.place.environment.name, paths=self.paths, rev=self.rev, prune=self.prune
        )

    async def about(self, operator: Operator) -> About:
        """The account and region that the environment turned out to be in."""
        from apollo.cli.plan_words import About

        environment = self.place.environment
        account = await operator.aws.open(environment)  # known already: the plan needed it
        return About(account.account_id, account.region, environment.spec.cluster or "")


def wish_from(
    ctx: click.Context,
    paths: tuple[Path, ...],
    config: Path | None,
    environment: str | None,
    cluster: str | None,
    variables: tuple[str, ...],
    rev: str | None,
    prune: bool | None,
) -> Wish:
    """What a command line asks for.

    :raises ApolloError: it names no environment. :raises ConfigError: the configuration cannot be used.
    """
    from apollo.cli import where

    if paths and rev is not None:
        raise click.UsageError("--rev is of the source, and PATH takes its place: give one of them", ctx)
    state = ctx.ensure_object(State)
    found = where.place(
        config, environment, with_path=bool(paths), cluster=cluster, region=state.region, variables=variables
    )
    return Wish(found, state, paths, rev, prune, variables, cluster)
