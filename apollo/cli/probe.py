"""Asking an operator how it is, with the standard library only: a container asks every few seconds."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["DEFAULT", "VARIABLE", "arguments", "ask", "url_of"]

VARIABLE = "APOLLO_LISTEN"
DEFAULT = "127.0.0.1:8080"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}


def url_of(listen: str) -> str:
    """The URL at which somebody who listens so is asked from the same machine."""
    host, _, port = listen.rpartition(":")
    return f"http://{_EVERYWHERE.get(host, host)}:{port}"


def ask(url: str, path: str, seconds: float) -> tuple[bool, str]:
    """Whether all is well, and what was answered or went wrong, on one line."""
    import http.client

    host = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        text = answer.read(65_536).decode("utf-8", "replace").strip()
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return False, f"nobody answers at {url}{path}: {why}"
    finally:
        connection.close()
    return answer.status == 200, text or f"HTTP {answer.status}"


def arguments(words: Sequence[str]) -> tuple[str, str, float] | None:
    """URL, path and seconds of a plain command line; None for one that needs to be looked at more closely."""
    url, path, seconds = url_of(os.environ.get(VARIABLE) or DEFAULT), "/livez", 5.0
    rest = iter(words)
    for word in rest:
        if word == "--ready":
            path = "/readyz"
            continue
        value = next(rest, "")
        if word == "--url" and value.startswith("http://"):
            url = value
        elif word == "--timeout" and value.isdigit() and int(value):
            seconds = float(value)
        else:
            return None
    return url, path, seconds
