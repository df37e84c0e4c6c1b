"""The benchmarks run, on sizes that say nothing about speed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES, table
from benchmarks.harness import ROOT, Row, Usage, percentile, ratio


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--tiny", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert rows and all(row["value"] >= 0 for row in rows)
    assert all(row["verdict"] in ("ok", "over") for row in rows if row["target"])


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nothing"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and "queue" in done.stderr


def test_a_verdict_compares_with_the_target() -> None:
    assert [Row("G", "x", value, "", ("<=", 2)).verdict for value in (1, 2, 3)] == ["ok", "ok", "over"]
    assert (
        Row("G", "x", 1, "", (">=", 2)).verdict == "over" and Row("G", "x", 2, "", ("==", 2)).verdict == "ok"
    )
    assert Row("G", "x", 1, "").verdict == ""
    assert "over" in table([Row("G", "x", 3, "ms", ("<=", 2))])


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    subject = [Usage(2, 2), Usage(30, 9), Usage(4, 2)]
    assert ratio(subject, [Usage(1, 1)] * 3) == 4
    assert ratio(subject, [Usage(1, 1)] * 3, "cpu") == 2
    assert percentile([1, 2, 3, 4], 0.99) == 4 and percentile([1, 2, 3, 4], 0.5) == 3
