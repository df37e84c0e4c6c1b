"""Rules over boto3 and the local AWS: what users write is what requests meet."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from apollo.api import OWNER_TAG, PRUNE_TAG, Context, Identity, Lifecycle, Owned, marker
from apollo.compare import redacted

from ..pilot import Pilot
from .stage import RULES, Stage, calls, host, says

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage(pilot: Pilot) -> Stage:
    return Stage.on(pilot)


async def test_a_new_rule_is_one_call_and_nothing_is_left_to_do(stage: Stage) -> None:
    want = stage.rule(tags=[{"key": "team", "value": "green"}])
    await stage.apply(want)
    assert stage.calls() == ["CreateRule"]
    assert stage.answer(host="web.example.com") == "web"
    assert stage.tags(10) == {OWNER_TAG: "apollo/stage/ListenerRule/web", "team": "green"}
    assert await stage.steps(want) == []
    ((_, seen),) = await stage.look(want)
    assert seen is not None
    assert RULES.outputs(seen)["priority"] == "10"
    assert RULES.outputs(seen)["arn"].startswith(stage.listener.replace(":listener/", ":listener-rule/"))


async def test_a_look_at_many_rules_is_two_calls_per_twenty(stage: Stage) -> None:
    wants = [stage.rule(f"r{n}", n + 1) for n in range(30)]
    await stage.apply(*wants)
    stage.pilot.local.clear()
    from apollo.reads import together

    async def look(want: Any) -> object:
        return await RULES.observe(stage.pilot.ctx(), None, want)

    await together(look, wants)
    counts = stage.pilot.local.counts()
    assert sum(counts.values()) == 3, counts  # 31 rules: one page, two batches of tags


async def test_any_permutation_is_one_call(stage: Stage) -> None:
    names = ["a", "b", "c", "d"]
    await stage.apply(*(stage.rule(name, 10 * n + 10) for n, name in enumerate(names)))
    stage.calls()
    wants = [stage.rule(name, 40 - 10 * n) for n, name in enumerate(names)]
    (step,) = await stage.steps(*wants)
    assert [key.name for key in step.keys] == ["a", "b", "c", "d"]
    assert [(change.path, change.before, change.after) for change in step.changes] == [("/priority", 10, 40)]
    assert [(key.name, change.after) for key, change in step.also_changes] == [
        ("b", 30),
        ("c", 20),
        ("d", 10),
    ]
    await stage.apply(*wants)
    assert stage.calls() == ["SetRulePriorities"]
    assert stage.bodies() == {"10": "d", "20": "c", "30": "b", "40": "a", "default": "404"}


async def test_what_absence_means_is_named_when_it_is_set_back_so_that_it_sticks(stage: Stage) -> None:
    """Left out of the call it would become AWS's default of that day, and differ again for ever."""
    plain = {"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503"}}
    want = stage.rule(actions=[plain])
    await stage.apply(want)
    ((_, seen),) = await stage.look(want)
    assert seen is not None and seen.rule is not None
    moved = {"StatusCode": "503", "ContentType": "text/html"}
    action = {"Type": "fixed-response", "FixedResponseConfig": moved}
    stage.elb.modify_rule(RuleArn=seen.rule.arn, Actions=[action])
    (step,) = await stage.steps(want)
    assert [(change.before, change.after) for change in step.changes] == [("text/html", "text/plain")]
    (sent,) = step.call.params["Actions"]
    assert sent["FixedResponseConfig"] == {"StatusCode": "503", "ContentType": "text/plain"}
    await stage.apply(want)
    assert await stage.steps(want) == []


REWRITE = [{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "/a", "replace": "/b"}]}}]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"conditions": [host("a.x")]}, {"conditions": [host("b.x")]}, {"Conditions"}),
        ({}, {"actions": [says("other")]}, {"Actions"}),
        (
            {},
            {"transforms": REWRITE},
            {"Transforms"},
        ),
        (
            {"transforms": REWRITE},
            {},
            {"ResetTransforms"},
        ),
    ],
)  # fmt: skip
async def test_a_change_sends_what_changes_whole(
    stage: Stage, before: dict[str, Any], after: dict[str, Any], expected: set[str]
) -> None:
    await stage.apply(stage.rule(**before))
    stage.calls()
    want = stage.rule(**after)
    (step,) = await stage.steps(want)
    assert step.call.operation == "ModifyRule"
    assert step.call.params.keys() - {"RuleArn"} == expected
    await stage.apply(want)
    assert await stage.steps(want) == []
    ((_, updated),) = await stage.look(want)
    fresh = Stage.on(stage.pilot, "fresh")
    again = evolve(want, spec=want.spec.model_copy(update={"listenerArn": fresh.listener}))
    await fresh.apply(again)
    ((_, made),) = await fresh.look(again)
    assert updated is not None and made is not None
    assert updated.rule is not None and made.rule is not None
    assert RULES.diff(again, evolve(made, rule=evolve(made.rule, fields=updated.rule.fields))) == []


