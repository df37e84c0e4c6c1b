"""Calls wait for AWS's rate here, in order of urgency."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apollo.aws import LANES, Lane, Limit, bucket_of, is_mutating
from apollo.aws.buckets import Bucket
from apollo.aws.operations import LIMITS, limit_of

pytestmark = pytest.mark.anyio


class Traffic:
    """Callers of one bucket, and when each was let through."""

    def __init__(self, bucket: Bucket, clock: Any, tasks: Any) -> None:
        self.bucket, self.clock, self.tasks = bucket, clock, tasks
        self.let_through: list[tuple[float, Lane, int]] = []

    def ask(self, lane: Lane, count: int = 1) -> None:
        for number in range(count):
            self.tasks.start_soon(self._one, lane, number)

    async def _one(self, lane: Lane, number: int) -> None:
        await self.bucket.take(lane)
        self.let_through.append((self.clock.time, lane, number))

    def lanes(self) -> list[Lane]:
        return [lane for _, lane, _ in self.let_through]


async def test_the_burst_goes_at_once_and_the_rest_at_the_rate(clock: Any) -> None:
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(Bucket(Limit(3, 2), clock), clock, tasks)
        start = clock.time
        traffic.ask("act", 7)
        await clock.advance(10)
    assert [at - start for at, _, _ in traffic.let_through] == pytest.approx([0, 0, 0, 0.5, 1, 1.5, 2])
    assert [number for _, _, number in traffic.let_through] == list(range(7))


async def test_urgent_calls_overtake(clock: Any) -> None:
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(Bucket(Limit(1, 1), clock), clock, tasks)
        traffic.ask("act")
        await clock.advance(0)
        for lane in ("sweep", "changed", "wait", "act"):
            traffic.ask(lane)
            await clock.advance(0)
        await clock.advance(4.5)
        assert traffic.lanes() == ["act", "act", "wait", "changed", "sweep"]


async def test_an_urgent_call_is_hardly_delayed_by_a_sweep(clock: Any) -> None:
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(Bucket(Limit(100, 20), clock, share=0.25), clock, tasks)
        traffic.ask("sweep", 2000)
        await clock.advance(60)
        asked = clock.time
        traffic.ask("act")
        await clock.advance(2)
        waited = next(at for at, lane, _ in traffic.let_through if lane == "act") - asked
        assert waited <= 0.1
        swept = sum(1 for lane in traffic.lanes() if lane == "sweep")
        assert swept <= 25 + 62 * 5 + 1
        assert swept >= 25 + 60 * 5 - 5
        tasks.cancel_scope.cancel()


async def test_nobody_starves_below_a_flood_of_urgent_calls(clock: Any) -> None:
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(Bucket(Limit(1, 1), clock), clock, tasks)
        traffic.ask("act", 100)
        await clock.advance(0)
        traffic.ask("sweep", 3)
        await clock.advance(30)
        assert traffic.lanes().count("sweep") == 3
        assert traffic.lanes().count("act") == 28
        tasks.cancel_scope.cancel()


async def test_throttling_slows_down_and_the_rate_comes_back(clock: Any) -> None:
    bucket = Bucket(Limit(10, 10), clock)
    assert bucket.state("1", "r", "b").factor == 1
    bucket.throttled()
    bucket.throttled()
    state = bucket.state("1", "r", "b")
    assert (state.factor, state.tokens, state.rate, state.throttled) == (0.5, 0, 5, 2)
    for _ in range(50):
        clock.time += 1
        bucket.throttled()
    assert 0.05 < bucket.state("1", "r", "b").factor < 0.15
    clock.time += 60
    assert bucket.state("1", "r", "b").factor == 1


async def test_a_cancelled_waiter_leaves_no_trace_and_blocks_nobody(clock: Any) -> None:
    bucket = Bucket(Limit(1, 1), clock)
    await bucket.take("act")
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(bucket, clock, tasks)
        with anyio.CancelScope() as scope:

            async def impatient() -> None:
                await bucket.take("act")

            async with anyio.create_task_group() as inner:
                inner.start_soon(impatient)  # the first to wait: it sleeps for all
                await clock.advance(0)
                traffic.ask("sweep", 2)
                await clock.advance(0.5)
                scope.cancel()
        assert bucket.state("1", "r", "b").waiting == {"sweep": 2}
        await clock.advance(2.5)
        assert traffic.lanes() == ["sweep", "sweep"]
    assert bucket.state("1", "r", "b").waiting == {}


async def test_an_arrival_that_may_go_earlier_is_not_held_up_by_who_sleeps(clock: Any) -> None:
    async with anyio.create_task_group() as tasks:
        traffic = Traffic(Bucket(Limit(4, 4), clock, share=0.25), clock, tasks)
        start = clock.time
        traffic.ask("sweep", 2)  # the second has to wait a second for its share
        await clock.advance(0)
        traffic.ask("act", 4)
        await clock.advance(3)
    acts = [at - start for at, lane, _ in traffic.let_through if lane == "act"]
    assert acts == pytest.approx([0, 0, 0, 0.25])


arrivals = st.lists(
    st.tuples(st.floats(0, 2), st.sampled_from(LANES), st.integers(1, 6)), min_size=1, max_size=15
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrivals=arrivals,
    burst=st.integers(1, 5),
    rate=st.floats(0.5, 10),
    share=st.floats(0.1, 1),
    cancelled=st.sets(st.integers(0, 40)),
)
def test_the_rate_is_never_exceeded_and_everybody_gets_through(
    clock: Any,
    arrivals: list[tuple[float, Lane, int]],
    burst: int,
    rate: float,
    share: float,
    cancelled: set[int],
) -> None:
    async def main() -> tuple[list[tuple[float, Lane, int]], int]:
        async with anyio.create_task_group() as tasks:
            bucket = Bucket(Limit(burst, rate), clock, share=share)
            traffic = Traffic(bucket, clock, tasks)
            expected = asked = 0
            for pause, lane, count in arrivals:
                await clock.advance(pause)
                for _ in range(count):
                    asked += 1
                    if asked in cancelled:
                        with anyio.move_on_after(0):
                            await bucket.take(lane)
                    else:
                        expected += 1
                        traffic.ask(lane)
            await clock.advance((expected + 1) / (rate * share) * 2 + 5)
        return traffic.let_through, expected

    through, expected = anyio.run(main)
    assert len(through) == expected
    for limit, limit_rate, lanes in (
        (burst, rate, LANES),
        (max(1, burst * share), rate * share, ("changed", "sweep")),
    ):
        times = [at for at, lane, _ in through if lane in lanes]
        for first in range(len(times)):
            for last in range(first, len(times)):
                seconds = times[last] - times[first]
                assert last - first + 1 <= limit + limit_rate * seconds + 1e-3


@pytest.mark.parametrize(
    ("service", "operation", "bucket", "burst", "rate"),
    [
        ("ecs", "DescribeServices", "ecs service read", 100, 20),
        ("ecs", "UpdateService", "ecs service modify", 50, 5),
        ("ecs", "RegisterTaskDefinition", "ecs task definition modify", 20, 1),
        ("ecs", "DescribeTaskDefinition", "ecs task definition read", 50, 20),
        ("ecs", "DescribeTasks", "ecs cluster resource read", 100, 20),
        ("ecs", "ListServiceDeployments", "ecs service deployment read", 50, 20),
        ("ecs", "TagResource", "ecs tag modify", 20, 10),
        ("elbv2", "DescribeRules", "elbv2 read", 40, 10),
        ("resourcegroupstaggingapi", "GetResources", "resourcegroupstaggingapi read", 15, 15),
        ("application-autoscaling", "PutScalingPolicy", "application-autoscaling modify", 20, 3),
        ("application-autoscaling", "DescribeScalingPolicies", "application-autoscaling read", 40, 9),
        ("scheduler", "GetSchedule", "scheduler GetSchedule", 250, 250),
        ("scheduler", "UpdateSchedule", "scheduler UpdateSchedule", 250, 250),
        ("scheduler", "GetScheduleGroup", "scheduler GetScheduleGroup", 20, 10),
        ("sqs", "GetQueueAttributes", "sqs read", 20, 10),
        ("sqs", "SetQueueAttributes", "sqs modify", 10, 5),
    ],
)
async def test_each_operation_draws_from_the_bucket_that_aws_documents(
    service: str, operation: str, bucket: str, burst: float, rate: float
) -> None:
    assert bucket_of(service, operation) == bucket
    assert limit_of(bucket) == Limit(burst, rate)


async def test_the_table_names_only_operations_that_exist_and_tells_reads_from_writes() -> None:
    import botocore.loaders
    import botocore.model

    loader = botocore.loaders.Loader()
    for service in ("ecs", "elbv2", "application-autoscaling"):
        model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"))
        for operation in model.operation_names:
            bucket = bucket_of(service, operation)
            assert bucket in LIMITS
            if bucket.endswith("read"):
                assert not is_mutating(service, operation), operation
            if bucket.endswith(("modify", "delete")):
                assert is_mutating(service, operation), operation


@pytest.mark.parametrize(
    ("operation", "mutating"),
    [
        ("DescribeServices", False),
        ("ListTagsForResource", False),
        ("GetSecretValue", False),
        ("BatchGetImage", False),
        ("UpdateService", True),
        ("DeregisterTaskDefinition", True),
        ("SetRulePriorities", True),
        ("Listen", True),  # begins like List and is another word
        ("Getaway", True),
        ("Frobnicate", True),
    ],
)
async def test_an_operation_is_a_read_only_if_its_name_says_so(operation: str, mutating: bool) -> None:
    assert is_mutating("any", operation) is mutating
