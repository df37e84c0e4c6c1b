"""``apollo demo``: the whole story on this machine, with real git and real HTTP, and no AWS account."""

from __future__ import annotations

import click

from apollo.cli.options import debug_option

__all__ = ["demo"]


@click.command(epilog="Example: apollo demo --keep   then, in another shell: the lines that it prints")
@click.option(
    "--keep",
    is_flag=True,
    help="Leave the local AWS, the repository and the operator running, and print how to use them.",
)
@debug_option
def demo(keep: bool) -> int:
    """Tell Apollo's story on this machine in half a minute; no AWS account is needed or touched.

    A local AWS, a git repository with the branches stage and prod, and one operator for both: a merge rolls
    out, a bad image is rolled back, a change made by hand is undone. Each chapter is held against what the
    local AWS shows; the command fails when one is not true.
    """
    from apollo.cli.demo.teller import Teller

    tell = Teller()
    tell.title("Apollo: a merge to stage deploys on stage, a merge to prod deploys on production.")

    # Only now, since it takes a moment: the SDK, git, and all of Apollo.
    import anyio

    from apollo.cli.demo.show import show

    return anyio.run(show, tell, keep)
