"""What the preflight checks ask of AWS, and what they make of answers that the local AWS never gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from apollo.api import Problem, marker
from apollo.aws.classify import classify
from apollo.controllers.existence.images import image_problems
from apollo.controllers.existence.logs import LOG_GROUPS, log_problems
from apollo.controllers.existence.roles import role_problems
from apollo.controllers.existence.secrets import secret_problems
from tests.controllers.fake import FakeContext

pytestmark = pytest.mark.anyio

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/task"
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


def context(**answers: Any) -> FakeContext:
    made = FakeContext(**answers)
    made.env = evolve(made.env, account=ACCOUNT)
    return made


def codes(problems: Any) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in problems]


def role(arn: str = ROLE, **trust: Any) -> Mapping[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Role": {"Arn": arn, "AssumeRolePolicyDocument": {"Statement": [statement | trust]}}}


class Iam:
    """IAM with one role of the task and one of whoever asks."""

    def __init__(self, *, deploys: bool = True, passes: bool = True, me: str = "") -> None:
        self.decisions = {"ecs:RegisterTaskDefinition": deploys, "iam:PassRole": passes}
        self.me = me or f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/session"
        self.simulated: list[Mapping[str, Any]] = []

    def role(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        name = params["RoleName"]
        return role() if name == "task" else role(f"arn:aws:iam::{ACCOUNT}:role/robots/{name}")

    def simulate(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self.simulated.append(params)
        action = params["ActionNames"][0]
        said = "allowed" if self.decisions[action] else "implicitDeny"
        rows = [
            {"EvalActionName": action, "EvalResourceName": name, "EvalDecision": said}
            for name in params["ResourceArns"]
        ]
        return {"EvaluationResults": rows}

    def context(self) -> FakeContext:
        return context(
            GetRole=self.role, GetCallerIdentity={"Arn": self.me}, SimulatePrincipalPolicy=self.simulate
        )


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_credentials_that_deploy_must_be_able_to_pass_the_role() -> None:
    iam = Iam()
    assert codes(await role_problems(iam.context(), ROLE, "/taskRoleArn")) == []
    asked = iam.simulated[-1]
    assert asked["PolicySourceArn"] == f"arn:aws:iam::{ACCOUNT}:role/robots/ci"  # the session names no path
    assert asked["ContextEntries"][0]["ContextKeyValues"] == ["ecs-tasks.amazonaws.com"]
    (problem,) = await role_problems(Iam(passes=False).context(), ROLE, "/taskRoleArn")
    assert (problem.code, problem.severity) == ("APO-PRE-022", "error")
    assert "iam:PassRole" in problem.hint


async def test_credentials_of_a_pipeline_that_only_reads_are_no_failure() -> None:
    found = await role_problems(Iam(deploys=False, passes=False).context(), ROLE, "/taskRoleArn")
    assert codes(found) == [("APO-PRE-003", "unchecked")]


async def test_of_the_root_user_nothing_can_be_simulated() -> None:
    found = await role_problems(Iam(me=f"arn:aws:iam::{ACCOUNT}:root").context(), ROLE, "/taskRoleArn")
    assert codes(found) == [("APO-PRE-002", "unchecked")]


async def test_a_role_of_another_path_is_another_role() -> None:
    (problem,) = await role_problems(Iam().context(), f"arn:aws:iam::{ACCOUNT}:role/task", "/taskRoleArn")
    assert (problem.code, problem.hint) == ("APO-PRE-020", f"its ARN is {ROLE}")
    assert (
        codes(await role_problems(Iam().context(), "task", "/taskRoleArn")) == []
    )  # ECS takes the name, too


@pytest.mark.parametrize(
    ("trust", "trusted"),
    [
        ({"Principal": {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Action": ["sts:TagSession", "sts:AssumeRole"]}, True),
        ({"Action": "sts:*"}, True),
        ({"Principal": {"Service": "ecs.amazonaws.com"}}, False),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, False),
        ({"Action": "sts:AssumeRoleWithWebIdentity"}, False),
        ({"Effect": "Deny"}, False),
    ],
)
async def test_whom_a_trust_policy_lets_in(trust: dict[str, Any], trusted: bool) -> None:
    ctx = Iam().context()
    ctx.answers["GetRole"] = lambda params: role(**trust) if params["RoleName"] == "task" else role()
    found = await role_problems(ctx, ROLE, "/taskRoleArn")
    assert codes(found) == ([] if trusted else [("APO-PRE-021", "error")])


async def test_a_denied_look_names_what_is_lacking() -> None:
    denied = classify("iam", "GetRole", "AccessDenied", "User: x is not authorized to perform: iam:GetRole")
    (problem,) = await role_problems(context(GetRole=denied), ROLE, "/taskRoleArn")
    assert (problem.code, problem.severity) == ("APO-PRE-001", "unchecked")
    assert problem.message == "roles are not checked: the credentials lack iam:GetRole"


# ── what is not known yet ────────────────────────────────────────────────────────────────────────────────


async def test_what_waits_for_an_output_is_not_asked_for() -> None:
    waits = marker("acme.Role", "web", "arn")
    ctx = context()  # answers nothing
    log = {"logDriver": "awslogs", "options": {"awslogs-group": waits}}
    assert not list(await role_problems(ctx, waits, "/x"))
    assert not list(await image_problems(ctx, f"{REGISTRY}/web:{waits}", "/x", ""))
    assert not list(await secret_problems(ctx, waits, "/x"))
    assert not list(await log_problems(ctx, log, "/x", frozenset()))


# ── images ───────────────────────────────────────────────────────────────────────────────────────────────


def images(params: Mapping[str, Any]) -> Mapping[str, Any]:
    failures = [{"imageId": one, "failureCode": "ImageNotFound"} for one in params["imageIds"]]
    return {"images": [], "failures": failures}


async def test_an_image_that_a_cache_rule_will_fetch_is_no_failure() -> None:
    rules = {"pullThroughCacheRules": [{"ecrRepositoryPrefix": "docker-hub"}]}
    ctx = context(BatchGetImage=images, DescribePullThroughCacheRules=rules)
    found = await image_problems(ctx, f"{REGISTRY}/docker-hub/library/nginx:1", "/image", "")
    assert codes(found) == [("APO-PRE-003", "unchecked")]
    found = await image_problems(ctx, f"{REGISTRY}/own/nginx:1", "/image", "")
    assert codes(found) == [("APO-PRE-010", "error")]


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", "docker.io"),
        ("grafana/grafana:10", "docker.io"),
        ("ghcr.io/acme/web@sha256:00", "ghcr.io"),
        ("localhost:5000/web", "localhost:5000"),
        ("public.ecr.aws/nginx/nginx:1", "public.ecr.aws"),
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/web:1", f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"),
    ],
)
async def test_registries_that_are_not_asked_are_named(image: str, registry: str) -> None:
    (problem,) = await image_problems(context(), image, "/image", "")
    assert (problem.code, problem.severity) == ("APO-PRE-003", "unchecked")
    assert problem.message.startswith(f"images of {registry} are not checked")


@pytest.mark.parametrize(
    "host",
    [
        REGISTRY,
        f"{ACCOUNT}.dkr.ecr-fips.eu-west-1.amazonaws.com",
        f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws",
        "999999999999.dkr.ecr.eu-west-1.amazonaws.com",
    ],
)
async def test_every_form_of_an_address_of_ecr_is_asked(host: str) -> None:
    asked: list[Mapping[str, Any]] = []

    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(params)
        (one,) = params["imageIds"]
        digest = one.get("imageDigest", "sha256:1")
        return {"images": [{"imageId": {**one, "imageDigest": digest}, "imageManifest": json.dumps({})}]}

    ctx = context(BatchGetImage=answer)
    (note,) = await image_problems(ctx, f"{host}/team/web:1", "/image", "linux/amd64")
    assert (note.code, note.severity) == ("APO-PRE-012", "note")
    assert asked[0]["registryId"] == host[:12]
    assert asked[0]["repositoryName"] == "team/web"
    assert not list(await image_problems(ctx, f"{host}/team/web:1@sha256:2", "/image", ""))
    assert asked[1]["imageIds"] == [{"imageDigest": "sha256:2"}]  # a digest needs no telling


async def test_an_image_of_which_ecr_cannot_tell_is_no_failure() -> None:
    failure = {
        "imageId": {"imageTag": "1"},
        "failureCode": "KmsError",
        "failureReason": "the key is disabled",
    }
    ctx = context(BatchGetImage={"images": [], "failures": [failure]})
    (problem,) = await image_problems(ctx, f"{REGISTRY}/web:1", "/image", "")
    assert (problem.code, problem.severity) == ("APO-PRE-002", "unchecked")
    assert "the key is disabled" in problem.message


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────


def parameters(*names: str) -> Any:
    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        (wanted,) = params["ParameterFilters"]
        return {"Parameters": [{"Name": name} for name in names if name in wanted["Values"]]}

    return answer


@pytest.mark.parametrize(
    ("value", "there"),
    [
        ("plain", True),
        ("/a/b", True),
        ("/a/b:3", True),
        (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/a/b", True),
        (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/plain", True),  # of `plain` and of `/plain`
        (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/a/c", False),
        ("a", False),
    ],
)
async def test_parameters_by_name_and_by_arn(value: str, there: bool) -> None:
    found = await secret_problems(context(DescribeParameters=parameters("plain", "/a/b")), value, "/x")
    assert codes(found) == ([] if there else [("APO-PRE-030", "error")])


async def test_another_region_or_account_is_not_looked_at() -> None:
    for value in (
        f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf",
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x",
        "arn:aws:ssm:eu-west-1:999999999999:parameter/x",
    ):
        assert codes(await secret_problems(context(), value, "/x")) == [("APO-PRE-003", "unchecked")]
    found = await secret_problems(context(), "/aws/reference/secretsmanager/db", "/x")
    assert codes(found) == [("APO-PRE-003", "unchecked")]
    found = await secret_problems(context(), f"arn:aws:s3:::{ACCOUNT}-bucket/key", "/x")
    assert codes(found) == [("APO-PRE-030", "error")]


async def test_stages_and_versions_of_a_secret() -> None:
    ctx = context(DescribeSecret={"VersionIdsToStages": {"v1": ["AWSCURRENT"], "v0": ["AWSPREVIOUS"]}})
    base = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-AbCdEf"

    async def found(more: str) -> list[Problem]:
        return list(await secret_problems(ctx, base + more, "/x"))

    for more in ("", ":password::", ":password:AWSCURRENT:", "::AWSPREVIOUS:", ":::v0"):
        assert not await found(more), more
    for more in ("::AWSPENDING:", ":::v9"):
        assert codes(await found(more)) == [("APO-PRE-032", "error")], more


# ── log groups ───────────────────────────────────────────────────────────────────────────────────────────


class Logs:
    """DescribeLogGroups as AWS documents it: by prefix, in the order of the names, in pages."""

    def __init__(self, names: list[str]) -> None:
        self.names = sorted(names)
        self.calls = 0

    def __call__(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls += 1
        fitting = [name for name in self.names if name.startswith(params["logGroupNamePrefix"])]
        start = int(params.get("nextToken", 0))
        end = start + params["limit"]
        page: dict[str, Any] = {"logGroups": [{"logGroupName": name} for name in fitting[start:end]]}
        return page | ({"nextToken": str(end)} if end < len(fitting) else {})


@pytest.mark.parametrize(
    ("there", "wanted", "at_most"),
    [
        ([f"/ecs/{n}" for n in range(40)], [f"/ecs/{n}" for n in range(45)], 1),
        ([f"/ecs/{n}" for n in range(900)], [f"/ecs/{n}" for n in range(0, 900, 100)] + ["/ecs/zz"], 4 + 9),
        (["/a", "/ab", "/abc"], ["/a", "/abd"], 2),
        (["x", "y"], ["x", "q", "r", "s", "t", "y"], 6),
        ([], [f"/ecs/{n}" for n in range(10)], 1),
    ],
)
async def test_log_groups_are_found_in_few_calls(there: list[str], wanted: list[str], at_most: int) -> None:
    logs = Logs(there)
    found = await LOG_GROUPS.fetch(context(DescribeLogGroups=logs), wanted)
    assert set(found) == set(there) & set(wanted)
    assert logs.calls <= at_most


async def test_only_the_log_groups_of_this_region_that_somebody_else_makes_are_asked_for() -> None:
    ctx = context(DescribeLogGroups=Logs([]))

    async def found(provided: frozenset[str] = frozenset(), driver: str = "awslogs", **options: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in options.items()}
        return codes(await log_problems(ctx, {"logDriver": driver, "options": given}, "/x", provided))

    assert await found(awslogs_group="/ecs/web") == [("APO-PRE-040", "error")]
    assert await found(awslogs_group="/ecs/web", awslogs_create_group="true") == []
    assert await found(awslogs_group="/ecs/web", awslogs_region="us-east-1") == [("APO-PRE-003", "unchecked")]
    assert await found(frozenset({"logGroup:/ecs/web"}), awslogs_group="/ecs/web") == []
    assert await found(driver="awsfirelens", awslogs_group="/ecs/web") == []
