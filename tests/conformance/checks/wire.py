"""Identity and isolation, protocols, errors: what every client depends on."""

import json
import urllib.error
import urllib.request
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.registry import check, ecs, ecs_guide, elb, sts
from tests.conformance.stage import Stage

AREA = "Accounts, protocols, errors"
_COMMON = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html"
_ELB_COMMON = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html"
_REQUESTS = "https://docs.aws.amazon.com/general/latest/gr/signing-aws-api-requests.html"


def _assumed(s: Stage) -> dict[str, Any]:
    answer = s.sts.assume_role(RoleArn=s.target.other_role, RoleSessionName="conformance")
    found: dict[str, Any] = answer["Credentials"]
    return found


def _error(s: Stage, service: str, operation: str, **params: Any) -> dict[str, Any]:
    try:
        getattr(s.target.client(service), operation)(**params)
    except ClientError as error:
        found: dict[str, Any] = error.response
        return found
    raise AssertionError("accepted, not refused")


def _post(s: Stage, body: bytes, **headers: str) -> tuple[int, bytes]:
    """An answer to a request that no SDK would send; only where the endpoint is a simulator's."""
    scope = f"Credential=123456789012/20260101/{s.target.region}/ecs/aws4_request"
    given = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"} | headers
    endpoint = s.target.endpoint or f"https://ecs.{s.target.region}.amazonaws.com"
    request = urllib.request.Request(endpoint, data=body, headers=given, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _json(name: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{name}",
    }


@check("sts.identity", source=sts("GetCallerIdentity"))
def identity(s: Stage) -> None:
    """GetCallerIdentity tells account, ARN and user id."""
    found = s.sts.get_caller_identity()
    assert found["Account"].isdigit() and len(found["Account"]) == 12
    assert found["Account"] in found["Arn"]
    assert found["UserId"]


@check("sts.assume-role", source=sts("AssumeRole"), needs=("account",))
def assume_role(s: Stage) -> None:
    """The credentials of AssumeRole are of the role's account, under its session's name."""
    credentials = _assumed(s)
    found = s.target.client("sts", credentials=credentials).get_caller_identity()
    account = s.target.other_role.split(":")[4]
    assert found["Account"] == account
    assert found["Arn"].startswith(f"arn:aws:sts::{account}:assumed-role/")
    assert found["Arn"].endswith("/conformance")


@check("sts.assume-role.credentials", source=sts("AssumeRole"), needs=("account",))
def credentials(s: Stage) -> None:
    """They are temporary: a key that begins with ASIA, a token, and an end to come."""
    found = _assumed(s)
    assert found["AccessKeyId"].startswith("ASIA")
    assert found["SessionToken"]
    assert found["Expiration"].timestamp() > 0


@check("isolation.account", source=ecs_guide("ecs-account-settings"), needs=("account",))
def account(s: Stage) -> None:
    """Another account sees nothing of this one, and has its own under the same name."""
    arn = s.service()["serviceArn"]
    other = s.target.client("ecs", credentials=_assumed(s))
    assert arn not in str(other.list_clusters())
    made = other.create_cluster(clusterName=s.cluster)["cluster"]
    try:
        assert made["clusterArn"].split(":")[4] == s.target.other_role.split(":")[4]
        assert other.list_services(cluster=s.cluster)["serviceArns"] == []
    finally:
        other.delete_cluster(cluster=s.cluster)
    assert s.look()["status"] == "ACTIVE"


@check(
    "isolation.region",
    source=ecs("CreateService"),
    says=(
        "you can have similarly named services in multiple clusters within a Region or across "
        "multiple Regions"
    ),
)
def region(s: Stage) -> None:
    """Another region sees nothing of this one."""
    s.register()
    other = s.target.client("ecs", region=s.target.other_region)
    assert other.list_task_definition_families(familyPrefix=s.prefix)["families"] == []
    answer = other.describe_clusters(clusters=[s.cluster])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@check("isolation.region-arns", source=ecs_guide("ecs-account-settings"))
def region_arns(s: Stage) -> None:
    """ARNs name the region of the client."""
    other = s.target.client("ecs", region=s.target.other_region)
    made = other.register_task_definition(
        family=s.name("there"), containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64}]
    )["taskDefinition"]
    other.deregister_task_definition(taskDefinition=made["taskDefinitionArn"])
    assert made["taskDefinitionArn"].split(":")[3] == s.target.other_region


@check("wire.request-id", source=_COMMON)
def request_id(s: Stage) -> None:
    """Every answer has a request id of its own, errors too."""
    ids = [s.ecs.list_clusters()["ResponseMetadata"]["RequestId"] for _ in range(2)]
    ids.append(s.elb.describe_load_balancers()["ResponseMetadata"]["RequestId"])
    failed = _error(s, "ecs", "list_services", cluster=s.name("nope"))
    ids.append(failed["ResponseMetadata"]["RequestId"])
    assert all(ids)
    assert len(set(ids)) == 4


