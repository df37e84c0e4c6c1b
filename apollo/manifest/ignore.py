"""``.apolloignore``: files below a folder that are no manifests, in the language of ``.gitignore``.

One pattern per line; ``#`` comments; ``!`` takes back; a trailing ``/`` means folders; a pattern with a ``/``
before its end is anchored at the folder of the ``.apolloignore``, any other matches at every depth; ``*``,
``?``, ``[a-z]`` stay inside one name and ``**`` crosses folders. The last pattern that matches decides, and
nothing below an ignored folder can be taken back.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from attrs import frozen

__all__ = ["NAME", "Ignore"]

NAME = ".apolloignore"


@frozen
class _Rule:
    pattern: re.Pattern[str]
    folders_only: bool
    takes_back: bool


def _rule(line: str) -> _Rule | None:
    text = line.rstrip("\r\n")
    text = text if text.endswith("\\ ") else text.rstrip(" ")
    if not text or text.startswith("#"):
        return None
    takes_back = text.startswith("!")
    text = text[1:] if takes_back else text.removeprefix("\\")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    body = _regex(text.removeprefix("/"))
    return _Rule(re.compile(body if anchored else f"(?:.*/)?{body}"), folders_only, takes_back)


def _regex(pattern: str) -> str:
    out, index = "", 0
    while index < len(pattern):
        char = pattern[index]
        if pattern.startswith("**/", index) and (index == 0 or pattern[index - 1] == "/"):
            out, index = out + "(?:.*/)?", index + 3
            continue
        if pattern.startswith("**", index):
            out, index = out + ".*", index + 2
            continue
        end = pattern.find("]", index + 2) if char == "[" else -1
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif end > 0:
            inside = pattern[index + 1 : end]
            inside = "^" + inside[1:] if inside[0] == "!" else inside
            out += "[" + inside.replace("\\", "\\\\").replace("[", "\\[") + "]"
            index = end
        elif char == "\\" and index + 1 < len(pattern):
            index += 1
            out += re.escape(pattern[index])
        else:
            out += re.escape(char)
        index += 1
    return out


class Ignore:
    """The rules of every ``.apolloignore`` of a tree.

    :param files: repository-relative path of each → its content.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._rules: list[tuple[str, list[_Rule]]] = []
        for path in sorted(files, key=lambda path: (path.count("/"), path)):
            folder = posixpath.dirname(path)
            rules = []
            for line in files[path].decode(errors="replace").splitlines():
                try:
                    rule = _rule(line)
                except re.error:
                    continue  # as git does with a pattern that cannot match
                if rule is not None:
                    rules.append(rule)
            self._rules.append((f"{folder}/" if folder else "", rules))

    def __call__(self, path: str) -> bool:
        """Whether the file is ignored, by its own name or that of a folder above it."""
        if not self._rules:
            return False
        parts = path.split("/")
        return any(
            self._matches("/".join(parts[:depth]), folder=depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def _matches(self, path: str, *, folder: bool) -> bool:
        ignored = False
        for prefix, rules in self._rules:
            if not path.startswith(prefix):
                continue
            below = path[len(prefix) :]
            for rule in rules:
                if (folder or not rule.folders_only) and rule.pattern.fullmatch(below):
                    ignored = not rule.takes_back
        return ignored
