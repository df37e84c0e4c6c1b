"""AWS fills the index of tags behind the services' backs: https://github.com/aws/aws-sdk/issues/302"""

from collections.abc import Iterator

import pytest

from apollo.testing import LocalAws, Timings
from tests.testing.conftest import Stage
from tests.testing.tagging.conftest import Tagged, tags


@pytest.fixture
def late() -> Iterator[Tagged]:
    """Changes show after a minute."""
    with LocalAws(strict=True, timings=Timings(tagging_lag=60)) as aws:
        ecs = aws.client("ecs")
        ecs.create_cluster(clusterName="green")
        stage = Stage(aws, ecs)
        stage.register()
        yield Tagged(stage)


def test_a_new_tag_shows_late(late: Tagged) -> None:
    late.stage.register(tags=tags(app="web"))
    late.aws.advance(30)
    late.stage.register(tags=tags(app="web"))
    assert late.find("app") == {}
    late.aws.advance(30)
    assert list(late.find("app")) == ["task-definition/web:2"]
    late.aws.advance(30)
    assert list(late.find("app")) == ["task-definition/web:2", "task-definition/web:3"]


def test_the_services_themselves_answer_at_once(late: Tagged) -> None:
    arn = late.stage.register(tags=tags(app="web"))
    assert late.stage.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == tags(app="web")


def test_what_is_gone_is_listed_for_a_while(late: Tagged) -> None:
    """https://github.com/boto/boto3/issues/3341: deleted resources are returned for some time"""
    arn = late.stage.register(tags=tags(app="web"))
    late.aws.settle()
    late.client.untag_resources(ResourceARNList=[arn], TagKeys=["app"])
    assert len(late.find("app")) == 1
    late.aws.advance(60)
    assert late.find("app") == {}


def test_settling_waits_for_the_index(late: Tagged) -> None:
    late.stage.register(tags=tags(app="web"))
    assert late.aws.settle() == 60
    assert len(late.find("app")) == 1
    assert late.aws.settle() == 0


def test_without_a_lag_it_is_there_at_once(tagged: Tagged) -> None:
    tagged.stage.register(tags=tags(app="web"))
    assert len(tagged.find("app")) == 1
