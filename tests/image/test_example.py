"""examples/self: Apollo as a service of ECS, planned and deployed on the local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from apollo.manifest import load_settings
from apollo.operator import Operator
from apollo.testing import LocalAws
from tests.image.dockerfile import ROOT, stages
from tests.integration.world import ACCOUNT, SimClock, World, git, local_world

pytestmark = pytest.mark.anyio

SELF = ROOT / "examples/self"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with local_world(tmp_path, monkeypatch) as made:
        yield made


def operator(world: World) -> Operator:
    """Its configuration, with a repository of this machine in place of the company's."""
    for file in (SELF / "apps").rglob("*.yaml"):
        path = world.repo / file.relative_to(SELF)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.read_text())
    git(world.repo, "checkout", "--quiet", "-B", "main")
    git(world.repo, "add", "--all")
    git(world.repo, "commit", "--quiet", "-m", "Apollo")
    text = (SELF / "apollo.yaml").read_text()
    text = text.replace("https://git.example.com/acme/config.git", str(world.repo))
    text = text.replace("    auth: {env: APOLLO_CONFIG_TOKEN}\n", "")
    text = text.replace("sqlite:/var/lib/apollo", f"sqlite:{world.folder}")
    (world.folder / "apollo.yaml").write_text(text)
    return Operator(load_settings(world.folder / "apollo.yaml"), clock=SimClock(world.aws))


def cluster(aws: LocalAws) -> None:
    aws.client("ecs").create_cluster(clusterName="platform")
    aws.clear()


async def test_it_is_planned_and_deployed(world: World) -> None:
    cluster(world.aws)
    async with operator(world) as made:
        plan = await made.plan("platform")
        assert not plan.failed
        assert [call["operation"] for call in plan.to_dict()["calls"]] == [
            "RegisterTaskDefinition",
            "CreateService",
        ]
        result = await made.apply(plan)
        assert result.exit_code == 0
        again = await made.plan("platform")
        assert not again.to_dict()["calls"]
    ecs = world.aws.client("ecs")
    (service,) = ecs.describe_services(cluster="platform", services=["apollo"])["services"]
    deployment = service["deploymentConfiguration"]
    assert (deployment["minimumHealthyPercent"], deployment["maximumPercent"]) == (0, 100)
    assert service["runningCount"] == 1


async def test_it_agrees_with_the_image(world: World) -> None:
    cluster(world.aws)
    async with operator(world) as made:
        await made.apply(await made.plan("platform"))
    found = world.aws.client("ecs").describe_task_definition(taskDefinition="apollo")["taskDefinition"]
    (container,) = found["containerDefinitions"]
    said = {one.name: one for one in stages()[-1]}
    assert container["user"] == said["USER"].text
    assert container["readonlyRootFilesystem"] is True
    assert [point["containerPath"] for point in container["mountPoints"]] == said["VOLUME"].words()
    assert container["healthCheck"]["command"] == [
        "CMD",
        *json.loads(said["HEALTHCHECK"].text.split("CMD ")[1]),
    ]
    assert container["stopTimeout"] > 25
    assert str(container["portMappings"][0]["containerPort"]) == said["EXPOSE"].text
    assert found["taskRoleArn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/")
