"""Finding a repository on disk, through GitPython. Nothing is executed: it reads files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from apollo.errors import SourceError
from apollo.source.faults import GIT_ITSELF, NOT_A_REPOSITORY

if TYPE_CHECKING:
    import git

__all__ = ["Found", "branches", "find", "not_a_repository"]


@frozen
class Found:
    """A repository on disk.

    :ivar git_dir: its own directory. :ivar common_dir: where refs and objects are; another one in a linked
        worktree. :ivar work_tree: the checked-out files, if there are any.
    """

    git_dir: Path
    common_dir: Path
    work_tree: Path | None


def _open(path: Path, parents: bool) -> git.Repo | None:
    try:
        import git
    except ImportError as error:
        raise SourceError(
            f"git cannot be used: {str(error).splitlines()[0]}", code=GIT_ITSELF, hint="install git"
        ) from None
    try:
        # An odd name must not be expanded: $HOME in a path is four characters of a path.
        return git.Repo(path, search_parent_directories=parents, expand_vars=False)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError, git.WorkTreeRepositoryUnsupported):
        return None
    except (OSError, ValueError):
        return None


def find(path: Path, parents: bool = False) -> Found | None:
    """The repository at ``path``: a work tree, a bare repository, a ``.git`` directory or file.

    :param parents: also when ``path`` lies inside of it.
    """
    repo = _open(path, parents)
    if repo is None:
        return None
    with repo:
        git_dir = Path(repo.git_dir).resolve()
        tree = repo.working_tree_dir
    try:  # not repo.common_dir, which follows GIT_COMMON_DIR of this process
        common_dir = (git_dir / (git_dir / "commondir").read_text().strip()).resolve()
    except OSError:
        common_dir = git_dir
    return Found(git_dir, common_dir, None if tree is None else Path(tree).resolve())


def branches(git_dir: Path) -> list[str]:
    """The names of the branches, for a suggestion; empty when they cannot be read."""
    repo = _open(git_dir, False)
    if repo is None:
        return []
    with repo:
        try:
            return [head.name for head in repo.heads]
        except (OSError, ValueError, TypeError):
            return []


def not_a_repository(path: Path) -> SourceError:
    """The error for a path without a repository, with the repository around it when there is one."""
    if not path.exists():
        hint = "check source.repo; a relative path starts from the folder of the configuration file"
        return SourceError(f"{path} does not exist", code=NOT_A_REPOSITORY, hint=hint)
    if not os.access(path, os.R_OK | os.X_OK):
        hint = "let the user that runs Apollo read it"
        return SourceError(f"{path} may not be read", code=NOT_A_REPOSITORY, hint=hint)
    around = find(path, parents=True)
    if (
        around is not None
        and around.work_tree is not None
        and path.resolve().is_relative_to(around.work_tree)
    ):
        inside = path.resolve().relative_to(around.work_tree).as_posix()
        hint = f"its repository is {around.work_tree}: write that in source.repo, and {inside} in source.path"
    else:
        hint = "run git init there and commit, or correct source.repo"
    return SourceError(f"{path} is not a git repository", code=NOT_A_REPOSITORY, hint=hint)
