"""What holds of every companion: its own package, made of the public interface alone, as a stranger's."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import apollo
from apollo.aws.models import iam_action
from apollo.plugins import Registry
from apollo.plugins.kinds import COMPANIONS
from tests.companions.conftest import projects
from tests.companions.test_target_group_and_cluster import CLUSTER, listener, target_group, together
from tests.integration.world import World

PROJECTS = projects()
NAMES = [project.name for project in PROJECTS]
PUBLIC = ("apollo", "apollo.api", "apollo.compare", "apollo.reads", "apollo.testing")

each = pytest.mark.parametrize("project", PROJECTS, ids=NAMES)


def _imports(path: Path) -> Iterator[str]:
    """The modules of apollo that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
            if node.module == "apollo":
                yield from (f"apollo.{one.name}" for one in node.names if one.name not in apollo.__all__)


def _module(project: Path) -> str:
    (package,) = (project / "src").glob("*/__init__.py")
    return package.parent.name


def _kind(project: Path) -> str:
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    (kind,) = about["entry-points"]["apollo.controllers"]
    assert COMPANIONS[kind] == about["name"]
    return str(kind)


@each
def test_nothing_but_the_public_interface_is_imported(project: Path) -> None:
    for path in sorted(project.rglob("*.py")):
        ours = {name for name in _imports(path) if name.split(".")[0] == "apollo"}
        allowed = PUBLIC if "tests" in path.relative_to(project).parts else PUBLIC[:-1]
        assert ours <= set(allowed), f"{path}: {sorted(ours.difference(allowed))}"
        foreign = {name.split(".")[0] for name in _imports(path)}
        known = {"anyio", "apollo", "pydantic", "pytest", _module(project), *sys.stdlib_module_names}
        assert foreign <= known, f"{path}: {sorted(foreign - known)} is no declared dependency"


@each
def test_it_is_found_under_its_bare_kind(project: Path) -> None:
    kind = _kind(project)
    registry = Registry()
    controller = registry.get(kind)
    assert controller.kind == kind
    assert controller.write_permissions < controller.permissions
    (info,) = [one for one in registry.report() if one.kind == kind]
    assert (info.distribution, info.state) == (COMPANIONS[kind], "loaded")


@each
def test_the_readme_names_every_field_output_and_permission(project: Path) -> None:
    text = (project / "README.md").read_text("utf-8")
    controller = Registry().get(_kind(project))
    for name in (*controller.spec_type.model_fields, *controller.output_names, *controller.permissions):
        assert f"`{name}`" in text, f"{project.name}/README.md does not tell of {name}"


@each
def test_its_examples_are_valid_and_it_passes_the_check_of_plugins(project: Path) -> None:
    commands = [["validate", "examples"], ["plugins", "check", _kind(project)]]
    examples = "".join(path.read_text("utf-8") for path in (project / "examples").glob("*.yaml"))
    if "prune: confirm" in examples:
        commands.pop()  # it takes the example away again, and nobody is there to confirm that
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "apollo", *command],
            cwd=project,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@each
def test_its_own_tests_pass_where_it_is_installed(project: Path, tmp_path: Path) -> None:
    """As its README says, but for the network: built, installed without its dependencies, tested in its
    folder."""
    site = tmp_path / "site"
    install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
    python = [sys.executable, "-m"]
    built = subprocess.run([*python, *install, str(project)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["--quiet", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*python, "pytest", *options], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:]


# ── TargetGroup and Cluster ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("module", "name", "service", "operations", "theirs", "ours"),
    [
        (
            "apollo_ecs_target_group.spec",
            "TargetGroupSpec",
            "elbv2",
            ["CreateTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes"],
            {"targetGroupArn"},  # AWS assigns it
            set(),
        ),
        (
            "apollo_ecs_cluster.spec",
            "ClusterSpec",
            "ecs",
            ["CreateCluster", "UpdateCluster", "PutClusterCapacityProviders"],
            {"cluster"},  # is named by clusterName
            set(),
        ),
    ],
)
def test_a_spec_has_every_field_that_aws_takes(
    module: str, name: str, service: str, operations: list[str], theirs: set[str], ours: set[str]
) -> None:
    from botocore.session import get_session

    spec = getattr(importlib.import_module(module), name)
    model = get_session().get_service_model(service)
    fields = {
        field[0].lower() + field[1:]
        for operation in operations
        for field in model.operation_model(operation).input_shape.members
    }
    assert set(spec.model_fields) - ours == fields - theirs


@pytest.mark.anyio
async def test_only_the_permissions_that_the_kinds_name_are_used(world: World) -> None:
    at = listener(world)
    group = target_group(attributes="[{key: deregistration_delay.timeout_seconds, value: 30}]")
    text = "---".join([together(at), CLUSTER, group])
    world.configure(sync="{maxPrune: 100%}")
    world.write({"web/web.yaml": text})
    await world.apply()
    changed = text.replace("spec:", "lifecycle: {prune: confirm}\nspec:").replace("enabled", "enhanced")
    world.write({"web/web.yaml": changed.replace("port: 8080", "port: 8080\n  healthCheckPath: /live")})
    await world.apply()
    world.write({"web/web.yaml": text})
    await world.apply()
    registry = Registry()
    named = {action for kind in registry.names() for action in registry.get(kind).permissions}
    used = {iam_action(one.service, one.operation) for one in world.aws.requests}
    free = {"sts:GetCallerIdentity", "elasticloadbalancing:CreateLoadBalancer", "ecs:CreateCluster"}
    assert used - named - free - {"elasticloadbalancing:CreateListener"} == set()


def _apollo(folder: Path, *words: str, path: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "apollo", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_the_policy_lets_companions_change_what_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "apollo.yaml").write_text(
        "apiVersion: apollo/v1\nkind: Environment\nmetadata: {name: stage}\nspec:\n"
        "  source: {repo: config}\n"
        '  aws: {region: eu-west-1, accountId: "123456789012"}\n'
        "  cluster: green\n"
    )

    def resources(action: str, path: str) -> set[str]:
        found: set[str] = set()
        for one in json.loads(_apollo(tmp_path, "iam-policy", path=path))["Statement"]:
            if action in one["Action"]:
                found |= {one["Resource"]} if isinstance(one["Resource"], str) else set(one["Resource"])
        return found

    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/*/*"
    made = "arn:aws:ecs:eu-west-1:123456789012:cluster/*"
    with_them, without = os.pathsep.join(sys.path), ""
    assert group in resources("elasticloadbalancing:AddTags", with_them)
    assert resources("elasticloadbalancing:CreateTargetGroup", with_them) == {group}
    assert made in resources("ecs:TagResource", with_them) & resources("ecs:DescribeClusters", with_them)
    assert '"scheduler.amazonaws.com"' in _apollo(tmp_path, "iam-policy", path=with_them)
    assert '"scheduler.amazonaws.com"' not in _apollo(tmp_path, "iam-policy", path=without)
    assert group not in resources("elasticloadbalancing:AddTags", without)
    assert resources("ecs:CreateCluster", without) == set()


@each
def test_where_it_is_not_installed_the_package_is_named(project: Path, tmp_path: Path) -> None:
    kind = _kind(project)
    text = f"apiVersion: apollo/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{}}\n"
    (tmp_path / "web.yaml").write_text(text)
    assert f"pip install {COMPANIONS[kind]}" in _apollo(tmp_path, "validate", ".", path="")


def test_the_words_of_field_tables_are_code() -> None:
    for project in PROJECTS:
        text = (project / "README.md").read_text("utf-8")
        assert re.search(r"^\| field \| ", text, re.MULTILINE), f"{project.name}: no table of fields"
