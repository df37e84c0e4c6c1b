"""TagResources and UntagResources, and what they leave to the services."""

import http.client
import json

import pytest

from tests.testing.conftest import Stage
from tests.testing.tagging.conftest import Tagged, tags


def test_the_services_own_tags_change(tagged: Tagged) -> None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html"""
    stage, aws = tagged.stage, tagged.aws
    definition = stage.register(tags=tags(a="1"))
    group = aws.target_group("other")
    stage.create(desiredCount=1)
    target = aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/green/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
    )["ScalableTargetARN"]
    arns = [definition, group, target]
    answer = tagged.client.tag_resources(ResourceARNList=arns, Tags={"b": "2"})
    assert answer["FailedResourcesMap"] == {}
    assert stage.ecs.list_tags_for_resource(resourceArn=definition)["tags"] == tags(a="1", b="2")
    [described] = aws.client("elbv2").describe_tags(ResourceArns=[group])["TagDescriptions"]
    assert described["Tags"] == [{"Key": "b", "Value": "2"}]
    assert len(tagged.find("b")) == 3
    tagged.client.untag_resources(ResourceARNList=arns, TagKeys=["b", "never-there"])
    assert tagged.find() == {"task-definition/web:2": {"a": "1"}}


def test_what_fails_is_named_and_the_rest_is_done(tagged: Tagged) -> None:
    """The call succeeds; FailedResourcesMap has "any valid error code returned by the … service"."""
    good = tagged.stage.register(family="good")
    head = "arn:aws:ecs:eu-west-1:123456789012"
    bad = {
        f"{head}:task-definition/nope:1": "InvalidParameterException",
        f"{head}:service/nope/web": "ClusterNotFoundException",
        "arn:aws:ecs:us-east-1:123456789012:cluster/green": "InvalidParameterException",
        "arn:aws:sqs:eu-west-1:123456789012:queue": "InvalidParameterException",
        "nonsense": "InvalidParameterException",
    }
    answer = tagged.client.tag_resources(ResourceARNList=[*bad, good], Tags={"a": "1"})
    failed = {arn: info["ErrorCode"] for arn, info in answer["FailedResourcesMap"].items()}
    assert failed == bad
    assert all(info["StatusCode"] == 400 for info in answer["FailedResourcesMap"].values())
    assert list(tagged.find("a")) == ["task-definition/good:1"]
    assert [r.operation for r in tagged.aws.mutations()][-1] == "TagResources"


@pytest.mark.parametrize("values", [["web"], ["wrong"]])
def test_json_works_as_well(stage: Stage, values: list[str]) -> None:
    """botocore speaks CBOR to it; other SDKs and older ones speak JSON 1.1."""
    stage.register(tags=tags(app="web"))
    scope = "123456789012/20260101/eu-west-1/tagging/aws4_request"
    connection = http.client.HTTPConnection("127.0.0.1", stage.aws.port)
    connection.request(
        "POST",
        "/",
        json.dumps({"TagFilters": [{"Key": "app", "Values": values}]}),
        {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "ResourceGroupsTaggingAPI_20170126.GetResources",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}",
        },
    )
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    assert response.getheader("content-type") == "application/x-amz-json-1.1"
    assert len(body["ResourceTagMappingList"]) == (values == ["web"])
