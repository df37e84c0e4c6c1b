"""A repository that wants to run something: nothing of it is run, and it is still read."""

# ruff: noqa: ASYNC240 -- a test may look at a file while nothing else runs
from __future__ import annotations

import ctypes
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from apollo.errors import SourceError
from apollo.source import GitSource, working_tree_commit
from tests.source.repo import MANIFEST, Repo

pytestmark = pytest.mark.anyio
Make = Callable[..., GitSource]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def trap(tmp_path: Path, canary: Path) -> Path:
    path = tmp_path / "trap.sh"
    path.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\nexit 0\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def hostile(repo: Repo, trap: Path) -> Repo:
    repo.commit(
        {"web.yaml": MANIFEST, "a.txt": b"text", ".gitattributes": b"*.txt filter=a=b\n*.yaml filter=x\n"}
    )
    repo.git("reset", "-q", "--hard")
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "post-merge"):
        hook = repo.git_dir / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(trap.read_text())
        hook.chmod(0o755)
    included = repo.git_dir / "more"
    included.write_text(f"[core]\n\tfsmonitor = {trap}\n[gpg]\n\tprogram = {trap}\n")
    with (repo.git_dir / "config").open("a") as config:
        config.write(
            f"""
[core]
    fsmonitor = {trap}
    sshCommand = {trap}
    askPass = {trap}
    gitProxy = {trap}
    alternateRefsCommand = {trap}
    pager = {trap}
    editor = {trap}
[include]
    path = more
[pager]
    status = {trap}
    ls-tree = {trap}
[credential]
    helper = !{trap}
[log]
    showSignature = true
[diff]
    external = {trap}
[filter "x"]
    clean = {trap}
    smudge = {trap}
    process = {trap}
    required = true
[filter "a=b"]
    clean = {trap}
[uploadpack]
    packObjectsHook = {trap}
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{trap} %S
    promisor = true
    uploadpack = {trap}
    receivepack = {trap}
[extensions]
    partialClone = origin
[alias]
    ls-tree = !{trap}
    cat-file = !{trap}
"""
        )
    return repo


def test_the_trap_works(hostile: Repo, canary: Path) -> None:
    """Else the tests below would hold for nothing."""
    (hostile.path / "a.txt").write_text("tExt")
    subprocess.run(["git", "status"], cwd=hostile.path, capture_output=True, check=False)
    assert canary.exists()


async def test_a_hostile_configuration_runs_nothing(hostile: Repo, source: Make, canary: Path) -> None:
    found = source(nonFastForward="hold")
    old = (await found.refresh()).sha
    assert (await found.changes(None, old)).files == {"web.yaml": MANIFEST}
    new = hostile.commit({"web.yaml": b"2"})
    canary.unlink(missing_ok=True)  # a commit by git itself may have run a hook
    assert (await found.refresh()).sha == new
    assert (await found.changes(old, new)).files == {"web.yaml": b"2"}
    assert await found.read(new, "web.yaml") == b"2"
    assert await found.resolve("main~1") == old
    with pytest.raises(SourceError):
        await found.resolve("nope")
    hostile.loose(hostile.git("rev-parse", "main:web.yaml")).unlink()
    canary.unlink(missing_ok=True)
    with pytest.raises(SourceError):  # git would ask the promisor
        await found.changes(old, new)
    assert not canary.exists(), canary.read_text()


async def test_asking_for_the_commit_of_a_checkout_runs_nothing(hostile: Repo, canary: Path) -> None:
    canary.unlink(missing_ok=True)
    (hostile.path / "a.txt").write_text("tExt")  # same size: git has to look inside, through the filter
    (hostile.path / "web.yaml").touch()
    assert working_tree_commit(hostile.path) == f"{hostile.tip('main')}-dirty"
    assert working_tree_commit(hostile.path / "web.yaml") == hostile.tip("main")
    assert not canary.exists(), canary.read_text()


async def test_a_hostile_remote_runs_nothing(hostile: Repo, source: Make, canary: Path) -> None:
    canary.unlink(missing_ok=True)
    found = source(repo=hostile.url())
    sha = (await found.refresh()).sha
    assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}
    assert not canary.exists(), canary.read_text()


