"""A Dockerfile as the list of what it says, without an engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

from attrs import frozen

__all__ = ["ROOT", "Instruction", "copied", "instructions", "stages"]

ROOT = Path(__file__).parents[2]


@frozen
class Instruction:
    name: str
    text: str

    def words(self) -> list[str]:
        """The exec form as words."""
        found = json.loads(self.text)
        assert isinstance(found, list)
        return [str(word) for word in found]


def instructions(path: Path = ROOT / "Dockerfile") -> list[Instruction]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        if line.strip():
            name, _, text = line.strip().partition(" ")
            found.append(Instruction(name, re.sub(r"\s+", " ", text.strip())))
    return found


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, with its FROM first."""
    found: list[list[Instruction]] = []
    for one in instructions():
        if one.name == "FROM":
            found.append([])
        found[-1].append(one)
    return found


def copied() -> list[str]:
    """What .dockerignore lets through, at the top."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!")]
