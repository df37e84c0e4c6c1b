"""Modules stay small enough to be read in one go, and form no knot."""

from __future__ import annotations

import statistics
from pathlib import Path

import grimp

import apollo

FOLDER = Path(apollo.__file__).parent
GENERATED = "apollo/resources/shapes/"

CONTRACT = "apollo/api/"
"""Plugin authors read all of it."""


def _sizes() -> dict[str, int]:
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        name = path.relative_to(FOLDER.parent).as_posix()
        if not name.startswith(GENERATED):
            found[name] = len(path.read_text("utf-8").splitlines())
    return found


def test_most_modules_are_small_and_none_is_large() -> None:
    sizes = _sizes()
    # Modules of a few lines only open a package: counting them would flatter the median.
    real = sorted(size for size in sizes.values() if size > 10)
    assert statistics.median(real) <= 150
    assert real[int(len(real) * 0.9)] <= 400
    large = {name: size for name, size in sizes.items() if size > 600}
    assert not large, f"more than 600 lines: {large}"


def test_the_contract_stays_small() -> None:
    assert sum(size for name, size in _sizes().items() if name.startswith(CONTRACT)) <= 900


def test_no_module_imports_itself_in_a_roundabout_way() -> None:
    graph = grimp.build_graph("apollo", exclude_type_checking_imports=True)
    needs = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    left = dict(needs)
    while left:
        free = [module for module, others in left.items() if not (others & left.keys()) - {module}]
        if not free:
            break
        for module in free:
            del left[module]
    on_cycles = sorted(
        module for module in left if any(graph.find_shortest_chain(other, module) for other in needs[module])
    )
    assert on_cycles == []