async def test_the_users_own_configuration_is_not_read(
    tmp_path: Path, repo: Repo, source: Make, trap: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "home" / ".gitconfig"
    config.parent.mkdir()
    config.write_text(
        f'[core]\n\tfsmonitor = {trap}\n\thooksPath = {tmp_path}/hooks\n[url "ext::{trap} "]\n\tinsteadOf = file://\n'
        "[protocol]\n\tallow = always\n"
    )
    (tmp_path / "hooks").mkdir()
    for name in ("reference-transaction", "post-index-change"):
        (tmp_path / "hooks" / name).write_text(trap.read_text())
        (tmp_path / "hooks" / name).chmod(0o755)
    sha = repo.commit({"web.yaml": MANIFEST})
    monkeypatch.setenv("HOME", str(config.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(trap))
    monkeypatch.setenv("GIT_ASKPASS", str(trap))
    monkeypatch.setenv("GIT_PROXY_COMMAND", str(trap))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    for address in (str(repo.path), repo.url()):
        found = source(repo=address)
        assert (await found.refresh()).sha == sha
        assert (await found.changes(None, sha)).files == {"web.yaml": MANIFEST}
    assert working_tree_commit(repo.path)
    assert not canary.exists(), canary.read_text()


FAKE_SSH = """#!/bin/sh
# Stands in for ssh: notes what it was told, then runs the command here.
printf '%s\\n' "$@" > {notes}
env > {notes}.env
for arg; do
  case "$arg" in
    IdentityFile=*) path=${{arg#IdentityFile=}}; path=${{path#\\"}}; path=${{path%\\"}}
      stat -c %a "$path" > {notes}.mode; cat "$path" > {notes}.key;;
  esac
  last="$arg"
done
{then}
"""

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanarycanary\n-----END OPENSSH PRIVATE KEY-----"


async def test_ssh_checks_host_keys_never_asks_and_has_its_key_in_a_private_file(
    tmp_path: Path, repo: Repo, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    notes = tmp_path / "notes"
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(FAKE_SSH.format(notes=notes, then='eval "exec $last"'))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{Path('/usr/bin')}:/bin")
    hosts = tmp_path / "known hosts"
    hosts.write_text("git.example.com ssh-ed25519 AAAA\n")
    (tmp_path / "key").write_text(KEY)
    for address in (f"ssh://git@git.example.com:2222{repo.path}", f"git@git.example.com:{repo.path}"):
        found = source(repo=address, auth={"file": "key"}, knownHosts="known hosts")
        assert (await found.refresh()).sha == sha
        told = notes.read_text().splitlines()
        for option in (
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            f'UserKnownHostsFile="{hosts}"',
            "IdentitiesOnly=yes",
        ):
            assert told[told.index(option) - 1] == "-o"
        assert told[:2] == ["-F", "/dev/null"] and "git@git.example.com" in told
        assert Path(f"{notes}.key").read_text() == KEY + "\n"
        assert Path(f"{notes}.mode").read_text() == "600\n"
        assert "canarycanary" not in notes.read_text() + Path(f"{notes}.env").read_text()
        assert not list((tmp_path / "state").glob("ssh-*"))  # gone with the command


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Host key verification failed.", "APO-GIT-006"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "APO-GIT-006"),
        ("git@git.example.com: Permission denied (publickey).", "APO-GIT-005"),
        ("ssh: connect to host git.example.com port 22: Connection refused", "APO-GIT-004"),
        ("ssh: Could not resolve hostname git.example.com: Name or service not known", "APO-GIT-004"),
        ("ERROR: Repository not found.", "APO-GIT-004"),
    ],
)
async def test_what_ssh_says_is_told_apart(
    tmp_path: Path, source: Make, monkeypatch: pytest.MonkeyPatch, said: str, code: str
) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(FAKE_SSH.format(notes=tmp_path / "notes", then=f"echo '{said}' >&2; exit 255"))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:/usr/bin:/bin")
    with pytest.raises(SourceError) as caught:
        await source(repo="git@git.example.com:team/config.git").refresh()
    assert caught.value.code == code and caught.value.hint


async def test_ssh_settings_that_cannot_work_are_said_before_anything_is_started(
    tmp_path: Path, source: Make
) -> None:
    (tmp_path / "token").write_text("a-token")
    for written, code in (
        ({"auth": {"file": "token"}}, "APO-GIT-013"),
        ({"knownHosts": "nowhere"}, "APO-GIT-012"),
    ):
        with pytest.raises(SourceError) as caught, anyio.fail_after(5):
            await source(repo="git@git.example.com:config.git", **written).refresh()
        assert caught.value.code == code and caught.value.hint


@contextmanager
def orphans_come_to_us() -> Iterator[None]:
    """As if this were process 1 of a container: what loses its parent becomes a child of ours."""
    prctl, set_child_subreaper = ctypes.CDLL(None).prctl, 36
    prctl(set_child_subreaper, 1)
    try:
        yield
    finally:
        prctl(set_child_subreaper, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_deadline_ends_ssh_too_even_one_that_ignores_it(
    tmp_path: Path, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    pid = tmp_path / "pid"
    ssh.write_text(f"#!/bin/sh\ntrap '' TERM\necho $$ > {pid}\nwhile :; do sleep 0.1; done\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:/usr/bin:/bin")
    with orphans_come_to_us(), pytest.raises(SourceError) as caught, anyio.fail_after(10):
        await source(repo="git@git.example.com:config.git", timeout=0.4).refresh()
    assert caught.value.code == "APO-GIT-007"
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()  # not even as a zombie


async def test_the_folder_of_the_clones_is_private(tmp_path: Path, repo: Repo, source: Make) -> None:
    repo.commit({"web.yaml": MANIFEST})
    await source(repo=repo.url()).refresh()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
