"""Opening an environment: which region, whose credentials, which account, and what is said when it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from apollo.aws import Aws, CallRecord
from apollo.aws.sessions import session_name
from apollo.errors import AwsError, AwsTerminal
from apollo.settings import Environment
from apollo.testing import LocalAws

pytestmark = pytest.mark.anyio
HERE = "123456789012"


def environment(name: str = "stage", **aws: Any) -> Environment:
    return Environment.model_validate({"name": name, "spec": {"aws": aws}})


@pytest.fixture
def account(local: LocalAws) -> str:
    return local.env()["AWS_ACCESS_KEY_ID"]


async def test_an_environment_opens_once(local: LocalAws, account: str, hasty: Any) -> None:
    async with Aws("acme", clock=hasty) as aws:
        first = await aws.open(environment())
        assert (first.account_id, first.region) == (account, local.env()["AWS_REGION"])
        assert first.arn.startswith("arn:aws:")
        assert await aws.open(environment("prod")) == first
    assert local.counts() == {"sts:GetCallerIdentity": 1}


@pytest.mark.parametrize(
    ("flag", "wanted", "aws_region", "default_region", "expected"),
    [
        ("eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-west-1"),
        (None, "eu-west-2", "eu-west-3", "eu-north-1", "eu-west-2"),
        (None, None, "eu-west-3", "eu-north-1", "eu-west-3"),
        (None, None, None, "eu-north-1", "eu-north-1"),
        (None, None, None, None, "sa-east-1"),
    ],
)
async def test_the_region_comes_from_flag_then_environment_then_variables_then_profile(
    local: LocalAws,
    no_aws: pytest.MonkeyPatch,
    tmp_path: Path,
    hasty: Any,
    flag: str | None,
    wanted: str | None,
    aws_region: str | None,
    default_region: str | None,
    expected: str,
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = sa-east-1\n")
    for name, value in (("AWS_REGION", aws_region), ("AWS_DEFAULT_REGION", default_region)):
        no_aws.delenv(name)
        if value:
            no_aws.setenv(name, value)
    async with Aws("acme", clock=hasty, region=flag) as aws:
        assert (await aws.open(environment(region=wanted))).region == expected
    assert {request.region for request in local.requests} == {expected}


async def test_a_wrong_account_stops_everything(local: LocalAws, account: str, hasty: Any) -> None:
    from apollo.api import Env

    wrong = environment(accountId="999999999999")
    async with Aws("acme", clock=hasty) as aws:
        with pytest.raises(AwsTerminal) as caught:
            await aws.open(wrong)
        assert caught.value.code == "APO-AWS-014"
        assert caught.value.category == "credentials"
        assert "999999999999" in str(caught.value)
        assert account in str(caught.value)
        assert "accountId" in caught.value.hint
        with pytest.raises(AwsTerminal, match="belongs to account"):
            await aws.context(Env("stage"), wrong, lane="changed").read("ecs", "ListClusters")
        assert (await aws.open(environment(accountId=account))).account_id == account
    assert local.counts() == {"sts:GetCallerIdentity": 1}


async def test_a_profile_that_was_asked_for_wins_over_keys_in_the_environment(
    local: LocalAws, no_aws: pytest.MonkeyPatch, tmp_path: Path, hasty: Any
) -> None:
    (tmp_path / "credentials").write_text(
        "[other]\naws_access_key_id = 210987654321\naws_secret_access_key = x\n"
    )
    async with Aws("acme", clock=hasty, profile="other") as aws:
        assert (await aws.open(environment())).account_id == "210987654321"
    no_aws.delenv("AWS_ACCESS_KEY_ID")
    no_aws.setenv("AWS_PROFILE", "other")
    async with Aws("acme", clock=hasty) as aws:
        assert (await aws.open(environment())).account_id == "210987654321"


async def test_a_role_is_assumed_with_a_session_name_that_tells_who(local: LocalAws, hasty: Any) -> None:
    from apollo.api import Env

    role = f"arn:aws:iam::{HERE}:role/deploy"
    wanted = environment("stage eu".replace(" ", "."), roleArn=role, externalId="shared")
    async with Aws("acme", clock=hasty) as aws:
        opened = await aws.open(wanted)
        assert opened.account_id == HERE
        assert opened.arn == f"arn:aws:sts::{HERE}:assumed-role/deploy/apollo-acme-stage.eu"
        await aws.context(Env("stage"), wanted, lane="changed").read("ecs", "ListClusters")
        await aws.open(wanted)
    assert local.counts() == {"sts:AssumeRole": 1, "sts:GetCallerIdentity": 1, "ecs:ListClusters": 1}
    assumed = next(request for request in local.requests if request.operation == "AssumeRole")
    assert assumed.params["ExternalId"] == "shared"
    assert "apollo/acme/stage.eu" in assumed.user_agent
    assert next(r for r in local.requests if r.operation == "ListClusters").account == HERE


def test_a_session_name_holds_what_sts_takes_and_is_not_too_long() -> None:
    assert session_name("acme", "stage eu/ü") == "apollo-acme-stage-eu--"
    assert len(session_name("a" * 60, "b" * 60)) == 64


async def failure(aws: Aws, wanted: Environment) -> AwsError:
    async with aws:
        with pytest.raises(AwsError) as caught:
            await aws.open(wanted)
    assert caught.value.category in ("credentials", "unavailable")
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert caught.value.__context__ is None
    return caught.value


async def test_no_credentials(no_aws: pytest.MonkeyPatch, hasty: Any) -> None:
    found = await failure(Aws("acme", clock=hasty), environment(region="eu-west-1"))
    assert found.code == "APO-AWS-010"
    assert "aws configure" in found.hint


async def test_half_of_the_credentials(no_aws: pytest.MonkeyPatch, hasty: Any) -> None:
    no_aws.setenv("AWS_ACCESS_KEY_ID", HERE)
    found = await failure(Aws("acme", clock=hasty), environment(region="eu-west-1"))
    assert found.code == "APO-AWS-011"
    assert "AWS_SECRET_ACCESS_KEY" in str(found)


async def test_no_region(no_aws: pytest.MonkeyPatch, hasty: Any) -> None:
    found = await failure(Aws("acme", clock=hasty), environment())
    assert found.code == "APO-AWS-015"
    assert "stage" in str(found)
    assert "--region" in found.hint


async def test_a_region_that_is_none(local: LocalAws, hasty: Any) -> None:
    found = await failure(Aws("acme", clock=hasty), environment(region="eu west/1"))
    assert found.code == "APO-AWS-015"


async def test_a_profile_that_is_not_there(no_aws: pytest.MonkeyPatch, hasty: Any) -> None:
    found = await failure(Aws("acme", clock=hasty, profile="nobody"), environment(region="eu-west-1"))
    assert found.code == "APO-AWS-016"
    assert "nobody" in str(found)
    no_aws.setenv("AWS_PROFILE", "noone")
    found = await failure(Aws("acme", clock=hasty), environment(region="eu-west-1"))
    assert found.code == "APO-AWS-016"
    assert "noone" in str(found)


async def test_an_endpoint_that_is_not_there(local: LocalAws, no_aws: pytest.MonkeyPatch, hasty: Any) -> None:
    no_aws.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    found = await failure(Aws("acme", clock=hasty), environment())
    assert found.code == "APO-AWS-005"
    assert found.category == "unavailable"
    assert "127.0.0.1:9" in str(found)
    assert "AWS_ENDPOINT_URL" in found.hint


async def test_expired_credentials(local: LocalAws, hasty: Any) -> None:
    local.faults.add("sts:GetCallerIdentity", "expired_token", times=1)
    aws = Aws("acme", clock=hasty)
    found = await failure(aws, environment())
    assert found.code == "APO-AWS-012"


async def test_credentials_that_aws_does_not_know(local: LocalAws, hasty: Any) -> None:
    local.faults.add(
        "sts:GetCallerIdentity", "error", code="InvalidClientTokenId", message="invalid", status=403
    )
    assert (await failure(Aws("acme", clock=hasty), environment())).code == "APO-AWS-013"


async def test_a_role_that_may_not_be_assumed(local: LocalAws, hasty: Any, caplog: Any) -> None:
    local.faults.add("sts:AssumeRole", "access_denied")
    role = f"arn:aws:iam::{HERE}:role/deploy"
    found = await failure(Aws("acme", clock=hasty), environment(roleArn=role))
    assert found.code == "APO-AWS-018"
    assert role in str(found)
    assert "trust policy" in found.hint
    assert "Traceback" not in caplog.text


async def test_failing_credentials_are_asked_for_once_by_all_who_wait_and_again_later(
    local: LocalAws, hasty: Any
) -> None:
    local.faults.add("sts:GetCallerIdentity", "expired_token", times=1)
    async with Aws("acme", clock=hasty) as aws:
        for _ in range(5):
            with pytest.raises(AwsError, match="expired"):
                await aws.open(environment())
        assert local.counts() == {"sts:GetCallerIdentity": 1}
        hasty.time += 3
        await aws.open(environment())


async def test_all_who_open_at_once_wait_for_one_call(local: LocalAws, hasty: Any) -> None:
    async with Aws("acme", clock=hasty) as aws, anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(aws.open, environment(f"env{number}"))
    assert local.counts() == {"sts:GetCallerIdentity": 1}


async def test_environments_of_one_account_share_its_rate_and_not_their_credentials(
    local: LocalAws, hasty: Any
) -> None:
    from apollo.api import Env

    async with Aws("acme", clock=hasty) as aws:
        for name in ("a", "b"):
            wanted = environment(name, roleArn=f"arn:aws:iam::{HERE}:role/{name}")
            await aws.context(Env(name), wanted, lane="changed").read("ecs", "ListClusters")
        states = {state.name: state for state in aws.budget() if state.account}
    assert states["ecs cluster read"].granted == 2
    assert local.counts()["sts:AssumeRole"] == 2
    names = [r.params["RoleSessionName"] for r in local.requests if r.operation == "AssumeRole"]
    assert names == ["apollo-acme-a", "apollo-acme-b"]


def test_it_can_be_made_outside_of_an_event_loop(local: LocalAws, hasty: Any) -> None:
    aws = Aws("acme", clock=hasty)
    assert anyio.run(aws.open, environment()).region
    anyio.run(aws.aclose)


async def test_every_call_is_told_to_the_listener_and_its_faults_do_not_matter(
    local: LocalAws, account: str, hasty: Any
) -> None:
    told: list[CallRecord] = []

    def listen(record: CallRecord) -> None:
        told.append(record)
        raise RuntimeError("the listener is broken")

    async with Aws("acme", clock=hasty, on_call=listen) as aws:
        await aws.open(environment())
    assert [(r.service, r.operation, r.code, r.attempt, r.env, r.mutating) for r in told] == [
        ("sts", "GetCallerIdentity", "", 1, "stage", False)
    ]
    assert told[0].request_id


def test_importing_the_room_does_not_import_boto3() -> None:
    code = "import sys, apollo.aws; print([m for m in ('boto3', 'botocore') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
