"""https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Refused, Stage
from tests.testing.tagging.conftest import Tagged, tags


def test_every_kind_that_has_tags(tagged: Tagged) -> None:
    stage, aws = tagged.stage, tagged.aws
    stage.register(family="api", tags=tags(app="api"))
    stage.create(desiredCount=1, tags=tags(app="web"))
    stage.ecs.create_cluster(clusterName="blue", tags=tags(app="all"))
    elb = aws.client("elbv2")
    [rule] = elb.create_rule(
        ListenerArn=aws.listener("front"),
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        Tags=[{"Key": "app", "Value": "web"}],
    )["Rules"]
    target = aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/green/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"app": "web"},
    )["ScalableTargetARN"]
    assert tagged.find("app") == {
        "cluster/blue": {"app": "all"},
        "service/green/web": {"app": "web"},
        "task-definition/api:1": {"app": "api"},
        rule["RuleArn"].split(":", 5)[5]: {"app": "web"},
        target.split(":", 5)[5]: {"app": "web"},
    }
    by_type = {
        "ecs": 3,
        "ecs:service": 1,
        "ecs:task-definition": 1,
        "ecs:cluster": 1,
        "ecs:task": 0,
        "elasticloadbalancing": 1,
        "elasticloadbalancing:listener-rule": 1,
        "elasticloadbalancing:listener-rule/app": 1,
        "elasticloadbalancing:listener": 0,
        "application-autoscaling:scalable-target": 1,
        "ec2:instance": 0,
    }
    assert {kind: len(tagged.find(ResourceTypeFilters=[kind])) for kind in by_type} == by_type
    assert len(tagged.find(ResourceTypeFilters=["ecs:service", "ecs:cluster"])) == 2


def test_untagged_resources_are_not_listed(tagged: Tagged) -> None:
    """ "GetResources does not return untagged resources." """
    tagged.stage.create(desiredCount=0)
    assert tagged.find() == {}
    assert tagged.find(ResourceTypeFilters=["ecs"]) == {}


@pytest.fixture(scope="module")
def many() -> Any:
    """Task definitions with every combination of two tags and three values, and without either."""
    with LocalAws(strict=True) as aws:
        ecs = aws.client("ecs")
        for a in ("", "x", "y", "z"):
            for b in ("", "x", "y", "z"):
                given = tags(**{k: v for k, v in {"a": a, "b": b, "c": "c"}.items() if v})
                ecs.register_task_definition(
                    family=f"f{a}_{b}",
                    containerDefinitions=[{"name": "n", "image": "i", "memory": 6}],
                    tags=given,
                )
        yield aws


VALUES = st.lists(st.sampled_from(["x", "y", "z", "w"]), max_size=3)
FILTERS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), VALUES), max_size=3)


@given(filters=FILTERS, size=st.integers(1, 20))
def test_all_filters_hold_and_of_each_any_value(
    many: LocalAws, filters: list[tuple[str, list[str]]], size: int
) -> None:
    """ "returns only those resources that satisfy all filters"; "match any of the specified values"; without
    values "all resources that are tagged with that key". The pages add up to the whole, in any size."""
    client = many.client("resourcegroupstaggingapi")
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": key, "Values": values} for key, values in filters], ResourcesPerPage=size
    )
    found = []
    for page in pages:
        assert len(page["ResourceTagMappingList"]) <= size
        found += [item["ResourceARN"].rpartition("/")[2] for item in page["ResourceTagMappingList"]]
    expected = []
    for a in ("", "x", "y", "z"):
        for b in ("", "x", "y", "z"):
            has = {"a": a, "b": b, "c": "c", "d": ""}
            if all(has[key] and (not values or has[key] in values) for key, values in filters):
                expected.append(f"f{a}_{b}:1")
    assert sorted(found) == sorted(expected)
    assert len(set(found)) == len(found)


def test_keys_and_values_mind_the_case(tagged: Tagged) -> None:
    tagged.stage.register(tags=tags(App="Web"))
    assert tagged.find("app") == {}
    assert tagged.find({"Key": "App", "Values": ["web"]}) == {}
    assert len(tagged.find({"Key": "App", "Values": ["Web"]})) == 1


def test_by_arn(tagged: Tagged) -> None:
    """ "If a resource specified by this parameter doesn't exist, … it simply isn't included" """
    arn = tagged.stage.register(tags=tags(app="web"))
    untagged = tagged.stage.register(family="none")
    assert tagged.find(ResourceARNList=[arn, untagged, arn + "0"]) == {
        "task-definition/web:2": {"app": "web"}
    }


def test_a_deregistered_task_definition_is_still_listed(tagged: Tagged) -> None:
    """ "INACTIVE task definitions remain discoverable in your account indefinitely"
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html"""
    arn = tagged.stage.register(tags=tags(app="web"))
    tagged.stage.ecs.deregister_task_definition(taskDefinition=arn)
    assert list(tagged.find("app")) == ["task-definition/web:2"]
    tagged.stage.ecs.delete_task_definitions(taskDefinitions=[arn])
    assert tagged.find("app") == {}


def test_a_draining_service_is_listed_and_a_gone_one_is_not(tagged: Tagged) -> None:
    stage = tagged.stage
    stage.create(desiredCount=1, tags=tags(app="web"))
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    assert list(tagged.find("app")) == ["service/green/web"]
    stage.aws.settle()
    assert tagged.find("app") == {}


def test_accounts_and_regions_are_apart(tagged: Tagged) -> None:
    tagged.stage.register(tags=tags(app="web"))
    for elsewhere in ({"region": "us-east-1"}, {"account": "111111111111"}):
        client = tagged.aws.client("resourcegroupstaggingapi", **elsewhere)
        assert client.get_resources()["ResourceTagMappingList"] == []


@pytest.mark.parametrize(
    "request_",
    [
        {"ResourceARNList": ["arn:x"], "TagFilters": [{"Key": "a"}]},
        {"ResourceARNList": ["arn:x"], "ResourceTypeFilters": ["ecs"]},
        {"ResourceARNList": ["arn:x"], "ResourcesPerPage": 5},
        {"ResourceARNList": [f"arn:{n}" for n in range(101)]},
        {"TagFilters": [{"Values": ["a"]}]},
        {"TagFilters": [{"Key": f"k{n}"} for n in range(51)]},
        {"TagFilters": [{"Key": "k", "Values": [f"v{n}" for n in range(21)]}]},
        {"ResourceTypeFilters": ["ecs"] * 101},
        {"ResourcesPerPage": 0},
        {"ResourcesPerPage": 101},
        {"TagsPerPage": 99},
        {"TagsPerPage": 501},
        {"ExcludeCompliantResources": True},
        {"PaginationToken": "garbage"},
        {"PaginationToken": "WzEsMl0="},
    ],
)
def test_what_is_refused(stage: Stage, refused: Refused, request_: Json) -> None:
    client = Tagged(stage, parameter_validation=False).client
    with refused("InvalidParameterException"):
        client.get_resources(**request_)


def test_compliance_details_are_not_looked_at(tagged: Tagged) -> None:
    tagged.stage.register(tags=tags(app="web"))
    assert len(tagged.find(IncludeComplianceDetails=True, ExcludeCompliantResources=True)) == 1


def test_a_page_holds_so_many_tags(tagged: Tagged) -> None:
    """The documentation's own example: 22 resources of 10 tags, 100 tags per page, make 10, 10 and 2."""
    for n in range(22):
        tagged.stage.register(family=f"f{n}", tags=tags(**{f"k{i}": "v" for i in range(10)}))
    pages = tagged.client.get_paginator("get_resources").paginate(TagsPerPage=100)
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [10, 10, 2]


