"""Placeholders of other tools' templates as ``${{ var.x }}``.

Templates are not evaluated. What only names a value becomes a variable; what decides something has to be
rendered by the tool it belongs to.
"""

from __future__ import annotations

import re

from apollo.importing.model import Report
from apollo.importing.names import variable_name
from apollo.manifest.interpolate import escape
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode
from apollo.manifest.scalars import resolve

__all__ = ["quoted", "replaced", "statement"]

_TOKEN = re.compile(
    r"""(?P<curly>(?<!\$)\{\{-?\s*(?P<body>[^{}]*?)\s*-?\}\})
      | \${2,4}(?P<agent>[A-Z][A-Z0-9_]*)\${2,4}
      | <(?P<angle>[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*)>
      | (?P<shell>\$\{(?P<braced>[A-Za-z_]\w*)\} | \$(?P<bare>[A-Z][A-Z0-9_]*)\b)
    """,
    re.VERBOSE,
)
_QUOTED = r"(?:`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"|'([^']*)')"
_CALL = re.compile(rf"(?P<name>\w+)\s*(?P<args>(?:\s*{_QUOTED})+)\s*$")
_ARGUMENT = re.compile(_QUOTED)
_PIPED = re.compile(r"(?P<name>[A-Za-z_][\w.]*)\s*(?:\|.*)?$")
_OURS = re.compile(r"\.(?:encryptedSecrets|attachment)\.(?P<name>\w+)$")
_STATEMENT = re.compile(r"\{%|\{\{-?\s*(?:if|else|end|range|with|define|block|template)\b")
_SHELL_FIELDS = re.compile(
    r"/(?:command|entryPoint|healthCheck|environment|dockerLabels|firelensConfiguration|systemControls"
    r"|Command|EntryPoint|HealthCheck|Environment|DockerLabels|FirelensConfiguration)(?:/|$)"
)
_OPTIONS = re.compile(r"/[lL]ogConfiguration/[oO]ptions/(?!awslogs-)")
_WORDS = re.compile(
    r"\bREPLACE_(?:WITH|ME)\w*|\b\w+_PLACEHOLDER\b|:(?:ACCOUNT_ID|AWS_ACCOUNT_ID|REGION|X{3,}):|\{your-[\w-]+\}"
    r"|\bX{4,}\b"
)
_VALUE_OF = {
    "ssm": "the value of an SSM parameter",
    "tfstate": "a value of the Terraform state",
    "tfstatef": "a value of the Terraform state",
    "cfn_output": "an output of a CloudFormation stack",
    "cfn_export": "an export of CloudFormation",
    "secretsmanager_arn": "the ARN of a secret",
}


def statement(text: str) -> int | None:
    """The line (from 1) of the first template statement, such as ``{{ if … }}``; None without one."""
    found = _STATEMENT.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def quoted(text: str) -> str:
    """A text that is no document before rendering, with quotes around the placeholders that stand where a
    value has to be. Lines stay where they are."""
    lines = []
    for line in text.split("\n"):
        out, position = "", 0
        for found in _TOKEN.finditer(line):
            start, end = found.span()
            if start < position or _inside_quotes(line[:start]) or line[:start].rstrip()[-1:] not in ":,[{-":
                continue
            if line[:start].rstrip().endswith("{"):
                continue  # where a member should be, not a value
            tail = re.match(r"[^\s,\]}\"']*", line[end:])
            end += len(tail.group()) if tail else 0
            body = line[start:end].replace("\\", "\\\\").replace('"', '\\"')
            out += f'{line[position:start]}"{body}"'
            position = end
        lines.append(out + line[position:])
    return "\n".join(lines)


def _inside_quotes(before: str) -> bool:
    """Whether a quote is open at the end of a part of a line."""
    mark = ""
    escaped = False
    for char in before:
        if escaped:
            escaped = False
        elif char == "\\" and mark == '"':
            escaped = True
        elif mark:
            mark = "" if char == mark else mark
        elif char in "\"'":
            mark = char
    return bool(mark)


