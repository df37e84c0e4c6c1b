"""What can go wrong, as types. Every error that reaches a user carries a stable code and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from attrs import frozen

__all__ = [
    "AccessDenied",
    "ApolloError",
    "AwsError",
    "AwsTerminal",
    "AwsTransient",
    "Category",
    "ConfigError",
    "LoadError",
    "Problem",
    "SourceError",
    "Terminal",
    "Transient",
]

Category = Literal[
    "throttled",  # a rate bucket is empty
    "unavailable",  # AWS or the network did not answer, and nothing was done
    "lost-answer",  # the call may or may not have been done: observe before doing it again
    "access-denied",  # the role lacks a permission
    "credentials",  # no, expired or wrong credentials; wrong account; no region
    "not-found",
    "conflict",  # somebody else holds the name, the priority, the token
    "not-ready",  # a dependency is not there yet (IAM propagation, target group without load balancer)
    "limit",  # a quota
    "invalid",  # AWS refuses the parameters
]


@frozen
class Problem:
    """One finding in a user's file: what, where, and what to do about it.

    ``line`` and ``column`` count from 1; 0 means that the finding belongs to the whole file. ``path`` is a
    JSON pointer into the document. ``excerpt`` is the source line with a caret, secrets masked.
    """

    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    hint: str = ""
    excerpt: str = ""
    severity: Literal["error", "warning", "unchecked", "note"] = "error"
    """``unchecked`` and ``note`` are of preflight checks only: one that could not be made, and what one found
    out that is not wrong."""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line or "", self.column or "") if part)
        field = f"{self.path}: " if self.path else ""
        text = (
            f"{where}: {field}{self.message} [{self.code}]"
            if where
            else f"{field}{self.message} [{self.code}]"
        )
        if self.excerpt:
            text += "\n" + self.excerpt
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text


class ApolloError(Exception):
    """The root of every error Apollo raises on purpose.

    :param message: one sentence, fit for a user; never holds a secret.
    :param code: stable, e.g. ``APO-AWS-002``; ``apollo explain CODE`` tells more.
    :param hint: the remedy.
    """

    def __init__(self, message: str, *, code: str = "APO-GENERAL-001", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class LoadError(ApolloError):
    """Files that cannot be loaded, with every problem found in them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0] if self.problems else Problem("APO-LOAD-001", "nothing could be loaded")
        super().__init__(str(first), code=first.code, hint=first.hint)


class ConfigError(LoadError):
    """Apollo's own configuration (``apollo.yaml``) cannot be used."""


class SourceError(ApolloError):
    """Git: the repository, the ref or the remote cannot be read now. The last good commit stays in force."""


class Transient(ApolloError):
    """Trying again may help: the engine retries with backoff. Exceptions nobody declared count as this.

    :param missing: what has to be there first, as `Controller.provides` names it (``cluster:green``). Where a
        plan brings that about, the resource is planned as one that is not there yet.
    """

    missing: str = ""

    def __init__(
        self,
        message: str,
        *,
        code: str = "APO-GENERAL-002",
        hint: str = "",
        reason: str = "Retrying",
        missing: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.reason = reason
        self.missing = missing


class Terminal(ApolloError):
    """Trying again cannot help: the engine sleeps until ``generation`` moves.

    :param reason: a CamelCase word for the status, e.g. ``Conflict``.
    """

    def __init__(
        self, message: str, *, code: str = "APO-GENERAL-003", hint: str = "", reason: str = "Failed"
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.reason = reason


class AwsError(ApolloError):
    """AWS refused or did not answer a call. Raised as `AwsTransient` or `AwsTerminal`.

    :param service: boto3's service name, e.g. ``ecs``. :param operation: e.g. ``UpdateService``.
    :param aws_code: AWS's error code, e.g. ``InvalidParameterException``; empty when nothing was answered.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        operation: str,
        category: Category,
        aws_code: str = "",
        request_id: str = "",
        code: str = "APO-AWS-001",
        hint: str = "",
    ) -> None:
        ApolloError.__init__(self, message, code=code, hint=hint)
        self.service = service
        self.operation = operation
        self.category = category
        self.aws_code = aws_code
        self.request_id = request_id
        self.reason = "".join(word.capitalize() for word in category.split("-"))


class AwsTransient(AwsError, Transient):
    """An AWS error that may pass."""


class AwsTerminal(AwsError, Terminal):
    """An AWS error that stays until somebody changes something."""


class AccessDenied(AwsTerminal):
    """The role lacks a permission; looked at again slowly, since IAM changes without a commit."""
