"""Draw the pictures of the README and the docs: real runs against the local AWS, as SVG.

    python tools/take_pictures.py            writes docs/images/*.svg

Each picture is a short list of commands, run one after the other on a terminal of their own.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from apollo.testing import LocalAws  # noqa: E402

WIDTH = 104

PICTURES: Mapping[str, tuple[str, Sequence[str]]] = {
    "plan": (
        "a plan",
        [
            "apollo set image config/apps/web/web.yaml app=registry.example.com/web:1.1",
            'git -C config commit --quiet -am "Web 1.1"',
            "apollo plan -e stage",
        ],
    ),
    "rollback": (
        "a bad image",
        [
            "apollo set image config/apps/web/web.yaml app=registry.example.com/web:crash-1.2",
            'git -C config commit --quiet -am "Web 1.2"',
            "apollo apply -e stage --yes",
            "apollo status -e stage",
        ],
    ),
}


def main() -> None:
    target = ROOT / "docs/images"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, LocalAws(speed=20) as aws:
        folder = Path(scratch) / "shop"
        shutil.copytree(ROOT / "examples/shop", folder)
        environment = _environment(aws, Path(scratch))
        for region in ("eu-west-1", "us-east-1"):
            aws.client("ecs", region=region).create_cluster(clusterName="shop")
        for command in (
            "git -C config init --quiet --initial-branch=stage",
            "git -C config add --all && git -C config commit --quiet -m Begin",
            "apollo apply -e stage --yes",
        ):
            _run(command, folder, environment)
        for name, (title, commands) in PICTURES.items():
            console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
            for command in commands:
                console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
                printed = _run(command, folder, environment)
                if printed.strip():
                    console.print(Text.from_ansi(printed.rstrip()))
            svg = console.export_svg(title=f"apollo: {title}", unique_id=f"apollo-{name}")
            # No picture of ours fetches anything from anywhere.
            svg = re.sub(r"\s*@font-face \{.*?\}\n", "\n", svg, flags=re.DOTALL)
            (target / f"{name}.svg").write_text(svg, encoding="utf-8")
            print(target / f"{name}.svg")


def _environment(aws: LocalAws, scratch: Path) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir()
    return {
        **aws.env(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": str(WIDTH),
        "USER": "you",
        **{f"GIT_{who}_NAME": "You" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "you@example.com" for who in ("AUTHOR", "COMMITTER")},
    }


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints on a terminal, colours and all."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--norc", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    printed = bytearray()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        printed += piece
    os.close(ours)
    process.wait()
    return printed.decode("utf-8", "replace").replace("\r\n", "\n").replace(str(folder), "~/shop")


if __name__ == "__main__":
    main()
