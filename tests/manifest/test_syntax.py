"""Every trap of YAML and JSON is a finding with a place; no input is an exception."""

from __future__ import annotations

import builtins
import importlib
import json
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apollo.manifest import parse
from apollo.manifest.nodes import data


def read(text: str | bytes) -> list[Any]:
    parsed = parse(text if isinstance(text, bytes) else text.encode(), "f.yaml")
    assert parsed.problems == (), "\n".join(str(one) for one in parsed.problems)
    return [data(document) for document in parsed.documents]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        pytest.param("a: &x [*x]", "APO-YAML-006", 1, 8, id="F2 recursive alias"),
        pytest.param("[" * 3000, "APO-YAML-007", 1, 65, id="F3 depth"),
        pytest.param("- " * 3000 + "a", "APO-YAML-007", 1, 129, id="F3 depth, block"),
        pytest.param("a: 1\nb: 2\na: 3\n", "APO-YAML-004", 3, 1, id="F5 duplicate"),
        pytest.param('{"a": 1, "a": 2}', "APO-YAML-004", 1, 10, id="F5 duplicate in JSON"),
        pytest.param("a: !!python/object/apply:os.system [id]", "APO-YAML-005", 1, 4, id="F9 python tag"),
        pytest.param("a: !Ref x", "APO-YAML-005", 1, 4, id="custom tag"),
        pytest.param("a: !!int x", "APO-YAML-005", 1, 4, id="core tag that lies"),
        pytest.param("a: *b", "APO-YAML-006", 1, 4, id="undefined alias"),
        pytest.param("a: &a {b: 1}\nc:\n  <<: *a\n", "APO-YAML-010", 3, 3, id="merge key"),
        pytest.param("? [a]\n: b\n", "APO-YAML-011", 1, 3, id="complex key"),
        pytest.param("a: 1\n<<<<<<< HEAD\nb: 2\n", "APO-YAML-013", 2, 1, id="conflict"),
        pytest.param(
            "version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "APO-YAML-014", 1, 1, id="LFS"
        ),
        pytest.param("<!DOCTYPE html>\n<html></html>", "APO-YAML-015", 1, 1, id="HTML"),
        pytest.param("%YAML 1.1\n---\na: 1\n", "APO-YAML-016", 1, 1, id="YAML 1.1"),
        pytest.param("", "APO-YAML-017", 0, 0, id="empty"),
        pytest.param("# nothing\n", "APO-YAML-017", 0, 0, id="only comments"),
        pytest.param(b"a: \xff", "APO-YAML-002", 1, 4, id="not UTF-8"),
        pytest.param("a: b".encode("utf-16"), "APO-YAML-002", 1, 1, id="UTF-16"),
        pytest.param(b"a: 1\nb: \x00", "APO-YAML-003", 2, 4, id="NUL"),
        pytest.param('a: "\\0"', "APO-YAML-003", 1, 4, id="escaped NUL"),
        pytest.param("a: \ue000Box/x.arn\ue001", "APO-YAML-003", 1, 4, id="private use"),
        pytest.param('a: "\\ue000Box/x.arn"', "APO-YAML-003", 1, 4, id="escaped private use"),
        pytest.param("a: 1 # x\u2028b: 2", "APO-YAML-003", 1, 9, id="line break of YAML 1.1 only"),
        pytest.param("a: [1\nb: 2\n", "APO-YAML-001", 2, 2, id="unclosed"),
        pytest.param('{"a": 1,\n "b": "x}', "APO-YAML-001", 2, 10, id="unclosed JSON"),
        pytest.param("a:\n\t- b\n", "APO-YAML-001", 2, 1, id="tabs"),
        pytest.param(b"#" * ((1 << 20) + 1), "APO-YAML-012", 0, 0, id="too large"),
    ],
)
def test_traps(text: str | bytes, code: str, line: int, column: int) -> None:
    parsed = parse(text if isinstance(text, bytes) else text.encode(), "f.yaml")
    first = parsed.problems[0]
    assert (first.code, first.line, first.column, first.file) == (code, line, column, "f.yaml"), first
    assert not parsed.ok


