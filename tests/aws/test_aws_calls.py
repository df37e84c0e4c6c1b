"""Reading, loading and writing through a context, over real HTTP."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import pytest

from apollo.api import Call, Context, Env, Loader, marker
from apollo.aws import Aws, CallRecord, Limit, Timeouts
from apollo.aws.context import AwsContext
from apollo.errors import AccessDenied, AwsError, AwsTerminal, AwsTransient
from apollo.settings import Environment
from apollo.testing import LocalAws

pytestmark = pytest.mark.anyio

CREATE = Call("ecs", "CreateCluster", {"clusterName": "green"})


def environment(name: str = "stage", **aws: Any) -> Environment:
    return Environment.model_validate({"name": name, "spec": {"aws": aws}})


class Desk:
    """An Aws and contexts of it, with every call on record."""

    def __init__(self, clock: Any, **options: Any) -> None:
        self.records: list[CallRecord] = []
        self.aws = Aws("acme", clock=clock, on_call=self.records.append, **options)

    def context(self, *, writable: bool = False, **options: Any) -> Context:
        options = {"lane": "changed", "commit": "c0ffee", "config_digest": "d16e57", **options}
        return self.aws.context(Env("stage"), environment(), writable=writable, **options)

    def seen(self) -> list[tuple[str, str, int]]:
        return [(r.operation, r.code, r.attempt) for r in self.records if r.service != "sts"]


@pytest.fixture
async def desk(local: LocalAws, hasty: Any) -> Any:
    desk = Desk(hasty)
    async with desk.aws:
        yield desk


async def test_a_read_is_answered_without_the_sdks_metadata(desk: Desk, local: LocalAws) -> None:
    local.client("ecs").create_cluster(clusterName="green")
    answer = await desk.context().read("ecs", "DescribeClusters", clusters=["green"])
    assert [cluster["clusterName"] for cluster in answer["clusters"]] == ["green"]
    assert "ResponseMetadata" not in answer
    assert desk.records[-1].request_id


async def test_every_request_names_installation_environment_commit_and_configuration(
    desk: Desk, local: LocalAws
) -> None:
    await desk.context(writable=True).write(CREATE)
    await desk.aws.context(Env("prod"), environment("prod"), lane="sweep").read("ecs", "ListClusters")
    agents = {request.operation: request.user_agent for request in local.requests}
    assert agents["CreateCluster"].endswith("apollo/acme/stage commit/c0ffee config/d16e57")
    assert agents["ListClusters"].endswith("apollo/acme/prod")
    record = next(r for r in desk.records if r.operation == "CreateCluster")
    assert (record.commit, record.env, record.lane, record.mutating) == ("c0ffee", "stage", "act", True)


async def test_a_name_cannot_forge_a_header(local: LocalAws, hasty: Any) -> None:
    desk = Desk(hasty)
    async with desk.aws:
        await desk.context(commit="a\r\nx-evil: 1 ü").read("ecs", "ListClusters")
    assert local.requests[-1].user_agent.endswith("commit/a--x-evil--1-- config/d16e57")


async def test_a_context_for_looking_does_not_write(desk: Desk, local: LocalAws) -> None:
    with pytest.raises(AwsTerminal) as caught:
        await desk.context().write(CREATE)
    assert caught.value.code == "APO-AWS-036"
    with pytest.raises(AwsTerminal, match="changes AWS"):
        await desk.context(writable=True).read("ecs", "DeleteCluster", cluster="green")
    assert local.requests == []


async def test_a_call_that_waits_for_an_output_is_not_sent(desk: Desk, local: LocalAws) -> None:
    call = Call("ecs", "CreateCluster", {"clusterName": marker("Cluster", "green", "name")})
    with pytest.raises(AwsTerminal, match="output"):
        await desk.context(writable=True).write(call)
    assert local.requests == []


async def test_a_call_of_the_wrong_shape_is_not_sent_and_its_values_are_not_repeated(
    desk: Desk, local: LocalAws
) -> None:
    container = {
        "name": "app",
        "image": "i",
        "memory": "hunter2\n, type: <class 'x'>, hunter2",
        "environment": [{"name": "PASSWORD", "value": 4711}, {"name": "B", "vlaue": "hunter2"}],
    }
    call = Call("ecs", "RegisterTaskDefinition", {"family": "web", "containerDefinitions": [container]})
    with pytest.raises(AwsTerminal) as caught:
        await desk.context(writable=True).write(call)
    text = str(caught.value)
    assert caught.value.code == "APO-AWS-034"
    assert caught.value.category == "invalid"
    assert "containerDefinitions[0].environment[0].value" in text
    assert "valid types: str" in text
    assert 'Unknown parameter in containerDefinitions[0].environment[1]: "vlaue"' in text
    assert "hunter2" not in text
    assert "4711" not in text
    assert local.counts() == {"sts:GetCallerIdentity": 1}


async def test_an_operation_that_boto3_does_not_know(desk: Desk) -> None:
    for service, operation in (("ecs", "DescribeNothing"), ("nosuch", "DescribeServices")):
        with pytest.raises(AwsTerminal) as caught:
            await desk.context().read(service, operation)
        assert caught.value.code == "APO-AWS-035"


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("throttle", {}, "ThrottlingException"),
        ("error", {}, "ServerException"),
        ("reset_before", {}, "ConnectionClosedError"),
        ("reset_after", {}, "ConnectionClosedError"),
        ("error", {"code": "ServiceUnavailable", "status": 503}, "ServiceUnavailable"),
    ],
)
async def test_a_read_survives_what_passes(
    desk: Desk, local: LocalAws, hasty: Any, kind: Any, options: Any, code: str
) -> None:
    local.faults.add("ecs:ListClusters", kind, times=2, **options)
    assert (await desk.context().read("ecs", "ListClusters"))["clusterArns"] == []
    assert desk.seen() == [("ListClusters", code, 1), ("ListClusters", code, 2), ("ListClusters", "", 3)]
    assert 0.2 < sum(hasty.slept) < 4


async def test_a_read_gives_up_after_a_few_attempts(desk: Desk, local: LocalAws) -> None:
    local.faults.add("ecs:ListClusters", "error")
    with pytest.raises(AwsTransient) as caught:
        await desk.context().read("ecs", "ListClusters")
    assert caught.value.category == "unavailable"
    assert caught.value.request_id
    assert len(desk.seen()) == 4


async def test_when_everything_fails_reads_are_soon_not_retried_any_more(desk: Desk, local: LocalAws) -> None:
    local.faults.add("ecs:ListClusters", "error")
    for _ in range(40):
        with pytest.raises(AwsTransient):
            await desk.context().read("ecs", "ListClusters")
    assert len(desk.seen()) == 40 + 50
    local.faults.clear()
    await desk.context().read("ecs", "ListClusters")


@pytest.mark.parametrize(
    ("kind", "options", "category", "applied"),
    [
        ("throttle", {}, "throttled", 0),
        ("reset_before", {}, "lost-answer", 0),
        ("reset_after", {}, "lost-answer", 1),
        ("error_after", {}, "lost-answer", 1),
        ("error", {}, "lost-answer", 0),
        ("error", {"code": "ServiceUnavailable", "status": 503}, "unavailable", 0),
    ],
)
async def test_a_write_is_sent_exactly_once_whatever_happens(
    desk: Desk, local: LocalAws, kind: Any, options: Any, category: str, applied: int
) -> None:
    local.faults.add("ecs:CreateCluster", kind, **options)
    with pytest.raises(AwsTransient) as caught:
        await desk.context(writable=True).write(CREATE)
    assert caught.value.category == category
    assert local.counts()["ecs:CreateCluster"] == 1
    assert len(desk.seen()) == 1
    assert len((await desk.context().read("ecs", "ListClusters"))["clusterArns"]) == applied


async def test_a_missing_permission_names_action_and_role(desk: Desk, local: LocalAws) -> None:
    local.faults.add("ecs:CreateCluster", "access_denied")
    with pytest.raises(AccessDenied) as caught:
        await desk.context(writable=True).write(CREATE)
    assert "ecs:CreateCluster" in str(caught.value)
    assert caught.value.code == "APO-AWS-020"
    assert "apollo iam-policy" in caught.value.hint


async def test_credentials_that_expire_under_way_are_read_again(desk: Desk, local: LocalAws) -> None:
    await desk.context().read("ecs", "ListClusters")
    local.faults.add("ecs:ListClusters", "expired_token", times=1)
    await desk.context().read("ecs", "ListClusters")
    assert local.counts() == {"sts:GetCallerIdentity": 2, "ecs:ListClusters": 3}
    local.faults.add("ecs:CreateCluster", "expired_token", times=1)
    with pytest.raises(AwsTransient) as caught:
        await desk.context(writable=True).write(CREATE)
    assert caught.value.category == "credentials"
    assert local.counts()["ecs:CreateCluster"] == 1
    await desk.context(writable=True).write(CREATE)


async def test_throttling_lowers_the_budget(desk: Desk, local: LocalAws) -> None:
    local.faults.add("ecs:ListClusters", "throttle", times=1)
    await desk.context().read("ecs", "ListClusters")
    (state,) = [state for state in desk.aws.budget() if state.name == "ecs cluster read"]
    assert state.throttled == 1
    assert state.factor < 0.6
    assert state.granted == 2
    assert state.waiting == {}


async def test_a_table_of_limits_can_be_changed(local: LocalAws, hasty: Any) -> None:
    desk = Desk(hasty, limits={"ecs cluster modify": Limit(1, 0.1)})
    async with desk.aws:
        for name in ("a", "b"):
            await desk.context(writable=True).write(Call("ecs", "CreateCluster", {"clusterName": name}))
    assert sum(hasty.slept) == pytest.approx(10)


class Clusters(Loader[str, Mapping[str, Any]]):
    name = "clusters"
    batch = 100

    def scope(self, key: str) -> Hashable:
        return None

    def immutable(self, key: str, value: Mapping[str, Any]) -> bool:
        return key.startswith("fixed")

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        with pytest.raises(AwsTerminal):
            await ctx.write(CREATE)
        answer = await ctx.read("ecs", "DescribeClusters", clusters=list(keys))
        return {cluster["clusterName"]: cluster for cluster in answer["clusters"]}


async def test_loads_share_a_call_and_cannot_write(desk: Desk, local: LocalAws) -> None:
    clusters = Clusters()
    for name in ("a", "b"):
        local.client("ecs").create_cluster(clusterName=name)
    found: dict[str, Any] = {}

    async def load(name: str) -> None:
        found[name] = await desk.context(writable=True).load(clusters, name)

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b", "nobody"):
            tasks.start_soon(load, name)
    assert {name: value and value["status"] for name, value in found.items()} == {
        "a": "ACTIVE",
        "b": "ACTIVE",
        "nobody": None,
    }
    assert local.counts()["ecs:DescribeClusters"] == 1


async def test_what_is_remembered_is_not_fetched(desk: Desk, local: LocalAws) -> None:
    context = desk.context()
    await context.read("ecs", "ListClusters")
    context.remember(Clusters(), "fixed", {"clusterName": "fixed"})
    context.remember(Clusters(), "loose", {"clusterName": "loose"})
    assert await desk.context().load(Clusters(), "fixed") == {"clusterName": "fixed"}
    assert await desk.context().load(Clusters(), "loose") is None
    elsewhere = desk.aws.context(Env("prod"), environment(region="us-west-2"), lane="changed")
    assert await elsewhere.load(Clusters(), "fixed") is None


async def test_a_secret_is_read_in_the_region_of_its_arn(answers: Answers, hasty: Any) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:git-AbCdEf"
    desk = Desk(hasty)
    async with desk.aws:
        answers.to["GetSecretValue"] = lambda: (200, json.dumps({"SecretString": "token"}))
        assert await desk.aws.secret(environment(), arn) == "token"
        assert "/eu-central-1/secretsmanager/" in answers.asked[-1]
        answers.to["GetSecretValue"] = lambda: (200, json.dumps({"SecretBinary": "AAAA"}))
        with pytest.raises(AwsTerminal) as caught:
            await desk.aws.secret(environment(), "git")
        assert caught.value.code == "APO-AWS-037"
    assert "token" not in repr(desk.records)


# Answers that the local AWS never gives.

IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>U</UserId><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
Answer = Callable[[], tuple[int, str]]


class Answers:
    """An HTTP server that answers each operation as told."""

    def __init__(self) -> None:
        self.to: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.cut: int | None = None
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                outer.asked.append(self.headers.get("authorization", ""))
                operation = self.headers.get("x-amz-target", "").split(".")[-1]
                operation = operation or sent.split("Action=")[1].split("&")[0]
                status, body = outer.to.get(operation, lambda: (200, IDENTITY))()
                data = body.encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: outer.cut])
                if outer.cut is not None and len(data) > outer.cut:
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()


@pytest.fixture
def answers(no_aws: pytest.MonkeyPatch) -> Iterator[Answers]:
    answers = Answers()
    no_aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{answers.server.server_port}")
    no_aws.setenv("AWS_ACCESS_KEY_ID", "me")
    no_aws.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    no_aws.setenv("AWS_REGION", "eu-west-1")
    yield answers
    answers.release.set()
    answers.server.shutdown()
    answers.server.server_close()


SERVICES = json.dumps({"services": [], "failures": []})


@pytest.mark.parametrize(
    "body", ["", SERVICES[:-5], "<html>Sign in to the hotel's network</html>", "[]", '{"services": [{"a": 1}']
)
async def test_a_body_that_is_no_answer_is_not_taken_for_an_empty_one(
    answers: Answers, hasty: Any, body: str
) -> None:
    desk = Desk(hasty)
    async with desk.aws:
        replies = iter([(200, body), (200, SERVICES)])
        answers.to["DescribeServices"] = lambda: next(replies)
        assert await desk.context().read("ecs", "DescribeServices", services=["web"]) == json.loads(SERVICES)
        answers.to["CreateService"] = lambda: (200, body)
        with pytest.raises(AwsTransient) as caught:
            await desk.context(writable=True).write(Call("ecs", "CreateService", {"serviceName": "web"}))
    assert caught.value.category == "lost-answer"


async def test_an_answer_that_is_cut_off_is_read_again(answers: Answers, hasty: Any) -> None:
    desk = Desk(hasty)
    async with desk.aws:
        await desk.aws.open(environment())

        def cut_once() -> tuple[int, str]:
            answers.cut = 10 if len(desk.seen()) == 0 else None
            return 200, SERVICES

        answers.to["DescribeServices"] = cut_once
        assert await desk.context().read("ecs", "DescribeServices", services=["web"]) == json.loads(SERVICES)
    assert [attempt for _, _, attempt in desk.seen()] == [1, 2]


async def test_an_error_page_of_a_proxy_is_not_taken_for_an_error_of_aws(
    answers: Answers, hasty: Any
) -> None:
    desk = Desk(hasty)
    answers.to["ListClusters"] = lambda: (403, "<html>Blocked by your company</html>")
    async with desk.aws:
        with pytest.raises(AwsTransient) as caught:
            await desk.context().read("ecs", "ListClusters")
    assert caught.value.category == "unavailable"


async def test_the_credentials_of_a_role_are_renewed_before_they_expire(answers: Answers, hasty: Any) -> None:
    assumed: list[int] = []

    def assume() -> tuple[int, str]:
        assumed.append(1)
        expires = datetime.now(UTC) + timedelta(minutes=5 if len(assumed) == 1 else 60)
        return 200, (
            '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
            f"<AccessKeyId>key{len(assumed)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{expires.isoformat()}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )

    answers.to["AssumeRole"] = assume
    answers.to["ListClusters"] = lambda: (200, json.dumps({"clusterArns": []}))
    wanted = environment(roleArn="arn:aws:iam::123456789012:role/deploy")
    desk = Desk(hasty)
    async with desk.aws:
        for _ in range(3):
            await desk.aws.context(Env("stage"), wanted, lane="changed").read("ecs", "ListClusters")
    assert len(assumed) == 2
    assert "Credential=key2/" in answers.asked[-1]


async def test_no_answer_in_time(answers: Answers, hasty: Any) -> None:
    def hang() -> tuple[int, str]:
        answers.release.wait(5)
        return 200, "{}"

    desk = Desk(hasty, timeouts=Timeouts(connect=1, read=0.15))
    async with desk.aws:
        answers.to["CreateCluster"] = hang
        with pytest.raises(AwsTransient) as caught:
            await desk.context(writable=True).write(CREATE)
    assert caught.value.category == "lost-answer"
    assert desk.seen() == [("CreateCluster", "ReadTimeoutError", 1)]


async def test_a_cancelled_read_does_not_wait_for_aws_and_a_cancelled_write_does(
    answers: Answers, hasty: Any
) -> None:
    def slow() -> tuple[int, str]:
        answers.release.wait(0.5)
        return 200, json.dumps({"clusterArns": []})

    desk = Desk(hasty)
    await desk.aws.open(environment())
    answers.to["ListClusters"] = answers.to["CreateCluster"] = slow
    started = anyio.current_time()
    with anyio.move_on_after(0.1) as scope:
        await desk.context().read("ecs", "ListClusters")
    assert scope.cancelled_caught
    assert anyio.current_time() - started < 0.4
    with anyio.move_on_after(0.1):
        await desk.context(writable=True).write(CREATE)
    assert desk.seen() == [("CreateCluster", "", 1)]
    await desk.aws.aclose()


async def test_an_endpoint_that_nobody_listens_on_did_nothing(
    answers: Answers, hasty: Any, no_aws: Any
) -> None:
    no_aws.setenv("AWS_ENDPOINT_URL_ECS", "http://127.0.0.1:9")
    desk = Desk(hasty)
    async with desk.aws:
        with pytest.raises(AwsTransient) as caught:
            await desk.context(writable=True).write(CREATE)
        assert (caught.value.category, caught.value.code) == ("unavailable", "APO-AWS-005")
        with pytest.raises(AwsError):
            await desk.context().read("ecs", "ListClusters")
    assert len(desk.seen()) == 3


async def test_only_the_newest_events_of_a_service_are_read(answers: Answers, hasty: Any) -> None:
    events = [{"id": str(number), "message": "x" * 100} for number in range(100)]
    services = [{"serviceName": f"s{number}", "events": events} for number in range(10)]
    answers.to["DescribeServices"] = lambda: (200, json.dumps({"services": services}))
    desk = Desk(hasty)
    async with desk.aws:
        answer = await desk.context().read("ecs", "DescribeServices", services=["web"])
    assert [len(service["events"]) for service in answer["services"]] == [10] * 10
    assert [event["id"] for event in answer["services"][3]["events"]] == [str(n) for n in range(10)]


async def test_a_hundred_calls_at_once_share_one_client_per_service(answers: Answers, hasty: Any) -> None:
    answers.to["ListClusters"] = lambda: (200, json.dumps({"clusterArns": []}))
    desk = Desk(hasty, limits={"ecs cluster read": Limit(1000, 1000)})
    async with desk.aws:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(desk.context().read, "ecs", "ListClusters")
        assert len(desk.aws._sessions._clients) == 2
    assert len(desk.seen()) == 100


async def test_what_was_reserved_is_written_without_waiting_and_what_is_not_used_is_for_others(
    local: LocalAws, hasty: Any
) -> None:
    desk = Desk(hasty, limits={"ecs cluster modify": Limit(1, 0.1)})
    async with desk.aws:

        def spent() -> tuple[float, int]:
            (bucket,) = [one for one in desk.aws.budget() if one.name == "ecs cluster modify"]
            return round(bucket.tokens), bucket.granted

        first = desk.context(writable=True)
        await first.write(CREATE)
        assert isinstance(first, AwsContext)
        await first.reserve(CREATE)
        await first.reserve(CREATE)
        assert spent()[1] == 2, "one call is reserved once"
        await first.write(CREATE)
        waits = [record.waited for record in desk.records if record.operation == "CreateCluster"]
        assert waits[0] < 1 < 9 < waits[1], "the wait is told with the call that it was for"
        assert spent()[1] == 2
        await first.reserve(CREATE)
        assert spent() == (0, 3)
        await first.give_back()
        assert spent() == (1, 2)
