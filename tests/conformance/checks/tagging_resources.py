"""The Resource Groups Tagging API over what the other services hold."""

from tests.conformance.registry import check, tagging
from tests.conformance.stage import Stage, as_dict, elb_tags, tags

AREA = "Tagging API"
FAULT = ("InvalidParameterException",)


def _found(s: Stage, **filters: object) -> dict[str, dict[str, str]]:
    pages = s.tagging.get_paginator("get_resources").paginate(**filters)
    return {
        one["ResourceARN"]: as_dict(one["Tags"]) for page in pages for one in page["ResourceTagMappingList"]
    }


def _by(s: Stage, key: str, *values: str, **filters: object) -> dict[str, dict[str, str]]:
    wanted = [{"Key": key, "Values": list(values)}]
    s.settle(lambda: _found(s, TagFilters=wanted, **filters))
    return _found(s, TagFilters=wanted, **filters)


@check("tagging.get.by-tag", source=tagging("GetResources"))
def by_tag(s: Stage) -> None:
    """Resources of several services are found by one tag, with all their tags."""
    mark = s.name("mark")
    service = s.service(tags=tags(owner=mark, a="1"))["serviceArn"]
    group = s.group(Tags=elb_tags(owner=mark))
    wanted = {service: {"owner": mark, "a": "1"}, group: {"owner": mark}}
    s.settle(lambda: len(_by(s, "owner", mark)) == 2)
    assert _by(s, "owner", mark) == wanted


@check(
    "tagging.get.by-type",
    source=tagging("GetResources"),
    says="The format of each resource type is service[:resourceType] .",
)
def by_type(s: Stage) -> None:
    """They can be narrowed by service and by type."""
    mark = s.name("mark")
    service = s.service(tags=tags(owner=mark))["serviceArn"]
    group = s.group(Tags=elb_tags(owner=mark))
    s.settle(lambda: len(_by(s, "owner", mark)) == 2)
    assert set(_by(s, "owner", mark, ResourceTypeFilters=["ecs"])) == {service}
    assert set(_by(s, "owner", mark, ResourceTypeFilters=["ecs:service"])) == {service}
    assert set(_by(s, "owner", mark, ResourceTypeFilters=["elasticloadbalancing:targetgroup"])) == {group}


@check("tagging.get.or-and", source=tagging("TagFilter"))
def or_and(s: Stage) -> None:
    """Any of one filter's values will do; all filters have to."""
    arns = [s.register(name, tags=tags(owner=s.name("m"), n=name))["taskDefinitionArn"] for name in "abc"]
    own = {"Key": "owner", "Values": [s.name("m")]}
    s.settle(lambda: len(_found(s, TagFilters=[own])) == 3)
    either = _found(s, TagFilters=[own, {"Key": "n", "Values": ["a", "b"]}])
    assert set(either) == set(arns[:2])
    assert _found(s, TagFilters=[own, {"Key": "n", "Values": ["nope"]}]) == {}


@check("tagging.get.key-only", source=tagging("TagFilter"))
def key_only(s: Stage) -> None:
    """A filter without values finds whatever has the key."""
    arn = s.register(tags=[{"key": s.name("key"), "value": "x"}])["taskDefinitionArn"]
    assert set(_by(s, s.name("key"))) == {arn}


@check("tagging.get.follows", source=tagging("GetResources"))
def follows(s: Stage) -> None:
    """It follows TagResource and UntagResource of the service."""
    mark = s.name("mark")
    arn = s.service()["serviceArn"]
    s.ecs.tag_resource(resourceArn=arn, tags=tags(owner=mark, b="2"))
    assert _by(s, "owner", mark) == {arn: {"owner": mark, "b": "2"}}
    s.ecs.untag_resource(resourceArn=arn, tagKeys=["b"])
    s.settle(lambda: _by(s, "owner", mark) == {arn: {"owner": mark}})
    assert _by(s, "owner", mark) == {arn: {"owner": mark}}


@check("tagging.get.deleted", source=tagging("GetResources"))
def deleted(s: Stage) -> None:
    """What was deleted is found no more, after a while."""
    mark = s.name("mark")
    arn = s.group(Tags=elb_tags(owner=mark))
    assert set(_by(s, "owner", mark)) == {arn}
    s.elb.delete_target_group(TargetGroupArn=arn)
    s.settle(lambda: not _found(s, TagFilters=[{"Key": "owner", "Values": [mark]}]))
    assert _found(s, TagFilters=[{"Key": "owner", "Values": [mark]}]) == {}


