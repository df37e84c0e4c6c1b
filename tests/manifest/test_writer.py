"""What is written reads back as the same, by us and by readers of YAML 1.1."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from apollo.manifest import emit, parse
from apollo.manifest.nodes import data

_texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\ue000\ue001"), max_size=40
) | st.sampled_from(
    [
        "no",
        "010",
        "22:30",
        "1e3",
        "~",
        "<<",
        "=",
        "- a",
        "a: b",
        "a #b",
        "",
        " a",
        "a ",
        "'",
        '"',
        "\\",
        "a\nb\n",
        "\n",
        "a\n\n",
        "\na",
        " a\nb",
        "2024-01-01",
        "0x1f",
        "1_000",
        "!x",
        "*x",
        "&x",
        "${{ var.x }}",
        "---",
        "?",
        "a:",
        "x" * 300,
    ]
)
_values = st.recursive(
    st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)
_documents = st.lists(st.dictionaries(_texts, _values, min_size=1, max_size=4), min_size=1, max_size=3)


@given(_documents)
def test_reads_back_as_the_same(documents: list[dict[str, Any]]) -> None:
    text = emit(documents)
    parsed = parse(text.encode(), "f")
    assert parsed.problems == (), f"{text}\n{parsed.problems}"
    assert [data(one) for one in parsed.documents] == documents, text


@given(st.lists(_texts, min_size=1, max_size=5))
def test_text_stays_text_for_readers_of_yaml_1_1(texts: list[str]) -> None:
    assert yaml.safe_load(emit({"a": texts})) == {"a": texts}


def test_style() -> None:
    document = {
        "apiVersion": "apollo/v1",
        "metadata": {"name": "web", "labels": {}},
        "spec": {
            "cpu": "256",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2",
            "command": ["sh", "-c", "echo a\nsleep 1\n"],
            "count": 2,
            "on": True,
            "list": [{"name": "a", "values": [1, 2]}, [], "no"],
            "ref": "${{ Box/x.arn }}",
        },
    }
    assert emit(document) == (
        "apiVersion: apollo/v1\n"
        "metadata:\n"
        "  name: web\n"
        "  labels: {}\n"
        "spec:\n"
        "  cpu: '256'\n"
        "  image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.2\n"
        "  command:\n"
        "    - sh\n"
        "    - '-c'\n"
        "    - |\n"
        "      echo a\n"
        "      sleep 1\n"
        "  count: 2\n"
        "  'on': true\n"
        "  list:\n"
        "    - name: a\n"
        "      values:\n"
        "        - 1\n"
        "        - 2\n"
        "    - []\n"
        "    - 'no'\n"
        "  ref: '${{ Box/x.arn }}'\n"
    )


def test_tuples_are_lists_and_documents_are_divided() -> None:
    assert emit([{"a": (1, 2)}, {"b": None}]) == "a:\n  - 1\n  - 2\n---\nb: null\n"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "\ud800", object()])
def test_what_no_manifest_can_hold_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="has no place in a manifest"):
        emit({"a": bad})
