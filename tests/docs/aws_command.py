"""As much of the ``aws`` command as pages show, with boto3: that of AWS is in no package that tests may need.

``aws SERVICE OPERATION --an-argument VALUE…``; values may be ``file://PATH`` or JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name


def main(service: str, operation: str, *rest: str) -> None:
    client = boto3.client(service)
    name = client.meta.method_to_api_mapping[operation.replace("-", "_")]
    members = client.meta.service_model.operation_model(name).input_shape.members
    spelled = {xform_name(member, "-"): member for member in members}
    given: dict[str, Any] = {}
    words = list(rest)
    while words:
        option = words.pop(0)
        values = []
        while words and not words[0].startswith("--"):
            values.append(words.pop(0))
        flag = option.removeprefix("--")
        member = spelled[flag.removeprefix("no-")]
        given[member] = _value(members[member].type_name, values, on=not flag.startswith("no-"))
    answer = getattr(client, operation.replace("-", "_"))(**given)
    answer.pop("ResponseMetadata", None)
    if answer:
        print(json.dumps(answer, indent=4, default=str))


def _value(kind: str, values: list[str], on: bool) -> Any:
    if kind == "boolean" and not values:
        return on
    texts = [
        Path(one.removeprefix("file://")).read_text() if one.startswith("file://") else one for one in values
    ]
    if kind == "list" and not texts[0].startswith("["):
        return texts
    if kind in ("list", "structure", "map"):
        return json.loads(texts[0])
    return int(texts[0]) if kind in ("integer", "long") else texts[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
