"""Files as they lie on disk: which repository they are in, and at which commit. For commands given a path."""

from __future__ import annotations

from pathlib import Path

from apollo.errors import SourceError
from apollo.source.discover import Found, find
from apollo.source.faults import GitFailed
from apollo.source.process import Access, Git

__all__ = ["toplevel", "working_tree_commit"]


def _find(path: Path) -> Found | None:
    folder = path if path.is_dir() else path.parent
    try:
        return find(folder.absolute(), parents=True)
    except SourceError:  # no git on this machine: then the files are just files
        return None


def toplevel(path: Path) -> Path | None:
    """The work tree that ``path`` lies in; None when it is in none."""
    found = _find(path)
    return None if found is None else found.work_tree


def working_tree_commit(path: Path) -> str | None:
    """The commit that the files at ``path`` come from: its id, with ``-dirty`` when they differ from it
    or are not all in it; a new file that cannot be a manifest, such as the ``plan.md`` of a pipeline, is
    nothing. None outside of a repository, and before the first commit. Blocks for some milliseconds."""
    found = _find(path)
    if found is None or found.work_tree is None:
        return None
    git = Git(found.git_dir)
    try:
        sha = git.run_blocking("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode("ascii").strip()
    except (GitFailed, SourceError):
        return None
    try:
        changes = git.run_blocking(
            f"--work-tree={found.work_tree}",
            "status",
            "--porcelain",
            "-z",
            "--untracked-files=normal",
            "--ignore-submodules=all",
            "--",
            str(path.resolve()),
            access=Access(environment=_without_filters(git)),
        )
    except (GitFailed, SourceError):
        return f"{sha}-dirty"  # it cannot be told, so do not claim that the files are the commit's
    return f"{sha}-dirty" if any(map(_matters, changes.split(b"\0"))) else sha


def _matters(entry: bytes) -> bool:
    """Whether a line of git status can change what the manifests say. A folder may hold some, unless it is
    hidden."""
    if not entry.startswith(b"?? "):
        return bool(entry)
    path = entry[3:]
    if path.endswith(b".apolloignore"):
        return True
    hidden = any(part.startswith(b".") for part in path.split(b"/"))
    return not hidden and path.endswith((b"/", b".yaml", b".yml", b".json"))


def _without_filters(git: Git) -> dict[str, str]:
    """Variables that switch off the content filters a repository configures: git status would run them.

    Not ``-c``, which cannot name a filter with an equals sign in its name.
    """
    names = git.run_blocking("config", "--list", "--name-only", "-z").split(b"\0")
    filters = {name.rpartition(b".")[0] for name in names if name.startswith(b"filter.")}
    pairs = [
        (name.decode("utf-8", "surrogateescape") + setting, value)
        for name in sorted(filters)
        for setting, value in ((".clean", ""), (".smudge", ""), (".process", ""), (".required", "false"))
    ]
    found = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for at, (name, value) in enumerate(pairs):
        found |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
    return found
