"""The desired state follows the files: a bad file holds its app, and costs follow what changed."""

from __future__ import annotations

import time

from apollo.api import Problem, Ref
from tests.manifest.loading import box, errors, key, load, tree


def bytes_of(files: dict[str, str | None]) -> dict[str, bytes | None]:
    return {path: None if text is None else text.encode() for path, text in files.items()}


def test_apps_come_from_the_label_the_folder_or_the_environment() -> None:
    labelled = "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: c, labels: {apollo/app: shop}}\nspec: {}\n"
    found = load({"one.yaml": box("{}", "a"), "web/deep/two.yml": box("{}", "b"), "web/c.json": labelled})
    assert {one.name: resource.app for one, resource in found.resources.items()} == {
        "a": "stage",
        "b": "web",
        "c": "shop",
    }
    assert set(found.apps) == {"stage", "web", "shop"}
    assert found.changed == set(found.resources)


def test_a_bad_file_holds_its_app_and_no_other() -> None:
    one = tree()
    one.update(
        "c1",
        bytes_of(
            {"a/x.yaml": box("{count: 1}", "x"), "a/y.yaml": box("{}", "y"), "b/z.yaml": box("{}", "z")}
        ),
    )
    snapshot = one.update(
        "c2",
        bytes_of(
            {
                "a/x.yaml": box("{count: 1x}", "x"),
                "a/y.yaml": box("{count: 2}", "y"),
                "b/z.yaml": box("{count: 3}", "z"),
            }
        ),
    )
    assert snapshot.resources[key("x")].spec.count == 1
    assert snapshot.resources[key("y")].spec.count is None  # the whole app stays
    assert snapshot.resources[key("z")].spec.count == 3
    assert snapshot.resources[key("z")].commit == "c2" and snapshot.resources[key("y")].commit == "c1"
    assert snapshot.changed == {key("z")}
    assert snapshot.apps["a"].commit == "c1" and snapshot.apps["b"].commit == "c2"
    assert [one.file for one in snapshot.apps["a"].problems] == ["a/x.yaml"] and not snapshot.apps[
        "b"
    ].problems

    still = one.update("c3", {})
    assert still.apps["a"].commit == "c1" and still.resources == snapshot.resources and not still.changed

    fixed = one.update("c4", bytes_of({"a/x.yaml": box("{count: 9}", "x")}))
    assert fixed.changed == {key("x"), key("y")} and fixed.resources[key("y")].spec.count == 2
    assert fixed.apps["a"].problems == () and fixed.apps["a"].commit == "c4"


def test_a_first_load_with_a_broken_app_has_none_of_its_resources() -> None:
    found = load({"a/x.yaml": box("{}", "x"), "a/y.yaml": "a: [", "b/z.yaml": box("{}", "z")})
    assert set(found.resources) == {key("z")}
    assert found.apps["a"].commit == "" and [one.code for one in found.apps["a"].problems] == ["APO-YAML-001"]


def test_deleting_a_file_removes_its_resources_unless_the_app_is_broken() -> None:
    one = tree()
    one.update(
        "c1", bytes_of({"a/x.yaml": box("{}", "x"), "a/y.yaml": box("{}", "y"), "b/z.yaml": box("{}", "z")})
    )
    broken = one.update("c2", bytes_of({"a/x.yaml": None, "a/y.yaml": "a: 1", "b/z.yaml": None}))
    assert set(broken.resources) == {key("x"), key("y")} and broken.changed == {key("z")}
    gone = one.update("c3", bytes_of({"a/y.yaml": box("{}", "y")}))
    assert set(gone.resources) == {key("y")} and gone.changed == {key("x")}
    assert set(gone.apps) == {"a"}


