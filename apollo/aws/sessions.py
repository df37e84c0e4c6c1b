"""boto3 sessions and clients: one session per set of credentials, one client per service and region.

Everything here blocks and runs in worker threads; boto3 is imported when the first session is made.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from apollo.aws import hooks
from apollo.aws.classify import error
from apollo.aws.faults import translate

if TYPE_CHECKING:
    from apollo.settings import Environment

__all__ = ["Login", "Sessions", "Timeouts"]


@frozen
class Login:
    """A set of credentials: what boto3's chain finds, or a role assumed with it."""

    role_arn: str | None = None
    external_id: str | None = None
    session_name: str = ""

    @classmethod
    def of(cls, environment: Environment, installation: str) -> Login:
        """Environments without a role share one login."""
        aws = environment.spec.aws
        if aws.roleArn is None:
            return cls()
        return cls(aws.roleArn, aws.externalId, session_name(installation, environment.name))


def session_name(installation: str, environment: str) -> str:
    """The AssumeRole session name, which CloudTrail shows: at most 64 of the characters that STS takes."""
    return re.sub(r"[^\w+=,.@-]", "-", f"apollo-{installation}-{environment}", flags=re.ASCII)[:64]


@frozen
class Timeouts:
    """Seconds."""

    connect: float = 5.0
    read: float = 30.0


_ROLE_SECONDS: Final = 3600


class Sessions:
    """The sessions of one process."""

    def __init__(self, profile: str | None, region: str | None, timeouts: Timeouts, connections: int) -> None:
        self._profile = profile
        self._region = region
        self._timeouts = timeouts
        self._connections = connections
        self._lock = threading.RLock()
        self._sessions: dict[Login, Any] = {}
        self._clients: dict[tuple[Login, str, str], Any] = {}

    def region(self, environment: Environment) -> str:
        """The region: flag, Environment, AWS_REGION, AWS_DEFAULT_REGION, profile.

        boto3 itself does not look at AWS_REGION.

        :raises AwsError: when none of them names one.
        """
        found = (
            self._region
            or environment.spec.aws.region
            or os.environ.get("AWS_REGION")
            or os.environ.get("AWS_DEFAULT_REGION")
            or self._session(Login()).region_name
        )
        if not found:
            raise error(
                f"no AWS region is known for environment {environment.name}",
                service="sts",
                operation="GetCallerIdentity",
                category="credentials",
                code="APO-AWS-015",
                lasting=True,
            )
        return str(found)

    def client(self, login: Login, service: str, region: str) -> Any:
        """The client; made once, shared by all threads."""
        key = (login, service, region)
        found = self._clients.get(key)
        if found is None:
            with self._lock:  # making a client is not safe in several threads at once
                found = self._clients.get(key)
                if found is None:
                    found = self._clients[key] = self._build(login, service, region)
        return found

    def forget(self, login: Login) -> None:
        """Read the credentials again at the next use: somebody may have signed in since."""
        stale = {login, Login()}  # a role's credentials come from the base's
        with self._lock:
            for each in stale:
                self._sessions.pop(each, None)
            for key in [key for key in self._clients if key[0] in stale]:
                del self._clients[key]  # not closed: other threads may be using it

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            self._sessions.clear()

    def _build(self, login: Login, service: str, region: str) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # who retries is decided above, per call
            connect_timeout=self._timeouts.connect,
            read_timeout=self._timeouts.read,
            max_pool_connections=self._connections,
            tcp_keepalive=True,
        )
        return self._session(login).client(service, region_name=region, config=config)

    def _session(self, login: Login) -> Any:
        with self._lock:
            found = self._sessions.get(login)
            if found is None:
                found = self._sessions[login] = self._new_session(login)
        return found

    def _new_session(self, login: Login) -> Any:
        import boto3
        import botocore.session

        from apollo.aws.answers import Parsers

        quieten()
        # A profile of its own for the role's session would bring its own role with it.
        core = botocore.session.Session(profile=self._profile)
        # The models of AWS: once in memory, however many accounts and operators a process serves.
        core.register_component("data_loader", _LOADERS.setdefault(*_loader(core)))
        core.register_component("response_parser_factory", Parsers())
        if login.role_arn is not None:
            core._credentials = self._assumed(login)
        session = boto3.Session(botocore_session=core)
        hooks.register(session.events)
        return session

    def _assumed(self, login: Login) -> Any:
        from botocore.credentials import DeferredRefreshableCredentials

        params: dict[str, Any] = {
            "RoleArn": login.role_arn,
            "RoleSessionName": login.session_name,
            "DurationSeconds": _ROLE_SECONDS,
        }
        if login.external_id is not None:
            params["ExternalId"] = login.external_id

        def refresh() -> Mapping[str, str]:
            try:
                answer = self.client(Login(), "sts", hooks.region()).assume_role(**params)
            except Exception as raised:
                failure = translate(raised, "sts", "AssumeRole", params)
            else:
                given = answer["Credentials"]
                return {
                    "access_key": given["AccessKeyId"],
                    "secret_key": given["SecretAccessKey"],
                    "token": given["SessionToken"],
                    "expiry_time": given["Expiration"].isoformat(),
                }
            raise failure

        return DeferredRefreshableCredentials(refresh_using=refresh, method="assume-role")


_LOADERS: dict[str, Any] = {}


def _loader(core: Any) -> tuple[str, Any]:
    from apollo.aws.files import PlainFiles

    loader = core.get_component("data_loader")
    loader.file_loader = PlainFiles()
    return core.get_config_variable("data_path") or "", loader


class _WithoutTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


_QUIET: Final = _WithoutTraceback()


def quieten() -> None:
    """botocore logs a traceback when credentials cannot be refreshed; the error itself arrives as ours."""
    logging.getLogger("botocore.credentials").addFilter(_QUIET)
