"""The table of commands. A command's module is imported when the command is called, not before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from apollo.cli.boundary import State, guarded

__all__ = ["LazyGroup", "cli"]

# name → (module, attribute, group in the help, one line of help)
_Row = tuple[str, str, str, str]

_LOOK, _CHANGE, _RUN, _WRITE, _LEARN = (
    "Before a change",
    "Change",
    "Operate",
    "Write manifests",
    "Learn and set up",
)

COMMANDS: Mapping[str, _Row] = {
    "validate": ("check", "validate", _LOOK, "Check manifests offline."),
    "render": ("check", "render", _LOOK, "Show manifests as Apollo understands them."),
    "plan": ("plan", "plan", _LOOK, "Show what would be called in AWS, and what would restart."),
    "apply": ("apply", "apply", _CHANGE, "Do the plan once and wait for the rollout."),
    "run": ("run", "run", _RUN, "Run the operator."),
    "healthcheck": ("healthcheck", "healthcheck", _RUN, "Whether an operator on this machine is alive."),
    "status": ("look", "status", _RUN, "How environments, apps and resources fare."),
    "get": ("look", "get", _RUN, "List resources."),
    "describe": ("look", "describe", _RUN, "Everything about one resource."),
    "history": ("memory", "history", _RUN, "What was applied, when, and with which result."),
    "events": ("memory", "events", _RUN, "What happened."),
    "approve": ("memory", "approve", _CHANGE, "Let a held plan through."),
    "suspend": ("memory", "suspend", _CHANGE, "Stop changing an environment, an app or a resource."),
    "resume": ("memory", "resume", _CHANGE, "Undo suspend."),
    "set": ("image", "set_group", _WRITE, "Edit one value of a manifest."),
    "import": ("importing", "import_", _WRITE, "What runs, or other tools' files, as manifests."),
    "schema": ("schema", "schema", _WRITE, "JSON Schema for editors."),
    "explain": ("explain", "explain", _WRITE, "What a field or an error code means."),
    "plugins": ("plugins", "plugins", _LEARN, "What is loaded, and what is not and why."),
    "iam-policy": ("iam", "iam_policy", _LEARN, "The least IAM policy for the enabled kinds."),
    "demo": ("demo", "demo", _LEARN, "The whole story on this machine, with no AWS account."),
    "simulate": ("simulate", "simulate", _LEARN, "A local AWS on this machine."),
    "completion": ("completion", "completion", _LEARN, "Completion for bash, zsh and fish."),
}

ELSEWHERE: Mapping[str, str] = {
    "app": "apollo status",
    "apps": "apollo status",
    "delete": "to take the manifest out of git, then apollo plan --prune",
    "deploy": "apollo apply",
    "destroy": "to take the manifests out of git, then apollo plan --prune",
    "diff": "apollo plan",
    "help": "apollo COMMAND --help",
    "lint": "apollo validate",
    "list": "apollo get",
    "logs": "apollo describe KIND/NAME for what happened; lines of tasks are in their log group",
    "pause": "apollo suspend",
    "reconcile": "apollo apply",
    "refresh": "apollo plan",
    "rollback": "git revert, then apollo apply",
    "rollout": "apollo status",
    "sync": "apollo apply",
    "template": "apollo render",
    "undo": "git revert, then apollo apply",
    "unpause": "apollo resume",
    "version": "apollo --version",
}
"""Words of kubectl, argocd, flux, helm and terraform, and what is said here."""


def _readable(command: click.Command) -> click.Command:
    """Each example of the help on a line of its own: what is copied must not be broken at column 80."""
    head, colon, rest = (command.epilog or "").partition(": ")
    if colon and head in ("Example", "Examples"):
        examples = [part.strip() for part in rest.split("   ") if part.strip()]
        command.epilog = "\n".join(["\b", f"{head}:", *(f"  {one}" for one in examples)])
    if isinstance(command, click.Group):
        for inner in getattr(command, "commands", {}).values():
            _readable(inner)
    return command


class LazyGroup(click.Group):
    """A group that knows its commands by name and help only, until one is called."""

    def __init__(self, *args: Any, rows: Mapping[str, _Row], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.rows:
            return None
        module, attribute, _, _ = self.rows[cmd_name]
        command = getattr(importlib.import_module(f"apollo.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return _readable(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in self.rows and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], self.rows, n=1)
            said = ELSEWHERE.get(args[0]) if self.rows is COMMANDS else None
            meant = f" Did you mean {near[0]!r}?" if near else ""
            meant = f" Here it is {said}." if said else meant
            raise click.UsageError(f"there is no command {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        own = [
            CompletionItem(name, help=row[3])
            for name, row in self.rows.items()
            if name.startswith(incomplete)
        ]
        return [*own, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, (_, _, group, text) in self.rows.items():
            groups.setdefault(group, []).append((name, text))
        width = max(map(len, self.rows))
        for group, entries in groups.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), text) for name, text in entries])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and exit with one of the documented codes."""
        state = State()
        extra.setdefault("obj", state)
        run = super().main
        code = guarded(
            state,
            lambda: run(args, prog_name or "apollo", complete_var, standalone_mode=False, **extra),
        )
        if standalone_mode:
            sys.exit(code)
        return code


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from apollo import __version__

        click.echo(f"apollo {__version__}")
        ctx.exit()


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name is not None:
        setattr(ctx.ensure_object(State), parameter.name, value)


@click.group(
    cls=LazyGroup,
    rows=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 error, 2 changes exist (--exit-code), 3 held by a gate, 4 timed out, "
    "5 unhealthy, 130 interrupted.",
)
@click.option("--profile", callback=_keep, expose_value=False, help="AWS profile (as AWS_PROFILE).")
@click.option("--region", callback=_keep, expose_value=False, help="AWS region; wins over the Environment's.")
@click.option("--debug", is_flag=True, callback=_keep, expose_value=False, help="Show tracebacks of errors.")
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    callback=_version,
    expose_value=False,
    help="Show the version and exit.",
)
def cli() -> None:
    """GitOps for AWS ECS and Fargate: the desired state lives in git, and Apollo keeps AWS equal to it."""
