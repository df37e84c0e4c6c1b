"""The HTTP server and the protocols: https://smithy.io/2.0/aws/protocols/index.html"""

import http.client
import json
import socket
import time
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from apollo.testing import LocalAws
from apollo.testing.wire import cbor
from tests.testing.conftest import Refused, Stage

AUTH = "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{service}/aws4_request, Signature=0"
TARGET = "AmazonEC2ContainerServiceV20141113"


def post(
    aws: LocalAws, body: bytes, headers: dict[str, str], path: str = "/"
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=5)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data


def call(aws: LocalAws, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    headers = {
        "X-Amz-Target": f"{TARGET}.{operation}",
        "Authorization": AUTH.format(key="1" * 12, service="ecs"),
    }
    status, _, data = post(aws, body, headers)
    return status, json.loads(data)


def test_starts_and_stops_within_a_second() -> None:
    begin = time.perf_counter()
    with LocalAws() as aws:
        assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert time.perf_counter() - begin < 1.5


def test_listens_on_loopback_only(aws: LocalAws) -> None:
    assert aws.endpoint == f"http://127.0.0.1:{aws.port}"
    outside = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for address in outside:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match=""):
                socket.create_connection((str(address), aws.port), timeout=1)


def test_a_taken_port_is_an_error(aws: LocalAws) -> None:
    with pytest.raises(OSError, match="in use"):
        LocalAws(port=aws.port)


def test_missing_operation_is_one_400_that_names_it(aws: LocalAws) -> None:
    """Unimplemented answers must not be retried (simulators that answer 500 are)."""
    client = aws.client("ecs", retries=3)
    aws.clear()
    with pytest.raises(ClientError, match="ecs:ListDaemons is not simulated") as caught:
        client.list_daemons()
    assert caught.value.response["Error"]["Code"] == "SimNotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert aws.counts() == {"ecs:ListDaemons": 1}


def test_request_ids(aws: LocalAws, ecs: Any) -> None:
    """https://docs.aws.amazon.com/general/latest/gr/api-retries.html: x-amzn-requestid names a request."""
    ids = {ecs.list_clusters()["ResponseMetadata"]["RequestId"] for _ in range(3)}
    assert len(ids) == 3


def test_connections_are_kept_alive_and_requests_may_come_in_pieces(aws: LocalAws) -> None:
    body = b"{}"
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET}.ListClusters\r\n"
        f"Authorization: {AUTH.format(key='1' * 12, service='ecs')}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", aws.port), timeout=5) as raw:
        stream = raw.makefile("rb")
        for pieces in ([head + body], [head[:20], head[20:], body[:1], body[1:]], [(head + body) * 2]):
            for piece in pieces:
                raw.sendall(piece)
            for _ in range(2 if len(pieces[0]) > len(head + body) else 1):
                assert stream.readline().startswith(b"HTTP/1.1 200")
                length = 0
                while (line := stream.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                assert json.loads(stream.read(length)) == {"clusterArns": []}
        stream.close()


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\n", b"x" * 70_000]
)
def test_what_is_not_http_is_refused(aws: LocalAws, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", aws.port), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(1000).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b'{"maxResults": "ten"}', b'{"maxResults": true}', b"\xff"]
)
def test_bodies_of_the_wrong_shape(aws: LocalAws, body: bytes) -> None:
    """SerializationException comes before the service looks at the request (AWS JSON 1.1)."""
    status, answer = call(aws, "ListClusters", body)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_unknown_members_and_nulls_are_ignored(aws: LocalAws) -> None:
    """https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html"""
    status, answer = call(aws, "ListClusters", b'{"brandNew": 1, "nextToken": null}')
    assert (status, answer) == (200, {"clusterArns": []})


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        ("CreateService", {"cluster": "green"}, "'serviceName'"),
        ("DescribeServices", {"services": ["a"], "include": ["NOPE"]}, "enum value set: [TAGS]"),
        ("TagResource", {"resourceArn": "arn:x", "tags": [{"key": ""}]}, "greater than or equal to 1"),
        ("RegisterTaskDefinition", {"family": "x"}, "'containerDefinitions'"),
    ],
)
def test_required_members_enumerations_and_lengths(
    aws: LocalAws, operation: str, body: dict[str, Any], message: str
) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and the service model."""
    status, answer = call(aws, operation, json.dumps(body).encode())
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert message in answer["message"]


def test_an_unsigned_request_is_refused(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html:
    MissingAuthenticationToken"""
    status, _, data = post(aws, b"{}", {"X-Amz-Target": f"{TARGET}.ListClusters"})
    assert (status, json.loads(data)["__type"]) == (400, "MissingAuthenticationTokenException")


