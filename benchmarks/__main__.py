"""The command: runs the benchmarks named (default all) and prints one table."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import platform
import sys
import time
from typing import cast

from benchmarks.harness import Benchmark, Row

NAMES = (
    "start",
    "validate",
    "queue",
    "diff",
    "linear",
    "incremental",
    "reads",
    "deploy",
    "commit",
    "local_reads",
    "local_rollout",
    "discovery",
    "noop",
    "cold",
    "idle",
    "blocked",
)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"one of: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="rows as JSON on stdout")
    parser.add_argument("--tiny", action="store_true", help="sizes that only show that it works")
    chosen = parser.parse_args(argv)
    unknown = [name for name in chosen.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # as the command line itself does
    rows: list[Row] = []
    for name in chosen.names or NAMES:
        module = cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))
        begin = time.perf_counter()
        rows += module.run(chosen.tiny)
        gc.collect()
        sys.stderr.write(f"{name}: {time.perf_counter() - begin:.0f} s\n")
    load = os.getloadavg()
    if chosen.json:
        data = [
            {
                "goal": row.goal,
                "what": row.what,
                "value": row.value,
                "unit": row.unit,
                "target": row.target and f"{row.target[0]} {row.target[1]:g}",
                "verdict": row.verdict,
                "note": row.note,
            }
            for row in rows
        ]
        json.dump({"rows": data, "load": load, "python": platform.python_version()}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(table(rows))
        sys.stdout.write(
            f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load[0]:.1f} (1 min), "
            f"{load[1]:.1f} (5 min)\n"
        )
    return 0


def table(rows: list[Row]) -> str:
    """The rows as text, in columns."""
    head = ("goal", "what", "value", "target", "verdict", "note")
    lines = [
        (
            row.goal,
            row.what,
            f"{row.value:,.4g}" if abs(row.value) < 1e4 else f"{row.value:,.0f}",
            "" if row.target is None else f"{row.target[0]} {row.target[1]:g}",
            row.verdict,
            row.note,
        )
        for row in rows
    ]
    units = [row.unit for row in rows]
    cells = [
        head,
        *(
            (goal, what, f"{value} {unit}".rstrip(), target, verdict, note)
            for (goal, what, value, target, verdict, note), unit in zip(lines, units, strict=True)
        ),
    ]
    wide = [max(len(line[at]) for line in cells) for at in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(size) for cell, size in zip(line, wide, strict=True)).rstrip() + "\n"
        for line in cells
    )


if __name__ == "__main__":
    sys.exit(main())
