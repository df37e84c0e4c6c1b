"""Scalars take the type that their field wants; nothing else is guessed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.manifest import parse
from apollo.manifest.findings import validated
from apollo.manifest.nodes import MapNode
from apollo.resources.shape import Aws, AwsShape
from tests.manifest.loading import box, load, only, problem, value


@pytest.mark.parametrize(
    "text",
    ["256", "3.10", "no", "on", "010", "22:30", "2024-01-01", "1e3", "true", "0x1F", "12e4567", "1_000"],
)
def test_text_fields_keep_plain_scalars_as_written(text: str) -> None:
    assert value(f"{{title: {text}}}")["title"] == text
    assert value(f"{{words: [{text}]}}")["words"] == [text]
    assert value(f"{{parts: [{{name: a, env: {{K: {text}}}}}]}}")["parts"][0]["env"] == {"K": text}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{count: 3}", {"count": 3}),
        ("{count: 010}", {"count": 10}),
        ("{count: 0x1F}", {"count": 31}),
        ("{count: -0}", {"count": 0}),
        ("{ratio: 1}", {"ratio": 1.0}),
        ("{ratio: 1e3}", {"ratio": 1000.0}),
        ("{on: true}", {"on": True}),
        ("{on: False}", {"on": False}),
        ("{mode: fast}", {"mode": "fast"}),
        ("{priority: 10}", {"priority": 10}),
        ("{priority: default}", {"priority": "default"}),
        ("{parts: [{name: a, ports: [80, 443]}]}", {"parts": [{"name": "a", "ports": (80, 443)}]}),
        (
            "{anything: {a: 1, b: no, c: [1.5, null], d: null}}",
            {"anything": {"a": 1, "b": "no", "c": [1.5, None]}},
        ),
        ("{count: null, words: ~, on: }", {}),
    ],
)
def test_other_fields_take_the_value(text: str, wanted: dict[str, object]) -> None:
    assert value(text) == wanted


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{count: "3"}', "a whole number is expected, not text", "remove the quotes"),
        ("{count: true}", "a whole number is expected, not true", ""),
        ("{count: 3.5}", "a whole number is expected, not 3.5", ""),
        ("{count: many}", "a whole number is expected, not text", ""),
        ("{on: yes}", "true or false is expected, not text", ""),
        ("{on: 1}", "true or false is expected, not 1", ""),
        ("{title: [a]}", "text is expected, not a list", ""),
        ("{words: a}", "a list is expected, not text", "write a list: [value], or one '- value' per line"),
        (
            "{words: {a: b}}",
            "a list is expected, not a mapping",
            "put '- ' before the member to make it a list",
        ),
        ("{mode: fats}", "'fast' or 'slow' is expected, not 'fats'", "did you mean 'fast'?"),
        ("{count: .inf}", "an infinite number, or one that is none, is not allowed", ""),
        ("{ratio: .nan}", "an infinite number, or one that is none, is not allowed", ""),
        ("{ratio: 12e4567}", "an infinite number, or one that is none, is not allowed", ""),
        ("{count: 9223372036854775808}", "the number does not fit into 64 bits", ""),
        ("{count: " + "9" * 5000 + "}", "an infinite number, or one that is none, is not allowed", ""),
        ("{anything: [.inf]}", "an infinite number, or one that is none, is not allowed", ""),
        ("{contu: }", "unknown key 'contu'", "did you mean 'count'?"),
        ("{contu: 3}", "unknown key 'contu'", "did you mean 'count'?"),
        ("{parts: [{image: a}]}", "'name' is missing", ""),
        ("{parts: [{name: a, imgae: b}]}", "unknown key 'imgae'", "did you mean 'image'?"),
    ],
)
def test_anything_else_is_an_error(text: str, message: str, hint: str) -> None:
    found = problem(text)
    assert (found.message, found.hint) == (message, hint)
    assert found.file == "app/a.yaml" and found.line == 4 and found.column > 0 and found.excerpt


def test_the_branches_of_a_union_are_said_in_one_finding() -> None:
    assert problem("{priority: first}").message.startswith("a whole number or 'default' is expected")


def test_positions_and_paths() -> None:
    text = "\n  parts:\n    - name: a\n    - name: b\n      ports: [80, x]\n"
    found = problem(text)
    assert (found.line, found.column, found.path) == (8, 19, "/spec/parts/b/ports/1")
    assert found.excerpt == "    8 |       ports: [80, x]\n      |                   ^"


def test_unknown_keys_point_at_the_key_and_missing_ones_at_the_parent() -> None:
    found = problem("\n  parts:\n    - image: a\n      ports: []\n")
    assert (found.line, found.column, found.path) == (6, 7, "/spec/parts/0")
    found = problem("\n  count: 1\n  cuont: 2\n")
    assert (found.line, found.column, found.path) == (6, 3, "/spec/cuont")


class Few(AwsShape):
    """A model that is older than the installed botocore."""

    aws = Aws("ecs", ("RegisterTaskDefinitionRequest",))
    family: str | None = None


def test_fields_newer_than_the_models_are_typed_by_botocores_model() -> None:
    text = "{family: 1.10, cpu: 256, containerDefinitions: [{name: no, cpu: 10, essential: true}]}"
    (node,) = parse(text.encode(), "f").documents
    assert isinstance(node, MapNode)
    spec, problems = validated(Few, node, "/spec")
    assert problems == [] and spec is not None
    assert (
        spec.declared()
        == {
            "family": "1.10",
            "cpu": "256",
            "containerDefinitions": [{"name": "no", "cpu": 10, "essential": True}],
        }
        or spec.declared()["cpu"] == "256"
    )
    (node,) = parse(b"{cpu: [1], cpuu: 2}", "f").documents
    assert isinstance(node, MapNode)
    _, problems = validated(Few, node, "/spec")
    assert sorted((one.code, one.path, one.column) for one in problems) == [
        ("APO-LOAD-013", "/spec/cpuu", 12),
        ("APO-LOAD-015", "/spec/cpu", 7),
    ]


_plain = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cs", "Cc"),
        exclude_characters="\ue000\ue001\ufeff\x85\u2028\u2029\ufffe\uffff",
    ),
    max_size=30,
)


@given(_plain.filter(lambda text: "${{" not in text))
def test_every_text_survives_in_a_text_field(text: str) -> None:
    quoted = json.dumps(text, ensure_ascii=False)
    assert only(load(box(f"{{title: {quoted}}}"))).spec.title == text


@given(st.from_regex(r"[A-Za-z0-9._:+-]{1,20}", fullmatch=True).filter(lambda text: text.strip("-.:+") != ""))
def test_every_plain_scalar_survives_in_a_text_field(text: str) -> None:
    import yaml

    node = yaml.compose(f"title: {text}\n") if not text.endswith(":") and ":" not in text else None
    if node is None or not isinstance(node, yaml.MappingNode) or text in ("null", "Null", "NULL"):
        return
    assert only(load(box(f"\n  title: {text}\n"))).spec.title == text
