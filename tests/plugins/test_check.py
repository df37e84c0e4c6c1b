"""``apollo plugins check``: what a kind in order passes, and what each mistake of an author is told."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict, Field

from apollo.api import (
    OWNER_TAG,
    PRUNE_TAG,
    Call,
    Context,
    Controller,
    Env,
    Identity,
    Key,
    Owned,
    Resource,
    Spec,
    Step,
)
from apollo.cli.plugins_check import _checked, _settings
from apollo.plugins import Registry
from apollo.plugins.check_findings import Finding, passed
from apollo.plugins.new import create
from tests.cli.running import apollo

EXAMPLE = """
apiVersion: apollo/v1
kind: acme.Place
metadata: {name: place}
spec: {}
"""


class PlaceSpec(Spec):
    size: int | None = Field(None, description="How large.")


class Place(Controller[PlaceSpec, dict[str, Any]]):
    """A kind in order: it makes clusters."""

    kind = "acme.Place"
    spec_type = PlaceSpec
    permissions = frozenset(
        {"ecs:DescribeClusters", "ecs:CreateCluster", "ecs:DeleteCluster", "tag:GetResources"}
    )
    write_permissions = frozenset({"ecs:CreateCluster", "ecs:DeleteCluster"})
    output_names = frozenset({"arn"})
    stable_outputs = frozenset({"arn"})

    def identity(self, spec: PlaceSpec, env: Env) -> Identity | None:
        return Identity("ecs:cluster", "place")

    async def observe(
        self, ctx: Context, at: Identity | None, want: Resource[PlaceSpec] | None
    ) -> dict[str, Any] | None:
        assert at is not None
        found = await ctx.read("ecs", "DescribeClusters", clusters=[at.id], include=["TAGS"])
        for one in found["clusters"]:
            if one["status"] == "ACTIVE":
                return {**one, "tags": {tag["key"]: tag["value"] for tag in one["tags"]}}
        return None

    def diff(self, want: Resource[PlaceSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        if want is None:
            key = Key.of_owner(self.owner(seen)) if seen else None
            return [Step("delete", key, Call("ecs", "DeleteCluster", {"cluster": "place"}))] if key else []
        if seen is not None:
            return []
        return [Step("create", want.key, self.creation(want))]

    def owner(self, seen: dict[str, Any]) -> str | None:
        return seen["tags"].get(OWNER_TAG)

    def creation(self, want: Resource[PlaceSpec]) -> Call:
        tags = [{"key": name, "value": value} for name, value in want.tags.items()]
        return Call("ecs", "CreateCluster", {"clusterName": "place", "tags": tags})

    async def owned(self, ctx: Context, want: Collection[Resource[PlaceSpec]]) -> AsyncIterator[Owned]:
        page = await ctx.read("resourcegroupstaggingapi", "GetResources", TagFilters=[{"Key": OWNER_TAG}])
        for one in page["ResourceTagMappingList"]:
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            key = ctx.env.key_of(tags[OWNER_TAG])
            if key is not None and key.kind == self.kind:
                at = Identity("ecs:cluster", one["ResourceARN"].rsplit("/", 1)[-1])
                yield Owned(key, at, prune=tags.get(PRUNE_TAG, "auto"))


def check(controller: Controller[Any, Any], folder: Path, *, act: bool = False) -> dict[str, Finding]:
    """What is found of a controller, by check."""
    example = folder / "example.yaml"
    example.write_text(EXAMPLE)
    registry = Registry([controller])
    found = _checked(registry, (controller.kind,), (example,), _settings(registry, None, None, ()), act)
    return {one.check: one for one in found}


def failed(found: dict[str, Finding]) -> dict[str, str]:
    return {one.check: one.message for one in found.values() if one.verdict != "pass"}


@pytest.mark.parametrize("prune", ["auto", "confirm"])
def test_a_kind_in_order_passes_all(tmp_path: Path, prune: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = f"metadata: {{name: place}}\nlifecycle: {{prune: {prune}}}"
    monkeypatch.setattr(f"{__name__}.EXAMPLE", EXAMPLE.replace("metadata: {name: place}", lifecycle))
    found = check(Place(), tmp_path, act=True)
    assert failed(found) == {}
    assert "DeleteCluster" in found["is pruned"].message
    assert {"is made", "is pruned", "lost answers while making it", "lost answers while pruning it"} <= set(
        found
    )


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────


class Lax(PlaceSpec):
    model_config = ConfigDict(extra="ignore")
    colour: str = "green"


@pytest.mark.parametrize(
    ("changes", "check_name", "said"),
    [
        ({"spec_type": Lax}, "spec is strict", "spec takes unknown keys"),
        ({"spec_type": Lax}, "fields are described", "colour"),
        ({"permissions": frozenset({"CreateCluster"})}, "permissions", "'CreateCluster' is no IAM action"),
        ({"permissions": frozenset()}, "permissions", "apollo iam-policy would grant nothing"),
        ({"permissions": frozenset({"ecs:*"})}, "permissions", "ecs:* allows more than is needed"),
        ({"write_permissions": frozenset({"sqs:SendMessage"})}, "write permissions are permissions", "sqs:"),
        ({"codes": {"APO-PLACE-001": ("a", "b")}}, "codes", "Apollo's own"),
        ({"codes": {"ACME-PLACE-001": "a"}}, "codes", "no meaning and remedy"),
        ({"codes": ["ACME-PLACE-001"]}, "codes", "type list"),
        ({"stable_outputs": frozenset({"url"})}, "stable outputs are outputs", "url"),
        ({"api_version": 99}, "loads", "written for version 99"),
    ],
)
def test_what_is_declared(tmp_path: Path, changes: dict[str, Any], check_name: str, said: str) -> None:
    controller = type("Odd", (Place,), changes)()
    if check_name == "loads":
        from apollo.errors import Terminal

        with pytest.raises(Terminal, match=said):
            Registry([controller])
        return
    finding = check(controller, tmp_path)[check_name]
    assert finding.verdict != "pass" and said in finding.message and finding.remedy


# ── what must be pure ────────────────────────────────────────────────────────────────────────────────────


class Fickle(Place):
    def identity(self, spec: PlaceSpec, env: Env) -> Identity | None:
        return Identity("ecs:cluster", f"place-{random.random()}")


class Reader(Place):
    def diff(self, want: Resource[PlaceSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        Path(__file__).read_text()
        return super().diff(want, seen)


class Raises(Place):
    def identity(self, spec: PlaceSpec, env: Env) -> Identity | None:
        raise ValueError("no size")


class Lazy(Place):
    def diff(self, want: Resource[PlaceSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        return []


class Wide(Place):
    def creation(self, want: Resource[PlaceSpec]) -> Call:
        return Call("ecs", "CreateCluster", {"name": "place"})


class Invented(Place):
    def creation(self, want: Resource[PlaceSpec]) -> Call:
        return Call("ecs", "MakeCluster", {})


class Foreign(Place):
    def creation(self, want: Resource[PlaceSpec]) -> Call:
        return Call("sqs", "CreateQueue", {"QueueName": "place"})


@pytest.mark.parametrize(
    ("controller", "check_name", "said"),
    [
        (Fickle(), "identity is pure and stable", "asked twice it answers"),
        (Reader(), "diff makes it", "it opens a file"),
        (Raises(), "examples are valid", "no size"),
        (Lazy(), "diff makes it", "nothing would be done to make it"),
        (Wide(), "calls can be sent", "name"),
        (Invented(), "calls can be sent", "ecs has no operation 'MakeCluster'"),
        (Foreign(), "calls are permitted", "sqs:CreateQueue is not among permissions"),
    ],
)
def test_what_is_computed(tmp_path: Path, controller: Place, check_name: str, said: str) -> None:
    finding = check(controller, tmp_path)[check_name]
    assert finding.verdict == "fail" and said in finding.message and finding.remedy


# ── what it does ─────────────────────────────────────────────────────────────────────────────────────────


class Restless(Place):
    def diff(self, want: Resource[PlaceSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        again = seen is not None and want is not None
        return super().diff(want, None if again else seen)


class Forgets(Place):
    async def owned(self, ctx: Context, want: Collection[Resource[PlaceSpec]]) -> AsyncIterator[Owned]:
        for one in ():
            yield one


class Undeclared(Place):
    permissions = Place.permissions - {"ecs:DescribeClusters"}


class Remembers(Place):
    """Keeps what it sent in the process, and believes it."""

    permissions = Place.permissions

    def __init__(self) -> None:
        self.sent = 0

    def creation(self, want: Resource[PlaceSpec]) -> Call:
        return super().creation(want)

    async def act(self, ctx: Context, step: Step) -> Any:
        self.sent += 1
        return await super().act(ctx, step)

    async def observe(
        self, ctx: Context, at: Identity | None, want: Resource[PlaceSpec] | None
    ) -> dict[str, Any] | None:
        seen = await super().observe(ctx, at, want)
        if seen is None and self.sent >= 3:
            return {"tags": dict(want.tags)} if want else None
        return seen


class Grabs(Place):
    """Believes that whatever is there is its own."""

    def owner(self, seen: dict[str, Any]) -> str | None:
        return self.mine

    def diff(self, want: Resource[PlaceSpec] | None, seen: dict[str, Any] | None) -> Sequence[Step]:
        if want is not None and seen is not None and seen["tags"].get(OWNER_TAG) != want.owner:
            tags = [{"key": name, "value": value} for name, value in want.tags.items()]
            call = Call("ecs", "TagResource", {"resourceArn": seen["clusterArn"], "tags": tags})
            return [Step("update", want.key, call)]
        return super().diff(want, seen)

    mine = "check/check/acme.Place/place"


@pytest.mark.parametrize(
    ("controller", "check_name", "said"),
    [
        (Grabs(), "somebody else's is left alone", "TagResource is sent"),
        (Restless(), "a second pass changes nothing", "ecs:CreateCluster"),
        (Forgets(), "is pruned", "acme.Place/place is still there"),
        (Undeclared(), "every call is permitted", "ecs:DescribeClusters is used and not among permissions"),
        (Remembers(), "lost answers while making it", "CreateCluster did not arrive"),
    ],
)
def test_what_is_done(tmp_path: Path, controller: Place, check_name: str, said: str) -> None:
    found = check(controller, tmp_path, act=True)
    assert not passed(found.values())
    assert found[check_name].verdict == "fail" and said in found[check_name].message


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_to_check_is_an_error_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("apollo.plugins.check.installed", lambda registry: ())
    done = apollo("plugins", "check")
    assert done.exit_code == 1 and "APO-PLUGIN-030" in done.stderr and "pip install -e ." in done.stderr


def test_a_kind_that_is_not_there_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = apollo("plugins", "check", "acme.Quue", "-o", "json")
    (finding,) = json.loads(done.stdout)["checks"]
    assert done.exit_code == 1 and (finding["check"], finding["result"]) == ("loads", "fail")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = apollo("plugins", "check", "TaskDefinition")
    assert done.exit_code == 1 and "apollo-ecs[testing]" in done.stderr


def test_a_kind_of_apollo_itself_passes(tmp_path: Path) -> None:
    example = tmp_path / "web.yaml"
    example.write_text(
        "apiVersion: apollo/v1\nkind: TaskDefinition\nmetadata: {name: web}\n"
        "spec: {containerDefinitions: [{name: app, image: 'app:1', memory: 64}]}\n"
    )
    done = apollo("plugins", "check", "TaskDefinition", "--manifest", str(example), "--no-live")
    assert done.exit_code == 0, done.output


def test_what_plugins_new_makes_passes(tmp_path: Path) -> None:
    """Installed and checked as its README says."""
    project, site = tmp_path / "acme-queue", tmp_path / "site"
    create("acme-queue", project, "0.1.0")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(project)], check=True, timeout=120)
    done = subprocess.run(
        [sys.executable, "-m", "apollo", "plugins", "check", "-o", "json"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["passed"] and {one["result"] for one in answer["checks"]} == {"pass"}
