"""A manifest as YAML with a remark beside each value; `apollo.manifest.emit` writes YAML without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apollo.cli.text import clean, json_safe

__all__ = ["remarked_yaml"]

Remark = Callable[[str], str]
Label = Callable[[Any, int, str], str]


def remarked_yaml(data: Mapping[str, Any], remark: Remark, label: Label) -> str:
    """``data`` in block style, its keys in their order.

    :param remark: asked for each scalar with its JSON pointer; becomes a comment behind it.
    :param label: what a member of a list is called in a pointer: asked with the member, its index, and the
        list's pointer with ``*`` for members of lists above.
    """
    return "\n".join(_block(data, 0, ("", ""), remark, label))


def _block(value: Any, indent: int, at: tuple[str, str], remark: Remark, label: Label) -> Iterator[str]:
    """``at``: the pointer, and the same with ``*`` for members of lists."""
    from apollo.manifest.writer import scalar

    pad = " " * indent
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            inside = (f"{at[0]}/{str(name).replace('~', '~0').replace('/', '~1')}", f"{at[1]}/{name}")
            head = f"{pad}{json_safe(scalar(str(name)))}:"
            if isinstance(item, Mapping | list | tuple) and item:
                yield head
                deeper = indent + 2 if isinstance(item, Mapping) else indent
                yield from _block(item, deeper, inside, remark, label)
            else:
                yield f"{head} {_leaf(item, remark(inside[0]))}"
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            inside = (f"{at[0]}/{label(item, index, at[1])}", f"{at[1]}/*")
            first, *rest = _block(item, indent + 2, inside, remark, label)
            yield f"{pad}- {first[indent + 2 :]}"
            yield from rest
    else:
        yield pad + _leaf(value, remark(at[0]))


def _leaf(value: Any, said: str) -> str:
    from apollo.manifest.writer import scalar

    text = "{}" if value == {} else "[]" if value in ([], ()) else json_safe(scalar(value))
    return f"{text}  # {clean(said)}" if said else text
