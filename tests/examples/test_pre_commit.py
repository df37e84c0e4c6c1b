"""The hook for pre-commit, as pre-commit runs it."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.docs.blocks import ROOT
from tests.docs.stage import stage


def test_the_hook_passes_good_manifests_and_names_the_place_of_bad_ones(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["id"] == "apollo-validate" and hook["language"] == "python"
    assert hook["pass_filenames"] is False, "a manifest may need the others"
    command = " ".join((hook["entry"], *hook["args"]))
    with stage("whole", tmp_path) as shell:
        assert "valid" in shell.run(command) and shell.code == 0
        manifest = shell.folder / "apps/web/rule.yaml"
        manifest.write_text(manifest.read_text("utf-8").replace("priority: 10", "priority: 0"), "utf-8")
        printed = shell.run(command)
        assert shell.code == 1 and "apps/web/rule.yaml:6" in printed
