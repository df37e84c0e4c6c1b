"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from apollo.cli.boundary import State

__all__ = [
    "aws_options",
    "config_option",
    "debug_option",
    "environment_option",
    "environments_option",
    "output_option",
    "place_options",
]

F = TypeVar("F", bound=Callable[..., Any])


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    if value and parameter.name is not None:
        setattr(ctx.ensure_object(State), parameter.name, value)
    return value


def debug_option(function: F) -> F:
    return click.option(
        "--debug", is_flag=True, callback=_keep, expose_value=False, help="Show tracebacks of errors."
    )(function)


def output_option(*forms: str) -> Callable[[F], F]:
    """``-o``; the first form is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(forms),
        default=forms[0],
        is_eager=True,
        callback=_keep,
        show_default=True,
        help="How the result is printed on stdout.",
    )


class ConfigFile(click.Path):
    """A file, or where else the configuration is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith(("env:", "git+")):
            from apollo.cli.elsewhere import Elsewhere

            return Elsewhere(value)
        return super().convert(value, param, ctx)


def config_option(function: F) -> F:
    return click.option(
        "-f",
        "--file",
        "config",
        type=ConfigFile(dir_okay=False, path_type=Path),
        help="Apollo's configuration: a file, env:NAME or git+URL//FILE?ref=REF.  [default: ./apollo.yaml]",
    )(function)


def environment_option(function: F) -> F:
    return click.option("-e", "--environment", help="The environment; needed when there are several.")(
        function
    )


def environments_option(function: F) -> F:
    return click.option(
        "-e",
        "--environment",
        "environments",
        multiple=True,
        help="An environment; all without it. Repeatable.",
    )(function)


def aws_options(function: F) -> F:
    profile = click.option(
        "--profile", callback=_keep, expose_value=False, help="AWS profile (as AWS_PROFILE)."
    )
    region = click.option(
        "--region", callback=_keep, expose_value=False, help="AWS region; wins over the Environment's."
    )
    return profile(region(function))


def place_options(function: F) -> F:
    """What describes an environment without a configuration file, and overrides one with it."""
    cluster = click.option("--cluster", help="The ECS cluster of services that name none.")
    variables = click.option(
        "--var",
        "variables",
        multiple=True,
        metavar="K=V",
        help="A variable for ${{ var.K }}; the field that takes it decides its type. Repeatable.",
    )
    return cluster(variables(function))