def test_billion_laughs_are_refused_and_a_few_aliases_are_not() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    names = "abcdefgh"
    for above, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{above}'] * 9)}]")
    assert parse("\n".join(lines).encode(), "f").problems[0].code == "APO-YAML-006"
    assert read("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n") == [{"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}] * 2}]


def test_an_empty_document_beside_others_only_warns() -> None:
    parsed = parse(b"---\na: 1\n---\n---\nb: 2\n", "f")
    assert parsed.ok and [data(one) for one in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert [(one.severity, one.line) for one in parsed.problems] == [("warning", 3)]


def test_keys_are_text_as_written() -> None:
    assert read("80: a\ntrue: b\n1.0: c\nnull: d\n") == [{"80": "a", "true": "b", "1.0": "c", "null": "d"}]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "[no, on, yes, 010, 22:30, 2024-01-01, 1_000, 0b1]",
            ["no", "on", "yes", 10, "22:30", "2024-01-01", "1_000", "0b1"],
        ),
        ("[1e3, .5, -1, +1, 0o17, 0xff, ~, null, TRUE]", [1000.0, 0.5, -1, 1, 15, 255, None, None, True]),
        ("['1', \"true\", !!str 1, ! 1]", ["1", "true", "1", "1"]),
    ],
)
def test_values_follow_the_core_schema_of_yaml_1_2(text: str, wanted: list[Any]) -> None:
    got = read(text)[0]
    assert got == wanted and [type(one) for one in got] == [type(one) for one in wanted]


def test_json_as_other_tools_write_it() -> None:
    text = "\U0001f600 ü \\ / \u2028"
    document = {"a": text, "b": [1, 2.5, True, None], "c": {"d": {}}, "e": "\\ud8"}
    for text in (
        json.dumps(document),
        json.dumps(document, indent="\t"),
        json.dumps(document, ensure_ascii=False).replace("\u2028", "\\u2028"),
    ):
        assert read(text) == [document]
    assert read(b'\xef\xbb\xbf{"a":\t1,\r\n"b"\t:2}\r\n') == [{"a": 1, "b": 2}]


def test_positions_survive_escapes_beyond_the_basic_plane() -> None:
    smile = "\\ud83d\\ude00"
    text = f'{{"a": "{smile}", "b": "{smile}{smile}", "c": 1,\n "d": "{smile}", "e": 2}}'
    (document,) = parse(text.encode(), "f").documents
    for name in "abcde":
        node = document.items[name]  # type: ignore[attr-defined]
        assert text[node.start : node.end] == json.dumps(data(node))
        line = text.split("\n")[node.line - 1]
        assert line[node.column - 1 :].startswith(json.dumps(data(node)))


@pytest.mark.parametrize(
    ("text", "line", "hidden"),
    [
        ("password: hunter2\npassword: hunter2\n", 2, "hunter2"),
        ("a:\n  environment:\n    - name: X\n      value: hunter2\n      value: hunter2\n", 5, "hunter2"),
        ("secrets:\n  one: a\n  one: hunter2\n", 3, "hunter2"),
        ("db:\n  secret:\n    - x: 1\n      x: hunter2\n", 4, "hunter2"),
        ('{"name": "T", "value": "hunter2", "value": 1}', 1, "hunter2"),
        ("a: {apiKey: hunter2, apiKey: hunter2}", 1, "hunter2"),
        ("a: 1\na: [--token=hunter2]\n", 2, "hunter2"),
        ("a: 1\na: https://user:hunter2@host/x\n", 2, "hunter2"),
    ],
)
def test_values_that_may_be_secret_are_masked(text: str, line: int, hidden: str) -> None:
    found = parse(text.encode(), "f").problems[0]
    assert found.line == line
    assert hidden not in str(found) and "***" in found.excerpt


def test_the_caret_stays_under_its_column() -> None:
    found = parse(b"x: {password: abcdefgh, bad: !x 1}\n", "f").problems[0]
    source, caret = found.excerpt.split("\n")
    assert source[caret.index("^") :].startswith("!x 1")
    long = "a: [" + "x, " * 300 + "!bad y]"
    source, caret = parse(long.encode(), "f").problems[0].excerpt.split("\n")
    assert len(source) < 120 and source[caret.index("^") :].startswith("!bad")


