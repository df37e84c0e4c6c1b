"""How two specs are compared, whatever the table says."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Change, Ignored
from apollo.compare import (
    CLEARED,
    Cleared,
    Field,
    Rules,
    canonical,
    differences,
    digest,
    ignored,
    keeping,
    without,
)
from apollo.compare.service import RULES as SERVICE
from apollo.compare.task_definition import RULES as TASK
from apollo.resources.service import ServiceSpec
from apollo.resources.task_definition import TaskDefinitionSpec
from apollo.spec import Spec


class Part(Spec):
    name: str
    size: int | None = None
    inner: Part | None = None


class Thing(Spec):
    title: str | None = None
    ratio: float | None = None
    labels: dict[str, str] | None = None
    parts: list[Part] | None = None
    steps: list[Part] | None = None
    words: list[str] | None = None
    extra: Any = None


RULES = Rules(
    Thing,
    {
        "/labels": Field(absence=CLEARED),
        "/parts": Field(key="name", absence=CLEARED),
        "/steps": Field(absence=Cleared([])),
        "/steps/*/size": Field(default=1),
        "/words": Field(unordered=True),
        "/arn": Field(never=True),
    },
)


def paths(declared: dict[str, Any], live: dict[str, Any], ignore: tuple[str, ...] = ()) -> list[str]:
    return [change.path for change in differences(declared, live, RULES, ignore)]


@pytest.mark.parametrize("absent", [{}, {"title": None}, {"labels": {}}, {"parts": []}, {"words": []}])
def test_absent_null_and_empty_are_the_same(absent: dict[str, Any]) -> None:
    assert differences(absent, {}, RULES) == []
    assert differences({}, absent, RULES) == []
    assert canonical(absent, RULES) == {}


def test_only_what_is_declared_is_compared() -> None:
    assert paths({"title": "a"}, {"title": "a", "ratio": 1.0, "words": ["x"], "new": {"x": 1}}) == []


def test_what_aws_adds_to_a_member_is_no_difference() -> None:
    live = {"parts": [{"name": "a", "new": 1}], "steps": [{"name": "a", "new": 1}, {"name": "b", "size": 1}]}
    assert paths({"parts": [{"name": "a"}], "steps": [{"name": "a"}, {"name": "b"}]}, live) == []


def test_members_are_told_apart_by_name() -> None:
    declared = {"parts": [{"name": "a", "size": 1}, {"name": "b"}]}
    live = {"parts": [{"name": "c"}, {"name": "a", "size": 2}]}
    assert differences(declared, live, RULES) == [
        Change("/parts/a/size", 2, 1),
        Change("/parts/b", None, {"name": "b"}),
        Change("/parts/c", {"name": "c"}, None),
    ]


def test_a_list_without_names_is_one_difference() -> None:
    declared, live = {"steps": [{"name": "a"}, {"name": "b"}]}, {"steps": [{"name": "b"}, {"name": "a"}]}
    assert differences(declared, live, RULES) == [Change("/steps", live["steps"], declared["steps"])]


def test_two_members_of_one_name_are_compared_as_a_whole() -> None:
    declared = {"parts": [{"name": "a", "size": 1}, {"name": "a", "size": 2}]}
    assert paths(declared, {"parts": declared["parts"][::-1]}) == []
    assert paths(declared, {"parts": declared["parts"][:1]}) == ["/parts"]
    added = [{"name": "a", "size": 2, "new": 1}, {"a-new": 1, "name": "a", "size": 1}]
    assert paths(declared, {"parts": added}) == []


def test_the_keys_of_a_map_are_compared_one_by_one() -> None:
    declared, live = {"labels": {"a": "1", "b/c": "2"}}, {"labels": {"a": "1", "b/c": "3", "d": "4"}}
    assert differences(declared, live, RULES) == [
        Change("/labels/b~1c", "3", "2"),
        Change("/labels/d", "4", None),
    ]


def test_numbers_are_compared_by_value() -> None:
    assert paths({"ratio": 10}, {"ratio": 10.0}) == []
    assert canonical({"ratio": 10.0}, RULES) == {"ratio": 10}
    assert digest(canonical({"ratio": 10.0}, RULES)) == digest(canonical({"ratio": 10}, RULES))


def test_a_field_that_no_model_knows_is_compared_as_data() -> None:
    declared = {"new": {"a": [1, {"b": 2}]}, "extra": {"x": 1}}
    assert paths(declared, {"new": {"a": [1, {"b": 2, "c": 3}]}, "extra": {"x": 1.0, "y": 2}}) == []
    assert paths(declared, {"new": {"a": [1, {"b": 3}]}, "extra": {"x": 2}}) == ["/new", "/extra"]
    assert canonical({"new": {"a": None, "b": []}}, RULES) == {}


def test_a_model_within_itself_is_compared() -> None:
    declared = {"parts": [{"name": "a", "inner": {"name": "b", "size": 1}}]}
    assert paths(declared, {"parts": [{"name": "a", "inner": {"name": "b", "size": 1}}]}) == []
    assert paths(declared, {"parts": [{"name": "a", "inner": {"name": "b", "size": 2}}]}) == [
        "/parts/a/inner"
    ]


def test_ignored_pointers_are_left_alone_and_told() -> None:
    declared = {"title": "a", "parts": [{"name": "p", "size": 1}, {"name": "q"}]}
    live = {"title": "b", "parts": [{"name": "p", "size": 2}, {"name": "r"}], "labels": {"x": "1"}}
    assert paths(declared, live) == ["/title", "/parts/p/size", "/parts/q", "/parts/r", "/labels"]
    ignore = ("/title", "/parts/p/size", "/parts/r", "/labels/x")
    assert paths(declared, live, ignore) == ["/parts/q"]
    assert ignored(declared, live, RULES, ignore) == [
        Ignored(path, "lifecycle.ignore") for path in ("/title", "/parts/p/size", "/parts/r", "/labels")
    ]
    assert ignored(declared, declared, RULES, ignore) == []
    assert ignored(declared, live, RULES, ()) == []


@pytest.mark.parametrize(
    "pointer", ["/nowhere", "/parts/x/size", "/steps/7", "/steps/x", "/title/deeper", ""]
)
def test_a_pointer_that_leads_nowhere_changes_nothing(pointer: str) -> None:
    spec = {"title": "a", "parts": [{"name": "p"}], "steps": [{"name": "s"}]}
    assert without(spec, [pointer], RULES) == spec
    assert keeping(spec, {"title": "b"}, [pointer], RULES) == spec


def test_pointers_reach_members_by_name_or_else_by_position() -> None:
    spec = {"parts": [{"name": "a/b", "size": 1}], "steps": [{"name": "s"}, {"name": "t", "size": 2}]}
    assert without(spec, ["/parts/a~1b/size", "/steps/1/size"], RULES) == {
        "parts": [{"name": "a/b"}],
        "steps": [{"name": "s"}, {"name": "t"}],
    }
    assert without(spec, ["/parts/a~1b", "/steps/0"], RULES) == {
        "parts": [],
        "steps": [{"name": "t", "size": 2}],
    }
    assert spec["parts"] == [{"name": "a/b", "size": 1}], "the spec itself is not changed"


def test_keeping_takes_the_live_value_where_there_is_one() -> None:
    declared = {"parts": [{"name": "a", "size": 1}], "title": "x"}
    live = {"parts": [{"name": "b"}, {"name": "a", "size": 5}], "ratio": 0.5}
    pointers = ["/parts/a/size", "/parts/b", "/title", "/ratio"]
    kept = keeping(declared, live, pointers, RULES)
    assert kept == {"parts": [{"name": "a", "size": 5}, {"name": "b"}], "title": "x", "ratio": 0.5}
    assert differences(kept, live, RULES, pointers) == []
    assert declared["parts"] == [{"name": "a", "size": 1}]


@pytest.mark.parametrize(
    ("pointer", "known"),
    [
        ("/title", True),
        ("/parts/x/size", True),
        ("/labels/any", True),
        ("/steps/0/name", True),
        ("/extra/a/b", True),
        ("/titel", False),
        ("/parts/x/sise", False),
        ("/title/x", False),
        ("title", False),
    ],
)
def test_a_table_knows_which_pointers_can_lead_somewhere(pointer: str, known: bool) -> None:
    assert RULES.knows(pointer) is known


def test_a_plugin_s_defaults_count_in_ordered_lists() -> None:
    assert paths({"steps": [{"name": "a"}]}, {"steps": [{"name": "a", "size": 1}]}) == []
    assert paths({"steps": [{"name": "a"}]}, {"steps": [{"name": "a", "size": 2}]}) == ["/steps"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, "1:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ({"b": [1, "é"], "a": None}, "1:f8f17faab95c024891d173fa43442b0e52007736a1f36715ac721ab22deeefc5"),
    ],
)
def test_digests_are_the_same_in_every_release(value: Any, expected: str) -> None:
    assert digest(value) == expected
    assert digest(dict(reversed(value.items()))) == expected


def test_a_digest_of_a_version_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        digest({}, version=2)


def test_the_names_of_members_in_specs_and_in_tables_agree() -> None:
    """`apollo set image`, `lifecycle.ignore` and the paths of a plan mean the same place."""
    for spec, rules in ((TaskDefinitionSpec, TASK), (ServiceSpec, SERVICE)):
        for path, field in spec.named_lists.items():
            assert rules.table[path].key == field, path
