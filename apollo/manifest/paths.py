"""Manifests as they lie on a disk: for ``validate``, ``render``, ``plan PATH`` and ``apply PATH``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import evolve, frozen

from apollo.api import Kinds, Snapshot
from apollo.errors import LoadError, Problem
from apollo.manifest.syntax import MAX_BYTES
from apollo.manifest.tree import Tree, clean_root, wants
from apollo.settings import Environment

__all__ = ["Loaded", "load_path"]


@frozen
class Loaded:
    """What was found. File names are as the user would write them here.

    :ivar tree: asked for `Tree.provenance`, when that was wanted.
    """

    snapshot: Snapshot
    tree: Tree
    warnings: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every error, of the whole and of each app, each once, in the order of files and lines."""
        found = list(self.snapshot.problems)
        for app in self.snapshot.apps.values():
            found.extend(app.problems)
        return tuple(
            sorted(dict.fromkeys(found), key=lambda one: (bool(one.file), one.file, one.line, one.column))
        )


def load_path(
    paths: Path | Iterable[Path],
    environment: Environment,
    installation: str,
    kinds: Kinds,
    *,
    commit: str = "",
    provenance: bool = False,
) -> Loaded:
    """The desired state of an environment from files and folders as they lie there.

    The environment's ``source.path`` counts where a path is (or lies in) a repository that has that folder,
    so that apps are named as the operator names them; else each folder given is the root of its apps.
    ``specFrom`` may name files inside the enclosing git repository (else inside the folder). Links are not
    followed.

    :raises LoadError: for a path that does not exist.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    missing = [path for path in given if not path.exists()]
    if missing:
        hint = "check the path; it is taken from where the command runs"
        raise LoadError(
            Problem("APO-LOAD-051", "there is no such file or folder", file=str(path), hint=hint)
            for path in missing
        )
    top = _top(given)
    inside = clean_root(environment.spec.source.path) if environment.spec.source else ""
    files: dict[str, Path] = {}
    roots: set[str] = set()
    for path in (path.resolve() if path.is_dir() else path for path in given):
        start, root = _start(path, top, inside)
        roots.add(root)
        found = _walk(start) if start.is_dir() else [start]
        files.update((_relative(file, top), file) for file in found)
    for ignore in _ignore_files(top, roots):
        files.setdefault(_relative(ignore, top), ignore)
    contents: dict[str, bytes | None] = {}
    problems: dict[str, Problem] = {}
    for name, file in files.items():
        content = _read(file, name, top)
        if isinstance(content, Problem):
            problems[name] = content
        else:
            contents[name] = content

    def outside(name: str) -> bytes | Problem | None:
        file = top / name
        return _read(file, name, top) if file.is_symlink() or file.is_file() else None

    tree = Tree(environment, installation, kinds, root=roots, read=outside, provenance=provenance)
    snapshot = tree.update(commit, contents, problems)
    if tree.only_settings and all(path.is_file() for path in given):
        # Somebody checks apollo.yaml itself: that it holds no manifests is no finding.
        snapshot = evolve(
            snapshot, problems=tuple(one for one in snapshot.problems if one.code != "APO-LOAD-051")
        )
    snapshot = evolve(snapshot, problems=tuple(_named(one, given) for one in snapshot.problems))
    shown = _Shown(top)
    return Loaded(shown.snapshot(snapshot), tree, tuple(shown.problem(one) for one in tree.warnings))


def _named(problem: Problem, given: list[Path]) -> Problem:
    """Somebody named a path: a word about it, and not about the repository around it."""
    if problem.code != "APO-LOAD-051" or problem.file:
        return problem
    names = " and ".join(map(str, given))
    return evolve(
        problem, message=f"there are no manifests in {names}", hint="name the file or folder that holds them"
    )


def _top(paths: list[Path]) -> Path:
    """The enclosing git repository of all paths, else the folder that holds them."""
    folders = [(path if path.is_dir() else path.parent).resolve() for path in paths]
    common = Path(os.path.commonpath(folders))
    return next((folder for folder in (common, *common.parents) if (folder / ".git").exists()), common)


def _start(path: Path, top: Path, inside: str) -> tuple[Path, str]:
    """Where to look below a path that was given, and the root of its apps."""
    here = _relative(path, top)
    if inside:
        if here == inside or here.startswith(f"{inside}/"):
            return path, inside
        below = path / inside
        if path.is_dir() and below.is_dir():
            return below, _relative(below, top)
    return path, here if path.is_dir() else here.rpartition("/")[0]


def _relative(path: Path, top: Path) -> str:
    # The last part stays as it is: a link is reported, not followed.
    linked = path.is_symlink() or not path.is_dir()
    absolute = path.parent.resolve() / path.name if linked else path.resolve()
    return clean_root(Path(os.path.relpath(absolute, top)).as_posix())


def _walk(folder: Path) -> Iterator[Path]:
    for current, folders, names in os.walk(folder):
        here = Path(current)
        for name in list(folders):
            if name.startswith("."):
                folders.remove(name)
            elif (here / name).is_symlink():
                folders.remove(name)
                yield here / name
        folders.sort()
        yield from (here / name for name in sorted(names) if wants(name))


def _ignore_files(top: Path, roots: Iterable[str]) -> Iterator[Path]:
    """``.apolloignore`` of every folder from the top down to each root: they count there, too."""
    for root in roots:
        folder = top
        for part in ["", *root.split("/")]:
            folder = folder / part
            if (folder / ".apolloignore").is_file():
                yield folder / ".apolloignore"


def _read(file: Path, name: str, top: Path) -> bytes | Problem:
    if file.is_symlink():
        leaves = not Path(os.path.realpath(file)).is_relative_to(top)  # which a circle of links may be asked
        return Problem(
            "APO-LOAD-050",
            "a symbolic link that leaves the repository"
            if leaves
            else "a symbolic link; links are not followed",
            file=name,
            hint="commit the file itself",
        )
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # to open a pipe would wait for ever
            return Problem("APO-LOAD-053", "cannot be read: it is not a file", file=name)
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem("APO-LOAD-053", f"cannot be read: {error.strerror}", file=name)


class _Shown:
    """File names as seen from the working directory instead of from the top of the repository."""

    def __init__(self, top: Path) -> None:
        prefix = os.path.relpath(top)
        self._prefix = "" if prefix == "." else prefix
        self._top = top

    def name(self, file: str) -> str:
        if not self._prefix or not file or not (self._top / file).exists():
            return file
        return os.path.relpath(self._top / file)

    def problem(self, problem: Problem) -> Problem:
        return evolve(problem, file=self.name(problem.file)) if self._prefix else problem

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        if not self._prefix:
            return snapshot
        return evolve(
            snapshot,
            resources={
                key: evolve(one, origin=evolve(one.origin, file=self.name(one.origin.file)))
                for key, one in snapshot.resources.items()
            },
            apps={
                name: evolve(app, problems=tuple(self.problem(one) for one in app.problems))
                if app.problems
                else app
                for name, app in snapshot.apps.items()
            },
            problems=tuple(self.problem(one) for one in snapshot.problems),
        )
