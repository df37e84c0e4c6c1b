"""Tags of ECS resources."""

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS tags"


def _of(s: Stage, arn: str) -> dict[str, str]:
    return as_dict(s.ecs.list_tags_for_resource(resourceArn=arn)["tags"])


@check(
    "ecs.tags.merge",
    source=ecs("TagResource"),
    says=("If existing tags on a resource aren't specified in the request parameters, they aren't changed."),
)
def merge(s: Stage) -> None:
    """TagResource adds and overwrites, and leaves the others."""
    arn = s.service(tags=tags(a="1", b="2"))["serviceArn"]
    s.ecs.tag_resource(resourceArn=arn, tags=tags(b="3", c="4"))
    assert _of(s, arn) == {"a": "1", "b": "3", "c": "4"}


@check("ecs.tags.untag", source=ecs("UntagResource"))
def untag(s: Stage) -> None:
    """UntagResource takes away by key; a key that is not there does not matter."""
    arn = s.service(tags=tags(a="1", b="2"))["serviceArn"]
    s.ecs.untag_resource(resourceArn=arn, tagKeys=["b", "nope"])
    assert _of(s, arn) == {"a": "1"}


@check(
    "ecs.tags.every-kind",
    source=ecs("TagResource"),
    says=(
        "the supported resources are Amazon ECS capacity providers, tasks, services, task "
        "definitions, clusters, and container instances"
    ),
    needs=("task",),
)
def every_kind(s: Stage) -> None:
    """Clusters, services, task definitions and tasks can be tagged."""
    arns = [
        s.ecs.describe_clusters(clusters=[s.cluster])["clusters"][0]["clusterArn"],
        s.service()["serviceArn"],
        s.web["taskDefinitionArn"],
        s.run()["tasks"][0]["taskArn"],
    ]
    for arn in arns:
        s.ecs.tag_resource(resourceArn=arn, tags=tags(kind="any"))
        assert _of(s, arn) == {"kind": "any"}


@check("ecs.tags.shown", source=ecs("DescribeServices"))
def shown(s: Stage) -> None:
    """A service shows its new tags, and no deployment was started."""
    made = s.service()
    s.ecs.tag_resource(resourceArn=made["serviceArn"], tags=tags(a="1"))
    found = s.look(include=["TAGS"])
    assert as_dict(found["tags"]) == {"a": "1"}
    assert found["deployments"][0]["id"] == made["deployments"][0]["id"]


@check("ecs.tags.inactive-definition", source=ecs("TagResource"))
def inactive_definition(s: Stage) -> None:
    """The tags of a deregistered task definition stay."""
    arn = s.register(tags=tags(a="1"))["taskDefinitionArn"]
    s.ecs.deregister_task_definition(taskDefinition=arn)
    assert _of(s, arn) == {"a": "1"}


@check("ecs.tags.case", source=ecs("Tag"), says="Tag keys and values are case-sensitive.")
def case(s: Stage) -> None:
    """Keys that differ in case are two keys."""
    arn = s.service(tags=tags(a="1", A="2"))["serviceArn"]
    assert _of(s, arn) == {"a": "1", "A": "2"}


@check("ecs.tags.empty-value", source=ecs("Tag"))
def empty_value(s: Stage) -> None:
    """A value can be empty."""
    arn = s.service(tags=[{"key": "a", "value": ""}])["serviceArn"]
    assert _of(s, arn) == {"a": ""}


@check(
    "ecs.tags.aws",
    source=ecs("Tag"),
    says=(
        "or any upper or lowercase combination of such as a prefix for either keys or values as "
        "it is reserved for Amazon Web Services use"
    ),
)
def aws(s: Stage) -> None:
    """Keys that begin with aws: in any case are refused."""
    arn = s.service()["serviceArn"]
    for key in ("aws:a", "AWS:a", "Aws:a"):
        with s.refused("InvalidParameterException", "ClientException"):
            s.ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": "1"}])
    assert _of(s, arn) == {}


@check("ecs.tags.length", source=ecs("Tag"), says="Maximum key length - 128 Unicode characters in UTF-8")
def length(s: Stage) -> None:
    """A key of 129 characters and a value of 257 are refused."""
    arn = s.service()["serviceArn"]
    client = s.raw("ecs")
    for key, value in (("k" * 129, ""), ("k", "v" * 257)):
        with s.refused("InvalidParameterException", "ClientException"):
            client.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value}])


@check("ecs.tags.fifty", source=ecs("Tag"), says="Maximum number of tags per resource - 50")
def fifty(s: Stage) -> None:
    """Fifty tags are allowed, and not one more."""
    arn = s.service(tags=tags(**{f"k{n}": "" for n in range(50)}))["serviceArn"]
    with s.refused("LimitExceededException", "InvalidParameterException", "ClientException"):
        s.ecs.tag_resource(resourceArn=arn, tags=tags(more=""))
    s.ecs.tag_resource(resourceArn=arn, tags=tags(k0="changed"))
    assert len(_of(s, arn)) == 50


@check(
    "ecs.tags.duplicate",
    source=ecs("Tag"),
    says=("For each resource, each tag key must be unique, and each tag key can have only one value."),
)
def duplicate(s: Stage) -> None:
    """The same key twice in one request is refused."""
    arn = s.service()["serviceArn"]
    twice = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.tag_resource(resourceArn=arn, tags=twice)


@check("ecs.tags.missing", source=ecs("TagResource"))
def missing(s: Stage) -> None:
    """A service that is not there cannot be tagged nor asked for its tags."""
    arn = s.service()["serviceArn"].replace(s.name("web"), s.name("nope"))
    codes = ("ResourceNotFoundException", "InvalidParameterException", "ClientException")
    with s.refused(*codes):
        s.ecs.tag_resource(resourceArn=arn, tags=tags(a="1"))
    with s.refused(*codes):
        s.ecs.list_tags_for_resource(resourceArn=arn)


@check(
    "ecs.tags.short-arn", source=ecs("TagResource"), says="you need to migrate the service to the long ARN"
)
def short_arn(s: Stage) -> None:
    """A service cannot be tagged by the old short ARN."""
    arn = s.service()["serviceArn"].replace(f"{s.cluster}/", "")
    with s.refused("InvalidParameterException", "ClientException", "ResourceNotFoundException"):
        s.ecs.tag_resource(resourceArn=arn, tags=tags(a="1"))


@check("ecs.tags.nonsense", source=ecs("TagResource"))
def nonsense(s: Stage) -> None:
    """What is no ARN is refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.tag_resource(resourceArn="nonsense", tags=tags(a="1"))


@check(
    "ecs.tags.deleted-service",
    source=ecs("TagResource"),
    says=("When a resource is deleted, the tags that are associated with that resource are deleted as well."),
)
def deleted(s: Stage) -> None:
    """A service made again has none of the tags of its predecessor."""
    s.service(tags=tags(a="1"))
    s.delete()
    s.settle(lambda: s.look()["status"] == "INACTIVE")
    assert _of(s, s.service()["serviceArn"]) == {}


@check("ecs.tags.propagated-not-changed", source=ecs_guide("ecs-using-tags"), needs=("task",))
def not_propagated_later(s: Stage) -> None:
    """Tagging a service later does not touch its running tasks."""
    service = s.running(1, tags=tags(a="1"), propagateTags="SERVICE")
    s.ecs.tag_resource(resourceArn=service["serviceArn"], tags=tags(b="2"))
    [task] = s.tasks()
    assert _of(s, task["taskArn"]) == {"a": "1"}
