"""``apollo completion``: the script a shell sources."""

from __future__ import annotations

import click

from apollo.cli.text import say

__all__ = ["completion"]


@click.command(
    epilog="Example: echo 'eval \"$(apollo completion bash)\"' >> ~/.bashrc",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    Completing calls neither AWS nor git.
    """
    from click.shell_completion import get_completion_class

    from apollo.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    say(kind(cli, {}, "apollo", "_APOLLO_COMPLETE").source().rstrip("\n"))