async def test_somebody_else_s_rules_are_seen_and_a_collision_names_them(stage: Stage) -> None:
    arn = stage.foreign(10, [host("theirs.example.com")])
    wants = [stage.rule("web", 10), stage.rule("api", 20)]
    denied = await stage.conflicts(*wants)
    assert [key.name for key in denied] == ["web"]
    (said,) = denied.values()
    assert said.reason == "Conflict"
    assert arn in said.message and "priority 10" in said.message and "web.yaml:1" in said.message
    assert "adopt" in said.hint
    await stage.apply(*wants)
    assert stage.bodies() == {"10": "foreign", "20": "api", "default": "404"}


async def test_a_rule_of_another_owner_is_named_by_its_owner(stage: Stage) -> None:
    other = Stage(stage.pilot, stage.listener, "prod")
    await other.apply(other.rule("web", 10))
    (said,) = (await stage.conflicts(stage.rule("web", 10))).values()
    assert "belongs to apollo/prod/ListenerRule/web" in said.message


async def test_who_cannot_move_keeps_its_place_from_others(stage: Stage) -> None:
    await stage.apply(stage.rule("a", 10), stage.rule("b", 20), stage.rule("c", 30))
    stage.foreign(40, [host("x")])
    wants = [stage.rule("a", 20), stage.rule("b", 40), stage.rule("c", 5)]
    denied = await stage.conflicts(*wants)
    assert {key.name for key in denied} == {"a", "b"}
    assert "held by ListenerRule/b" in next(said for key, said in denied.items() if key.name == "a").message
    await stage.apply(*wants)
    assert stage.bodies() == {"5": "c", "10": "a", "20": "b", "40": "foreign", "default": "404"}


async def test_two_that_want_one_priority_are_both_refused(stage: Stage) -> None:
    wants = [stage.rule("a", 10), stage.rule("b", 10), stage.rule("c", 11)]
    assert {key.name for key in await stage.conflicts(*wants)} == {"a", "b"}
    assert RULES.identity(wants[0].spec, wants[0].env) == RULES.identity(wants[1].spec, wants[1].env)


@pytest.mark.parametrize("together", [True, False])
async def test_a_rule_that_git_does_not_hold_makes_room_and_goes_last(stage: Stage, together: bool) -> None:
    await stage.apply(stage.rule("old", 10, [host("a.x")]))
    stage.calls()
    want = stage.rule("new", 10, [host("a.x")])
    sent = await stage.apply(want, prune=together)
    if not together:  # deleted later, when the gates let it
        assert stage.bodies() == {"10": "new", "11": "old", "default": "404"}
        (orphan,) = await stage.orphans(want)
        for step in RULES.diff(None, orphan.seen):
            sent.append(step)
            await stage.send(step)
    assert calls(sent) == ["SetRulePriorities new", "CreateRule new", "DeleteRule old"]
    assert sent[-1].verb == "delete"
    assert stage.bodies() == {"10": "new", "default": "404"}


async def test_a_rule_that_is_never_pruned_keeps_its_place(stage: Stage) -> None:
    await stage.apply(stage.rule("old", 10, lifecycle=Lifecycle(prune="never")))
    assert stage.tags(10)[PRUNE_TAG] == "never"
    (said,) = (await stage.conflicts(stage.rule("new", 10))).values()
    assert "prune: never" in said.message
    (orphan,) = await stage.orphans(stage.rule("new", 20))
    assert orphan.prune == "never"


async def test_a_held_neighbour_is_neither_moved_nor_removed(stage: Stage) -> None:
    await stage.apply(stage.rule("a", 10), stage.rule("b", 20))
    a, b = stage.rule("a", 20), stage.rule("b", 10)
    members = await stage.look(a, b)
    only_a = members[:1]  # b is suspended
    (said,) = RULES.conflicts(only_a).values()
    assert "ListenerRule/b" in said.message