def test_a_token_ends_after_a_quarter_of_an_hour_and_fits_one_request(
    tagged: Tagged, refused: Refused
) -> None:
    """ "A PaginationToken is valid for a maximum of 15 minutes." """
    for family in ("a", "b"):
        tagged.stage.register(family=family, tags=tags(app="web"))
    token = tagged.client.get_resources(ResourcesPerPage=1)["PaginationToken"]
    with refused("InvalidParameterException"):
        tagged.client.get_resources(ResourcesPerPage=2, PaginationToken=token)
    tagged.aws.advance(900)
    assert len(tagged.find(ResourcesPerPage=1, PaginationToken=token)) == 1
    tagged.aws.advance(1)
    with refused("PaginationTokenExpiredException"):
        tagged.client.get_resources(ResourcesPerPage=1, PaginationToken=token)


def test_keys_and_values(tagged: Tagged) -> None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_getTagKeys.html"""
    for n in range(60):
        tagged.stage.register(family=f"f{n}", tags=tags(**{"app": f"v{n:02}", f"k{n:02}": ""}))
    keys = tagged.client.get_paginator("get_tag_keys").paginate().build_full_result()["TagKeys"]
    assert keys == ["app", *(f"k{n:02}" for n in range(60))]
    values = (
        tagged.client.get_paginator("get_tag_values").paginate(Key="app").build_full_result()["TagValues"]
    )
    assert values == [f"v{n:02}" for n in range(60)]
    assert tagged.client.get_tag_values(Key="nope")["TagValues"] == []
