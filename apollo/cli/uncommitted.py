"""A plan is of what is committed: a word for whoever has edited files and waits for them to show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apollo.cli.elsewhere import Elsewhere
from apollo.cli.text import clean, tell

if TYPE_CHECKING:
    from apollo.cli.wish import Wish

__all__ = ["tell_uncommitted"]


def tell_uncommitted(wish: Wish) -> None:
    """Say on stderr that the source's own work tree holds what its branch does not. Blocks for some
    milliseconds, and only where the source is a folder of this machine."""
    source = wish.place.environment.spec.source
    config = wish.place.config
    if source is None or config is None or wish.paths or wish.rev is not None:
        return
    from apollo.source import working_tree_commit
    from apollo.source.address import parse

    base = Path.cwd() if isinstance(config, Elsewhere) else config.absolute().parent
    address = parse(source.repo, base)
    if address.remote:
        return
    folder = Path(address.text, source.path.strip("/"))
    if not folder.is_dir() or not (working_tree_commit(folder) or "").endswith("-dirty"):
        return
    where = clean(os.path.relpath(folder))
    tell(
        f"note: {where} holds changes that are not committed; what counts here is the branch "
        f"{clean(source.branch)}\n  hint: apollo plan {where} -e {clean(wish.place.environment.name)} "
        "plans the files as they lie there"
    )
