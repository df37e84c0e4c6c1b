"""The git credential: read where ``source.auth`` says, handed to git without ever being seen.

A token goes through a pipe that git's credential helper reads; the helper's text names the descriptor and
nothing else. So it is in no command line, no environment, no file and no URL. An ssh key has to be a file for
ssh: it is one, readable by us alone, for as long as one git command runs.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from apollo import settings
from apollo.errors import SourceError
from apollo.source.address import Address
from apollo.source.faults import credential, refused
from apollo.source.process import Access

__all__ = ["Credentials"]

_LARGEST: Final = 16 * 1024  # fits into a pipe
_HELPER: Final = 'credential.helper=!f() { test "$1" = get && cat /dev/fd/{secret}; }; f'
_FALLBACK_USER: Final = "x-access-token"  # GitHub's; GitLab and others take any name with a token


class Credentials:
    """The credential of one source.

    :param secret: reads ``{secretsManager: ARN}``.
    """

    def __init__(
        self,
        address: Address,
        source: settings.Source,
        base: Path,
        directory: Path,
        secret: Callable[[settings.SourceAuth], str] | None,
    ) -> None:
        self._address = address
        self._auth = source.auth
        self._known_hosts = source.knownHosts
        self._base = base
        self._directory = directory
        self._secret = secret
        self._kept: str | None = None
        self._last: str | None = None

    @property
    def key(self) -> str:
        """Tells credentials apart without holding any: those who may read less must not share a clone."""
        return (self._auth.model_dump_json() if self._auth else "") + (self._known_hosts or "")

    def forget(self) -> bool:
        """Drop what is remembered, after the server refused it; whether there was anything."""
        had, self._kept = self._kept is not None, None
        return had

    @contextmanager
    def access(self) -> Iterator[Access]:
        """What git needs to reach the repository. Blocks: reads files, may ask Secrets Manager.

        :raises SourceError: APO-GIT-013 when the credential cannot be read, 012 for bad settings.
        """
        scheme = self._address.scheme
        secret = self._read()
        if scheme == "https":
            yield Access(("https",)) if secret is None else self._https(secret)
        elif scheme == "ssh":
            with self._key_file(secret) as key:
                yield Access(("ssh",), {"GIT_SSH_COMMAND": self._ssh(key)})
        else:
            yield Access(("file",))

    def hidden(self, text: str) -> str:
        """``text`` without the credential, should a server have echoed it."""
        return text.replace(self._last, "***") if self._last else text

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> str | None:
        auth = self._auth
        if auth is None:
            return None
        if [auth.env, auth.file, auth.secretsManager].count(None) != 2:
            raise refused(
                "source.auth names not exactly one place",
                "write one of {env: NAME}, {file: PATH}, {secretsManager: ARN}",
            )
        if auth.env is not None:
            text = os.environ.get(auth.env)
            if not text:
                raise credential(
                    f"source.auth: the environment variable {auth.env} is not set", f"set {auth.env}"
                )
        elif auth.file is not None:
            try:
                text = (self._base / Path(auth.file).expanduser()).read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not text"
                raise credential(
                    f"source.auth: {auth.file} cannot be read: {reason}", "let Apollo's user read that file"
                ) from None
        else:
            text = self._kept or self._from_manager(auth)
            self._kept = text
        text = text.strip()
        if not text or len(text.encode()) > _LARGEST or "\0" in text:
            raise credential(
                "source.auth: the credential is empty or too long", "store a token or an ssh key"
            )
        self._last = text
        return text

    def _from_manager(self, auth: settings.SourceAuth) -> str:
        if self._secret is None:
            raise credential("source.auth: secretsManager is not available here", "use {env: NAME}")
        try:
            return self._secret(auth)
        except SourceError:
            raise
        except Exception as error:
            code = getattr(error, "aws_code", "") or type(error).__name__
            raise credential(
                f"source.auth: {auth.secretsManager} cannot be read: {code}",
                "the role of Apollo needs secretsmanager:GetSecretValue on it",
            ) from None

    # ── handing over ─────────────────────────────────────────────────────────────────────────────────────

    def _https(self, text: str) -> Access:
        user, password = self._pair(text)
        if any(ord(char) < 32 for char in user + password):
            raise credential(
                "source.auth: the credential holds a line break",
                "for https store a token, user:password, or {username, password} as JSON",
            )
        return Access(
            ("https",), settings=(_HELPER,), secret=f"username={user}\npassword={password}\n".encode()
        )

    def _pair(self, text: str) -> tuple[str, str]:
        """A token, ``user:password``, or JSON as Secrets Manager keeps it."""
        user = self._address.user
        if text.startswith("{"):
            try:
                data = json.loads(text)
            except ValueError:
                data = None
            if isinstance(data, dict):
                password = data.get("password", data.get("token"))
                name = data.get("username", user or _FALLBACK_USER)
                if isinstance(password, str) and isinstance(name, str):
                    return name, password
            raise credential(
                "source.auth: the JSON holds no password", 'store {"username": "…", "password": "…"}'
            )
        name, colon, password = text.partition(":")
        if colon and not user:
            return name, password
        return user or _FALLBACK_USER, text

    @contextmanager
    def _key_file(self, text: str | None) -> Iterator[Path | None]:
        if text is None:
            yield None
            return
        if "PRIVATE KEY-----" not in text:
            raise credential(
                "source.auth: for ssh the credential has to be a private key",
                "store the text of the key file, from BEGIN to END",
            )
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="ssh-", dir=self._directory))  # 0700
        try:
            key = folder / "key"
            key.touch(mode=0o600)
            key.write_text(text + "\n", "utf-8")
            yield key
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _ssh(self, key: Path | None) -> str:
        """ssh without anybody's configuration, which could name programs; it never asks and always checks."""
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ForwardAgent=no",
            "PermitLocalCommand=no",
            "ConnectTimeout=15",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=2",
            "ControlMaster=no",
            "ControlPath=none",
        ]
        if self._known_hosts is not None:
            hosts = (self._base / Path(self._known_hosts).expanduser()).absolute()
            if not hosts.is_file():
                raise refused(
                    f"source.knownHosts: {hosts} is not there", "write it with: ssh-keyscan HOST, and compare"
                )
            if '"' in str(hosts):
                raise refused("source.knownHosts: ssh takes no path with a quote", "rename the file")
            options += [f'UserKnownHostsFile="{hosts}"', "GlobalKnownHostsFile=/dev/null"]
        if key is not None:
            options += [f'IdentityFile="{key}"', "IdentitiesOnly=yes", "IdentityAgent=none"]
        return shlex.join(["ssh", "-F", "/dev/null", *(part for text in options for part in ("-o", text))])
