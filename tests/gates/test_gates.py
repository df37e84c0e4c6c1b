"""What may be done to an object, and what stops it: the rules users rely on, gate by gate."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import (
    Allowed,
    Call,
    Change,
    Denied,
    Env,
    Held,
    Key,
    Lifecycle,
    Origin,
    Proposal,
    PruneScope,
    Ref,
    Resource,
    Spec,
    Step,
    Verb,
    marker,
)
from apollo.gates.lifecycle import LifecycleGate
from apollo.gates.ownership import OwnershipGate
from apollo.gates.prune import PruneGate
from apollo.gates.quarantine import QuarantineGate
from apollo.gates.replace import ReplaceGate
from apollo.gates.restrictions import RestrictionsGate
from apollo.gates.sync import SyncGate
from apollo.settings import Allow, Sync

ENV = Env("stage", "acme", "eu-west-1")
KEY = Key("Service", "stage", "web")
OURS = "acme/stage/Service/web"
THEIRS = "acme/prod/Service/web"
GATES = [
    LifecycleGate(),
    OwnershipGate(),
    PruneGate(),
    QuarantineGate(),
    ReplaceGate(),
    RestrictionsGate(),
    SyncGate(),
]


class Anything(Spec):
    cluster: str | None = None
    role: str | None = None
    executionRoleArn: str | None = None
    listenerArn: str | None = None
    containerDefinitions: tuple[dict[str, Any], ...] | None = None
    loadBalancers: tuple[dict[str, Any], ...] | None = None
    taskDefinition: str | None = None


def step(verb: Verb, *paths: str) -> Step:
    changes = tuple(Change(path, 1, 2) for path in paths)
    return Step(verb, KEY, Call("ecs", "UpdateService", {}), changes)


def wanted(spec: Anything | None = None, **lifecycle: Any) -> Resource[Any]:
    return Resource(
        KEY,
        "web",
        spec or Anything(cluster="green"),
        ENV,
        lifecycle=Lifecycle(**lifecycle),
        origin=Origin("apps/web.yaml", 7),
    )


def proposal(**changes: Any) -> Proposal:
    base = Proposal(
        KEY,
        "web",
        ENV,
        sync=Sync(),
        allow=Allow(),
        steps=(step("update", "/taskDefinition"),),
        want=wanted(),
        seen=object(),
        owner=OURS,
        digest="d1g35t",
    )
    return evolve(base, **changes)


def orphan(**changes: Any) -> Proposal:
    defaults: dict[str, Any] = {
        "want": None,
        "steps": (step("delete"),),
        "sync": Sync(prune=True),
        "prune": PruneScope(deleting=1, existing=10, complete=True),
    }
    return proposal(**{**defaults, **changes})


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
@pytest.mark.parametrize("approved", [True, False])
def test_an_ordinary_update_of_our_own_object_passes(gate: Any, approved: bool) -> None:
    assert gate.check(proposal(approved=approved)) == Allowed()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_an_ordinary_prune_of_our_own_orphan_passes(gate: Any) -> None:
    assert gate.check(orphan()) == Allowed()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_no_gate_speaks_where_nothing_is_to_be_done(gate: Any) -> None:
    idle = proposal(
        steps=(),
        want=wanted(suspend=True),
        sync=Sync(automated=False),
        drifted=True,
        rejected="rolled back",
        suspended="by ann",
    )
    assert gate.check(idle) == Allowed()
    assert gate.check(evolve(idle, want=None, owner=None)) == Allowed()


# ── lifecycle ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_suspended_resource_is_held_whoever_asks() -> None:
    verdict = LifecycleGate().check(proposal(want=wanted(suspend=True), approved=True, manual=True))
    assert isinstance(verdict, Held)
    assert (verdict.reason, verdict.quiet) == ("Suspended", False)
    assert "apps/web.yaml:7" in verdict.message


def test_what_a_person_suspended_says_who_and_how_to_resume() -> None:
    verdict = LifecycleGate().check(proposal(suspended="ann: incident 12"))
    assert isinstance(verdict, Held)
    assert "ann: incident 12" in verdict.message
    assert verdict.until == "apollo resume Service/web"


def test_a_live_tag_keeps_an_orphan_that_is_never_to_be_pruned() -> None:
    kept = orphan(live_prune="never", approved=True)
    verdict = LifecycleGate().check(kept)
    assert isinstance(verdict, Held)
    assert verdict.quiet
    beside = evolve(kept, approved=False, prune=PruneScope(7, 12, complete=True))
    assert PruneGate().check(beside) == Allowed(), "the cap is none of its business"


def test_an_orphan_to_be_confirmed_waits_for_exactly_its_plan() -> None:
    verdict = LifecycleGate().check(orphan(live_prune="confirm"))
    assert isinstance(verdict, Held)
    assert verdict.until == "apollo approve d1g35t -e stage"
    assert LifecycleGate().check(orphan(live_prune="confirm", approved=True)) == Allowed()


def test_prune_of_a_manifest_does_not_stop_updates() -> None:
    assert LifecycleGate().check(proposal(want=wanted(prune="never"))) == Allowed()


def test_prune_never_keeps_what_a_rename_leaves_behind() -> None:
    left = proposal(want=wanted(prune="never"), steps=(step("create"), step("delete")))
    assert isinstance(LifecycleGate().check(left), Held)


# ── ownership ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("owner", "adopt", "passes"),
    [
        (OURS, False, True),
        (None, False, False),
        (None, True, True),
        (None, THEIRS, False),
        (THEIRS, False, False),
        (THEIRS, True, False),
        (THEIRS, THEIRS, True),
        (THEIRS, "acme/dev/Service/web", False),
        ("acme/prod/Service/web2", THEIRS, False),
        ("other/stage/Service/web", True, False),
    ],
)
def test_only_what_is_ours_or_adopted_is_touched(owner: str | None, adopt: bool | str, passes: bool) -> None:
    verdict = OwnershipGate().check(proposal(owner=owner, want=wanted(adopt=adopt), approved=True))
    if passes:
        assert verdict == Allowed()
    else:
        assert isinstance(verdict, Denied)
        assert verdict.reason == "Conflict"
        assert "apps/web.yaml:7" in verdict.message
        assert "adopt" in verdict.hint
        assert owner is None or owner in verdict.message


def test_an_empty_tag_is_nobodys() -> None:
    assert OwnershipGate().check(proposal(owner="", want=wanted(adopt=True))) == Allowed()
    assert isinstance(OwnershipGate().check(proposal(owner="", want=wanted())), Denied)


def test_creating_what_is_not_there_needs_no_owner() -> None:
    assert OwnershipGate().check(proposal(seen=None, owner=None, steps=(step("create"),))) == Allowed()


@pytest.mark.parametrize("owner", [None, THEIRS, "acme/stage/Service/web2", ""])
def test_nothing_of_others_is_ever_deleted(owner: str | None) -> None:
    verdict = OwnershipGate().check(orphan(owner=owner, approved=True, manual=True))
    assert isinstance(verdict, Denied)
    assert verdict.reason == "Conflict"


@pytest.mark.parametrize(
    ("kind", "output"), [("Service", "cluster"), ("Cluster", "name"), ("Cluster", "arn")]
)
def test_a_cluster_yet_to_come_is_for_whoever_makes_or_names_it_to_answer_for(kind: str, output: str) -> None:
    allow = Allow(clusters=("green",))
    follows = wanted(Anything(cluster=marker(kind, "web", output)))
    assert RestrictionsGate().check(proposal(want=follows, allow=allow)) == Allowed()
    other = wanted(Anything(cluster=marker("acme.Place", "web", "name")))
    assert isinstance(RestrictionsGate().check(proposal(want=other, allow=allow)), Held)


# ── prune ────────────────────────────────────────────────────────────────────────────────────────────────


def test_prune_is_off_until_it_is_switched_on_and_no_approval_changes_that() -> None:
    verdict = PruneGate().check(orphan(sync=Sync(), approved=True))
    assert isinstance(verdict, Held)
    assert (verdict.reason, verdict.quiet) == ("PruneDisabled", True)


def test_what_is_kept_because_a_file_is_broken_is_not_said_to_have_left_git() -> None:
    scope = PruneScope(1, 10, complete=False, why_incomplete="web could not be loaded: unknown key 'x'")
    verdict = PruneGate().check(orphan(sync=Sync(), prune=scope))
    assert isinstance(verdict, Held)
    assert (verdict.reason, verdict.quiet) == ("PruneDisabled", True)
    assert "not in git" not in verdict.message
    assert "web could not be loaded" in verdict.message


def prunes(**changes: Any) -> Proposal:
    """A resource that is changed, and of which git does not hold a part."""
    parts = evolve(step("delete", "/policies/old"), prunes=True)
    return proposal(steps=(step("update", "/minCapacity"), parts), owner=OURS, **changes)


def test_only_the_part_that_git_does_not_hold_waits_for_the_permission_to_prune() -> None:
    verdict = PruneGate().check(prunes(sync=Sync(), approved=True))
    assert isinstance(verdict, Held)
    assert (verdict.reason, verdict.quiet, verdict.parts) == ("PruneDisabled", True, True)
    assert PruneGate().check(prunes(sync=Sync(prune=True))) == Allowed()
    never = LifecycleGate().check(prunes(sync=Sync(prune=True), want=wanted(prune="never")))
    assert isinstance(never, Held) and (never.quiet, never.parts) == (True, True)
    confirm = LifecycleGate().check(prunes(sync=Sync(prune=True), want=wanted(prune="confirm")))
    assert isinstance(confirm, Held) and (confirm.quiet, confirm.parts) == (False, False)


def test_a_deletion_that_makes_way_for_a_change_is_no_pruning() -> None:
    steps = (step("delete", "/copy"), step("update", "/minCapacity"))
    assert PruneGate().check(proposal(steps=steps, owner=OURS, sync=Sync())) == Allowed()
    part = evolve(step("delete", "/policies/old"), prunes=True)
    verdict = PruneGate().check(proposal(steps=(*steps, part), owner=OURS, sync=Sync()))
    assert isinstance(verdict, Held) and verdict.parts, "and hides none that is"


@pytest.mark.parametrize(
    "scope", [None, PruneScope(1, 10, complete=False, why_incomplete="page 2 of ListServices failed")]
)
def test_nothing_is_pruned_from_an_incomplete_list_not_even_approved(scope: PruneScope | None) -> None:
    verdict = PruneGate().check(orphan(prune=scope, approved=True, manual=True))
    assert isinstance(verdict, Held)
    assert (verdict.reason, verdict.quiet) == ("PruneIncomplete", False)
    if scope is not None:
        assert "page 2 of ListServices failed" in verdict.message


@pytest.mark.parametrize(
    ("cap", "existing", "deleting", "passes"),
    [
        (0.2, 10, 2, True),
        (0.2, 10, 3, False),
        (0.2, 4, 1, True),  # a share of less than one: one is always allowed
        (0.2, 4, 2, False),
        (0.0, 10, 1, True),
        (0.29, 100, 29, True),  # 28.999… in binary
        (0.29, 100, 30, False),
        (1.0, 3, 3, True),  # 100 %
        (1, 3, 1, True),  # a count
        (1, 3, 2, False),
        (0, 3, 1, True),
        (5, 100, 6, False),
    ],
)
def test_a_sync_deletes_no_more_than_the_cap(cap: float, existing: int, deleting: int, passes: bool) -> None:
    mass = orphan(sync=Sync(prune=True, maxPrune=cap), prune=PruneScope(deleting, existing, complete=True))
    verdict = PruneGate().check(mass)
    assert isinstance(verdict, Allowed if passes else Held)
    assert PruneGate().check(evolve(mass, approved=True)) == Allowed()


def test_a_capped_prune_says_the_numbers_and_the_command() -> None:
    verdict = PruneGate().check(orphan(prune=PruneScope(7, 12, complete=True)))
    assert isinstance(verdict, Held)
    assert verdict.message == (
        "7 of 12 in app web would be deleted, and sync.maxPrune: 20% allows 2 without approval; "
        "`apollo approve d1g35t -e stage` lets this plan through"
    )
    unknown = PruneGate().check(evolve(orphan(prune=PruneScope(7, 12, complete=True)), app=""))
    assert isinstance(unknown, Held) and unknown.message.startswith("7 of 12 in environment stage would be")


@given(
    st.integers(0, 10) | st.floats(0, 1),
    st.integers(0, 200),
    st.integers(2, 200),
)
def test_more_than_the_cap_never_passes_unapproved(cap: float, existing: int, deleting: int) -> None:
    verdict = PruneGate().check(
        orphan(sync=Sync(prune=True, maxPrune=cap), prune=PruneScope(deleting, existing, complete=True))
    )
    limit = cap * existing if isinstance(cap, float) else cap
    if deleting > limit + 1e-6:
        assert isinstance(verdict, Held)
    else:
        assert verdict == Allowed()


# ── quarantine, replace, sync ────────────────────────────────────────────────────────────────────────────


def test_what_was_rolled_back_is_not_tried_again_and_says_why() -> None:
    why = "deployment circuit breaker: tasks failed to start: exit code 1"
    verdict = QuarantineGate().check(proposal(rejected=why, approved=True, manual=True))
    assert isinstance(verdict, Held)
    assert verdict.reason == "Quarantined"
    assert why in verdict.message
    assert "commit" in verdict.until


def test_a_replacement_is_denied_until_the_manifest_allows_it() -> None:
    replacing = proposal(
        steps=(step("replace", "/launchType", "/loadBalancers"), step("replace", "/launchType"))
    )
    verdict = ReplaceGate().check(evolve(replacing, approved=True, manual=True))
    assert isinstance(verdict, Denied)
    assert (
        "apps/web.yaml:7: Service/web: AWS cannot change /launchType, /loadBalancers in place"
        in verdict.message
    )
    assert "lifecycle: {replace: allow}" in verdict.hint
    assert ReplaceGate().check(evolve(replacing, want=wanted(replace="allow"))) == Allowed()


def test_without_automation_only_people_sync() -> None:
    idle = proposal(sync=Sync(automated=False))
    verdict = SyncGate().check(idle)
    assert isinstance(verdict, Held)
    assert verdict.quiet
    assert SyncGate().check(evolve(idle, manual=True)) == Allowed()
    assert SyncGate().check(evolve(idle, approved=True)) == Allowed()


@pytest.mark.parametrize(
    ("heal", "held", "quiet"), [(True, False, False), (False, True, True), ("warn", True, False)]
)
def test_drift_is_healed_left_or_warned_about(heal: Any, held: bool, quiet: bool) -> None:
    drifted = proposal(sync=Sync(selfHeal=heal), drifted=True)
    verdict = SyncGate().check(drifted)
    if held:
        assert isinstance(verdict, Held)
        assert (verdict.reason, verdict.quiet) == ("Drifted", quiet)
    else:
        assert verdict == Allowed()
    assert SyncGate().check(evolve(drifted, drifted=False)) == Allowed()
    assert SyncGate().check(evolve(drifted, manual=True)) == Allowed()


# ── restrictions ─────────────────────────────────────────────────────────────────────────────────────────

ROLE = "arn:aws:iam::123456789012:role/team/web"
RULE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/lb/1a/2b/3c"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/lb/1a/2b"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"


def balanced(rule: str) -> Anything:
    return Anything(
        cluster="green", loadBalancers=({"advancedConfiguration": {"productionListenerRule": rule}},)
    )


def container(**fields: Any) -> Anything:
    return Anything(cluster="green", containerDefinitions=({"name": "app", **fields},))


@pytest.mark.parametrize(
    ("allow", "spec", "passes"),
    [
        (Allow(), container(image="evil/miner"), True),
        (Allow(kinds=("Service", "TaskDefinition")), Anything(), True),
        (Allow(kinds=("Task*",)), Anything(), False),
        (Allow(kinds=()), Anything(), False),
        (Allow(clusters=("green",)), Anything(cluster="green"), True),
        (Allow(clusters=("green",)), Anything(cluster="arn:aws:ecs:eu-west-1:1:cluster/green"), True),
        (Allow(clusters=("arn:aws:ecs:*:cluster/green",)), Anything(cluster="green"), True),
        (Allow(clusters=("green",)), Anything(cluster="greenish"), False),
        (Allow(clusters=("gr[e]en",)), Anything(cluster="green"), False),  # only * is special
        (Allow(clusters=("green",)), Anything(), False),  # ECS would take the cluster "default"
        (Allow(clusters=("default",)), Anything(), True),
        (Allow(roles=("team/*",)), Anything(cluster="c", executionRoleArn=ROLE), True),
        (Allow(roles=("arn:aws:iam::123456789012:role/team/*",)), Anything(cluster="c", role="team/x"), True),
        (Allow(roles=("arn:aws:iam::999999999999:role/*",)), Anything(executionRoleArn=ROLE), False),
        (Allow(roles=("admin",)), Anything(cluster="c", role="web"), False),
        (Allow(listeners=(LISTENER,)), Anything(listenerArn=LISTENER), True),
        (Allow(listeners=(LISTENER,)), balanced(RULE), True),
        (Allow(listeners=("arn:*/app/other/*",)), balanced(RULE), False),
        (Allow(images=("123456789012.dkr.ecr.*",)), container(image=IMAGE), True),
        (Allow(images=("123456789012.dkr.ecr.*",)), container(image="docker.io/web:1"), False),
        (Allow(images=("ours/*",)), container(image="ours/x", dockerLabels={"image": "theirs/y"}), True),
    ],
)
def test_an_environment_takes_only_what_its_configuration_allows(
    allow: Allow, spec: Anything, passes: bool
) -> None:
    verdict = RestrictionsGate().check(proposal(allow=allow, want=wanted(spec), approved=True, manual=True))
    assert isinstance(verdict, Allowed if passes else Denied)


def test_a_restriction_names_the_line_the_field_and_who_can_lift_it() -> None:
    spec = container(image="evil/miner")
    verdict = RestrictionsGate().check(proposal(allow=Allow(images=("ours/*",)), want=wanted(spec)))
    assert verdict == Denied(
        "Restricted",
        "apps/web.yaml:7: Service/web: /containerDefinitions/app/image: evil/miner is not among allow.images "
        "(ours/*)",
        "whoever owns apollo.yaml can extend allow.images of environment stage",
    )


@pytest.mark.parametrize("subject", ["images", "roles"])
def test_a_task_definition_that_git_does_not_hold_is_no_way_around(subject: str) -> None:
    allow = Allow.model_validate({subject: ("mine/*",)})
    spec = Anything(cluster="green", taskDefinition="foreign:7")
    verdict = RestrictionsGate().check(proposal(want=wanted(spec), allow=allow))
    assert (
        isinstance(verdict, Denied)
        and "foreign:7" in verdict.message
        and f"allow.{subject}" in verdict.message
    )
    assert RestrictionsGate().check(proposal(want=wanted(spec))) == Allowed()
    ours = evolve(wanted(spec), references=(Ref("TaskDefinition", "web", "arn"),))
    assert RestrictionsGate().check(proposal(want=ours, allow=allow)) == Allowed()


def test_a_restricted_value_that_is_not_known_yet_waits() -> None:
    spec = Anything(cluster="green", executionRoleArn=marker("acme.Role", "web", "arn"))
    verdict = RestrictionsGate().check(proposal(allow=Allow(roles=("*",)), want=wanted(spec)))
    assert isinstance(verdict, Held)
    assert "/executionRoleArn is not known yet" in verdict.message


def test_an_orphan_of_a_kind_that_is_not_allowed_is_quietly_kept() -> None:
    verdict = RestrictionsGate().check(orphan(allow=Allow(kinds=("TaskDefinition",))))
    assert isinstance(verdict, Held)
    assert verdict.quiet
