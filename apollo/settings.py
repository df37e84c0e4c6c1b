"""Apollo's own configuration as models: ``Installation`` and ``Environment`` of ``apollo.yaml``.

Read by `apollo.manifest`; a platform engineer who embeds Apollo builds them in code. Unknown keys are errors.
"""

# Annotations are values here, not text: pydantic would compile the text of each anew, for every class below.

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Allow",
    "Aws",
    "Duration",
    "Environment",
    "EnvironmentSpec",
    "EventBridgeTarget",
    "GithubTarget",
    "GitlabTarget",
    "Http",
    "Installation",
    "InstallationSpec",
    "Notification",
    "NotificationEvent",
    "NotificationSpec",
    "Plugins",
    "Policy",
    "Settings",
    "Share",
    "SlackTarget",
    "SnsTarget",
    "Source",
    "SourceAuth",
    "Sync",
    "WebhookTarget",
]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def _duration(value: Any) -> Any:
    """``30s``, ``15m``, ``1h30m`` → seconds. Numbers are refused: their unit would be a guess."""
    if isinstance(value, float):
        return value
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    if parts and "".join(number + unit for number, unit in parts) == value:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    raise ValueError("a duration such as 30s, 15m or 1h30m is expected")


def _share(value: Any) -> Any:
    """``20%`` → 0.2 (a share); a whole number → a count."""
    if isinstance(value, str) and value.endswith("%"):
        share = float(value[:-1]) / 100
        if not 0 <= share <= 1:
            raise ValueError("a share lies between 0% and 100%")
        return share
    if isinstance(value, str) and value.isdigit():
        return int(value)
    # 20.0 would be 2000 %, and no cap at all.
    if isinstance(value, int | float) and not 0 <= value <= (1 if isinstance(value, float) else math.inf):
        raise ValueError("write 20% or a whole number")
    return value


def _patient(value: float) -> float:
    """What is asked again and again must leave the asked one in peace."""
    if value < 1:
        raise ValueError("it is at least 1s")
    return value


def _address(value: str) -> str:
    """``HOST:PORT``; the host in brackets where it is an IPv6 address."""
    if re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}", value):
        return value
    raise ValueError("HOST:PORT is expected, such as 127.0.0.1:8080 or [::]:8080")


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds; written ``30s``, ``15m``, ``1h30m``."""
Share = Annotated[int | float, BeforeValidator(_share)]
"""Written ``20%`` (a float between 0 and 1 here) or as a count (an int)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Http(_Model):
    listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1:8080"
    """``HOST:PORT``. ``/livez``, ``/readyz`` and ``/metrics`` ask nobody who he is: let them be reached only
    from where they are wanted. ``apollo run --listen`` and ``APOLLO_LISTEN`` win over it."""


class Plugins(_Model):
    """Which installed packages may bring kinds and gates."""

    allow: tuple[str, ...] | None = None
    """Names of packages whose code may be loaded beside Apollo's own; left out: every installed one."""
    choose: dict[str, str] = Field(default_factory=dict)
    """Kind → package, where several bring the same kind."""


class InstallationSpec(_Model):
    store: str = "sqlite:.apollo/state.db"
    """Where history, approvals and events are kept: ``sqlite:PATH`` or ``none``."""
    http: Http | None = None
    """Where the operator answers ``/livez``, ``/readyz`` and ``/metrics``; nowhere by default."""
    plugins: Plugins = Plugins()