def test_a_resource_that_moves_into_a_broken_file_is_not_gone() -> None:
    one = tree()
    one.update(
        "c1", bytes_of({"a/x.yaml": box("{}", "x"), "a/y.yaml": box("{}", "y"), "b/z.yaml": box("{}", "z")})
    )
    moved = one.update(
        "c2",
        bytes_of(
            {"a/x.yaml": None, "b/x.yaml": box("{}", "x") + "oops: [", "a/y.yaml": box("{count: 1}", "y")}
        ),
    )
    assert set(moved.resources) == {key("x"), key("y"), key("z")}
    assert moved.resources[key("y")].spec.count == 1
    named = one.update("c3", bytes_of({"b/x.yaml": box("{count: x}", "x")}))
    assert key("x") in named.resources
    fixed = one.update("c4", bytes_of({"b/x.yaml": box("{}", "x")}))
    assert fixed.resources[key("x")].app == "b" and fixed.changed == {key("x")}
    other = one.update("c5", bytes_of({"b/x.yaml": None}))
    assert key("x") not in other.resources


def test_a_label_that_moves_a_resource_into_a_held_app_keeps_it() -> None:
    def labelled(app: str) -> str:
        metadata = f"{{name: x, labels: {{apollo/app: {app}}}}}"
        return f"apiVersion: apollo/v1\nkind: Box\nmetadata: {metadata}\nspec: {{}}\n"

    one = tree()
    one.update("c1", bytes_of({"x.yaml": labelled("a"), "b/y.yaml": box("{}", "y")}))
    held = one.update("c2", bytes_of({"x.yaml": labelled("b"), "b/y.yaml": box("{no: 1}", "y")}))
    assert held.resources[key("x")].app == "a" and held.changed == frozenset()
    fixed = one.update("c3", bytes_of({"b/y.yaml": box("{}", "y")}))
    assert fixed.resources[key("x")].app == "b"


def test_an_empty_tree_and_a_missing_folder_hold_everything() -> None:
    one = tree()
    one.update("c1", bytes_of({"a/x.yaml": box("{}", "x")}))
    empty = one.update("c2", bytes_of({"a/x.yaml": None}))
    assert set(empty.resources) == {key("x")} and [one.code for one in empty.problems] == ["APO-LOAD-051"]
    assert empty.apps["a"].commit == "c1"
    back = one.update("c3", bytes_of({"a/y.yaml": box("{}", "y")}))
    assert set(back.resources) == {key("y")} and back.problems == () and back.changed == {key("x"), key("y")}
    gone = one.update("c4", {"": None}, {"": Problem("APO-GIT-025", "there is no such folder")})
    assert set(gone.resources) == {key("y")} and [one.code for one in gone.problems] == ["APO-GIT-025"]
    fine = one.update("c5", {"": None})
    assert fine.problems == ()
    assert [one.code for one in load({}).problems] == ["APO-LOAD-051"]


def test_a_refused_file_holds_its_app_until_it_changes() -> None:
    one = tree()
    one.update("c1", bytes_of({"a/x.yaml": box("{}", "x")}))
    refusal = Problem("APO-GIT-021", "this is a symbolic link", file="a/x.yaml")
    held = one.update("c2", {"a/x.yaml": None}, {"a/x.yaml": refusal})
    assert set(held.resources) == {key("x")} and held.apps["a"].problems == (refusal,)
    held = one.update("c3", bytes_of({"b/y.yaml": box("{}", "y")}))
    assert held.apps["a"].problems == (refusal,) and key("y") in held.resources
    fixed = one.update("c4", {"a/x.yaml": None})
    assert set(fixed.resources) == {key("y")}
    warned = one.update(
        "c5", {"a/mod": None}, {"a/mod": Problem("APO-GIT-022", "a submodule", severity="warning")}
    )
    assert "a" not in warned.apps and [each.code for each in one.warnings] == ["APO-GIT-022"]


def test_only_what_lies_where_manifests_lie_is_read() -> None:
    files = {
        "x.yaml": box("{}", "x"),
        ".github/workflows/ci.yml": "on: push\n",
        "a/.hidden/b.yaml": "no: manifest\n",
        "charts/values.yaml": "a: 1\n",
        "deep/down/charts/values.yaml": "a: 1\n",
        "docs/a.json": "[]",
        "docs/keep.yaml": box("{}", "kept"),
        "README.md": "# a",
        ".apolloignore": "# others\ncharts/\n/docs/*\n!/docs/keep.yaml\n",
    }
    found = load(files)
    assert errors(found) == [] and {one.name for one in found.resources} == {"x", "kept"}

    one = tree()
    one.update("c1", bytes_of(files))  # type: ignore[arg-type]
    before = one.parsed
    more = one.update("c2", bytes_of({".apolloignore": "charts/\n"}))
    assert [one.file for one in errors(more)] == ["docs/a.json"] and one.parsed == before + 1
    none = one.update("c3", bytes_of({".apolloignore": None}))
    assert len(errors(none)) == 3


