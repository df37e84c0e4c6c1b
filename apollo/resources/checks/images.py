"""Names of images: what no registry takes, and tags that do not say what runs.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apollo.api import Problem
from apollo.resources.checks.values import error, items, templated, text, warning

__all__ = ["mutable", "problems"]

_REFERENCE = re.compile(r"[A-Za-z0-9_./:#@+-]+")


def problems(declared: Mapping[str, Any]) -> Iterator[Problem]:
    for container, path in items(declared, "containerDefinitions"):
        image = text(container, "image")
        if not image or templated(image):
            continue
        if not _REFERENCE.fullmatch(image):
            message = f"'{image[:80]}' is no name of an image"
            hint = "ECS takes letters, digits and -_.:/@#; it replaces no placeholders"
            yield error("APO-TD-036", message, f"{path}/image", hint)
        elif len(image) > 255:
            yield error("APO-TD-036", "the name of an image has at most 255 characters", f"{path}/image")
        elif what := mutable(image):
            message = f"{what}, so git does not say what runs"
            hint = "name a version, or a digest: NAME@sha256:…; policy.mutableTags says how strict to be"
            yield warning("APO-TD-040", message, f"{path}/image", hint)


def mutable(image: str) -> str:
    """Why the same name may be another image tomorrow; empty when a tag of its own, or a digest, is given."""
    if "@" in image:
        return ""
    _, colon, tag = image.rpartition("/")[2].partition(":")
    if not colon or not tag:
        return f"{image} names no tag, which means latest"
    return f"{image} moves with every push" if tag == "latest" else ""
