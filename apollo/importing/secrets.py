"""Plain values that look like secrets: told by name only, never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apollo.importing.model import Imported, Report

__all__ = ["looks_secret", "warn_of_secrets"]

_NAME = re.compile(
    r"passw(?:or)?d|passphrase|(?:^|_)pwd(?:$|_)|secret|(?:^|_)token(?:$|_)|credential|api_?key|private_?key"
    r"|access_?key|auth_?key|signing_?key|encryption_?key",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|://[^/\s:@]+:[^/\s@]+@"
)
_HARMLESS = re.compile(
    r"\$\{\{.*\}\}|arn:.*|https?://[^@]*|true|false|\d{0,4}|/.*", re.IGNORECASE | re.DOTALL
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a plain environment value may be a secret."""
    if _VALUE.search(value):
        return True
    return _NAME.search(name) is not None and _HARMLESS.fullmatch(value) is None


def warn_of_secrets(imported: Iterable[Imported], report: Report) -> None:
    """A warning for each environment value that looks like a secret."""
    for one in imported:
        for container in _list(one.spec.get("containerDefinitions")):
            for member in _list(container.get("environment")):
                name, value = str(member.get("name", "")), str(member.get("value", ""))
                if looks_secret(name, value):
                    report.note(
                        "warning",
                        f"{one.key}: the value of {name} looks like a secret and stands in the manifest",
                        path=f"/containerDefinitions/{container.get('name')}/environment/{name}",
                        hint="move it to Secrets Manager or SSM and name it under secrets before you commit",
                    )


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
