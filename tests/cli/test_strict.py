"""`apollo validate --strict` takes warnings for errors; `apollo explain` tells why a finding is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MANIFEST = """apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec: {containerDefinitions: [{name: app, image: "example/web:latest", memory: 64}]}
"""


def apollo(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "apollo", *words], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout


def test_warnings_change_the_exit_code_only_when_asked_to(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(MANIFEST)
    code, said = apollo("validate", str(tmp_path))
    assert (code, "1 resource, valid, 1 warning" in said) == (0, True)
    code, said = apollo("validate", str(tmp_path), "--strict")
    assert (code, "1 error" in said) == (1, True)


def test_a_finding_is_explained_with_its_reason_an_example_and_the_source() -> None:
    code, said = apollo("explain", "apo-td-017")
    assert code == 0
    assert all(
        part in said for part in ("What to do:", "Why:", "For example:", "https://docs.aws.amazon.com/")
    )
