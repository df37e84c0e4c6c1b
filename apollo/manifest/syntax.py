"""Text to nodes: YAML 1.2 and JSON by one parser, with every trap of the format as a finding.

The parser is libyaml's, by way of PyYAML's events; without libyaml PyYAML's own one does the same, slower.
What a scalar means is decided here and later, never by PyYAML, which reads YAML 1.1.

Decisions: aliases are expanded within a budget, and never recursive. ``<<`` is an error, since YAML 1.2 has
no merge keys. Keys are text, as written (``80:`` is the key ``"80"``). Core tags only.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

import yaml
from attrs import frozen
from yaml import events as ev

from apollo.errors import Problem
from apollo.manifest.nodes import ListNode, MapNode, Node, Source, TextNode
from apollo.manifest.scalars import resolve

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # PyYAML without libyaml
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Parser(Reader, Scanner, Parser):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)


__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_PROBLEMS", "ParsedFile", "is_manifest_text", "parse"]

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 64
MAX_ALIASES: Final = 100
MAX_EXPANDED: Final = 10_000
"""Nodes that the aliases of one file may add to it."""
MAX_PROBLEMS: Final = 50
"""Findings of one file; more would help nobody."""

# libyaml refuses most of these itself, but without saying which character it was. U+0085, U+2028 and U+2029
# would end lines (also comments), since libyaml knows YAML 1.1 only; in YAML 1.2 they do not.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ue000\ue001\ufffe\uffff]")
_RESERVED = re.compile("[\x00\ue000\ue001]")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
_FUNCTION = re.compile(r"![A-Z][A-Za-z0-9]*")
_TAGS: dict[str, type | tuple[type, ...]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:null": type(None),
}


def _remedy(message: str, begin: int) -> str:
    """What to do about a message of the YAML parser. :param begin: the line where the block begins, or 0."""
    if "mapping values are not allowed" in message:
        return "begin the line in the column of its neighbours; a text that holds ': ' goes into quotes"
    if "block mapping" in message or "block collection" in message or "block sequence" in message:
        return f"begin the line in a column of the block around it, which begins in line {begin or 1}"
    if "flow mapping" in message or "flow sequence" in message:
        return (
            f"close the {'{' if 'mapping' in message else '['} of line {begin or 1}, and put commas between"
        )
    if "quoted scalar" in message:
        return f"close the quotes that begin in line {begin or 1}"
    if "cannot start any token" in message:
        return "put the text into quotes"
    return ""


@frozen
class ParsedFile:
    """One file, read but not understood.

    :ivar documents: those before the first syntax error; empty ones are left out.
    :ivar problems: what is wrong with the text; with one error in it, no document of the file is used.
    """

    file: str
    documents: tuple[Node, ...]
    problems: tuple[Problem, ...]
    source: Source

    @property
    def ok(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


def parse(data: bytes, file: str, *, functions: bool = False) -> ParsedFile:
    """Read one file of YAML or JSON. Never raises; whatever is wrong is among the problems.

    :param functions: take CloudFormation's short forms for what they stand for: ``!Ref x`` is
        ``{Ref: x}``, ``!GetAtt a.b`` is ``{Fn::GetAtt: a.b}``.
    """
    text, problem = _decode(data, file)
    source = Source(file, text)
    problem = problem or _foreign(source)
    if problem is not None:
        return ParsedFile(file, (), (problem,), source)
    reader = _Reader(source, functions)
    reader.read()
    return ParsedFile(file, tuple(reader.documents), tuple(reader.problems), source)


def _decode(data: bytes, file: str) -> tuple[str, Problem | None]:
    if len(data) > MAX_BYTES:
        return "", Problem(
            "APO-YAML-012",
            f"the file has {len(data):,} bytes; {MAX_BYTES:,} are the most that is read",
            file=file,
            hint="split it, or list it in .apolloignore when it is no manifest",
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", Problem(
            "APO-YAML-002", "the file is UTF-16", file=file, line=1, column=1, hint="save it as UTF-8"
        )
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode(), None
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(errors="replace")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        where = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        return before, Source(file, before).problem(
            "APO-YAML-002", message, *where, hint="save the file as UTF-8"
        )


def _at(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _foreign(source: Source) -> Problem | None:
    """What is no YAML at all, told before a parser stumbles over it."""
    text = source.text
    start = text[:200].lstrip().lower()
    if start.startswith("version https://git-lfs.github.com/spec/"):
        return source.problem(
            "APO-YAML-014",
            "this is a Git LFS pointer, not the file itself",
            1,
            1,
            hint="keep manifests out of LFS (.gitattributes)",
        )
    if start.startswith(("<!doctype html", "<html")):
        return source.problem(
            "APO-YAML-015", "this is a web page, not YAML or JSON", 1, 1, hint="download the raw file"
        )
    if found := _FORBIDDEN.search(text):
        char = ord(found.group())
        return source.problem(
            "APO-YAML-003",
            f"the character U+{char:04X} is not allowed in a manifest",
            *_at(text, found.start()),
            hint='remove it, or write it as an escape inside double quotes: "\\u2028"',
        )
    if "<<<<<<<" in text or ">>>>>>>" in text:
        found = _CONFLICT.search(text)
        if found is not None:
            return source.problem(
                "APO-YAML-013",
                "a merge conflict was committed here",
                *_at(text, found.start()),
                hint="resolve the conflict and commit again",
            )
    return None


_Get = Callable[[], Any]
"""The next event of PyYAML's."""


