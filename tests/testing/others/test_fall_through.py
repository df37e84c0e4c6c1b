"""Services that are not ours answer from the same endpoint, by moto; ours never come from there."""

import json
import subprocess
import sys
import threading
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from apollo.testing import LocalAws

pytest.importorskip("moto")

CALLS = [
    ("acm", "list_certificates", {}),
    ("cloudwatch", "describe_alarms", {}),  # smithy-rpc-v2-cbor
    ("dynamodb", "list_tables", {}),
    ("ec2", "describe_subnets", {}),
    ("ec2", "describe_security_groups", {}),
    ("ec2", "describe_vpcs", {}),
    ("ecr", "describe_repositories", {}),
    ("events", "list_rules", {}),
    ("iam", "list_roles", {}),  # query
    ("lambda", "list_functions", {}),  # rest-json
    ("logs", "describe_log_groups", {}),
    ("route53", "list_hosted_zones", {}),  # rest-xml
    ("s3", "list_buckets", {}),
    ("scheduler", "list_schedules", {}),
    ("secretsmanager", "list_secrets", {}),
    ("servicediscovery", "list_namespaces", {}),
    ("sns", "list_topics", {}),
    ("sqs", "list_queues", {}),
    ("ssm", "describe_parameters", {}),
]
IDS = [f"{service}-{operation}" for service, operation, _ in CALLS]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=IDS)
def test_it_answers(aws: LocalAws, service: str, operation: str, params: dict[str, Any]) -> None:
    getattr(aws.client(service), operation)(**params)
    (request,) = aws.requests
    assert request.service == service
    assert request.operation.lower() == operation.replace("_", "")
    assert not request.mutating


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=IDS)
def test_without_the_extra_it_says_once_what_to_install(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, service: str, operation: str, params: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, "moto.core.botocore_stubber", None)
    with pytest.raises(ClientError, match=r"pip install 'apollo-ecs\[testing\]'") as caught:
        getattr(aws.client(service, retries=3), operation)(**params)
    assert code_of(caught) == "SimNotImplemented"
    (request,) = aws.requests
    assert str(caught.value).count(request.action) == 1
    assert request.outcome == "SimNotImplemented"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("cloudwatch", "put_composite_alarm", {"AlarmName": "a", "AlarmRule": "ALARM(b)"}),
        ("ec2", "create_ipam", {}),
        ("iam", "simulate_principal_policy", {"PolicySourceArn": "a" * 20, "ActionNames": ["ecs:*"]}),
        ("apprunner", "list_services", {}),
    ],
)
def test_what_moto_lacks_is_one_400_that_names_it(
    aws: LocalAws, service: str, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="is not simulated") as caught:
        getattr(aws.client(service, retries=3), operation)(**params)
    assert code_of(caught) == "SimNotImplemented"
    assert len(aws.requests) == 1


def test_nothing_of_moto_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys\nfrom apollo.testing import LocalAws\n"
        "with LocalAws() as aws:\n"
        "    aws.client('ecs').list_clusters()\n    aws.client('elbv2').describe_load_balancers()\n"
        "    aws.client('sts').get_caller_identity()\n"
        "    assert not {'moto', 'werkzeug', 'boto3'} & set(sys.modules)\n"
        "    aws.client('ssm').describe_parameters()\n"
        "    assert 'moto' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_accounts_and_regions_are_apart(aws: LocalAws) -> None:
    aws.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    for elsewhere in (aws.client("ssm", account="999999999999"), aws.client("ssm", region="us-east-1")):
        assert elsewhere.describe_parameters()["Parameters"] == []
    role = aws.client("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/r", RoleSessionName="me")
    there = aws.client("secretsmanager", account=role["Credentials"]["AccessKeyId"])
    assert ":999999999999:" in there.create_secret(Name="s", SecretString="x")["ARN"]


def test_two_local_aws_in_one_process_are_apart_and_each_forgets(aws: LocalAws) -> None:
    with LocalAws() as other:
        other.client("s3").create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        other.client("sqs").create_queue(QueueName="q")
        assert aws.client("s3").list_buckets()["Buckets"] == []
        assert "QueueUrls" not in aws.client("sqs").list_queues()
        aws.reset()
        assert len(other.client("s3").list_buckets()["Buckets"]) == 1
        other.reset()
        assert other.client("s3").list_buckets()["Buckets"] == []


def test_mock_aws_in_the_same_process_is_left_alone(aws: LocalAws) -> None:
    import moto
    from moto.backends import get_backend

    with moto.mock_aws():
        get_backend("sqs")["123456789012"]["eu-west-1"].create_queue("mine", {})
        aws.client("sqs").create_queue(QueueName="ours")
        assert list(get_backend("sqs")["123456789012"]["eu-west-1"].queues) == ["mine"]
    assert "ours" in aws.client("sqs").list_queues()["QueueUrls"][0]


def test_time_and_identifiers_are_the_local_awss() -> None:
    def look() -> tuple[Any, ...]:
        with LocalAws(seed=7) as aws:
            logs, secrets = aws.client("logs"), aws.client("secretsmanager")
            logs.create_log_group(logGroupName="/g")
            created = logs.describe_log_groups()["logGroups"][0]["creationTime"]
            aws.advance(60)
            arn = secrets.create_secret(Name="s", SecretString="x", ClientRequestToken="t" * 32)["ARN"]
            return created, arn, secrets.describe_secret(SecretId="s")["CreatedDate"].timestamp()

    first = look()
    assert first == look()
    assert first[0] / 1000 + 60 == first[2]