def test_one_resource_written_twice_is_refused_on_both_sides() -> None:
    one = tree()
    one.update(
        "c1", bytes_of({"a/x.yaml": box("{}", "x"), "b/y.yaml": box("{}", "y"), "c/z.yaml": box("{}", "z")})
    )
    twice = one.update("c2", bytes_of({"b/x.yaml": box("{count: 2}", "x")}))
    assert twice.resources[key("x")].app == "a" and set(twice.resources) == {key("x"), key("y"), key("z")}
    assert {app: [one.code for one in state.problems] for app, state in twice.apps.items()} == {
        "a": ["APO-LOAD-040"],
        "b": ["APO-LOAD-040"],
        "c": [],
    }
    assert "b/x.yaml:3" in twice.apps["a"].problems[0].message
    moved = one.update("c3", bytes_of({"a/x.yaml": None}))
    assert moved.resources[key("x")].spec.count == 2 and errors(moved) == []


def test_two_resources_that_are_one_object_are_refused() -> None:
    found = load(
        {
            "a/x.yaml": box("{place: p}", "x"),
            "b/y.yaml": box("{place: p}", "y"),
            "c/z.yaml": box("{place: q}", "z"),
        }
    )
    assert set(found.resources) == {key("z")} and [one.code for one in errors(found)] == ["APO-LOAD-041"] * 2

    one = tree()
    one.update("c1", bytes_of({"a/x.yaml": box("{place: p}", "x")}))
    renamed = one.update("c2", bytes_of({"a/x.yaml": box("{place: p}", "x2")}))
    assert set(renamed.resources) == {key("x2")} and errors(renamed) == []
    held = one.update("c3", bytes_of({"a/x.yaml": "a: [", "b/y.yaml": box("{place: p}", "y")}))
    assert set(held.resources) == {key("x2")} and [one.code for one in held.apps["b"].problems] == [
        "APO-LOAD-041"
    ]
    free = one.update("c4", bytes_of({"a/x.yaml": None}))
    assert set(free.resources) == {key("y")} and errors(free) == []


def test_references() -> None:
    found = load(
        {
            "a/x.yaml": box("{uses: y}", "x"),
            "b/y.yaml": box('{title: "see ${{ Box/z.url }}"}', "y"),
            "b/z.yaml": box("{}", "z"),
        }
    )
    assert errors(found) == []
    assert found.resources[key("x")].references == (Ref("Box", "y", "arn"),)
    assert found.resources[key("y")].references == (Ref("Box", "z", "url"),)

    found = load({"a/x.yaml": box("{uses: why}", "x"), "b/y.yaml": box("{}", "whyy")})
    (problem,) = errors(found)
    assert (problem.code, problem.path, problem.line, problem.column) == ("APO-LOAD-024", "/spec/uses", 4, 14)
    assert problem.hint == "did you mean 'whyy'?" and set(found.resources) == {key("whyy")}

    cases = {
        'title: "${{ Box/x.arm }}"': ("APO-LOAD-025", "did you mean 'arn'?"),
        'title: "${{ Bax/x.arn }}"': ("APO-LOAD-018", "did you mean 'Box'?"),
        'title: "${{ acme.Queue/q.arn }}"': (
            "APO-LOAD-024",
            "there is no acme.Queue in environment stage at all",
        ),
    }
    for text, (code, hint) in cases.items():
        (problem,) = errors(load(box(f"{{{text}}}", "x")))
        assert (problem.code, problem.hint, problem.path) == (code, hint, "/spec/title")


