"""Which files of a commit are handed out, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apollo.errors import SourceError
from apollo.source import Changes, GitSource
from tests.source.repo import MANIFEST, Repo

pytestmark = pytest.mark.anyio
Make = Callable[..., GitSource]

SYMLINK, SUBMODULE = "120000", "160000"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 12345\n"


async def everything(repo: Repo, found: GitSource) -> Changes:
    sha = repo.tip("main")
    assert sha
    return await found.changes(None, sha)


async def test_manifests_below_the_folder_are_handed_out(repo: Repo, source: Make) -> None:
    repo.commit(
        {
            "apps/web/service.yaml": b"1",
            "apps/web/task.YML": b"2",
            "apps/task.json": b"3",
            "apps/.apolloignore": b"4",
            "apps/web/.apolloignore": b"5",
            "apps/.hidden.yaml": b"6",
            "apps/README.md": b"no",
            "apps/.github/workflow.yaml": b"no",
            "apps/web/.cache/deep/x.json": b"no",
            "apps-old/web.yaml": b"no",
            "web.yaml": b"no",
        }
    )
    for path in ("apps", "/".join(["", "apps", ""])[1:], "./apps"):
        taken = await everything(repo, source(path=path))
        assert taken.files == {
            "apps/web/service.yaml": b"1",
            "apps/web/task.YML": b"2",
            "apps/task.json": b"3",
            "apps/.apolloignore": b"4",
            "apps/web/.apolloignore": b"5",
            "apps/.hidden.yaml": b"6",
        }
        assert not taken.problems
    assert "web.yaml" in taken.paths and "apps/README.md" in taken.paths
    assert len((await everything(repo, source())).files) == 8


async def test_only_what_changed_is_read_and_every_changed_path_is_named(repo: Repo, source: Make) -> None:
    files = {f"apps/a{n:04}.yaml": b"n: %d" % n for n in range(30)}
    old = repo.commit({**files, "lib/task.json": b"{}", "notes.txt": b""})
    new = repo.commit({**files, "apps/a0007.yaml": b"n: x", "lib/task.json": b"{1}", "more.txt": b""})
    found = source(path="apps")
    changes = await found.changes(old, new)
    assert changes.files == {"apps/a0007.yaml": b"n: x"}
    assert changes.paths == {"apps/a0007.yaml", "lib/task.json", "notes.txt", "more.txt"}
    assert found.blobs_read == 1
    with_extra = await found.changes(old, new, extra=["lib/task.json", "lib/other.json"])
    assert with_extra.files == {"apps/a0007.yaml": b"n: x", "lib/task.json": b"{1}"}


async def test_in_a_large_repository_one_changed_file_is_one_blob_read(repo: Repo, source: Make) -> None:
    same = ("100644", repo.blob(MANIFEST))
    files = {f"apps/d{n // 100:02}/f{n:05}.yaml": same for n in range(10_000)}
    old = repo.commit(files)
    new = repo.commit({**files, "apps/d42/f04242.yaml": b"changed"}, parent=old)
    found = source(path="apps")
    changes = await found.changes(old, new)
    assert changes.files == {"apps/d42/f04242.yaml": b"changed"}
    assert found.blobs_read == 1
    assert len((await found.changes(None, new)).files) == 10_000
    assert found.blobs_read == 3  # equal content is read once


async def test_too_many_files_are_refused_as_a_whole(
    repo: Repo, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apollo.source import objects, pick

    sha = repo.commit({f"{n}.yaml": b"%0100d" % n for n in range(30)})
    monkeypatch.setattr(pick, "MAX_FILES", 29)
    with pytest.raises(SourceError) as caught:
        await source().changes(None, sha)
    assert caught.value.code == "APO-GIT-015" and caught.value.hint
    monkeypatch.setattr(pick, "MAX_FILES", 30)
    monkeypatch.setattr(objects, "MAX_TOTAL", 2999)
    with pytest.raises(SourceError) as caught:
        await source().changes(None, sha)
    assert caught.value.code == "APO-GIT-015"


async def test_removed_moved_and_executable_files(repo: Repo, source: Make) -> None:
    old = repo.commit({"a.yaml": b"1", "b.yaml": b"2", "c.yaml": b"3"})
    new = repo.commit({"a.txt": b"1", "d.yaml": b"2", "c.yaml": ("100755", repo.blob(b"3"))})
    changes = await source().changes(old, new)
    assert changes.files == {"a.yaml": None, "b.yaml": None, "d.yaml": b"2", "c.yaml": b"3"}
    assert not changes.problems


async def test_links_submodules_pointers_and_giants_are_problems_that_name_the_path(
    repo: Repo, source: Make
) -> None:
    repo.commit(
        {
            "ok.yaml": MANIFEST,
            "link.yaml": (SYMLINK, repo.blob(b"/etc/passwd")),
            "folder": (SYMLINK, repo.blob(b"../other")),
            "logo.png": (SYMLINK, repo.blob(b"x.png")),
            "vendor": (SUBMODULE, "1" * 40),
            "lfs.yaml": LFS,
            "big.json": b"x" * (1024 * 1024 + 1),
            "bigger.json": b"y" * (1024 * 1024 + 2),
            "limit.json": b"z" * (1024 * 1024),
            "zz.yaml": b"after",
        }
    )
    taken = await everything(repo, source())
    assert {path: problem.code for path, problem in taken.problems.items()} == {
        "link.yaml": "APO-GIT-021",
        "folder": "APO-GIT-021",
        "vendor": "APO-GIT-022",
        "lfs.yaml": "APO-GIT-023",
        "big.json": "APO-GIT-024",
        "bigger.json": "APO-GIT-024",
    }
    for path, problem in taken.problems.items():
        assert taken.files[path] is None and problem.file == path and problem.hint
    warnings = {path for path, problem in taken.problems.items() if problem.severity == "warning"}
    assert warnings == {"folder", "vendor"}  # nothing there is surely a manifest
    assert taken.files["ok.yaml"] == MANIFEST and taken.files["zz.yaml"] == b"after"
    assert len(taken.files["limit.json"] or b"") == 1024 * 1024


async def test_odd_names_are_byte_exact_or_refused(repo: Repo, source: Make) -> None:
    nfc, nfd = "caf\u00e9.yaml", "cafe\u0301.yaml"
    repo.commit(
        {
            nfc: b"composed",
            nfd: b"decomposed",
            "Web.yaml": b"upper",
            "web.yaml": b"lower",
            "-rf.yaml": b"dash",
            "--help/x.yaml": b"dashes",
            "a b 'c\" $(x).yaml": b"quotes",
            ":(glob)*.yaml": b"magic",
            "new\nline.yaml": b"no",
            "esc\x1b[31m.yaml": b"no",
            "back\\slash.yaml": b"no",
            b"lat\xedn.yaml": b"no",
            "right\u202eleft.yaml": b"no",
            "../up.yaml": b"no",
            "x/../../up.yaml": b"no",
            ".GIT/config.yaml": b"skipped with its folder",
            "odd\n.txt": b"not a manifest",
        }
    )
    taken = await everything(repo, source())
    good = {path: content for path, content in taken.files.items() if content is not None}
    assert good == {
        nfc: b"composed",
        nfd: b"decomposed",
        "Web.yaml": b"upper",
        "web.yaml": b"lower",
        "-rf.yaml": b"dash",
        "--help/x.yaml": b"dashes",
        "a b 'c\" $(x).yaml": b"quotes",
        ":(glob)*.yaml": b"magic",
    }
    assert {problem.code for problem in taken.problems.values()} == {"APO-GIT-020"}
    assert len(taken.problems) == 7
    assert all(problem.file.isprintable() for problem in taken.problems.values())


async def test_a_problem_comes_and_goes_with_its_file(repo: Repo, source: Make) -> None:
    found = source()
    good = repo.commit({"web.yaml": MANIFEST, "lib": (SYMLINK, repo.blob(b"elsewhere"))})
    bad = repo.commit({"web.yaml": LFS, "lib": b"now a file"})
    worse = await found.changes(good, bad)
    assert worse.files == {"web.yaml": None, "lib": None} and set(worse.problems) == {"web.yaml"}
    better = await found.changes(bad, good)
    assert better.files == {"web.yaml": MANIFEST, "lib": None} and set(better.problems) == {"lib"}


async def test_a_missing_folder_is_not_an_empty_one(repo: Repo, source: Make) -> None:
    found = source(path="apps/stage")
    there = repo.commit({"apps/stage/web.yaml": MANIFEST, "README": b""})
    renamed = repo.commit({"apps/staging/web.yaml": MANIFEST, "README": b""})
    replaced = repo.commit({"apps": b"a file", "README": b""})
    linked = repo.commit({"apps/stage": (SYMLINK, repo.blob(b"prod")), "README": b""})
    for old in (None, there):
        for new in (renamed, replaced, linked):
            taken = await found.changes(old, new)
            assert taken.files["apps/stage"] is None
            problem = taken.problems["apps/stage"]
            assert problem.severity == "error" and "nothing is removed" in problem.hint
    again = await found.changes(renamed, there)
    assert again.files == {"apps/stage/web.yaml": MANIFEST, "apps/stage": None} and not again.problems
    assert not (await found.changes(None, there)).problems


async def test_an_empty_tree_is_empty(repo: Repo, source: Make) -> None:
    old = repo.commit({"web.yaml": MANIFEST})
    new = repo.commit({})
    assert (await source().changes(None, new)).files == {}
    assert (await source().changes(old, new)).files == {"web.yaml": None}


async def test_one_file_is_read_wherever_it_lies(repo: Repo, source: Make) -> None:
    found = source(path="apps")
    sha = repo.commit(
        {
            "apps/web.yaml": MANIFEST,
            "tasks/web.json": b"{}",
            "tasks/same.json": b"{}",
            "link.json": (SYMLINK, repo.blob(b"tasks/web.json")),
            "lfs.json": LFS,
            "vendor": (SUBMODULE, "1" * 40),
            "-x.json": b"dash",
        }
    )
    assert await found.read(sha, "tasks/web.json") == b"{}"
    assert await found.read(sha, "-x.json") == b"dash"
    for absent in ("tasks/none.json", "tasks", "link.json/web.json", "tasks/web.json/x"):
        assert await found.read(sha, absent) is None
    for bad, code in {
        "link.json": "021",
        "vendor": "022",
        "lfs.json": "023",
        "../config": "020",
        "/etc/passwd": "020",
        "a\nb": "020",
        ".git/config": "020",
    }.items():
        with pytest.raises(SourceError) as caught:
            await found.read(sha, bad)
        assert caught.value.code == f"APO-GIT-{code}", bad
    taken = await found.take(sha, ["tasks/web.json", "tasks/same.json", "tasks/none.json"])
    assert taken.files == {"tasks/web.json": b"{}", "tasks/same.json": b"{}", "tasks/none.json": None}
    assert (await found.take(sha, [])).files == {}


async def test_a_replaced_object_is_not_believed(repo: Repo, source: Make) -> None:
    """refs/replace can be pushed; what was reviewed is the commit itself."""
    sha = repo.commit({"web.yaml": MANIFEST})
    repo.git("replace", repo.git("rev-parse", "main:web.yaml"), repo.blob(b"evil"))
    assert (await everything(repo, source())).files == {"web.yaml": MANIFEST}
    assert await source().read(sha, "web.yaml") == MANIFEST
