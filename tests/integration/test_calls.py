"""AWS's rate is the scarce resource: how many calls a look at everything takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from tests.integration.world import ACCOUNT, World, local_world, service, task_definition
from tests.virtual import ScaledClock

pytestmark = pytest.mark.anyio


async def test_fifty_services_are_found_unchanged_by_a_dozen_calls_of_a_fresh_process(world: World) -> None:
    files = {
        f"app{number % 5}/s{number}.yaml": task_definition(f"s{number}", image=f"img:{number}")
        + "---"
        + service(f"s{number}")
        for number in range(50)
    }
    world.write(files)
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    world.forget()
    plan = await world.plan()
    assert plan.summary()["unchanged"] == 100
    calls = Counter(request.operation for request in world.aws.requests)
    assert calls == {
        "GetCallerIdentity": 1,
        "ListServices": 1,
        "DescribeServices": 5,
        "GetResources": 2,  # the revisions that run; and is anything of ours left where git does not look?
        "DescribeScalableTargets": 1,  # is any of ours left over?
    }


async def test_revisions_that_no_service_runs_are_found_by_their_content(world: World) -> None:
    """Of a task definition that is started otherwise, and of one that went back to what it was before."""
    old, new = task_definition(image="web:1"), task_definition(image="web:2")
    job = task_definition("job", image="job:1")
    for text in (old, new):
        world.write({"web/web.yaml": text + "---" + service(), "job/job.yaml": job})
        assert (await world.apply()).exit_code == 0
    world.write({"web/web.yaml": old + "---" + service(), "job/job.yaml": job})
    world.aws.clear()
    world.forget()
    plan = await world.plan()
    assert {str(item.key): item.action for item in plan} == {
        "TaskDefinition/job": "none",
        "TaskDefinition/web": "none",
        "Service/web": "update",
    }
    reads = Counter(request.operation for request in world.aws.requests)
    # What is left elsewhere; job by its content; what runs of web; web by its content, since that is another.
    assert reads["GetResources"] == 4
    assert "ListTaskDefinitions" not in reads


async def test_tags_are_an_index_and_never_the_judge(world: World) -> None:
    """A revision that somebody copied, tags and all, with another content: what is written on the strength of
    it is decided by content."""
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    ecs = world.aws.client("ecs")
    answer = ecs.describe_task_definition(taskDefinition="web:1", include=["TAGS"])
    ecs.register_task_definition(
        family="web",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "evil:1"}],
        tags=answer["tags"],
    )
    ecs.deregister_task_definition(taskDefinition="web:1")
    world.aws.clear()
    world.forget()
    result = await world.apply()
    assert result.exit_code == 0
    running = world.services()["web"]["taskDefinition"]
    content = ecs.describe_task_definition(taskDefinition=running)["taskDefinition"]
    assert content["containerDefinitions"][0]["image"] == "web:1"
    assert "evil" not in str(world.aws.mutations())


async def test_a_role_without_the_tagging_api_sees_the_same(world: World) -> None:
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.faults.add(action="resourcegroupstaggingapi:GetResources", kind="access_denied")
    world.aws.clear()
    result = await world.apply()
    assert result.exit_code == 0
    assert world.calls() == []


async def test_an_index_that_lags_registers_nothing_twice(world: World) -> None:
    world.aws.world.timings = world.aws.world.timings.__class__(tagging_lag=3600.0)
    world.write({"web/web.yaml": task_definition() + "---" + service()})
    await world.apply()
    world.aws.clear()
    for _ in range(2):
        assert (await world.apply()).exit_code == 0
    assert world.calls() == []


def _rule(number: int, listener: str, group: str) -> str:
    return f"""---
apiVersion: apollo/v1
kind: ListenerRule
metadata: {{name: s{number}}}
spec:
  listenerArn: "{listener}"
  priority: {number + 1}
  conditions: [{{field: host-header, hostHeaderConfig: {{values: [s{number}.example.com]}}}}]
  actions: [{{type: forward, forwardConfig: {{targetGroups: [{{targetGroupArn: "{group}", weight: 1}}]}}}}]
"""


def _scaling(number: int) -> str:
    return f"""---
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: s{number}}}
spec:
  service: s{number}
  minCapacity: 1
  maxCapacity: 5
  policies:
    - name: cpu
      policyType: TargetTrackingScaling
      targetTrackingScalingPolicyConfiguration:
        targetValue: 60
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverageCPUUtilization}}
"""


async def test_a_sweep_of_a_running_operator_costs_the_least_that_aws_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four kinds, 20 of each: one page of names, two batches of services, one listener, two pages of
    policies, one of targets; and what tags and schedules take."""
    # One sweep of ten looks at task definitions; on a slow machine it would be one of those that are counted.
    monkeypatch.setattr("apollo.engine.sweeping._SELDOM", 10**6)
    speed, count = 60.0, 20
    with local_world(tmp_path, monkeypatch, speed=speed) as world:
        aws = world.aws
        listener = aws.listener("front", account=ACCOUNT, region="eu-west-1")
        files = {}
        for number in range(count):
            group = aws.target_group(f"t{number}", balanced=False, account=ACCOUNT, region="eu-west-1")
            balancer = f'[{{targetGroupArn: "{group}", containerName: app, containerPort: 8080}}]'
            files[f"app/s{number}.yaml"] = (
                task_definition(f"s{number}")
                + "---"
                + service(f"s{number}", count=1, loadBalancers=balancer)
                + _rule(number, listener, group)
                + _scaling(number)
            )
        world.write(files)
        async with (
            world.operator(clock=ScaledClock(speed)) as operator,
            anyio.create_task_group() as tasks,
        ):
            await tasks.start(operator.run)

            def settled() -> bool:
                rows = operator.live()["stage"].resources
                good = [row for row in rows if (row.sync, row.health.status) == ("Synced", "Healthy")]
                return len(good) == 4 * count

            with anyio.fail_after(60):
                while not settled():  # noqa: ASYNC110 - real threads and sockets bring it about
                    await anyio.sleep(0.1)
                sweeps = aws.counts().get("ecs:ListServices", 0)
                while aws.counts().get("ecs:ListServices", 0) < sweeps + 2:  # noqa: ASYNC110
                    await anyio.sleep(0.02)
                await anyio.sleep(0.5)
                aws.clear()
                while aws.counts().get("ecs:ListServices", 0) < 3:  # noqa: ASYNC110
                    await anyio.sleep(0.02)
                await anyio.sleep(0.5)
            operator.stop()
        assert aws.mutations() == []
        counts = aws.counts()
        least = {
            "ecs:ListServices": 1,
            "ecs:DescribeServices": count // 10,
            "elbv2:DescribeRules": 1,
            "application-autoscaling:DescribeScalableTargets": 1,
            "application-autoscaling:DescribeScalingPolicies": count // 10,
            "application-autoscaling:DescribeScheduledActions": 1,
            "resourcegroupstaggingapi:GetResources": 2,  # the targets' tags, and what is ours elsewhere
        }
        assert {name: number / 3 for name, number in counts.items()} == pytest.approx(least)