class _Stop(Exception):
    """Reading on would be pointless; the problem is recorded."""


class _Reader:
    def __init__(self, source: Source, functions: bool = False) -> None:
        self.source = source
        self.functions = functions
        self.escapes = "\\" in source.text
        self.documents: list[Node] = []
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliases = 0
        self.expanded = 0

    def add(self, code: str, message: str, mark: Any, *, hint: str = "") -> None:
        self.problems.append(self.source.problem(code, message, mark.line + 1, mark.column + 1, hint=hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop

    def read(self) -> None:
        text = self.source.text
        pairs: list[int] = []
        if "\\u" in text and text.lstrip()[:1] in ("{", "[", '"'):
            # JSON writes characters beyond U+FFFF as two escapes, which YAML does not know.
            pairs = [found.start() for found in _SURROGATES.finditer(text)]
            text = _SURROGATES.sub(_pair, text) if pairs else text
        try:
            self.stream(_Parser(text).get_event)
        except _Stop:
            pass
        except yaml.YAMLError as error:
            self.syntax(error)
        except (ValueError, OverflowError, RecursionError) as error:  # odd escapes in PyYAML's own parser
            self.problems.append(self.source.problem("APO-YAML-001", f"not YAML: {error}", 0, 0))
        for document in self.documents if pairs else ():
            _restore(document, self.source.text, [at - 2 * i for i, at in enumerate(pairs)])
        if not self.documents and not self.problems:
            self.problems.append(
                self.source.problem(
                    "APO-YAML-017",
                    "the file is empty",
                    0,
                    0,
                    hint="delete it to say that nothing is wanted here; an empty file may be a broken write",
                )
            )

    def syntax(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        context = getattr(error, "context", None)
        message = f"{what} ({context})" if context else str(what)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        hint = ""
        lines = self.source.text.split("\n")
        if 0 < line <= len(lines) and lines[line - 1][: max(column, 1)].strip(" ").startswith("\t"):
            hint = "indent with spaces, not with tabs"
        elif "{{" in (lines[line - 1] if 0 < line <= len(lines) else ""):
            hint = "Apollo reads no templates; put a ${{ … }} expression into quotes"
        else:
            begin = getattr(error, "context_mark", None)
            hint = _remedy(message, begin.line + 1 if begin is not None else 0)
        self.problems.append(self.source.problem("APO-YAML-001", message, line, column, hint=hint))

    def stream(self, get: _Get) -> None:
        get()  # StreamStart
        while True:
            event = get()
            if type(event) is ev.StreamEndEvent:
                return
            if event.version is not None and tuple(event.version) != (1, 2):
                self.add(
                    "APO-YAML-016",
                    f"YAML {event.version[0]}.{event.version[1]} is asked for; Apollo reads YAML 1.2",
                    event.start_mark,
                    hint="remove the %YAML line",
                )
            self.anchors = {}
            node = self.node(get, get(), 0)
            get()  # DocumentEnd
            if isinstance(node, TextNode) and node.absent:
                if (event.explicit or self.documents) and len(self.problems) < MAX_PROBLEMS:
                    self.problems.append(
                        Problem(
                            "APO-YAML-017",
                            "this document is empty",
                            file=self.source.file,
                            line=event.start_mark.line + 1,
                            column=1,
                            hint="remove the surplus ---",
                            severity="warning",
                        )
                    )
            else:
                self.documents.append(node)

    def node(self, get: _Get, event: Any, depth: int) -> Node:
        if type(event) is ev.ScalarEvent and event.tag is None and event.anchor is None:
            return self.scalar(event)
        tag = getattr(event, "tag", None) if self.functions else None
        if tag is None or _FUNCTION.fullmatch(tag) is None:
            return self.untagged(get, event, depth)
        event.tag = None
        anchor, event.anchor = event.anchor, None
        inner = self.untagged(get, event, depth + 1)
        name = tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"
        node = MapNode(self.source, inner.line, inner.column, inner.start, inner.end)
        node.put(TextNode(self.source, inner.line, inner.column, name, plain=False), inner)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def scalar(self, event: Any) -> TextNode:
        """Nearly all there is: a scalar without a tag and an anchor."""
        text, style, mark = event.value, event.style, event.start_mark
        plain = not style
        if not plain and self.escapes:
            text = self.escaped(text, mark)
        return TextNode(
            self.source,
            mark.line + 1,
            mark.column + 1,
            text,
            plain,
            style or "",
            mark.index,
            event.end_mark.index,
        )

    def untagged(self, get: _Get, event: Any, depth: int) -> Node:
        kind: type = type(event)
        mark = event.start_mark
        if kind is ev.ScalarEvent:
            text = event.value
            plain = event.style is None or event.style == ""
            if not plain and self.escapes:
                text = self.escaped(text, mark)
            if event.tag is not None and event.tag != "!":
                plain = self.scalar_tag(event, text)
            elif event.tag == "!":
                plain = False
            node: Node = TextNode(
                self.source,
                mark.line + 1,
                mark.column + 1,
                text,
                plain,
                event.style or "",
                mark.index,
                event.end_mark.index,
            )
            if event.anchor is not None:
                self.anchors[event.anchor] = node
            return node
        if kind is ev.AliasEvent:
            return self.alias(event)
        if depth >= MAX_DEPTH:
            self.add("APO-YAML-007", f"nested deeper than {MAX_DEPTH} levels", mark)
            raise _Stop
        if event.anchor is not None:
            self.anchors[event.anchor] = None  # an alias inside would be a cycle
        if event.tag is not None and event.tag != "!":
            wanted = "tag:yaml.org,2002:map" if kind is ev.MappingStartEvent else "tag:yaml.org,2002:seq"
            if event.tag != wanted:
                self.tag(event)
        if kind is ev.MappingStartEvent:
            node = self.mapping(get, mark, depth)
        else:
            items = ListNode(self.source, mark.line + 1, mark.column + 1, mark.index)
            following: Any = get()
            while type(following) is not ev.SequenceEndEvent:
                items.items.append(self.node(get, following, depth + 1))
                following = get()
            ending: Any = following.end_mark
            items.end = ending.index
            node = items
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def mapping(self, get: _Get, mark: Any, depth: int) -> MapNode:
        node = MapNode(self.source, mark.line + 1, mark.column + 1, mark.index)
        items, keys = node.items, node.keys
        event: Any = get()
        while type(event) is not ev.MappingEndEvent:
            key = self.node(get, event, depth + 1)
            value = self.node(get, get(), depth + 1)
            if type(key) is TextNode and key.text not in items and key.text != "<<":
                items[key.text] = value
                keys[key.text] = key
            elif not isinstance(key, TextNode):
                self.add("APO-YAML-011", "a key has to be text", event.start_mark)
            elif key.text == "<<" and key.plain:
                self.add(
                    "APO-YAML-010",
                    "YAML 1.2 has no merge keys (<<)",
                    event.start_mark,
                    hint="write the members out, or use the environment's defaults or specFrom",
                )
            elif key.text in items:
                first = keys[key.text]
                self.add(
                    "APO-YAML-004",
                    f"duplicate key '{key.text}'; it is first written in line {first.line}",
                    event.start_mark,
                    hint="keep one of them",
                )
            else:
                items[key.text] = value
                keys[key.text] = key
            event = get()
        ending: Any = event.end_mark
        node.end = ending.index
        return node

    def escaped(self, text: str, mark: Any) -> str:
        """A scalar that may have come from escapes: nothing reserved may slip in that way."""
        if _RESERVED.search(text):
            char = ord(_RESERVED.search(text).group())  # type: ignore[union-attr]
            self.add("APO-YAML-003", f"the character U+{char:04X} is not allowed in a manifest", mark)
        return text

    def scalar_tag(self, event: Any, text: str) -> bool:
        """Whether a scalar with a core tag is still plain, to be typed by its field."""
        wanted = _TAGS.get(event.tag)
        if wanted is None:
            self.tag(event)
            return False
        if wanted is str:
            return False
        value = resolve(text)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            self.add(
                "APO-YAML-005", f"the value is not what its tag !!{event.tag[18:]} says", event.start_mark
            )
        return True

    def tag(self, event: Any) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        hint = "remove the tag; values are typed by their field"
        if tag.startswith(("!Ref", "!Sub", "!GetAtt", "!Fn", "!Join", "!If", "!ImportValue")):
            hint = (
                "CloudFormation's functions mean nothing here; see ${{ var.x }} and ${{ Kind/name.output }}"
            )
        self.add("APO-YAML-005", f"the tag {tag} is not allowed", event.start_mark, hint=hint)

    def alias(self, event: Any) -> Node:
        mark, name = event.start_mark, event.anchor
        if name not in self.anchors:
            self.add("APO-YAML-006", f"the alias *{name} has no anchor before it in this document", mark)
            raise _Stop
        target = self.anchors[name]
        if target is None:
            self.add("APO-YAML-006", f"the alias *{name} stands inside of what it names", mark)
            raise _Stop
        self.aliases += 1
        if self.aliases <= MAX_ALIASES:
            self.expanded = _count(target, self.expanded)
        if self.aliases > MAX_ALIASES or self.expanded > MAX_EXPANDED:
            self.add(
                "APO-YAML-006",
                f"more than {MAX_ALIASES} aliases, or they expand to more than {MAX_EXPANDED:,} values",
                mark,
                hint="write the values out",
            )
            raise _Stop
        place = (self.source, mark.line + 1, mark.column + 1)
        node: Node
        if isinstance(target, TextNode):
            node = TextNode(*place, target.text, target.plain, target.style)
        elif isinstance(target, ListNode):
            node = ListNode(*place)
            node.items = target.items
        else:
            assert isinstance(target, MapNode)
            node = MapNode(*place)
            node.items, node.keys = target.items, target.keys
        node.start, node.end, node.alias = mark.index, event.end_mark.index, True
        return node


def _count(node: Node, so_far: int) -> int:
    """``so_far`` plus the nodes below ``node``; stops counting beyond the budget."""
    so_far += 1
    if so_far > MAX_EXPANDED:
        return so_far
    if isinstance(node, MapNode):
        for item in node.items.values():
            so_far = _count(item, so_far)
            if so_far > MAX_EXPANDED:
                break
    elif isinstance(node, ListNode):
        for item in node.items:
            so_far = _count(item, so_far)
            if so_far > MAX_EXPANDED:
                break
    return so_far


def _pair(found: re.Match[str]) -> str:
    high, low = int(found.group(1), 16), int(found.group(2), 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _restore(node: Node, text: str, pairs: list[int]) -> None:
    """Positions in the user's text instead of the one with joined escapes, which is 2 shorter for each."""
    node.start += 2 * bisect_left(pairs, node.start)
    node.end += 2 * bisect_left(pairs, node.end)
    node.line, node.column = _at(text, node.start)
    if isinstance(node, MapNode):
        for name, item in node.items.items():
            _restore(node.keys[name], text, pairs)
            _restore(item, text, pairs)
    elif isinstance(node, ListNode):
        for item in node.items:
            _restore(item, text, pairs)


_MANIFEST = re.compile(rb"""apiVersion["']?[ \t]*:[ \t\r\n]*["']?apollo/""")


def is_manifest_text(data: bytes) -> bool:
    """Whether the text claims to be a manifest, told without a parse."""
    return _MANIFEST.search(data) is not None