def test_a_reference_to_what_another_app_holds_or_cannot_read_is_no_error() -> None:
    one = tree()
    files = {"a/x.yaml": box("{}", "x"), "b/y.yaml": box("{uses: x}", "y")}
    one.update("c1", bytes_of(files))  # type: ignore[arg-type]
    held = one.update("c2", bytes_of({"a/x.yaml": "a: [", "b/y.yaml": box("{uses: x, count: 1}", "y")}))
    assert held.apps["b"].problems == () and held.resources[key("y")].spec.count == 1
    first = load({"a/x.yaml": "a: [", "b/y.yaml": box("{uses: x}", "y")})
    assert first.apps["b"].problems == () and set(first.resources) == {key("y")}
    removed = one.update("c3", bytes_of({"a/x.yaml": None}))
    assert [one.code for one in removed.apps["b"].problems] == ["APO-LOAD-024"]
    assert set(removed.resources) == {key("y")} and removed.resources[key("y")].spec.count == 1


def test_depends_on_and_the_references_of_a_controller() -> None:
    queue = "apiVersion: apollo/v1\nkind: acme.Queue\nmetadata: {name: q}\nspec: {title: after-x}\n"
    (problem,) = errors(load({"a/q.yaml": queue}))
    assert problem.code == "APO-LOAD-024" and "'after-x'" in problem.message
    found = load({"a/q.yaml": queue, "a/x.yaml": box("{}", "after-x", lifecycle="{dependsOn: [Box/nope]}")})
    (problem,) = errors(found)
    assert (problem.path, problem.line, problem.column) == ("/lifecycle/dependsOn/0", 4, 25)


def test_the_digest_is_of_what_is_asked_for_and_not_of_how_it_is_written() -> None:
    plain = load(box("{title: one, words: [a, b]}"))
    commented = load(box("\n  words:\n  - 'a'\n  - b  # last\n"))
    assert plain.resources[key("one")].digest == commented.resources[key("one")].digest
    other = load(box("{words: [a, c]}"))
    assert other.resources[key("one")].digest != plain.resources[key("one")].digest
    assert len(plain.resources[key("one")].digest) == 16


def test_a_comment_changes_nothing() -> None:
    one = tree()
    one.update("c1", bytes_of({"a/x.yaml": box("{}", "x")}))
    after = one.update("c2", bytes_of({"a/x.yaml": "# hello\n" + box("{}", "x")}))
    assert after.changed == frozenset() and after.resources[key("x")].commit == "c1"
    assert after.resources[key("x")].origin.line == 2 and after.apps["a"].commit == "c2"


def test_going_back_parses_nothing() -> None:
    one = tree()
    one.update("c1", bytes_of({"a/x.yaml": box("{}", "x")}))
    one.update("c2", bytes_of({"a/x.yaml": box("{count: 2}", "x")}))
    assert one.parsed == 2
    back = one.update("c3", bytes_of({"a/x.yaml": box("{}", "x")}))
    assert one.parsed == 2 and back.resources[key("x")].commit == "c3" and back.changed == {key("x")}


def test_one_changed_file_of_thousands_costs_one_parse() -> None:
    one = tree()
    files = {f"app{i % 50}/{i}.yaml": box("{count: 1}", f"x{i}").encode() for i in range(2000)}
    one.update("c1", files)
    parsed = one.parsed
    started = time.perf_counter()
    after = one.update("c2", {"app7/7.yaml": box("{count: 2}", "x7").encode()})
    assert one.parsed == parsed + 1 and after.changed == {key("x7")}
    assert time.perf_counter() - started < 0.1


def test_a_root_below_the_repository() -> None:
    from apollo.manifest import Tree
    from tests.manifest.kinds import KINDS
    from tests.manifest.loading import environment

    one = Tree(environment(), "acme", KINDS, root="./deploy/stage/")
    found = one.update(
        "c1",
        bytes_of(
            {
                "deploy/stage/web/x.yaml": box("{}", "x"),
                "deploy/prod/web/x.yaml": box("{}", "x"),
                "deploy/stagex/y.yaml": "no: 1",
                "apollo.yaml": "a: [",
            }
        ),
    )
    assert errors(found) == [] and found.resources[key("x")].app == "web"
