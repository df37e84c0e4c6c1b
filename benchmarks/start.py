"""G12: how long ``apollo --version`` and ``apollo --help`` take, against a Python that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.harness import BIN, Row, child, interleaved, ratio

__all__ = ["run"]


def run(tiny: bool) -> Iterator[Row]:
    nothing, version, text = interleaved(
        lambda: child([sys.executable, "-c", "pass"]),
        lambda: child([BIN / "apollo", "--version"]),
        lambda: child([BIN / "apollo", "--help"]),
        rounds=1 if tiny else 15,
    )
    for what, taken, limit in (("apollo --version", version, 8.0), ("apollo --help", text, 8.0)):
        note = f"CPU {ratio(taken, nothing, 'cpu'):.1f} x"
        yield Row("G12", f"{what} ÷ python -c pass", ratio(taken, nothing), "x", ("<=", limit), note)
