"""The JSON protocols' answers. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html"""

import json
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Rendered(dict[str, Any]):
    """A part of an answer that is given again as it is: it keeps its JSON. Nobody may change it any more."""

    __slots__ = ("_text",)

    _text: str

    @property
    def text(self) -> str:
        try:
            return self._text
        except AttributeError:
            self._text = _encode(self)
            return self._text


def dumps(answer: dict[str, Any]) -> bytes:
    """An answer as JSON. Items of its lists that were rendered before are taken as they are."""
    if not any(type(value) is list and value and type(value[0]) is Rendered for value in answer.values()):
        return _encode(answer).encode()
    members = [f"{_encode(name)}:{_value(value)}" for name, value in answer.items()]
    return f"{{{','.join(members)}}}".encode()


def _value(value: Any) -> str:
    if type(value) is list and value and type(value[0]) is Rendered:
        items = [item.text if type(item) is Rendered else _encode(item) for item in value]
        return f"[{','.join(items)}]"
    return _encode(value)