async def test_a_list_of_our_rules_takes_their_tags_from_the_index_and_reads_none(stage: Stage) -> None:
    wants = [stage.rule("web", 10), stage.rule("api", 20)]
    await stage.apply(*wants)
    stage.foreign(30, [host("foreign.example.com")])
    pilot = stage.pilot
    ctx = pilot._aws.context(pilot.env, pilot._environment, lane="sweep")

    async def listed(ctx: Context) -> tuple[list[Owned], dict[str, int]]:
        pilot.local.clear()
        return [one async for one in RULES.owned(ctx, wants)], pilot.local.counts()

    found, calls = await listed(ctx)
    assert calls == {"resourcegroupstaggingapi:GetResources": 1, "elbv2:DescribeRules": 1}
    closely, calls = await listed(pilot.ctx())
    assert calls["elbv2:DescribeTags"] == 1, "whoever is about to write reads the rules' own"
    assert [(one.key, one.identity, one.complete) for one in found] == [
        (one.key, one.identity, one.complete) for one in closely
    ]
    assert [RULES.diff(want, one.seen) for want, one in zip(wants, found, strict=True)] == [[], []]
    pilot.local.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied")
    again, calls = await listed(ctx)
    assert calls["elbv2:DescribeTags"] == 1, "without the index"
    assert [one.key for one in again] == [one.key for one in found]


async def test_another_priority_is_a_change_another_listener_is_a_move(stage: Stage) -> None:
    await stage.apply(stage.rule("web", 10))
    want = stage.rule("web", 30)
    (owned,) = [one async for one in RULES.owned(stage.pilot.ctx(), [want])]
    assert owned.identity == RULES.identity(want.spec, want.env)
    elsewhere = Stage.on(stage.pilot, "elsewhere")
    moved = elsewhere.rule("web", 10)
    await elsewhere.apply(moved, prune=False)
    neighbour = stage.rule("api", 50)
    found = {one.identity.id: one async for one in RULES.owned(stage.pilot.ctx(), [moved, neighbour])}
    assert len(found) == 2
    old = found[stage.rules()["10"]["RuleArn"]]
    assert old.identity != RULES.identity(moved.spec, moved.env)
    assert calls(RULES.diff(None, old.seen)) == ["DeleteRule web"]


async def test_a_rule_is_found_again_by_its_arn_alone(stage: Stage) -> None:
    await stage.apply(stage.rule("web", 10))
    at = Identity("elbv2:rule", stage.rules()["10"]["RuleArn"])
    seen = await RULES.observe(stage.pilot.ctx(), at, None)
    assert calls(RULES.diff(None, seen)) == ["DeleteRule web"]
    stage.elb.delete_rule(RuleArn=at.id)
    assert await RULES.observe(stage.pilot.ctx(), at, None) is None


# ── adoption ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_adoption_is_tagging_alone(stage: Stage) -> None:
    stage.foreign(10, [host("web.example.com")], "web")
    stage.calls()
    want = stage.rule("web", 10, lifecycle=Lifecycle(adopt=True))
    (step,) = await stage.steps(want)
    assert (step.verb, step.call.operation) == ("adopt", "AddTags")
    await stage.apply(want)
    assert stage.calls() == ["AddTags"]
    assert await stage.steps(want) == []


async def test_adoption_from_an_owner_takes_the_rule_with_its_place(stage: Stage) -> None:
    other = Stage(stage.pilot, stage.listener, "prod")
    await other.apply(other.rule("web", 10))
    want = stage.rule("web", 20, lifecycle=Lifecycle(adopt="apollo/prod/ListenerRule/web"))
    (owned,) = [one async for one in RULES.owned(evolve_ctx(stage, "prod"), [want])]
    assert owned.identity == RULES.identity(want.spec, want.env), "it is no orphan of its old environment"
    arn = stage.rules()["10"]["RuleArn"]
    stage.calls()
    await stage.apply(want)
    assert stage.calls() == ["AddTags", "SetRulePriorities"]
    assert stage.rules()["20"]["RuleArn"] == arn


def evolve_ctx(stage: Stage, environment: str) -> Any:
    pilot = Pilot(stage.pilot.local, stage.pilot._aws, environment)
    return pilot.ctx()


# ── the default rule ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_default_rule_is_adopted_changed_through_its_listener_and_never_deleted(
    stage: Stage,
) -> None:
    plain = stage.rule("rest", "default")
    ((_, seen),) = await stage.look(plain)
    assert seen is not None
    assert RULES.owner(seen) is None, "it is there, and nobody's"
    want = stage.rule("rest", "default", lifecycle=Lifecycle(adopt=True))
    sent = await stage.apply(want)
    assert [(step.verb, step.call.operation) for step in sent] == [
        ("adopt", "AddTags"),
        ("update", "ModifyListener"),
    ]
    assert stage.answer(host="any") == "rest"
    assert await stage.steps(want) == []
    (orphan,) = await stage.orphans(stage.rule("web", 10))
    stage.calls()
    for step in RULES.diff(None, orphan.seen):
        assert step.verb == "delete"
        await stage.send(step)
    assert stage.calls() == ["RemoveTags"]
    assert stage.answer(host="any") == "rest"
    assert await stage.orphans(stage.rule("web", 10)) == []


