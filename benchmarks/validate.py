"""G11: ``apollo validate`` of one file and of fifty, against ``python -c "import boto3"``; what it loads."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import BIN, Row, child, interleaved, ratio
from benchmarks.world import manifest

__all__ = ["run"]

_FORBIDDEN = ("boto3", "botocore", "git", "watchfiles", "asyncio", "anyio", "sqlite3", "rich")
_WATCHED = f"""
import sys
from apollo.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write(" ".join(name for name in {_FORBIDDEN!r} if name in sys.modules))
sys.exit(code)
"""


def run(tiny: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = folder / "one"
        fifty = folder / "fifty"
        for where, count in ((one, 1), (fifty, 2 if tiny else 50)):
            where.mkdir()
            for at in range(count):
                (where / f"m{at}.yaml").write_bytes(manifest(f"web-{at}"))
        boto3, single, many = interleaved(
            lambda: child([sys.executable, "-c", "import boto3"]),
            lambda: child([BIN / "apollo", "validate", one / "m0.yaml"], cwd=folder),
            lambda: child([BIN / "apollo", "validate", fifty], cwd=folder),
            rounds=1 if tiny else 11,
        )
        for what, taken, limit in (("1 file", single, 1.3), ("50 files", many, 1.6)):
            note = f"CPU {ratio(taken, boto3, 'cpu'):.2f} x"
            yield Row("G11", f"validate {what} ÷ import boto3", ratio(taken, boto3), "x", ("<=", limit), note)
        done = subprocess.run(
            [sys.executable, "-c", _WATCHED, "validate", one / "m0.yaml"],
            cwd=folder, check=True, capture_output=True, text=True,
        )  # fmt: skip
        loaded = done.stderr.split()
        yield Row("G11", "modules validate must not load", len(loaded), "", ("==", 0), " ".join(loaded))
