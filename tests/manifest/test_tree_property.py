"""For any sequence of edits: what a tree says, kept up to date step by step, is what loading everything anew
says, and held apps are as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.api import AppState, Key, Problem, Resource, Snapshot
from tests.manifest.loading import tree

_MEMBERS = [
    "count: 1",
    "count: 2",
    "count: 3",
    "words: [a]",
    "words: [b]",
    "on: true",
    "ratio: 1",
    "count: bad",
    "uses: x",
    "uses: y",
    "place: p",
    "place: q",
    'title: "${{ Box/z.arn }}"',
]


@st.composite
def _document(draw: Any) -> str:
    kind = draw(st.sampled_from([*["Box"] * 8, *["acme.Queue"] * 4, "Bax"]))
    name = draw(st.sampled_from(["r", "s", "t", "u", "v", "w", "x"]))
    label = draw(st.sampled_from(["", "", "", "a", "b"]))
    labels = f", labels: {{apollo/app: {label}}}" if label else ""
    members = draw(st.lists(st.sampled_from(_MEMBERS), max_size=2, unique_by=lambda one: one.split(":")[0]))
    native = "specFrom: {file: ../native.json}\n" if draw(st.integers(0, 9)) == 9 else ""
    spec = f"spec: {{{', '.join(members)}}}"
    return f"apiVersion: apollo/v1\nkind: {kind}\nmetadata: {{name: {name}{labels}}}\n{native}{spec}\n"


_manifest = st.lists(_document(), min_size=1, max_size=2).map("---\n".join)
_broken = st.sampled_from(["a: [", "a: 1\n", "", "kind: Box\nmetadata: {name: x}\n"])
_SPECIAL = {
    "native.json": st.sampled_from([None, "{}", '{"count": 5}', "{", '{"count": null, "extra": 1}']),
    ".apolloignore": st.sampled_from([None, "b/\n", "2.yaml\n"]),
}


def _content(path: str) -> st.SearchStrategy[str | None]:
    if path in _SPECIAL:
        return _SPECIAL[path]
    return st.one_of(*[_manifest] * 8, st.none(), st.none(), _broken)


_BASE = {
    f"{name}/0.yaml": "apiVersion: apollo/v1\nkind: Box\n"
    f"metadata: {{name: {name}}}\nspecFrom: {{file: ../native.json}}\n"
    for name in "yz"
}
_PATHS = ["a/1.yaml", "a/2.yaml", "b/1.yaml", "b/2.yaml", "c/1.yaml", "native.json", ".apolloignore", *_BASE]


@st.composite
def _edits(draw: Any) -> list[dict[str, str | None]]:
    steps: list[dict[str, str | None]] = [{**_BASE, "native.json": "{}"}]
    for _ in range(draw(st.integers(1, 6))):
        paths = draw(st.lists(st.sampled_from(_PATHS), max_size=4, unique=True))
        steps.append(
            {
                path: draw(_content(path))
                for path in paths
                if path in _SPECIAL or path not in _BASE or draw(st.booleans())
            }
        )
    return steps


def _plain(resource: Resource[Any]) -> tuple[Any, ...]:
    return (resource.app, resource.digest, resource.labels, resource.references, resource.origin)


@settings(max_examples=150, deadline=None)
@given(_edits())
def test_step_by_step_is_the_same_as_all_at_once(steps: list[dict[str, str | None]]) -> None:
    followed = tree()
    files: dict[str, bytes] = {}
    old: Snapshot | None = None
    for number, step in enumerate(steps):
        changes = {path: None if text is None else text.encode() for path, text in step.items()}
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
            else:
                files[path] = content
        now = followed.update(f"c{number}", changes)
        fresh = tree().update("fresh", files)
        _compare(now, fresh, old, f"c{number}", files)
        old = now


def _compare(
    now: Snapshot, fresh: Snapshot, old: Snapshot | None, commit: str, files: Mapping[str, bytes]
) -> None:
    before: dict[Key, Resource[Any]] = dict(old.resources) if old else {}
    apps: dict[str, AppState] = dict(old.apps) if old else {}
    assert [one.code for one in now.problems] == [one.code for one in fresh.problems]
    if fresh.problems:  # an empty tree
        assert {k: _plain(one) for k, one in now.resources.items()} == {
            k: _plain(one) for k, one in before.items()
        }
        assert not now.changed
        return
    held = {app for app, state in now.apps.items() if state.problems}
    fresh_bad = {app for app, state in fresh.apps.items() if state.problems}
    for key, resource in now.resources.items():
        if resource.app in held:
            # A held app has nothing new.
            assert _plain(before[key]) == _plain(resource)
    for key, resource in fresh.resources.items():
        # What is good when everything is loaded anew is in force, unless memory holds its app.
        if resource.app not in held:
            assert _plain(now.resources[key]) == _plain(resource)
    doubtful = any(problem.code in _DOUBTFUL for problem in _problems(now))
    for key, resource in now.resources.items():
        # What is not written any more is not in force, unless something broken may hold it.
        written = f"kind: {key.kind}\nmetadata: {{name: {key.name}".encode()
        assert (
            key in fresh.resources
            or resource.app in held | fresh_bad
            or doubtful
            or any(written in content for content in files.values())
        )
    for key, resource in before.items():
        # Nothing of an app with errors goes away, but to an app without.
        if resource.app in held:
            assert key in now.resources and (
                _plain(now.resources[key]) == _plain(resource) or now.resources[key].app not in held
            )
    if not held and not fresh_bad:
        assert {k: _plain(one) for k, one in now.resources.items()} == {
            k: _plain(one) for k, one in fresh.resources.items()
        }
        assert set(now.apps) == set(fresh.apps)
    for app, state in now.apps.items():
        if state.problems:
            had = app in apps
            assert state.commit == (
                (apps[app].commit if had else "") if _holds(app, before) else state.commit
            )
        else:
            assert state.commit == commit
    changed = {
        key
        for key in before.keys() | now.resources.keys()
        if key not in before
        or key not in now.resources
        or _plain(before[key])[:4] != _plain(now.resources[key])[:4]
        or before[key].lifecycle != now.resources[key].lifecycle
    }
    assert now.changed == changed


_DOUBTFUL = {"APO-YAML-001", "APO-YAML-017", "APO-LOAD-010", "APO-LOAD-013", "APO-LOAD-015", "APO-LOAD-018"}
"""Findings of documents that may hold more than can be told."""


def _problems(snapshot: Snapshot) -> list[Problem]:
    return [one for state in snapshot.apps.values() for one in state.problems]


def _holds(app: str, resources: dict[Key, Resource[Any]]) -> bool:
    return any(resource.app == app for resource in resources.values())