async def test_a_rule_may_become_the_default_one_and_back(stage: Stage) -> None:
    await stage.apply(stage.rule("web", 10))
    default = stage.rule("web", "default", lifecycle=Lifecycle(adopt=True))
    sent = await stage.apply(default)
    assert calls(sent) == ["AddTags web", "ModifyListener web", "DeleteRule web"]
    sent = await stage.apply(stage.rule("web", 10))
    assert calls(sent) == ["RemoveTags web", "CreateRule web"]


# ── secrets, and what ECS looks after ────────────────────────────────────────────────────────────────────


def sign_in(secret: str | None, **more: Any) -> dict[str, Any]:
    config: dict[str, Any] = {
        "issuer": "https://id.example.com",
        "authorizationEndpoint": "https://id.example.com/a",
        "tokenEndpoint": "https://id.example.com/t",
        "userInfoEndpoint": "https://id.example.com/u",
        "clientId": "web",
        **more,
    }
    if secret is not None:
        config["clientSecret"] = secret
    return {"type": "authenticate-oidc", "authenticateOidcConfig": config}


async def test_client_secrets_are_set_anew_when_git_changes_them_and_never_shown(pilot: Pilot) -> None:
    stage = Stage.on(pilot)
    client = stage.elb
    balancer = client.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    stage.listener = client.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    stage.calls()
    one = stage.rule(actions=[sign_in("first-secret"), says("web")])
    await stage.apply(one)
    assert await stage.steps(one) == []
    kept = stage.rule(actions=[sign_in(None, scope="openid email"), says("web")])
    (step,) = await stage.steps(kept)
    assert step.call.params["Actions"][0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True
    two = stage.rule(actions=[sign_in("second-secret"), says("web")])
    stage.calls()
    sent = await stage.apply(two)
    assert stage.calls() == ["ModifyRule", "AddTags"]
    assert await stage.steps(two) == []
    shown = repr([redacted(change) for step in sent for change in step.changes]) + repr(stage.tags(10))
    assert "secret" not in shown.lower().replace("clientsecret", "")


async def test_what_the_manifest_ignores_stays_as_it_is_live(stage: Stage) -> None:
    await stage.apply(stage.rule("web", 10))
    want = stage.rule("web", 20, actions=[says("new")], lifecycle=Lifecycle(ignore=("/priority", "/actions")))
    assert await stage.steps(want) == []
    ((_, seen),) = await stage.look(want)
    assert {one.path.split("/")[1] for one in RULES.ignored(want, seen)} == {"priority", "actions"}
    assert {one.why for one in RULES.ignored(want, seen)} == {"lifecycle.ignore"}


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_rule_with_our_tag_is_removed(stage: Stage) -> None:
    want = stage.rule("web", 10)
    await stage.apply(want)
    copy = stage.foreign(20, [host("copy.example.com")])
    stage.elb.add_tags(ResourceArns=[copy], Tags=[{"Key": OWNER_TAG, "Value": want.owner}])
    (step,) = await stage.steps(want)
    assert (step.verb, step.call.operation, step.call.params["RuleArn"]) == ("delete", "DeleteRule", copy)


async def test_a_listener_that_is_not_there_says_so(stage: Stage) -> None:
    want = stage.rule("web", 10)
    gone = evolve(want, spec=want.spec.model_copy(update={"listenerArn": stage.listener[:-4] + "0000"}))
    from apollo.errors import Transient

    with pytest.raises(Transient, match="there is no listener"):
        await RULES.observe(stage.pilot.ctx(), None, gone)
    assert [one async for one in RULES.owned(stage.pilot.ctx(), [gone])] == []


async def test_a_listener_that_is_not_known_yet_is_planned_for(stage: Stage) -> None:
    want = stage.rule("web", 10)
    later = evolve(
        want, spec=want.spec.model_copy(update={"listenerArn": marker("acme.Listener", "x", "arn")})
    )
    ((_, seen),) = await stage.look(later)
    assert calls(RULES.diff(later, seen)) == ["CreateRule web"]
