"""Tags: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html"""

import pytest

from tests.testing.conftest import Json, Refused, Stage


@pytest.fixture
def arns(stage: Stage) -> dict[str, str]:
    service = stage.create(desiredCount=1)
    return {
        "cluster": service["clusterArn"],
        "service": service["serviceArn"],
        "task-definition": service["taskDefinition"],
        "task": stage.tasks()[0]["taskArn"],
    }


@pytest.mark.parametrize("kind", ["cluster", "service", "task-definition", "task"])
def test_tag_merge_untag(stage: Stage, arns: dict[str, str], kind: str) -> None:
    """TagResource keeps the keys it does not name; UntagResource goes by key."""
    arn = arns[kind]
    stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "3"}])
    assert stage.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"key": "a", "value": "1"},
        {"key": "b", "value": "3"},
    ]
    stage.ecs.untag_resource(resourceArn=arn, tagKeys=["a", "never-there"])
    assert stage.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "3"}]


def test_fifty_is_the_limit(stage: Stage, arns: dict[str, str], refused: Refused) -> None:
    """ "The maximum number of tags that can be applied to a resource is 50" """
    arn = arns["service"]
    stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": f"k{n}", "value": ""} for n in range(50)])
    stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": "k1", "value": "again"}])
    with refused("LimitExceededException", "50"):
        stage.ecs.tag_resource(resourceArn=arn, tags=[{"key": "one-more", "value": ""}])


@pytest.mark.parametrize("tags", [[{"key": "aws:ecs:x", "value": "y"}], []])
def test_refused_tags(stage: Stage, arns: dict[str, str], refused: Refused, tags: list[Json]) -> None:
    """ "aws: … is reserved"; "Tags can not be empty." """
    with refused("InvalidParameterException"):
        stage.ecs.tag_resource(resourceArn=arns["service"], tags=tags)


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("service/green/nope", "InvalidParameterException"),
        ("service/web", "InvalidParameterException"),  # the old short ARN cannot be tagged
        ("service/nope/web", "ClusterNotFoundException"),
        ("task-definition/web:9", "InvalidParameterException"),
        ("task/green/0000", "InvalidParameterException"),
        ("capacity-provider/x", "InvalidParameterException"),
    ],
)
def test_what_cannot_be_tagged(
    stage: Stage, arns: dict[str, str], refused: Refused, resource: str, code: str
) -> None:
    with refused(code):
        stage.ecs.list_tags_for_resource(resourceArn=f"arn:aws:ecs:eu-west-1:123456789012:{resource}")


def test_managed_and_propagated_tags_reach_new_tasks_only(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html: propagateTags
    "only takes
    effect on new tasks"."""
    stage.create(desiredCount=1, tags=[{"key": "team", "value": "x"}])
    stage.update(propagateTags="SERVICE", enableECSManagedTags=True)
    stage.aws.settle()
    [old] = stage.tasks()
    stage.update(desiredCount=2)
    stage.aws.settle()
    arns = stage.ecs.list_tasks(cluster="green", serviceName="web")["taskArns"]
    tasks = stage.ecs.describe_tasks(cluster="green", tasks=arns, include=["TAGS"])["tasks"]
    tags = {t["taskArn"]: {tag["key"]: tag["value"] for tag in t["tags"]} for t in tasks}
    assert tags.pop(old["taskArn"]) == {}
    [new] = tags.values()
    assert new == {"aws:ecs:clusterName": "green", "aws:ecs:serviceName": "web", "team": "x"}


def test_task_definition_tags_can_be_propagated(stage: Stage) -> None:
    stage.register(tags=[{"key": "from", "value": "definition"}])
    stage.create(desiredCount=1, propagateTags="TASK_DEFINITION")
    arns = stage.ecs.list_tasks(cluster="green", serviceName="web")["taskArns"]
    [task] = stage.ecs.describe_tasks(cluster="green", tasks=arns, include=["TAGS"])["tasks"]
    assert task["tags"] == [{"key": "from", "value": "definition"}]
