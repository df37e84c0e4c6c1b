"""What runs is imported, committed and applied: nothing changes but ownership tags, and nothing restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from apollo.errors import ApolloError
from apollo.importing.live import import_live
from apollo.importing.model import Imported, Report
from apollo.importing.output import file_texts
from apollo.manifest import env_of
from tests.importing.shapes import Shapes
from tests.integration.world import ACCOUNT, World, local_world

pytestmark = pytest.mark.anyio
TAGGING = {"TagResource", "AddTags"}


async def imported(
    world: World, arns: Sequence[str] = (), cluster: str | None = None
) -> tuple[list[Imported], Report]:
    async with world.operator() as operator:
        chosen = operator.environment("stage")
        context = operator.aws.context(env_of(chosen, "apollo"), chosen, lane="changed")
        return await import_live(context, arns, cluster, chosen.spec.cluster, defaults=chosen.spec.defaults)


def running(world: World) -> Mapping[str, Any]:
    """The tasks of each service, and the revisions of each family."""
    ecs = world.aws.client("ecs", account=ACCOUNT)
    names = [arn.rsplit("/")[-1] for arn in ecs.list_services(cluster="green", maxResults=100)["serviceArns"]]
    tasks = {
        name: sorted(ecs.list_tasks(cluster="green", serviceName=name)["taskArns"]) for name in sorted(names)
    }
    return {**tasks, "revisions": sorted(ecs.list_task_definitions(maxResults=100)["taskDefinitionArns"])}


@pytest.mark.parametrize("seed", [0, 1, 7])
async def test_an_imported_cluster_is_taken_over_by_tags_alone(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_world(tmp_path, monkeypatch, seed=seed) as world:
        names = Shapes(world.aws).all()
        before = running(world)
        world.aws.clear()
        found, report = await imported(world, cluster="green")
        assert world.calls() == []
        assert {one.name for one in found if one.kind == "Service"} == set(names)
        assert [note for note in report.notes if note.level in ("refused", "asks")] == []
        world.write(file_texts(found))
        plan = await world.plan()
        assert plan.to_dict()["errors"] == []
        assert {(one.key.kind, one.action) for one in plan.resources} == {
            (kind, "adopt") for kind in ("TaskDefinition", "Service", "ScalingPolicy", "ListenerRule")
        }
        result = await world.apply()
        assert result.exit_code == 0
        assert set(world.calls()) <= TAGGING
        world.aws.settle()
        assert running(world) == before
        world.aws.clear()
        again = await world.plan()
        assert not any(one.action != "none" for one in again.resources), again.to_dict()
        assert world.calls() == []


async def test_what_absence_means_as_well_is_left_out(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.make_fargate("web")
    world.aws.settle()
    found, _ = await imported(world, cluster="green")
    by_key = {one.key: one.spec for one in found}
    assert set(by_key["Service/web"]) == {
        "taskDefinition",
        "desiredCount",
        "launchType",
        "networkConfiguration",
        "tags",
        "enableECSManagedTags",
        "propagateTags",
        *({"availabilityZoneRebalancing"} & set(by_key["Service/web"])),
    }
    assert by_key["Service/web"]["taskDefinition"] == "web"
    container = by_key["TaskDefinition/web"]["containerDefinitions"][0]
    assert set(container) == {"name", "image", "portMappings", "environment", "secrets", "ulimits"}
    assert container["portMappings"] == [{"containerPort": 8080, "name": "http"}]


async def test_the_environments_defaults_change_nothing_that_runs(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.make_fargate("web")
    shapes.make_careful("careful")
    shapes.make_balanced("api")
    world.aws.settle()
    world.configure(
        more="""  defaults:
    Service:
      deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}, maximumPercent: 150}
      enableExecuteCommand: true
      healthCheckGracePeriodSeconds: 60
      platformVersion: 1.4.0
      placementStrategy: [{type: random}]
    TaskDefinition: {runtimePlatform: {cpuArchitecture: ARM64}, pidMode: task}
