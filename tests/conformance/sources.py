"""Holding what the checks quote against the documents inside botocore's service models."""

import html
import re
from functools import cache
from typing import Any

import botocore.loaders

from tests.conformance.registry import Check

_SERVICES = {
    "AmazonECS": "ecs",
    "elasticloadbalancing": "elbv2",
    "autoscaling": "application-autoscaling",
    "resourcegroupstagging": "resourcegroupstaggingapi",
    "scheduler": "scheduler",
    "STS": "sts",
}
_PAGE = re.compile(r"https://docs\.aws\.amazon\.com/(\w+)/.*/API_(\w+)\.html")


def holds(check: Check) -> bool:
    """Whether a reference page is of something the model has, and the passage is in the model."""
    service = _SERVICES.get(check.source.split("/")[3])
    if service is None:
        return not check.says
    found = _PAGE.fullmatch(check.source)
    if found and found[2].lower() not in _names(service):
        return False
    return _plain(check.says) in _documents(service)


def _plain(text: str) -> str:
    """Letters and digits only: the models' markup and typography do not matter."""
    return re.sub(r"[\W_]+", "", html.unescape(re.sub(r"<[^>]+>", "", text))).lower()


@cache
def _model(service: str) -> dict[str, Any]:
    found: dict[str, Any] = botocore.loaders.Loader().load_service_model(service, "service-2")
    return found


@cache
def _names(service: str) -> frozenset[str]:
    model = _model(service)
    return frozenset(name.lower() for name in [*model["operations"], *model["shapes"]])


@cache
def _documents(service: str) -> str:
    found: list[str] = []

    def collect(node: object) -> None:
        if isinstance(node, dict):
            for name, value in node.items():
                if name == "documentation" and isinstance(value, str):
                    found.append(_plain(value))
                else:
                    collect(value)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(_model(service))
    return "\n".join(found)
