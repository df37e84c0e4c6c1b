"""Scaling over boto3 and the local AWS: bounds, policies and schedules are what git says."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.api import OWNER_TAG, PRUNE_TAG, Context, Env, Identity, Lifecycle, is_unknown, refs_in
from apollo.reads import together
from apollo.resources.scaling_policy import ScalingPolicySpec

from ..pilot import Pilot
from .stage import CPU, MEMORY, PLACE, SCALING, Stage, Want, calls, scheduled, stepping, tracking

pytestmark = pytest.mark.anyio

NIGHT = scheduled("night", "at(2031-01-31T22:00:00)", timezone="Europe/Berlin")
ALL = {
    "policies": [tracking("cpu"), stepping("burst", (None, 10, 1), (10, None, 3))],
    "scheduledActions": [scheduled("morning"), NIGHT],
}
HOURLY = scheduled("night", "rate(1 hour)", timezone="Asia/Tokyo")
FEWER = "minCapacity 2 → 1, maxCapacity 10 → 1: 1 task stops at once"
REBOUND, NOTED = ["RegisterScalableTarget", "TagResource"], "notes which bounds git asks for"
GONE, CHANGED = "policy cpu is not in git", "scheduled action night changes"


async def test_a_new_scaling_is_the_target_and_its_parts_and_then_nothing(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(**ALL)
    await stage.apply(want)
    parts = ["PutScalingPolicy"] * 2 + ["PutScheduledAction"] * 2
    assert stage.calls() == ["RegisterScalableTarget", *parts]
    assert stage.tags().pop(OWNER_TAG) == "apollo/stage/ScalingPolicy/web"
    assert await stage.steps(want) == []
    seen = await stage.seen(want)
    assert seen is not None
    assert SCALING.outputs(seen) == {"arn": stage.target()["ScalableTargetARN"], "resourceId": PLACE}


async def test_a_bare_service_is_a_reference_and_is_waited_for() -> None:
    env = Env("stage", cluster="green")
    spec = ScalingPolicySpec.model_validate({"minCapacity": 1, "maxCapacity": 2}).completed("web", env)
    assert {(ref.kind, ref.name, ref.output) for ref in refs_in(spec)} == {
        ("Service", "web", "cluster"), ("Service", "web", "name")
    }  # fmt: skip
    assert is_unknown(SCALING.identity(spec, env).id)
    given_ = {"resourceId": "service/blue/api", "minCapacity": 1, "maxCapacity": 2}
    assert ScalingPolicySpec.model_validate(given_).completed("web", env).place == "service/blue/api"
    given_ = {"cluster": "arn:aws:ecs:e:1:cluster/blue", "service": "api", "minCapacity": 1, "maxCapacity": 2}
    assert ScalingPolicySpec.model_validate(given_).completed("web", env).place == "service/blue/api"


async def test_what_absence_means_is_named_when_it_is_set_back_so_that_it_sticks(pilot: Pilot) -> None:
    """Left out of the call it would become AWS's default of that day, and differ again for ever."""
    stage = await Stage.of(pilot)
    steps = (None, 10, 1), (10, None, 3)
    await stage.apply(stage.want(policies=[stepping("burst", *steps, cooldown=60), tracking("cpu")]))
    off = tracking("cpu", disableScaleIn=True)
    await stage.apply(stage.want(policies=[stepping("burst", *steps, cooldown=60), off]))
    want = stage.want(policies=[stepping("burst", *steps), tracking("cpu")])
    burst, cpu = await stage.steps(want)
    assert burst.call.params["StepScalingPolicyConfiguration"]["Cooldown"] == 300
    assert cpu.call.params["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] is False
    assert "policies" not in burst.call.params and burst.call.params["PolicyName"] == "burst"
    await stage.apply(want)
    assert await stage.steps(want) == []


@pytest.mark.parametrize(
    ("after", "expected", "why"),
    [
        ({"minCapacity": 5}, REBOUND, f"minCapacity 2 → 5: 3 tasks start at once; {NOTED}"),
        ({"minCapacity": 1}, REBOUND, f"minCapacity 2 → 1; {NOTED}"),
        ({"minCapacity": 1, "maxCapacity": 1}, REBOUND, f"{FEWER}; {NOTED}"),
        ({"policies": [tracking("cpu", 70)]}, ["PutScalingPolicy"], "policy cpu changes"),
        ({"policies": []}, ["DeleteScalingPolicy"], GONE),
        ({"policies": None}, ["DeleteScalingPolicy"], GONE),
        (
            {"policies": [tracking("renamed")]},
            ["DeleteScalingPolicy", "PutScalingPolicy"],  # AWS takes one policy per metric
            f"{GONE}; policy renamed is new",
        ),
        (
            {"policies": [tracking("memory", 60, MEMORY)]},
            ["PutScalingPolicy", "DeleteScalingPolicy"],
            f"policy memory is new; {GONE}",
        ),
        (
            {"scheduledActions": None},
            ["DeleteScheduledAction", "UntagResource"],
            "scheduled action night is not in git; no scheduled action sets bounds any more",
        ),
        ({"scheduledActions": [{**HOURLY, "schedule": "rate(2 hours)"}]}, ["PutScheduledAction"], CHANGED),
        ({"scheduledActions": [scheduled("night", "rate(1 hour)")]}, ["PutScheduledAction"], CHANGED),
        (
            {"suspendedState": {"scheduledScalingSuspended": True}},
            ["RegisterScalableTarget"],
            "suspendedState changes",
        ),
    ],
)
async def test_each_change_is_its_call_and_ends_where_a_fresh_create_ends(
    pilot: Pilot, after: dict[str, Any], expected: list[str], why: str
) -> None:
    stage = await Stage.of(pilot)
    before = {"policies": [tracking("cpu")], "scheduledActions": [HOURLY]}
    await stage.apply(stage.want(**before))
    want = stage.want(**{**before, **after})
    steps = await stage.steps(want)
    assert calls(steps) == expected
    assert "; ".join(step.why for step in steps) == why
    assert [step.verb == "delete" for step in steps] == [name.startswith("Delete") for name in expected]
    await stage.apply(want)
    assert await stage.steps(want) == []
    updated = stage.state()
    stage.scaling.deregister_scalable_target(
        ServiceNamespace="ecs", ResourceId=PLACE, ScalableDimension="ecs:service:DesiredCount"
    )
    await stage.apply(want)
    fresh = stage.state()
    for state in (updated, fresh):  # no timezone and UTC are the same
        for action in state[PLACE]["scheduledActions"].values():
            action["timezone"] = action["timezone"] or "UTC"
    assert updated == fresh


async def test_registering_says_what_happens_to_the_tasks(pilot: Pilot) -> None:
    stage = await Stage.of(pilot, desiredCount=1)
    (step, *_) = await stage.steps(stage.want(minCapacity=3))
    assert step.why == "the service is scaled between 3 and 10 tasks: 2 tasks start at once"
    assert not step.disruptive
    (step, *_) = await stage.steps(stage.want(minCapacity=0, maxCapacity=0))
    assert step.disruptive


async def test_what_a_scheduled_action_sets_is_left_to_it(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(scheduledActions=[scheduled("soon", "rate(1 minute)")])
    await stage.apply(want)
    pilot.local.advance(200)
    assert stage.target()["MinCapacity"] == 4
    assert await stage.steps(want) == []
    assert [(one.path, one.why) for one in SCALING.ignored(want, await stage.seen(want))] == [
        ("/minCapacity", "set by scheduled action soon")
    ]
    stage.scaling.register_scalable_target(
        ServiceNamespace="ecs", ResourceId=PLACE, ScalableDimension="ecs:service:DesiredCount", MinCapacity=7
    )
    assert calls(await stage.steps(want)) == ["RegisterScalableTarget"], "a hand is healed"


async def test_scaling_that_somebody_suspends_stays_suspended_unless_git_says_otherwise(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want()
    await stage.apply(want)
    stage.scaling.register_scalable_target(
        ServiceNamespace="ecs", ResourceId=PLACE, ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={"DynamicScalingInSuspended": True},
    )  # fmt: skip
    assert await stage.steps(want) == []
    assert "dynamicScalingInSuspended" in SCALING.health(want, await stage.seen(want)).message
    declared = stage.want(suspendedState={"dynamicScalingInSuspended": False})
    assert calls(await stage.steps(declared)) == ["RegisterScalableTarget"]


async def test_somebody_else_s_policy_on_our_target_is_drift_and_its_alarm_is_not(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(policies=[tracking("cpu")])
    await stage.apply(want)
    stage.scaling.put_scaling_policy(
        PolicyName="theirs", ServiceNamespace="ecs", ResourceId=PLACE,
        ScalableDimension="ecs:service:DesiredCount", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
        },
    )  # fmt: skip
    (step,) = await stage.steps(want)
    assert (step.verb, step.call.operation) == ("delete", "DeleteScalingPolicy")
    assert step.changes[0].path == "/policies/theirs"
    kept = stage.want(policies=[tracking("cpu")], lifecycle=Lifecycle(ignore=("/policies/theirs",)))
    assert await stage.steps(kept) == []


async def test_adoption_is_tagging_alone_and_ownership_is_told(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    stage.scaling.register_scalable_target(
        ServiceNamespace="ecs", ResourceId=PLACE, ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2, MaxCapacity=10,
    )  # fmt: skip
    plain = stage.want()
    seen = await stage.seen(plain)
    assert seen is not None and SCALING.owner(seen) is None
    stage.calls()
    want = stage.want(lifecycle=Lifecycle(adopt=True, prune="confirm"), tags={"team": "green"})
    (step,) = await stage.apply(want)
    assert (step.verb, stage.calls()) == ("adopt", ["TagResource"])
    assert stage.tags() == {OWNER_TAG: want.owner, PRUNE_TAG: "confirm", "team": "green"}
    assert calls(await stage.apply(stage.want(tags={"team": "green"}))) == ["UntagResource"]


async def test_what_git_does_not_hold_goes_whole_and_keeps_the_tasks(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    await stage.apply(stage.want(**ALL))
    (owned,) = [one async for one in SCALING.owned(stage.ctx(), [])]
    assert owned.identity == Identity("autoscaling:target", PLACE)
    assert owned.part_of == (Identity("ecs:service", "green/web"),)
    assert not owned.complete, "what is to go is looked at closer"
    seen = await SCALING.observe(stage.ctx(), owned.identity, None)
    (step,) = SCALING.diff(None, seen)
    assert (step.verb, step.call.operation, step.target) == ("delete", "DeregisterScalableTarget", owned.key)
    await SCALING.act(stage.ctx(writable=True), step)
    assert await SCALING.observe(stage.ctx(), owned.identity, None) is None
    assert stage.count() == 2


async def test_what_is_listed_is_all_there_is_to_know(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(**ALL)
    await stage.apply(want)
    (owned,) = [one async for one in SCALING.owned(stage.ctx(), [want])]
    assert owned.complete
    assert owned.seen == await stage.seen(want)


async def test_other_clusters_other_kinds_and_other_environments_are_left_out(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    await stage.apply(stage.want())
    other = Pilot(pilot.local, pilot._aws, "prod")
    assert [one async for one in SCALING.owned(other.ctx(), [])] == []


async def test_many_targets_are_read_in_few_calls(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(policies=[tracking("cpu")])
    await stage.apply(want)
    pilot.local.clear()

    async def look(number: int) -> object:
        place = Identity("autoscaling:target", PLACE if not number else f"service/green/web-{number}")
        return await SCALING.observe(stage.ctx(), place, None)

    await together(look, range(40))
    assert pilot.local.counts() == {
        "application-autoscaling:DescribeScalableTargets": 1,
        "application-autoscaling:DescribeScalingPolicies": 1,
        "application-autoscaling:DescribeScheduledActions": 1,
        "application-autoscaling:ListTagsForResource": 1,
    }


def sweeping(pilot: Pilot) -> Context:
    """A look on whose strength nothing is written."""
    return pilot._aws.context(pilot.env, pilot._environment, lane="sweep", writable=False)


async def tag_reads(pilot: Pilot, want: Want) -> set[str]:
    pilot.local.clear()
    assert not SCALING.diff(want, await SCALING.observe(sweeping(pilot), None, want))
    return {name.split(":")[1] for name in pilot.local.counts() if "Tags" in name or "GetRes" in name}


async def test_where_nothing_is_written_an_index_tells_the_tags_of_many(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want()
    await stage.apply(want)
    assert await tag_reads(pilot, want) == {"GetResources"}
    pilot.local.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied", times=100)
    assert await tag_reads(pilot, want) == {"GetResources", "ListTagsForResource"}


async def test_the_index_is_no_proof_of_a_difference_nor_enough_to_write_or_delete(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want()
    await stage.apply(want)
    pilot.local.faults.add(action="resourcegroupstaggingapi:GetResources", kind="stale", times=100)
    arn = stage.target()["ScalableTargetARN"]
    stage.scaling.untag_resource(ResourceARN=arn, TagKeys=[OWNER_TAG])
    seen = await stage.seen(want)
    assert seen is not None and SCALING.owner(seen) is None, "an act reads the tags themselves"
    place = Identity("autoscaling:target", PLACE)
    gone = await SCALING.observe(sweeping(pilot), place, None)
    assert gone is not None and SCALING.diff(None, gone) == []


async def test_bounds_that_git_moves_are_set_whatever_a_scheduled_action_has_set(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    actions = {"scheduledActions": [scheduled("soon", "rate(1 minute)")]}
    await stage.apply(stage.want(**actions))
    pilot.local.advance(200)
    assert stage.target()["MinCapacity"] == 4
    moved = stage.want(minCapacity=3, **actions)
    assert calls(await stage.apply(moved)) == ["RegisterScalableTarget", "TagResource"]
    assert stage.target()["MinCapacity"] == 3
    pilot.local.advance(200)
    assert await stage.steps(moved) == [], "and the next one sets it again"


async def test_a_role_that_aws_does_not_use_is_no_difference(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want(roleARN="arn:aws:iam::123456789012:role/scaling")
    await stage.apply(want)
    assert await stage.steps(want) == []


async def test_a_policy_that_makes_room_for_another_on_its_metric_is_replaced_and_not_pruned(
    pilot: Pilot,
) -> None:
    stage = await Stage.of(pilot)
    await stage.apply(stage.want(policies=[tracking("cpu")]))
    replaced = await stage.steps(stage.want(policies=[tracking("processor")]))
    assert [step.prunes for step in replaced] == [False, False]
    (pruned,) = await stage.steps(stage.want())
    assert pruned.prunes


# ── whatever is said ─────────────────────────────────────────────────────────────────────────────────────

METRICS = st.sampled_from([CPU, MEMORY])
POLICIES = st.lists(
    st.one_of(
        st.builds(
            tracking,
            st.sampled_from("ab"),
            st.sampled_from([50, 60.5]),
            METRICS,
            disableScaleIn=st.booleans(),
            scaleInCooldown=st.sampled_from([0, 60]),
        ),
        st.builds(stepping, st.sampled_from("ab"), st.sampled_from([(0, None, 1), (None, -5, -2)])),
        st.builds(stepping, st.sampled_from("cd"), st.just((None, 0.5, 1)), st.just((0.5, None, 2))),
    ),
    max_size=3,
    unique_by=(
        lambda policy: policy["name"],
        lambda policy: str(policy.get("targetTrackingScalingPolicyConfiguration", policy["name"]))[-40:],
    ),
)
ACTIONS = st.lists(
    st.builds(
        scheduled,
        st.sampled_from("ab"),
        st.sampled_from(["rate(7 days)", "cron(0 8 ? * MON-FRI *)", "at(2031-01-31T22:00:00)"]),
        scalableTargetAction=st.sampled_from([{"minCapacity": 3}, {"minCapacity": 1, "maxCapacity": 9}]),
    )
    | st.builds(
        scheduled,
        st.sampled_from("cd"),
        timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
        startTime=st.just("2031-01-01T00:00:00Z"),
    ),
    max_size=3,
    unique_by=lambda action: action["name"],
)
SPECS = st.fixed_dictionaries(
    {"minCapacity": st.integers(0, 3), "maxCapacity": st.integers(3, 9)},
    optional={"policies": POLICIES, "scheduledActions": ACTIONS},
)


@given(specs=st.lists(SPECS, min_size=2, max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_git_says_next_it_comes_to_rest_there(
    pilot: Pilot, specs: list[dict[str, Any]]
) -> None:
    stage = await Stage.of(pilot) if not _made(pilot) else Stage(pilot)
    for spec in specs:
        want: Want = stage.want(**spec)
        await stage.apply(want)
        assert await stage.steps(want) == []
        state = stage.state()[PLACE]
        assert set(state["policies"]) == {policy["name"] for policy in spec.get("policies", ())}
        assert set(state["scheduledActions"]) == {one["name"] for one in spec.get("scheduledActions", ())}
        assert (state["minCapacity"], state["maxCapacity"]) == (spec["minCapacity"], spec["maxCapacity"])
        assert spec["minCapacity"] <= stage.count() <= spec["maxCapacity"]


def _made(pilot: Pilot) -> bool:
    return bool(pilot.ecs.list_services(cluster="green")["serviceArns"])


async def test_an_absent_target_is_nobody_s_and_free_to_take(pilot: Pilot) -> None:
    stage = await Stage.of(pilot)
    want = stage.want()
    seen = await stage.seen(want)
    assert seen is not None and seen.absent
    assert SCALING.owner(seen) == want.owner
    assert SCALING.outputs(seen) == {}
    assert SCALING.health(want, seen).status == "Missing"
    assert SCALING.diff(evolve(want), None)[0].call.operation == "RegisterScalableTarget"