class Installation(_Model):
    name: str = Field(default="apollo", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    """Part of the ownership tag: two installations in one account never touch each other's objects."""
    spec: InstallationSpec = InstallationSpec()


class SourceAuth(_Model):
    """Where a secret is read from: a variable, a file or Secrets Manager; exactly one. It never appears
    in argv, logs or errors."""

    env: str | None = None
    file: str | None = None
    secretsManager: str | None = None


class Source(_Model):
    repo: str
    """A local path, an ``https://`` or an ``ssh://`` (or ``git@host:path``) URL."""
    branch: str = "main"
    path: str = ""
    """The folder of the repository that holds this environment's manifests; empty = all of it."""
    interval: Annotated[Duration, AfterValidator(_patient)] = 30.0
    """How often a remote is fetched, in seconds. A local repository is watched, and polled as a net."""
    auth: SourceAuth | None = None
    knownHosts: str | None = None
    """Path of an OpenSSH known_hosts file; host keys are always checked."""
    nonFastForward: Literal["accept", "hold"] = "accept"


class Aws(_Model):
    region: str | None = None
    accountId: str | None = Field(default=None, pattern=r"^\d{12}$")
    roleArn: str | None = Field(default=None, pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$")
    externalId: str | None = None


class Allow(_Model):
    """Restrictions a pull request cannot lift; ``None`` = no restriction. Entries may hold ``*``."""

    kinds: tuple[str, ...] | None = None
    clusters: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    listeners: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None


class Sync(_Model):
    automated: bool = True
    """False: observe and plan only."""
    prune: bool = False
    selfHeal: bool | Literal["warn"] = True
    """What to do about a change behind Apollo's back: heal it, leave it, or leave it and warn."""
    resync: Literal["auto"] | Duration = "auto"
    maxPrune: Share = 0.2
    progressDeadline: Duration = 900.0


Verdict = Literal["allow", "warn", "deny"]


class Policy(_Model):
    """How strict validation is where AWS itself would take what is written."""

    mutableTags: Verdict = "warn"
    """Images by ``latest`` or without a tag, which is the same: git does not say what runs."""
    plainSecrets: Verdict = "warn"
    """Environment values that look like passwords, keys or tokens."""
    placeholders: Verdict = "warn"
    """What another tool, or somebody, was to fill in: ``<IMAGE1_NAME>``, ``{{ must_env … }}``, ``${TAG}``."""


class EnvironmentSpec(_Model):
    source: Source | None = None
    aws: Aws = Aws()
    cluster: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    defaults: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Per kind, merged under every spec of that kind."""
    allow: Allow = Allow()
    policy: Policy = Policy()
    sync: Sync = Sync()


class Environment(_Model):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    spec: EnvironmentSpec = EnvironmentSpec()

    def digest(self) -> str:
        """The config digest: with the commit it identifies the desired state."""
        import hashlib

        text = self.model_dump_json(exclude={"spec": {"source": {"auth", "interval", "knownHosts"}}})
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class SlackTarget(_Model):
    """A Slack channel, through an incoming webhook."""

    webhook: SourceAuth
    """Where the webhook's URL is read from: it is a secret."""


class WebhookTarget(_Model):
    """Any HTTP endpoint; the body is JSON, signed as standardwebhooks.com says where there is a secret."""

    url: str | None = None
    urlFrom: SourceAuth | None = None
    """Where the URL is read from, if it is a secret; instead of ``url``."""
    secret: SourceAuth | None = None
    """What the body is signed with: ``whsec_`` and base64, or plain text."""


class SnsTarget(_Model):
    """An SNS topic of the environment's account, or one that lets it publish."""

    topicArn: str = Field(pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$")


class EventBridgeTarget(_Model):
    """An event bus, by name or ARN; the source is ``apollo``."""

    bus: str = "default"


class GithubTarget(_Model):
    """Commit statuses on GitHub."""

    token: SourceAuth
    repo: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    """``owner/name``; default: the environment's ``source.repo``."""
    api: str = "https://api.github.com"


class GitlabTarget(_Model):
    """Commit statuses on GitLab."""

    token: SourceAuth
    project: str | None = None
    """The project's path or number; default: the environment's ``source.repo``."""
    api: str = "https://gitlab.com/api/v4"


NotificationEvent = Literal[
    "RolloutStarted",
    "RolloutFinished",
    "RolloutFailed",
    "Degraded",
    "Failed",
    "Held",
    "Drifted",
    "Deleted",
    "SourceFailed",
    "Recovered",
]
"""What can be told; ``Recovered``: in sync and healthy again after one of the bad ones was told."""


class NotificationSpec(_Model):
    """Whom to tell what. Exactly one target; lists that are left out mean all."""

    environments: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    events: tuple[NotificationEvent, ...] = (
        "RolloutFinished",
        "RolloutFailed",
        "Degraded",
        "Failed",
        "Held",
        "Drifted",
        "Deleted",
        "SourceFailed",
        "Recovered",
    )
    """Left out: all but RolloutStarted. Not asked for commit statuses: those show the state of the commit."""
    template: str | None = None
    """The text, with ``$environment``, ``$key``, ``$event``, ``$message`` …; default: one plain sentence."""
    slack: SlackTarget | None = None
    webhook: WebhookTarget | None = None
    sns: SnsTarget | None = None
    eventBridge: EventBridgeTarget | None = None
    github: GithubTarget | None = None
    gitlab: GitlabTarget | None = None


class Notification(_Model):
    """Tells somebody about transitions."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    spec: NotificationSpec


class Settings(_Model):
    """One ``apollo.yaml``: an installation and its environments."""

    installation: Installation = Installation()
    environments: tuple[Environment, ...] = ()
    notifications: tuple[Notification, ...] = ()
    directory: str = "."
    """Where relative paths of the configuration start from."""
