"""What ``plan --verify`` prints: what is alike once, the worst first, and nothing foreign that can format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import Key, Problem
from apollo.cli.located import located
from apollo.cli.preflight import preflight_markdown, preflight_text, preflight_words
from apollo.cli.text import PLAIN
from apollo.engine.verify import Checked, Preflight
from apollo.plugins import Registry


def finding(
    name: str = "web", severity: str = "error", message: str = "it is not there", **more: str
) -> Checked:
    where = {"file": f"apps/{name}.yaml", "line": 3, "path": "/x", "hint": "make it"} | more
    return Checked(Key("Service", "stage", name), Problem("APO-PRE-010", message, severity=severity, **where))  # type: ignore[arg-type]


def test_the_words_count_what_is_different() -> None:
    assert preflight_words(Preflight((), 3)) == "passed"
    found = Preflight((finding("a"), finding("b"), finding("c", message="nor this")), 3)
    assert preflight_words(found) == "2 failed"
    found = Preflight((finding("a", "warning"), finding("a", "unchecked"), finding("a", "note")), 1)
    assert preflight_words(found) == "passed, 1 warning, 1 not checked"
    assert not found.failed


def test_failures_come_first_and_each_says_where_and_what_to_do() -> None:
    found = Preflight(
        (finding("a", "unchecked", "roles are not checked"), finding("b", "warning"), finding("c")), 3
    )
    lines = preflight_text(found, PLAIN).splitlines()
    assert lines == [
        "Preflight (3 resources): 1 failed, 1 warning, 1 not checked",
        "  failed  it is not there [APO-PRE-010]",
        "      Service/c  /x  apps/c.yaml:3",
        "      hint: make it",
        "  warning  it is not there [APO-PRE-010]",
        "      Service/b  /x  apps/b.yaml:3",
        "      hint: make it",
        "  not checked  roles are not checked [APO-PRE-010]",
        "      hint: make it",
    ]


def test_one_thing_that_many_lack_is_told_once_with_a_few_places() -> None:
    found = Preflight(tuple(finding(f"s{number}") for number in range(50)), 50)
    text = preflight_text(found, PLAIN)
    assert text.count("it is not there") == 1
    assert "and 45 more" in text


def test_the_markdown_keeps_to_its_room_and_counts_what_is_left_out() -> None:
    found = Preflight(tuple(finding(f"s{number}", message=f"no {number}") for number in range(500)), 500)
    text = preflight_markdown(found, 4000)
    assert len(text) <= 4000
    shown = text.count("- **failed**")
    assert 5 < shown < 500
    assert f"*{500 - shown} more are left out here" in text


@given(st.text(max_size=80), st.sampled_from(["error", "warning", "unchecked", "note"]))
def test_foreign_text_neither_formats_nor_steers_a_terminal(text: str, severity: str) -> None:
    found = Preflight((finding("web", severity, f"image {text}</details>\n# x\x1b[31m", hint=text),), 1)
    shown = preflight_markdown(found, 10_000)
    bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", shown)
    assert bare.count("</details>") == bare.count("<details>") <= 1
    assert not re.search(r"^# ", shown, re.MULTILINE)
    assert "\x1b" not in shown + preflight_text(found, PLAIN)


MANIFESTS = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: other}
spec: {}
---
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  executionRoleArn: arn:aws:iam::123456789012:role/web
  containerDefinitions:
    - {name: log, image: "log:1"}
    - name: app
      image: "app:1"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/executionRoleArn", 10),
        ("/containerDefinitions/app/image", 14),
        ("/containerDefinitions/app/secrets/KEY", 13),  # from elsewhere: the nearest that the file holds
        ("/taskRoleArn", 6),  # the environment's default
        ("", 6),
    ],
)
def test_a_finding_stands_at_its_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, line: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.yaml").write_text(MANIFESTS)
    key = Key("TaskDefinition", "stage", "web")
    problem = Problem("APO-PRE-020", "not there", path=path, file="web.yaml", line=6)
    (found,) = located(Preflight((Checked(key, problem),), 1), Registry()).findings
    assert found.problem.line == line
    gone = evolve(problem, file="gone.yaml")
    assert located(Preflight((Checked(key, gone),), 1), Registry()).findings[0].problem == gone