"""
    )
    found, report = await imported(world, cluster="green")
    assert [note.what for note in report.notes if note.level == "asks"] == []
    world.write(file_texts(found))
    before = running(world)
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert set(world.calls()) <= TAGGING
    assert running(world) == before
    again = await world.plan()
    assert {one.action for one in again.resources} == {"none"}


async def test_the_desired_count_is_the_scaling_policys(world: World) -> None:
    Shapes(world.aws).make_scaled("web")
    world.aws.settle()
    found, _ = await imported(world, cluster="green")
    by_key = {one.key: one.spec for one in found}
    assert "desiredCount" not in by_key["Service/web"]
    assert by_key["ScalingPolicy/web"]["service"] == "web"


async def test_two_revisions_of_one_family_stay_apart(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.task("web")
    shapes.service("old", taskDefinition="web:1", launchType="FARGATE")
    shapes.task("web", container={"image": "repo/web:2"})
    shapes.service("new", taskDefinition="web:2", launchType="FARGATE")
    world.aws.settle()
    found, report = await imported(world, cluster="green")
    by_key = {one.key: one.spec for one in found}
    assert by_key["Service/new"]["taskDefinition"] == "web"
    assert by_key["Service/old"]["taskDefinition"] == "web:1"
    assert [note.level for note in report.notes] == ["asks"]
    world.write(file_texts(found))
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert set(world.calls()) <= TAGGING


@pytest.mark.parametrize("state", ["deregistered", "twin"])
async def test_a_revision_that_a_manifest_would_not_find_is_kept_by_number(world: World, state: str) -> None:
    shapes = Shapes(world.aws)
    task = shapes.task("web")
    shapes.service("web", launchType="FARGATE")
    if state == "twin":
        shapes.task("web")
    else:
        shapes.ecs.deregister_task_definition(taskDefinition=task)
    world.aws.settle()
    found, report = await imported(world, cluster="green")
    assert {one.key: one.spec["taskDefinition"] for one in found} == {"Service/web": "web:1"}
    assert [note.level for note in report.notes] == ["asks"]
    world.write(file_texts(found))
    before = running(world)
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["TagResource"]
    world.aws.settle()
    assert running(world) == before


async def test_each_kind_can_be_named_by_its_arn(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.make_balanced("web")
    shapes.make_scaled("api")
    task = shapes.task("job")
    world.aws.settle()
    service = world.services()["web"]["serviceArn"]
    rules = [
        rule
        for rule in shapes.elb.describe_rules(ListenerArn=world.aws.listener("web", account=ACCOUNT))["Rules"]
        if not rule["IsDefault"]
    ]
    target = shapes.scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    cases = {
        service: {"TaskDefinition/web", "Service/web", "ListenerRule/web", "ListenerRule/web-11"},
        task: {"TaskDefinition/job"},
        rules[0]["RuleArn"]: {"ListenerRule/rule-10"},
        target["ScalableTargetARN"]: {"ScalingPolicy/api"},
    }
    for arn, keys in cases.items():
        found, _ = await imported(world, [arn])
        assert {one.key for one in found} == keys


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:s3:::bucket", "APO-IMP-008"),
        (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/green/none", "APO-IMP-009"),
        (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/none", "APO-IMP-009"),
        (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/none:1", "APO-IMP-009"),
    ],
)
async def test_what_is_not_there_is_said(world: World, arn: str, code: str) -> None:
    with pytest.raises(ApolloError) as caught:
        await imported(world, [arn])
    assert caught.value.code == code


async def test_what_the_environment_has_already_is_left_alone(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.make_fargate("web")
    shapes.make_nothing("api")
    world.aws.settle()
    found, _ = await imported(world, [world.services()["web"]["serviceArn"]])
    world.write(file_texts(found))
    assert (await world.apply()).exit_code == 0
    found, report = await imported(world, cluster="green")
    assert {one.key for one in found} == {"Service/api", "TaskDefinition/api"}
    assert [note.what for note in report.notes] == [
        "TaskDefinition/web is TaskDefinition/web of this environment already",
        "Service/web is Service/web of this environment already",
    ]


async def test_what_somebody_owns_is_taken_from_exactly_that_owner(world: World) -> None:
    shapes = Shapes(world.aws)
    shapes.make_fargate("web")
    world.aws.settle()
    arn = world.services()["web"]["serviceArn"]
    shapes.ecs.tag_resource(resourceArn=arn, tags=[{"key": "apollo:owner", "value": "acme/prod/Service/web"}])
    found, report = await imported(world, [arn])
    adopt = {one.key: one.manifest()["lifecycle"]["adopt"] for one in found}
    assert adopt == {"Service/web": {"from": "acme/prod/Service/web"}, "TaskDefinition/web": True}
    assert "acme/prod/Service/web" in report.notes[0].what
