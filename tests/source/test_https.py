"""A remote over https: credentials reach the server, and nobody else."""

from __future__ import annotations

import json
import logging
import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apollo.errors import SourceError
from apollo.settings import SourceAuth
from apollo.source import GitSource
from tests.source.https import Server, certificate
from tests.source.repo import MANIFEST, Repo

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate"),
]
Make = Callable[..., GitSource]

CANARY = "ghp_canary0123456789"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(tmp_path: Path, pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(pem))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = Server(tmp_path, pem)
    yield server
    server.close()


async def fails(found: GitSource, code: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await found.refresh()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert CANARY not in "".join(traceback.format_exception(caught.value)) + caught.value.hint
    return caught.value


async def test_a_public_repository_is_followed(repo: Repo, source: Make, server: Server) -> None:
    first = repo.commit({"web.yaml": MANIFEST})
    found = source(repo=f"{server.url}/config/.git")
    assert (await found.refresh()).sha == first
    second = repo.commit({"web.yaml": b"2"})
    assert (await found.refresh()).sha == second
    assert (await found.changes(first, second)).files == {"web.yaml": b"2"}
    assert not server.seen


async def test_every_form_of_a_credential_reaches_the_server(
    tmp_path: Path, repo: Repo, source: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    server.password = CANARY
    url = f"{server.url}/config/.git"
    monkeypatch.setenv("GIT_TOKEN", CANARY)
    monkeypatch.setenv("GIT_PAIR", f"deploy:{CANARY}")
    (tmp_path / "token").write_text(f"{CANARY}\n")
    (tmp_path / "pair.json").write_text(json.dumps({"username": "robot", "password": CANARY}))
    (tmp_path / "token.json").write_text(json.dumps({"token": CANARY}))
    cases = [
        ({"env": "GIT_TOKEN"}, url, "x-access-token"),
        ({"env": "GIT_PAIR"}, url, "deploy"),
        ({"file": "token"}, url, "x-access-token"),
        ({"file": str(tmp_path / "pair.json")}, url, "robot"),
        ({"file": "token.json"}, url, "x-access-token"),
        ({"secretsManager": "arn:aws:secretsmanager:x"}, url, "x-access-token"),
        ({"env": "GIT_TOKEN"}, url.replace("https://", "https://oauth2@"), "oauth2"),
    ]
    for auth, repository, user in cases:
        server.seen.clear()
        found = source(repo=repository, auth=auth, secret=lambda _: CANARY)
        assert (await found.refresh()).sha == sha
        assert f"{user}:{CANARY}" in server.seen, auth
        assert {pair.partition(":")[0] for pair in server.seen} == {user}, auth


async def test_a_credential_is_seen_by_nobody_but_the_server(
    tmp_path: Path,
    repo: Repo,
    source: Make,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    server.password = CANARY
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setenv("GIT_TRACE", "1")  # not passed on
    monkeypatch.setenv("GIT_TRACE_CURL", "1")
    leaks: list[str] = []
    looked: list[str] = []

    def look() -> None:
        """Every process of this machine that can be seen, while git talks to the server."""
        for path in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    text = (path / name).read_bytes()
                except OSError:
                    continue
                looked.append(name)
                if CANARY.encode() in text:
                    leaks.append(f"{path.name}/{name}")
        files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        leaks.extend(str(path) for path in files if CANARY.encode() in path.read_bytes())

    server.during = look
    caplog.set_level(logging.DEBUG)
    found = source(repo=f"{server.url}/config/.git", auth={"file": "token"})
    await found.refresh()
    repo.commit({"web.yaml": b"2"})
    await found.refresh()
    look()
    assert server.seen and looked
    assert not leaks
    assert CANARY not in caplog.text
    assert CANARY not in repr(found) + repr(vars(found))


async def test_a_refused_credential_says_so_without_showing_it(
    tmp_path: Path, repo: Repo, source: Make, server: Server
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    server.password = "another"
    (tmp_path / "token").write_text(CANARY)
    url = f"{server.url}/config/.git"
    assert "source.auth" in (await fails(source(repo=url, auth={"file": "token"}), "APO-GIT-005")).hint
    await fails(source(repo=url), "APO-GIT-005")


async def test_a_rotated_secret_is_read_anew(repo: Repo, source: Make, server: Server) -> None:
    sha = repo.commit({"web.yaml": MANIFEST})
    server.password = "one"
    asked: list[SourceAuth] = []

    def secret(auth: SourceAuth) -> str:
        asked.append(auth)
        assert server.password
        return server.password

    found = source(repo=f"{server.url}/config/.git", auth={"secretsManager": "arn:x"}, secret=secret)
    await found.refresh()
    await found.refresh()
    assert len(asked) == 1
    server.password = "two"
    assert (await found.refresh()).sha == sha
    assert len(asked) == 2


async def test_a_credential_that_cannot_be_read_is_named(
    tmp_path: Path, repo: Repo, source: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{server.url}/config/.git"
    monkeypatch.delenv("GIT_TOKEN", raising=False)
    assert "GIT_TOKEN" in (await fails(source(repo=url, auth={"env": "GIT_TOKEN"}), "APO-GIT-013")).message
    assert "nowhere" in (await fails(source(repo=url, auth={"file": "nowhere"}), "APO-GIT-013")).message
    (tmp_path / "empty").write_text(" \n")
    await fails(source(repo=url, auth={"file": "empty"}), "APO-GIT-013")
    (tmp_path / "lines").write_text(f"{CANARY}\n{CANARY}")
    await fails(source(repo=url, auth={"file": "lines"}), "APO-GIT-013")
    (tmp_path / "object").write_text(json.dumps({"key": CANARY}))
    await fails(source(repo=url, auth={"file": "object"}), "APO-GIT-013")

    def broken(_: SourceAuth) -> str:
        raise RuntimeError(f"AccessDenied for {CANARY}")

    await fails(source(repo=url, auth={"secretsManager": "arn:x"}, secret=broken), "APO-GIT-013")
    await fails(source(repo=url, auth={"secretsManager": "arn:x"}), "APO-GIT-013")
    await fails(source(repo=url, auth={"env": "A", "file": "b"}), "APO-GIT-012")
    assert not server.requests


async def test_a_redirect_is_not_followed(
    tmp_path: Path, repo: Repo, source: Make, server: Server, pem: Path
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    (tmp_path / "token").write_text(CANARY)
    other = Server(tmp_path, pem)
    try:
        server.redirect = other.url
        error = await fails(source(repo=f"{server.url}/config/.git", auth={"file": "token"}), "APO-GIT-004")
        assert "redirects" in error.message
        assert not other.requests
    finally:
        other.close()


async def test_an_absent_repository_an_untrusted_and_an_absent_server(
    repo: Repo, source: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"web.yaml": MANIFEST})
    assert (
        "no such repository" in (await fails(source(repo=f"{server.url}/nowhere.git"), "APO-GIT-004")).message
    )
    monkeypatch.delenv("GIT_SSL_CAINFO")
    error = await fails(source(repo=f"{server.url}/config/.git"), "APO-GIT-004")
    assert "not trusted" in error.message and "SSL_CERT_FILE" in error.hint
    server.close()
    assert (
        "cannot be reached" in (await fails(source(repo=f"{server.url}/config/.git"), "APO-GIT-004")).message
    )
    server._thread.join()
