"""What may be written in ``source.repo``, ``source.branch`` and ``source.path``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apollo.errors import SourceError
from apollo.source import GitSource
from apollo.source.address import branch_name, folder, parse

Make = Callable[..., GitSource]


@pytest.mark.parametrize(
    ("repo", "scheme", "text"),
    [
        ("config.git", "local", "/base/config.git"),
        ("./a:b", "local", "/base/a:b"),
        ("../x", "local", "/base/../x"),
        ("/srv/config.git", "local", "/srv/config.git"),
        (".", "local", "/base"),
        ("/srv/$HOME/%41", "local", "/srv/$HOME/%41"),
        ("file:///srv/config.git", "file", "file:///srv/config.git"),
        ("https://github.com/acme/config.git", "https", "https://github.com/acme/config.git"),
        ("HTTPS://GitHub.com:8443/acme/config", "https", "https://github.com:8443/acme/config"),
        ("https://oauth2@gitlab.com/a/b.git", "https", "https://oauth2@gitlab.com/a/b.git"),
        ("https://[2001:db8::1]/a.git", "https", "https://[2001:db8::1]/a.git"),
        ("https://127.0.0.1:8443/a.git", "https", "https://127.0.0.1:8443/a.git"),
        ("ssh://git@github.com/acme/config.git", "ssh", "ssh://git@github.com/acme/config.git"),
        ("git@github.com:acme/config.git", "ssh", "git@github.com:acme/config.git"),
        ("github.com:acme/config.git", "ssh", "github.com:acme/config.git"),
    ],
)
def test_addresses_that_are_taken(repo: str, scheme: str, text: str) -> None:
    address = parse(repo, Path("/base"))
    assert (address.scheme, address.text) == (scheme, text)
    assert address.remote == (scheme != "local")


@pytest.mark.parametrize(
    "repo",
    [
        "",
        "http://github.com/a.git",
        "git://github.com/a.git",
        "ftp://github.com/a.git",
        "ext::sh -c touch% /tmp/x",
        "ext://x/y",
        "fd::3",
        "https://user:hunter2canary@github.com/a.git",
        "https://ghp_hunter2canary5678901234567890123456@github.com/a.git",
        "https://github.com/a.git?token=hunter2canary",
        "https://github.com/a.git#hunter2canary",
        "https://github.com",
        "https:///a.git",
        "https://-oProxyCommand=x/a.git",
        "https://git hub/a.git",
        "https://github.com:port/a.git",
        "https://169.254.170.2/v2/credentials",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/latest",
        "https://[fe80::1]/x",
        "https://0.0.0.0/x",
        "ssh://-oProxyCommand=touch/x",
        "ssh://git@-oProxyCommand=x/y",
        "ssh://git:hunter2canary@github.com/a.git",
        "ssh://-l@github.com/a.git",
        "ssh://git@github.com/-x",
        "-oProxyCommand=x:y",
        "git@-oProxyCommand=x:y",
        "git@github.com:",
        "git@github.com:-x",
        "git@169.254.169.254:x",
        "--upload-pack=touch /tmp/x",
        "file://host/share",
        "file://relative",
        "a\nb",
        "a\0b",
    ],
)
def test_addresses_that_are_refused_with_a_remedy(repo: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(repo, Path("/base"))
    assert caught.value.code == "APO-GIT-012" and caught.value.hint
    assert "hunter2canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("name", ["main", "team/green", "release-1.2", "grün", "a@b", "refs/heads/x"])
def test_branches_that_are_taken(name: str) -> None:
    assert branch_name(name) == name.removeprefix("refs/heads/")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "a\nb",
            "@",
        ),
        *(
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "a@{1}",
            "refs/heads/",
            "refs/heads/-x",
        ),
    ],
)
def test_branches_that_are_refused(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        branch_name(name)
    assert caught.value.code == "APO-GIT-012" and caught.value.hint


def test_folders() -> None:
    for path, meant in {
        "": "",
        ".": "",
        "./": "",
        "apps": "apps",
        "apps//stage/": "apps/stage",
        "-x": "-x",
    }.items():
        assert folder(path) == meant
    for path in ("..", "apps/../..", "/apps", ".git", "a/.GIT/b", "a\\b", "a\nb"):
        with pytest.raises(SourceError):
            folder(path)


@pytest.mark.anyio
async def test_a_bad_configuration_is_said_when_the_source_is_opened(source: Make) -> None:
    for written in ({"repo": "http://x/y"}, {"branch": "--all"}, {"path": "../up"}):
        with pytest.raises(SourceError) as caught:
            await source(**written).open()
        assert caught.value.code == "APO-GIT-012"