def test_a_message_is_seen_again_when_its_time_is_over(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)["Messages"][0]["Body"] == "hello"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    aws.advance(31)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_a_long_poll_holds_up_nobody_and_ends_with_the_message_or_the_virtual_time(aws: LocalAws) -> None:
    waiting = aws.client("sqs", read_timeout=30)
    url = waiting.create_queue(QueueName="q")["QueueUrl"]
    answers: list[Any] = []

    def wait() -> None:
        answers.append(waiting.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", []))

    poll = threading.Thread(target=wait)
    poll.start()
    while aws.counts().get("sqs:ReceiveMessage") != 1:
        aws.client("ecs").list_clusters()  # answered while the other waits
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="here")
    poll.join(10)
    assert [message["Body"] for message in answers[0]] == ["here"]

    poll = threading.Thread(target=wait)
    poll.start()
    while aws.counts().get("sqs:ReceiveMessage") != 2:
        aws.client("ecs").list_clusters()
    aws.advance(21)
    poll.join(10)
    assert answers[1] == []


def test_faults_and_the_log_are_for_all_services(aws: LocalAws) -> None:
    ssm = aws.client("ssm")
    put = {"Name": "/a", "Value": "1", "Type": "String"}
    aws.faults.add("ssm:PutParameter", "access_denied", times=1)
    with pytest.raises(ClientError, match="is not authorized to perform: ssm:PutParameter") as caught:
        ssm.put_parameter(**put)
    assert code_of(caught) == "AccessDeniedException"
    aws.faults.add("ssm:PutParameter", "reset_after", times=1)
    with pytest.raises(ConnectionClosedError):
        ssm.put_parameter(**put)
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    with pytest.raises(ClientError) as caught:
        ssm.put_parameter(**put)
    assert code_of(caught) == "ParameterAlreadyExists"
    assert [(r.operation, r.mutating, r.outcome, r.applied) for r in aws.requests] == [
        ("PutParameter", True, "AccessDeniedException", False),
        ("PutParameter", True, "reset_after", True),
        ("GetParameter", False, "OK", True),
        ("PutParameter", True, "ParameterAlreadyExists", False),
    ]
    assert aws.requests[0].params == put


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("ec2", "describe_subnets", "RequestLimitExceeded", 503),
        ("s3", "list_buckets", "SlowDown", 503),
        ("iam", "list_roles", "Throttling", 400),
        ("logs", "describe_log_groups", "ThrottlingException", 400),
        ("cloudwatch", "describe_alarms", "ThrottlingException", 400),
    ],
)
def test_each_service_throttles_in_its_own_words(
    aws: LocalAws, service: str, operation: str, code: str, status: int
) -> None:
    aws.faults.add(f"{service}:*", "throttle", times=1)
    client = aws.client(service)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    assert code_of(caught) == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    getattr(client, operation)()


def test_the_last_page_can_be_lost(aws: LocalAws) -> None:
    logs, s3 = aws.client("logs"), aws.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in "ab":
        logs.create_log_group(logGroupName=name)
        s3.put_object(Bucket="bucket", Key=name)
    assert "nextToken" in logs.describe_log_groups(limit=1)
    assert "NextContinuationToken" in s3.list_objects_v2(Bucket="bucket", MaxKeys=1)
    aws.faults.add("*", "lost_page")
    assert "nextToken" not in logs.describe_log_groups(limit=1)
    last = s3.list_objects_v2(Bucket="bucket", MaxKeys=1)
    assert not last["IsTruncated"] and "NextContinuationToken" not in last


def test_an_alarm_set_in_cloudwatch_is_seen_by_ecs(aws: LocalAws, ecs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""
    ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64}]
    )
    aws.container_instances("green", 2)
    alarms = {"alarmNames": ["errors"], "enable": True, "rollback": False}
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="5xx",
        Namespace="shop",
        Period=60,
        Statistic="Sum",
        Threshold=1.0,
    )
    ecs.create_service(
        cluster="green",
        serviceName="web",
        taskDefinition="web",
        desiredCount=1,
        deploymentConfiguration={"alarms": alarms},
    )
    aws.advance(20)
    aws.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    aws.settle()
    (service,) = ecs.describe_services(cluster="green", services=["web"])["services"]
    assert service["deployments"][0]["rolloutState"] == "FAILED"


def test_s3_objects_in_all_their_ways(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body, key = b"x" * 300_000, "a folder/ü + b.txt"
    s3.put_object(Bucket="bucket", Key=key, Body=body)
    assert s3.head_object(Bucket="bucket", Key=key)["ContentLength"] == len(body)
    assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == body
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="bucket", Key=key, Body=b"", IfNoneMatch="*")
    assert code_of(caught) == "PreconditionFailed"
    upload = s3.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="big", UploadId=upload, PartNumber=1, Body=b"one")["ETag"]
    s3.complete_multipart_upload(
        Bucket="bucket",
        Key="big",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]},
    )
    s3.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "big"})
    for version in ("s3", "s3v4"):
        signed = aws.client("s3", signature_version=version)
        url = signed.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "copy"})
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"one"
    s3.delete_object(Bucket="bucket", Key="copy")
    named = [r.operation for r in aws.requests]
    assert named == [
        *("CreateBucket", "PutObject", "HeadObject", "GetObject", "PutObject", "CreateMultipartUpload"),
        *("UploadPart", "CompleteMultipartUpload", "CopyObject", "GetObject", "GetObject", "DeleteObject"),
    ]
    assert aws.requests[1].params == {"Bucket": "bucket", "Key": key}


def test_the_control_api_shows_them_too(aws: LocalAws) -> None:
    aws.client("sqs").create_queue(QueueName="q")
    with urllib.request.urlopen(f"{aws.endpoint}/_apollo/requests") as answer:
        assert json.load(answer)["counts"] == {"sqs:CreateQueue": 1}
