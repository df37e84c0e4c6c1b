"""Where a repository is, as ``source.repo`` may say it; what a branch and a folder may be called."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from attrs import frozen

from apollo.source.faults import refused

__all__ = ["Address", "branch_name", "folder", "parse"]

Scheme = Literal["local", "file", "https", "ssh"]

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_SCP = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]]+\]|[^/:\[]+):(?P<path>[^:].*|)", re.DOTALL)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|(?:^|/)\.|\.lock(?:/|$)|\.$")


@frozen
class Address:
    """A repository.

    :ivar text: the URL for git, or the absolute path. :ivar user: the name in the URL, if any.
    """

    scheme: Scheme
    text: str
    user: str = ""

    @property
    def remote(self) -> bool:
        """Whether Apollo keeps a clone of its own."""
        return self.scheme != "local"

    def __str__(self) -> str:
        return self.text


def _no_control(text: str) -> None:
    if not text or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise refused(
            "source.repo is empty or holds a control character", "write a path, https://… or ssh://…"
        )


def _host(host: str) -> None:
    """Refuse what is no host name, and the addresses at which clouds hand out credentials."""
    if not _HOST.fullmatch(host):
        raise refused(
            f"source.repo: {host!r} is not a host name", "write https://HOST/PATH or ssh://HOST/PATH"
        )
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return
    if (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) == "fd00:ec2::254"
    ):
        raise refused(
            f"source.repo: {host} is not an address of a git server", "name the git server by its host name"
        )


def _url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise refused("source.repo is not a URL", "write https://HOST/PATH or ssh://USER@HOST/PATH") from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise refused("source.repo: file:// takes an absolute path of this machine", "write file:///PATH")
        return Address("file", "file://" + parts.path)
    if scheme not in ("https", "ssh"):
        raise refused(
            f"source.repo: {scheme}:// is not supported",
            "use https:// or ssh://; http:// and git:// can be changed on the way",
        )
    if parts.password is not None or (parts.query or parts.fragment):
        raise refused(
            "source.repo: the URL holds a credential, a query or a fragment",
            "take it out; a credential belongs into source.auth: {env: …}, {file: …} or {secretsManager: …}",
        )
    user = parts.username or ""
    if user and not _USER.fullmatch(user):
        raise refused("source.repo: the user name in the URL is odd", "take it out; see source.auth")
    if scheme == "https" and len(user) > 32:
        raise refused(
            "source.repo: what stands before the @ looks like a token",
            "take it out, and name it in source.auth: {env: …}, {file: …} or {secretsManager: …}",
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    _host(host)
    if parts.path.startswith("/-") or not parts.path.strip("/"):
        raise refused(
            "source.repo: the URL names no repository", "write https://HOST/PATH or ssh://HOST/PATH"
        )
    where = (f"{user}@" if user else "") + host + (f":{port}" if port else "")
    return Address("https" if scheme == "https" else "ssh", f"{scheme}://{where}{parts.path}", user)


def parse(repo: str, base: Path) -> Address:
    """What ``source.repo`` means. A relative path starts from ``base``.

    :raises SourceError: APO-GIT-012 for a scheme, a host or a credential that is not accepted.
    """
    _no_control(repo)
    if "://" in repo:
        return _url(repo)
    if re.match(r"[A-Za-z0-9+.-]+::", repo):
        raise refused("source.repo: git's remote helpers are not supported", "use https:// or ssh://")
    scp = _SCP.fullmatch(repo)
    if scp and not repo.startswith(("/", ".", "~")) and (scp["user"] or not (base / repo).exists()):
        user = scp["user"] or ""
        if (user and not _USER.fullmatch(user)) or not scp["path"] or scp["path"].startswith("-"):
            raise refused(f"source.repo: {repo!r} is not an ssh address", "write ssh://USER@HOST/PATH")
        _host(scp["host"])
        return Address("ssh", repo, user)
    if repo.startswith("-"):
        raise refused("source.repo starts with a dash", f"write ./{repo} if it is a folder")
    return Address("local", str((base / Path(repo).expanduser()).absolute()))


def branch_name(name: str) -> str:
    """The branch, by git's own rules for ref names.

    :raises SourceError: APO-GIT-012.
    """
    name = name.removeprefix("refs/heads/")
    if not name or name == "@" or name.startswith("-") or _BAD_IN_REF.search(name):
        raise refused(f"source.branch: {name!r} cannot be a branch", "write its plain name, such as main")
    return name


def folder(path: str) -> str:
    """The folder of ``source.path``, without slashes at its ends; empty for the whole repository.

    :raises SourceError: APO-GIT-012.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    odd = any(part == ".." or part.lower() == ".git" for part in parts)
    if path.startswith("/") or odd or any(ord(char) < 32 or char == "\\" for char in path):
        raise refused(
            f"source.path: {path!r} is not a folder of the repository",
            "write it from the top of the repository, such as apps/stage",
        )
    return "/".join(parts)
