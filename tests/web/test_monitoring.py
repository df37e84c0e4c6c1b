"""The alert rules and the dashboard ask only for what there is, and what there is can be seen somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.world import World, service, task_definition
from tests.web.conftest import healthy, serving, until
from tests.web.rules import parsed

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/monitoring"
PAGE = ROOT / "docs/how-to/monitor.md"

NAME = re.compile(r"\b(?:apollo|process)_[a-z0-9_]+")
SELECTOR = re.compile(r"\b((?:apollo|process)_[a-z0-9_]+)\{([^}]*)\}")
BY = re.compile(r"\bby \(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    found = json.loads((FOLDER / "dashboard.json").read_text())
    assert isinstance(found, dict)
    return found


def expressions() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]
    board = dashboard()
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]


async def test_every_metric_and_label_that_is_asked_for_exists(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    async with serving(world) as site:
        await until(lambda: healthy(site.operator))
        await until(lambda: site.operator.watched()["stage"].loop.swept > 0)
        families = parsed((await site.get("/metrics"))[1])
        declared = {metric.name: metric for metric in site_metrics(site)}
    samples = {sample.name for family in families.values() for sample in family.samples}
    labels: dict[str, set[str]] = {}
    for family in families.values():
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    # What has not happened yet has no sample; its name and labels are declared.
    known = samples | {f"{name}_total" for name, one in declared.items() if one.type == "counter"}
    asked = {name for text in expressions() for name in NAME.findall(text)}
    assert sorted(asked - known) == []
    for text in expressions():
        for name, inside in SELECTOR.findall(text):
            wanted = set(re.findall(r"(\w+)(?:=~|!=|!~|=)", inside)) - {"job", "instance"}
            assert not (name in labels and wanted - labels[name]), f"{text}: {wanted - labels[name]}"
    ours = {name for name in families if name.startswith("apollo_") and not name.endswith("_created")}
    shown = " ".join(expressions())
    unseen = sorted(name for name in ours if name not in shown)
    assert unseen == [], "nobody looks at these"
    page = PAGE.read_text()
    assert (
        sorted(name for name in {*ours, *declared} if name.startswith("apollo_") and name not in page) == []
    )


def site_metrics(site: Any) -> list[Any]:
    """Every family that is declared, with or without a sample."""
    from apollo.web.metrics import Metrics

    return list(Metrics(site.operator).registry.collect())


def test_every_rule_says_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert {"summary", "description"} <= rule["annotations"].keys()
        by = BY.findall(rule["expr"])
        used = re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"]))
        if by:  # a label that was summed away would be empty
            assert set(used) <= {label.strip() for label in by[0].split(",")}, rule["alert"]


def test_every_bracket_is_closed() -> None:
    for text in expressions():
        for opening, closing in ("()", "{}", "[]"):
            assert text.count(opening) == text.count(closing), text


def test_panels_have_a_place_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["targets"]