_yamlish = st.lists(
    st.sampled_from(
        [
            *"abc:-?[]{}&*!|>'\"%@`#,\n\t \\0189.~<=",
            "\ue000",
            "\u2028",
            "\x85",
            "${{ ",
            " }}",
            "---\n",
            "\\u",
            "!!",
        ]
    ),
    max_size=80,
).map("".join)


@given(st.one_of(st.binary(max_size=200), _yamlish.map(str.encode)))
@example(b"%TAG ! !\n---\n!a b")
@example(b"a: |\n  x\n ...")
def test_no_input_raises(content: bytes) -> None:
    parsed = parse(content, "f.yaml")
    for one in parsed.problems:
        assert one.code.startswith("APO-YAML-") and one.file == "f.yaml" and str(one)
    assert parsed.documents or parsed.problems


_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ue000\ue001"), max_size=8)
_scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _text


@given(
    st.recursive(
        _scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
        max_leaves=10,
    )
)
def test_json_is_read_as_json(document: Any) -> None:
    def without_null(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_null(item) for name, item in value.items() if item is not None}
        return [without_null(item) for item in value] if isinstance(value, list) else value

    if document is None:
        return
    assert read(json.dumps(document)) == [without_null(document)]


def test_the_pure_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "yaml.cyaml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    import apollo.manifest.syntax as syntax

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    monkeypatch.delitem(sys.modules, "apollo.manifest.syntax")
    pure = importlib.import_module("apollo.manifest.syntax")
    monkeypatch.setitem(sys.modules, "apollo.manifest.syntax", syntax)
    monkeypatch.setattr("apollo.manifest.syntax", syntax, raising=False)
    assert pure is not syntax
    for text in (
        b"a: 1\nb: [x, {c: d}]\n",
        b"a: 1\na: 2\n",
        b"[" * 100,
        b'{"a": "\\ud83d\\ude00"}',
        b"a: !x b",
        b"a: &x [*x]",
    ):
        ours, theirs = syntax.parse(text, "f"), pure.parse(text, "f")
        assert [data(one) for one in ours.documents] == [data(one) for one in theirs.documents]
        assert [(one.code, one.line, one.column) for one in ours.problems] == [
            (one.code, one.line, one.column) for one in theirs.problems
        ]
    assert pure.parse(b'a: "\\UFFFFFFFF"', "f").problems


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n  b: x\n   c: 2\n", "begin the line in the column of its neighbours"),
        ("a: x: y\n", "text that holds ': ' goes into quotes"),
        ("\na:\n  - b\n c: d\n", "a column of the block around it, which begins in line 2"),
        ("a: 1\nb: [1\nc: 2\n", "close the [ of line 2"),
        ("a: {b: 1\nc: 2\n", "close the { of line 1"),
        ('a: "x\nb: 2\n', "close the quotes that begin in line 1"),
        ("a: @x\n", "put the text into quotes"),
        ("a:\n\tb: 1\n", "indent with spaces, not with tabs"),
    ],
)
def test_what_is_no_yaml_has_a_remedy(text: str, hint: str) -> None:
    (found,) = parse(text.encode(), "f").problems
    assert found.code == "APO-YAML-001" and hint in found.hint, found


def test_a_file_full_of_faults_is_told_in_short() -> None:
    assert len(parse(b"a: 1\n" * 1000, "f").problems) == 50
    assert len(parse(b"---\n" * 1000, "f").problems) == 50


def test_cloudformations_short_forms_are_what_they_stand_for_where_a_reader_asks_for_them() -> None:
    text = b"a: !Ref X\nb: !GetAtt Y.Arn\nc: !If [C, !Sub '${Z}', !Ref AWS::NoValue]\nd: !Condition Q\n"
    (node,) = parse(text, "t.yaml", functions=True).documents
    assert data(node) == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": "Y.Arn"},
        "c": {"Fn::If": ["C", {"Fn::Sub": "${Z}"}, {"Ref": "AWS::NoValue"}]},
        "d": {"Condition": "Q"},
    }
    assert not parse(text, "t.yaml").ok