def replaced(node: Node, report: Report, where: str, path: str = "") -> Node:
    """A document whose placeholders are variables, and whose own ``${{`` means itself.

    :param where: what is being read, for the list of variables.
    """
    if isinstance(node, MapNode):
        copy = MapNode(node.source, node.line, node.column, node.start, node.end)
        for name, item in node.items.items():
            copy.put(node.keys[name], replaced(item, report, where, f"{path}/{name}"))
        return copy
    if isinstance(node, ListNode):
        new = ListNode(node.source, node.line, node.column, node.start, node.end)
        new.items = [
            replaced(item, report, where, f"{path}/{index}") for index, item in enumerate(node.items)
        ]
        return new
    assert isinstance(node, TextNode)
    return _text(node, report, where, path)


def _text(node: TextNode, report: Report, where: str, path: str) -> TextNode:
    text, out, position = node.text, "", 0
    if _WORDS.search(text):
        report.note("asks", "a placeholder that no syntax marks; replace it", node, path=path)
    if "$" not in text and "{{" not in text and "<" not in text:
        return node
    shell = _SHELL_FIELDS.search(path) is not None or _OPTIONS.search(path) is not None
    for found in _TOKEN.finditer(text):
        new = _value(found, node, report, f"{where}{path}", path, shell)
        if new is not None:
            out += escape(text[position : found.start()]) + new
            position = found.end()
    if not position:
        new_text = escape(text)
        if new_text == text:
            return node
    else:
        new_text = out + escape(text[position:])
    return TextNode(node.source, node.line, node.column, new_text, False, node.style, node.start, node.end)


def _value(
    found: re.Match[str], node: TextNode, report: Report, where: str, path: str, shell: bool
) -> str | None:
    """What takes the place of a placeholder; None: nothing, it is somebody else's or stays."""
    token = found.group()
    if (agent := found["agent"] or found["angle"]) is not None:
        return report.variable(variable_name(agent), token, where)
    if found["shell"] is not None:
        name = found["braced"] or found["bare"]
        if shell:
            return None
        return report.variable(variable_name(name), token, where)
    body = found["body"] or ""
    if (ours := _OURS.search(body)) is not None:
        if ".encryptedSecrets." in body:
            report.note(
                "asks",
                "a secret that the other tool decrypts into the file",
                node,
                path=path,
                hint="keep it in Secrets Manager or SSM and name it under secrets; a variable is no secret",
            )
        return report.variable(variable_name(ours["name"]), token, where)
    if (call := _CALL.match(body)) is not None:
        return _called(call, token, node, report, where, path)
    if (piped := _PIPED.match(body)) is not None:
        return report.variable(variable_name(piped["name"]), token, where)
    if not re.match(r"\.\w+$", body):  # {{.Name}} is Docker's own, in log tags
        report.note("asks", "a template expression, which stays as it is", node, path=path)
    return None


def _called(
    call: re.Match[str], token: str, node: TextNode, report: Report, where: str, path: str
) -> str | None:
    name = call["name"]
    arguments = [next(part for part in one if part is not None) for one in _groups(call["args"])]
    if name in ("must_env", "env"):
        default = resolve(arguments[1]) if name == "env" and len(arguments) > 1 else None
        if name == "env" and len(arguments) > 1 and default is None:
            default = arguments[1]
        # A default may be a secret; it is listed by itself, where names tell whether to show it.
        origin = "{{ " + f"{name} `{arguments[0]}`" + " }}"
        return report.variable(variable_name(arguments[0]), origin, where, default)
    if name in _VALUE_OF or name.endswith(("_tfstate", "_tfstatef")):
        what = _VALUE_OF.get(name, "a value of the Terraform state")
        report.note("asks", f"{what}: give it to the environment as a variable", node, path=path)
        return report.variable(variable_name("_".join(arguments)), token, where)
    report.note("asks", f"a template function that Apollo does not know: {name}", node, path=path)
    return report.variable(variable_name("_".join([name, *arguments])), token, where)


def _groups(text: str) -> list[tuple[str | None, ...]]:
    return [found.groups() for found in _ARGUMENT.finditer(text)]
