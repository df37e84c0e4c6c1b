"""Running the command line in this process, and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from apollo.cli.main import cli

__all__ = ["apollo", "process"]


def apollo(*args: str) -> Result:
    """The command in this process; stdout and stderr apart."""
    return CliRunner().invoke(cli, list(args), prog_name="apollo")


def process(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as users run it, in a bare environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "apollo", *args],
        cwd=cwd,
        env=kept | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