@check("wire.error.json", source=ecs("ListServices"))
def error_json(s: Stage) -> None:
    """An error of the JSON protocol is HTTP 400 with code and message, as a typed exception."""
    failed = _error(s, "ecs", "list_services", cluster=s.name("nope"))
    assert failed["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert failed["Error"]["Code"] == "ClusterNotFoundException"
    assert failed["Error"]["Message"]
    typed = s.ecs.exceptions.from_code("ClusterNotFoundException")
    assert typed is s.ecs.exceptions.ClusterNotFoundException


@check("wire.error.query", source=elb("DescribeLoadBalancers"))
def error_query(s: Stage) -> None:
    """An error of the query protocol is HTTP 400 with code, message and type."""
    failed = _error(s, "elbv2", "describe_load_balancers", Names=[s.name("nope")])
    assert failed["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert failed["Error"]["Code"] == "LoadBalancerNotFound"
    assert failed["Error"]["Message"]
    assert failed["Error"]["Type"] == "Sender"


@check("wire.error.required", source=_COMMON)
def required(s: Stage) -> None:
    """A required member that is missing is refused as a client's fault."""
    with s.refused():
        s.raw("ecs").delete_service(cluster=s.cluster)
    with s.refused():
        s.raw("elbv2").create_rule()


@check("wire.error.enum", source=_COMMON)
def enum(s: Stage) -> None:
    """A value that no enum has is refused as a client's fault."""
    with s.refused():
        s.service(launchType="NONSENSE")
    with s.refused():
        s.group(TargetType="nonsense")


@check("wire.error.type", source=_COMMON)
def wrong_type(s: Stage) -> None:
    """A member of the wrong type is refused as a client's fault."""
    body = json.dumps({"cluster": s.cluster, "services": "not-a-list"}).encode()
    status, answer = _post(s, body, **_json("DescribeServices"))
    assert 400 <= status < 500
    assert json.loads(answer)["__type"]


@check("wire.error.not-json", source=_COMMON)
def not_json(s: Stage) -> None:
    """A body that is no JSON is refused as a client's fault, in the protocol's form."""
    status, answer = _post(s, b"{nonsense", **_json("ListClusters"))
    assert 400 <= status < 500
    assert json.loads(answer)["__type"]


@check("wire.unknown.json", source=_COMMON)
def unknown_json(s: Stage) -> None:
    """An operation that is not there is refused once, as a client's fault, in the protocol's form."""
    status, answer = _post(s, b"{}", **_json("NoSuchOperation"))
    assert 400 <= status < 500
    assert json.loads(answer)["__type"]


@check("wire.unknown.query", source=_ELB_COMMON)
def unknown_query(s: Stage) -> None:
    """An action of the query protocol that is not there is refused likewise, in XML with a code."""
    endpoint = s.target.endpoint or f"https://elasticloadbalancing.{s.target.region}.amazonaws.com"
    scope = f"Credential=123456789012/20260101/{s.target.region}/elasticloadbalancing/aws4_request"
    request = urllib.request.Request(
        endpoint,
        data=b"Action=NoSuchAction&Version=2015-12-01",
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        assert 400 <= error.code < 500
        assert b"<Code>" in error.read()
    else:
        raise AssertionError("accepted")


@check("wire.unsigned", source=_REQUESTS)
def unsigned(s: Stage) -> None:
    """A request without a signature is refused."""
    status, _ = _post(s, b"{}", **_json("ListClusters"), Authorization="")
    assert 400 <= status < 500


@check("wire.unicode", source=ecs("Tag"), says="letters, numbers, and spaces representable in UTF-8")
def unicode(s: Stage) -> None:
    """Letters of every script survive, in both protocols."""
    text = "Größe 大小"
    arn = s.service(tags=[{"key": "a", "value": text}])["serviceArn"]
    assert s.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": text}]
    group = s.group(Tags=[{"Key": "a", "Value": text}])
    [found] = s.elb.describe_tags(ResourceArns=[group])["TagDescriptions"]
    assert found["Tags"] == [{"Key": "a", "Value": text}]


@check("wire.escapes", source=elb("RedirectActionConfig"), needs=("balancer",))
def escapes(s: Stage) -> None:
    """Signs that XML, JSON and forms treat specially survive."""
    text = "<a href=\"x\">&amp; 'b'</a> + % \\ ="
    config = {"StatusCode": "200", "ContentType": "text/html", "MessageBody": text}
    rule = s.rule_of(s.rule(1, Actions=[{"Type": "fixed-response", "FixedResponseConfig": config}]))
    assert rule["Actions"][0]["FixedResponseConfig"]["MessageBody"] == text
    given = [{"name": "A", "value": text}]
    made = s.register(container={"environment": given})
    assert made["containerDefinitions"][0]["environment"] == given


@check("wire.times", source=ecs("Service"))
def times(s: Stage) -> None:
    """Times are times, of this day on the endpoint's clock, and the same in every answer."""
    made = s.service()
    assert made["createdAt"].tzinfo is not None
    assert s.look()["createdAt"] == made["createdAt"]
    assert made["deployments"][0]["createdAt"] >= made["createdAt"]
