"""What Apollo runs on is not taken away unasked."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Allowed, Call, Env, Held, Key, Proposal, Step, Verb
from apollo.gates.self import SelfGate
from apollo.settings import Allow, Sync

KEY = Key("Service", "platform", "apollo")


def proposal(verb: Verb, params: dict[str, Any] | None = None, **more: Any) -> Proposal:
    step = Step(verb, KEY, Call("ecs", "UpdateService", params or {}), prunes=more.pop("prunes", False))
    given: dict[str, Any] = {"own": True, "digest": "abc123", **more}
    return Proposal(KEY, "apollo", Env("platform"), Sync(), Allow(), (step,), None, None, **given)


@pytest.mark.parametrize(
    "asked",
    [proposal("delete"), proposal("replace"), proposal("update", {"desiredCount": 0})],
    ids=["delete", "replace", "nothing"],
)
def test_an_end_is_held_and_says_how_to_let_it_pass(asked: Proposal) -> None:
    verdict = SelfGate().check(asked)
    assert isinstance(verdict, Held)
    assert verdict.reason == "SelfDestruct"
    assert "apollo approve abc123 -e platform" in verdict.message
    assert not verdict.quiet


@pytest.mark.parametrize(
    "asked",
    [
        proposal("update", {"desiredCount": 1}),
        proposal("update", {"taskDefinition": "apollo:2"}),
        proposal("create"),
        proposal("delete", own=False),
        proposal("delete", approved=True),
        proposal("delete", prunes=True),
    ],
    ids=["count", "rollout", "create", "another", "approved", "part"],
)
def test_what_is_no_end_passes(asked: Proposal) -> None:
    assert isinstance(SelfGate().check(asked), Allowed)
