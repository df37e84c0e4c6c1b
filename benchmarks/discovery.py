"""What finding the installed kinds adds to ``apollo validate``, and which of them it imports.

Measured inside of a fresh process, after everything else was imported: the first look for kinds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Row
from benchmarks.world import manifest

__all__ = ["run"]

_PROGRAM = """
import os, sys, time
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
import gc; gc.disable()  # as validate does
import apollo.cli.check, apollo.manifest, apollo.settings, importlib.metadata
import apollo.plugins.kinds
from apollo.plugins import Registry
wall, cpu = time.perf_counter(), time.process_time()
names = Registry().names()
sys.stdout.write(f"{time.perf_counter() - wall} {time.process_time() - cpu} {len(names)}")
"""
_WATCHED = """
import json, sys
from apollo.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write(json.dumps([name for name in sys.modules if name.startswith("apollo")]))
sys.exit(code)
"""
_UNUSED = (
    "apollo.controllers.service",
    "apollo.controllers.listener_rule",
    "apollo.controllers.scaling_policy",
)


def run(tiny: bool) -> Iterator[Row]:
    taken = [_python(_PROGRAM).stdout.split() for _ in range(1 if tiny else 15)]
    wall = statistics.median(float(one[0]) for one in taken) * 1e3
    note = f"CPU {min(float(one[1]) for one in taken) * 1e3:.1f} ms at best; {taken[0][2]} kinds"
    yield Row("plugins", "finding the installed kinds", wall, "ms", ("<=", 15.0), note)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "m.yaml"
        path.write_bytes(manifest("web").partition(b"---\n")[0])
        loaded = json.loads(_python(_WATCHED, "validate", str(path)).stderr)
    unused = [
        one
        for one in loaded
        if one in _UNUSED or (one.startswith("apollo_") and not one.startswith("apollo."))
    ]
    if "apollo.controllers.task_definition" not in loaded:
        raise RuntimeError("the kind that the file uses was not loaded")
    what = "kinds imported that no file uses"
    yield Row("plugins", what, len(unused), "", ("==", 0), " ".join(unused))


def _python(program: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, *argv], check=True, capture_output=True, text=True)
