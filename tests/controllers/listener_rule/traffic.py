"""Requests, conditions, and histories of a listener's rules, for properties of who answers what."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from .stage import host, path

HOSTS = ["a.example.com", "b.example.com", "c.example.com"]
PATHS = ["/", "/v1/x", "/v2"]
REQUESTS = [{"host": one, "path": where} for one in HOSTS for where in PATHS]

CONDITIONS = st.sampled_from(
    [
        *([host(*some)] for size in (1, 2) for some in itertools.combinations(HOSTS, size)),
        [host("*.example.com")],
        [host("a.*")],
        [path("/v1/*")],
        [path("/v*")],
        [host("a.example.com"), path("/v2")],
        [host("b.example.com", "c.example.com"), path("/v1/*", "/")],
        [host("a.*"), {"field": "http-request-method", "httpRequestMethodConfig": {"values": ["GET"]}}],
        [{"field": "query-string", "queryStringConfig": {"values": [{"key": "x", "value": "y"}]}}],
        [{"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "X-A", "values": ["1"]}}],
        [{"field": "source-ip", "sourceIpConfig": {"values": ["203.0.113.0/24"]}}],
    ]
)  # fmt: skip
Listing = Mapping[str, tuple[int, Sequence[Mapping[str, Any]]]]
"""Names to priority and conditions."""


@st.composite
def listings(
    draw: st.DrawFn, count: int = 4, least: int = 1, most: int = 10
) -> tuple[dict[int, Any], list[Listing]]:
    """Somebody else's rules, and what git says commit after commit: permutations, additions, removals, edits.

    :param most: rules of ours at once.
    """
    names = [f"r{n}" for n in range(draw(st.integers(least, most)))]
    spread = draw(st.sampled_from([1, 10]))
    places = [spread * n + 1 for n in range(2 * len(names) + 2)]
    theirs = draw(st.sets(st.sampled_from(places), max_size=2))
    foreign = {place: draw(CONDITIONS) for place in sorted(theirs)}
    free = [place for place in places if place not in theirs]
    content = {name: draw(CONDITIONS) for name in names}
    commits: list[Listing] = []
    for _ in range(count):
        held = [name for name in names if draw(st.integers(0, 4))]
        if draw(st.booleans()):
            for name in draw(st.sets(st.sampled_from(names), max_size=3)):
                content[name] = draw(CONDITIONS)
        order = draw(st.permutations(free))[: len(held)]
        if draw(st.booleans()):
            order = sorted(order)
        commits.append({name: (place, content[name]) for name, place in zip(held, order, strict=True)})
    return foreign, commits
