"""``python -m tests.docs [PAGE…]``: run pages and write into them what their commands print now.

What a page shortens with ``...`` is left as it is; look at those by hand.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.docs.blocks import Block, Command, pages
from tests.docs.running import perform


def _update(page: Path) -> None:
    news: list[tuple[Command, Sequence[str]]] = []

    def differs(block: Block, command: Command, printed: Sequence[str]) -> None:
        if any(line.strip() == "..." for line in command.output):
            print(f"{page}:{command.line}: `{command.text}` prints\n  " + "\n  ".join(printed))
        else:
            news.append((command, printed))

    with tempfile.TemporaryDirectory() as scratch:
        perform(page, Path(scratch), differs)
    lines = page.read_text("utf-8").splitlines()
    for command, printed in sorted(news, key=lambda one: -one[0].line):
        begin = command.line + command.text.count("\n")
        lines[begin : begin + len(command.output)] = printed
    if news:
        page.write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{page}: {len(news)} outputs written")


for given in [Path(name).resolve() for name in sys.argv[1:]] or pages():
    _update(given)