def test_accounts_and_regions_are_isolated(aws: LocalAws) -> None:
    """The account comes from the access key id, the region from the credential scope."""
    aws.client("ecs", account="111111111111", region="eu-west-1").create_cluster(clusterName="one")
    aws.client("ecs", account="111111111111", region="us-east-1").create_cluster(clusterName="two")
    seen = {
        (account, region): aws.client("ecs", account=account, region=region).list_clusters()["clusterArns"]
        for account in ("111111111111", "222222222222")
        for region in ("eu-west-1", "us-east-1")
    }
    assert seen == {
        ("111111111111", "eu-west-1"): ["arn:aws:ecs:eu-west-1:111111111111:cluster/one"],
        ("111111111111", "us-east-1"): ["arn:aws:ecs:us-east-1:111111111111:cluster/two"],
        ("222222222222", "eu-west-1"): [],
        ("222222222222", "us-east-1"): [],
    }


def test_caller_identity(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    answer = aws.client("sts", account="111111111111").get_caller_identity()
    assert answer["Account"] == "111111111111"
    assert answer["Arn"].startswith("arn:aws:iam::111111111111:")


def test_assumed_role_credentials_carry_the_account_of_the_role(aws: LocalAws, refused: Refused) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    sts = aws.client("sts")
    answer = sts.assume_role(
        RoleArn="arn:aws:iam::999999999999:role/path/deployer", RoleSessionName="apollo-1"
    )
    given = answer["Credentials"]
    assert given["Expiration"].timestamp() > time.time() + 3000
    session = botocore.session.Session()
    there = {
        "region_name": "eu-west-1",
        "endpoint_url": aws.endpoint,
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    who = session.create_client("sts", **there)
    assert who.get_caller_identity()["Arn"] == "arn:aws:sts::999999999999:assumed-role/deployer/apollo-1"
    who.close()
    ecs = session.create_client("ecs", **there)
    assert ":999999999999:" in ecs.create_cluster(clusterName="x")["cluster"]["clusterArn"]
    ecs.close()
    with refused("ValidationError"):
        sts.assume_role(RoleArn="arn:aws:iam::1:role/too-short", RoleSessionName="apollo")


def test_environment_for_other_programs(aws: LocalAws) -> None:
    env = aws.env(account="111111111111", region="us-east-2")
    assert env["AWS_ENDPOINT_URL"] == aws.endpoint
    assert env["AWS_ACCESS_KEY_ID"] == "111111111111"
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "us-east-2"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        23,
        24,
        255,
        65536,
        2**40,
        -1,
        -300,
        1.5,
        "",
        "grün",
        b"x" * 300,
        [1, [2]],
        {"a": {"b": 1}},
    ],
)
def test_cbor_round_trip(value: Any) -> None:
    """RFC 8949, as far as https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html uses it."""
    assert cbor.loads(cbor.dumps(value)) == value


def test_cbor_of_botocore_is_understood(aws: LocalAws) -> None:
    """CloudWatch speaks CBOR by default; its request is logged with its parameters."""
    pytest.importorskip("moto")
    aws.client("cloudwatch").describe_alarms(AlarmNames=["a", "b"], MaxRecords=5)
    assert aws.requests[-1].params == {"AlarmNames": ["a", "b"], "MaxRecords": 5}


def test_new_fields_round_trip_by_the_model(stage: Stage) -> None:
    """What the service model knows comes back, without code for each field."""
    arn = stage.register(
        "1",
        "wide",
        {"versionConsistency": "disabled", "restartPolicy": {"enabled": True, "ignoredExitCodes": [3]}},
        enableFaultInjection=True,
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        pidMode="task",
    )
    got = stage.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert got["enableFaultInjection"] is True
    assert got["pidMode"] == "task"
    assert got["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert got["containerDefinitions"][0]["versionConsistency"] == "disabled"
    assert got["containerDefinitions"][0]["restartPolicy"]["ignoredExitCodes"] == [3]