@check(
    "tagging.get.pages",
    source=tagging("GetResources"),
    says="You can specify a minimum of 1 and a maximum value of 100.",
)
def pages(s: Stage) -> None:
    """ResourcesPerPage bounds a page; the last has no token, or an empty one."""
    for name in "abc":
        s.register(name, tags=tags(owner=s.name("m")))
    wanted = {"TagFilters": [{"Key": "owner", "Values": [s.name("m")]}], "ResourcesPerPage": 2}
    s.settle(lambda: len(_by(s, "owner", s.name("m"))) == 3)
    one = s.tagging.get_resources(**wanted)
    two = s.tagging.get_resources(**wanted, PaginationToken=one["PaginationToken"])
    assert (len(one["ResourceTagMappingList"]), len(two["ResourceTagMappingList"])) == (2, 1)
    assert not two.get("PaginationToken")


@check(
    "tagging.get.page-size",
    source=tagging("GetResources"),
    says="You can specify a minimum of 1 and a maximum value of 100.",
)
def page_size(s: Stage) -> None:
    """101 resources a page are refused."""
    with s.refused(*FAULT):
        s.tagging.get_resources(ResourcesPerPage=101)


@check(
    "tagging.get.by-arn",
    source=tagging("GetResources"),
    says="Specifies a list of ARNs of resources for which you want to retrieve tag data.",
)
def by_arn(s: Stage) -> None:
    """Resources can be asked for by ARN."""
    arn = s.register(tags=tags(a="1"))["taskDefinitionArn"]
    s.settle(lambda: _found(s, ResourceARNList=[arn]))
    assert _found(s, ResourceARNList=[arn]) == {arn: {"a": "1"}}


@check(
    "tagging.get.not-both",
    source=tagging("GetResources"),
    says=(
        "You can't specify both this parameter and the TagFilters parameter in the same request. "
        "If you do, you get an Invalid Parameter exception."
    ),
)
def not_both(s: Stage) -> None:
    """ARNs and filters at once are refused."""
    arn = s.register(tags=tags(a="1"))["taskDefinitionArn"]
    with s.refused(*FAULT):
        s.tagging.get_resources(ResourceARNList=[arn], TagFilters=[{"Key": "a"}])


@check(
    "tagging.tag", source=tagging("TagResources"), says="Applies one or more tags to the specified resources."
)
def tag(s: Stage) -> None:
    """TagResources tags resources of several services at once, as the services then show."""
    service, group = s.service()["serviceArn"], s.group()
    answer = s.tagging.tag_resources(ResourceARNList=[service, group], Tags={"a": "1"})
    assert answer["FailedResourcesMap"] == {}
    assert as_dict(s.ecs.list_tags_for_resource(resourceArn=service)["tags"]) == {"a": "1"}
    [found] = s.elb.describe_tags(ResourceArns=[group])["TagDescriptions"]
    assert as_dict(found["Tags"]) == {"a": "1"}


@check(
    "tagging.tag.partly",
    source=tagging("TagResources"),
    says="A map containing a key-value pair for each failed item that couldn't be tagged.",
)
def partly(s: Stage) -> None:
    """One that is not there is told in FailedResourcesMap; the others are tagged."""
    there = s.service()["serviceArn"]
    gone = there.replace(s.name("web"), s.name("nope"))
    answer = s.tagging.tag_resources(ResourceARNList=[there, gone], Tags={"a": "1"})
    assert set(answer["FailedResourcesMap"]) == {gone}
    assert answer["FailedResourcesMap"][gone]["ErrorCode"]
    assert as_dict(s.ecs.list_tags_for_resource(resourceArn=there)["tags"]) == {"a": "1"}


@check(
    "tagging.untag",
    source=tagging("UntagResources"),
    says=(
        "The operation succeeds even if you attempt to remove tags from a resource that were already removed."
    ),
)
def untag(s: Stage) -> None:
    """UntagResources removes by key, again without complaint."""
    arn = s.service(tags=tags(a="1", b="2"))["serviceArn"]
    for _ in range(2):
        answer = s.tagging.untag_resources(ResourceARNList=[arn], TagKeys=["a"])
        assert answer["FailedResourcesMap"] == {}
    assert as_dict(s.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == {"b": "2"}


@check("tagging.keys", source=tagging("GetTagKeys"), says="Returns all tag keys currently in use")
def keys(s: Stage) -> None:
    """GetTagKeys and GetTagValues tell what is in use."""
    s.register(tags=[{"key": s.name("key"), "value": "x"}])
    _by(s, s.name("key"))
    found = [key for page in s.tagging.get_paginator("get_tag_keys").paginate() for key in page["TagKeys"]]
    assert s.name("key") in found
    assert s.tagging.get_tag_values(Key=s.name("key"))["TagValues"] == ["x"]
