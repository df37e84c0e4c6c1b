"""Short names for what a test of the tagging API says often."""

from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Stage


class Tagged:
    def __init__(self, stage: Stage, **config: Any) -> None:
        self.stage = stage
        self.aws: LocalAws = stage.aws
        self.client: Any = stage.aws.client("resourcegroupstaggingapi", **config)

    def find(self, *filters: Json | str, **request: Any) -> dict[str, dict[str, str]]:
        """By ARN without its head: the tags. A filter is a key, or the whole of it."""
        if filters:
            request["TagFilters"] = [{"Key": f} if isinstance(f, str) else f for f in filters]
        answer = self.client.get_resources(**request)
        assert answer["PaginationToken"] == ""
        return {
            item["ResourceARN"].split(":", 5)[5]: {tag["Key"]: tag["Value"] for tag in item["Tags"]}
            for item in answer["ResourceTagMappingList"]
        }


@pytest.fixture
def tagged(stage: Stage) -> Tagged:
    return Tagged(stage)


def tags(**given: str) -> list[Json]:
    """As ECS takes them."""
    return [{"key": key, "value": value} for key, value in given.items()]
