"""What ``promtool check metrics`` and the naming rules of Prometheus ask of an exposition."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["complaints", "parsed"]

_STANDARD = ("process_", "python_")
_UNITS = {"milliseconds", "ms", "minutes", "hours", "days", "kilobytes", "megabytes", "percent"}
_RESERVED = {"le", "quantile", "job", "instance"}


def parsed(text: str) -> dict[str, Metric]:
    """The families by name; a text that is not an exposition does not parse."""
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family stands there twice"
    return {family.name: family for family in families}


def complaints(families: Iterable[Metric]) -> list[str]:
    found = []
    for family in families:
        name = family.name
        if name.startswith(_STANDARD) or name.endswith("_created"):
            continue
        if not re.fullmatch(r"apollo_[a-z][a-z0-9_]*[a-z0-9]", name) or "__" in name:
            found.append(f"{name}: not a name of ours")
        if not family.documentation.strip().endswith("."):
            found.append(f"{name}: no sentence of help")
        if set(name.split("_")) & _UNITS:
            found.append(f"{name}: base units are seconds, bytes and ratios")
        if set(name.split("_")) & {"gauge", "counter", "histogram", "summary"}:
            found.append(f"{name}: the type does not belong into the name")
        if family.type in ("gauge", "unknown") and name.endswith(("_total", "_count", "_sum", "_bucket")):
            found.append(f"{name}: the suffix of another type")
        for sample in family.samples:
            if family.type == "counter" and sample.name not in (f"{name}_total", f"{name}_created"):
                found.append(f"{sample.name}: a counter ends in _total")
            for label in sample.labels:
                if not re.fullmatch(r"[a-z][a-z0-9_]*", label):
                    found.append(f"{sample.name}: label {label}")
                if label in _RESERVED and not (label == "le" and sample.name.endswith("_bucket")):
                    found.append(f"{sample.name}: label {label} is reserved")
    return sorted(set(found))
