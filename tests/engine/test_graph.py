"""What depends on what, and the Merkle generation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.api import Key, Ref, Resource, marker
from apollo.engine.graph import Graph
from tests.engine.toy import BoxSpec, ToyKinds, box


def _key(name: str, kind: str = "Box") -> Key:
    return Key(kind, "stage", name)


def _graph(*resources: Resource[BoxSpec]) -> Graph:
    graph = Graph(ToyKinds())
    graph.update({one.key: one for one in resources}, [one.key for one in resources])
    return graph


def test_a_change_moves_the_generation_of_all_that_stands_on_it_and_of_nothing_else() -> None:
    base = box("base", kind="Base")
    user = box("user", needs=marker("Base", "base", "arn"))
    other = box("other")
    graph = _graph(base, user, other)
    before = dict(graph.resources)
    changed = box("base", 2, kind="Base")
    affected = graph.update({base.key: changed, user.key: user, other.key: other}, [base.key])
    assert affected == {base.key, user.key}
    assert graph.resources[user.key].generation != before[user.key].generation
    assert graph.resources[other.key].generation == before[other.key].generation


def test_going_back_gives_the_old_generation_and_commit_ids_do_not_count() -> None:
    graph = _graph(box("a"), box("b", needs=marker("Box", "a", "arn")))
    old = graph.resources[_key("b")].generation
    graph.update({_key("a"): box("a", 2)}, [_key("a")])
    assert graph.resources[_key("b")].generation != old
    graph.update({_key("a"): box("a")}, [_key("a")])
    assert graph.resources[_key("b")].generation == old


def test_a_cycle_blocks_its_members_only_and_is_named() -> None:
    a = box("a", depends_on=(Ref("Box", "b"),))
    b = box("b", depends_on=(Ref("Box", "a"),))
    behind = box("behind", depends_on=(Ref("Box", "a"),))
    free = box("free")
    graph = _graph(a, b, behind, free)
    assert set(graph.cycles) == {a.key, b.key}
    assert set(graph.cycles[a.key]) == {a.key, b.key}
    graph.update({a.key: box("a"), b.key: b, behind.key: behind, free.key: free}, [a.key])
    assert not graph.cycles


def test_levels_put_everything_after_what_it_needs() -> None:
    graph = _graph(
        box("c", depends_on=(Ref("Box", "b"),)),
        box("b", depends_on=(Ref("Base", "a"),)),
        box("a", kind="Base"),
    )
    assert [[key.name for key in level] for level in graph.order()] == [["a"], ["b"], ["c"]]
    assert graph.group_order() == [["Base/a"], ["Box/b"], ["Box/c"]]


_names = st.sampled_from("abcdef")
_resource = st.builds(
    lambda name, size, needs: box(name, size, depends_on=tuple(Ref("Box", one) for one in sorted(needs))),
    _names,
    st.integers(1, 3),
    st.frozensets(_names, max_size=3),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.one_of(_resource, _names), max_size=4), max_size=5))
def test_kept_up_to_date_equals_made_from_scratch(commits: list[list[Resource[BoxSpec] | str]]) -> None:
    """Whatever the sequence of commits: generations, cycles and edges depend on the last state alone."""
    graph = Graph(ToyKinds())
    state: dict[Key, Resource[BoxSpec]] = {}
    for commit in commits:
        changed = set()
        for one in commit:
            key = _key(one) if isinstance(one, str) else one.key
            changed.add(key)
            if isinstance(one, str):
                state.pop(key, None)
            else:
                state[key] = one
        graph.update(state, changed)
    fresh = Graph(ToyKinds())
    fresh.update(state, list(state))
    assert set(graph.resources) == set(fresh.resources)
    assert set(graph.cycles) == set(fresh.cycles)
    for key in fresh.resources:
        assert graph.needs(key) == fresh.needs(key)
        if key not in fresh.cycles and not _behind_cycle(fresh, key):
            assert graph.resources[key].generation == fresh.resources[key].generation


def _behind_cycle(graph: Graph, key: Key) -> bool:
    seen, todo = {key}, [key]
    while todo:
        for need in graph.needs(todo.pop()):
            if need in graph.cycles:
                return True
            if need not in seen:
                seen.add(need)
                todo.append(need)
    return False
