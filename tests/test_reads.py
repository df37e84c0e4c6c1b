"""What kinds read alike: lists to their end or not at all, the index of tags, and several reads at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.api import OWNER_TAG, AwsError, Transient
from apollo.reads import TagIndex, listed, pages, tagged, together
from tests.controllers.fake import Answer, FakeContext

pytestmark = pytest.mark.anyio

NAMES = [("nextToken", "nextToken"), ("NextToken", "NextToken"), ("NextMarker", "Marker")]


def refusal(category: Any) -> AwsError:
    return AwsError(
        "no", service="resourcegroupstaggingapi", operation="GetResources", category=category, aws_code="No"
    )


DENIED = refusal("access-denied")


def paged(parts: list[list[int]], answered: str, sent: str) -> Answer:
    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        at = int(params.get(sent, "0"))
        more = {answered: str(at + 1)} if at + 1 < len(parts) else {}
        return {"Items": parts[at], **more}

    return answer


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=6), st.sampled_from(NAMES))
async def test_a_list_is_read_to_its_end_and_each_page_once(
    parts: list[list[int]], names: tuple[str, str]
) -> None:
    ctx = FakeContext(List=paged(parts, *names))
    assert await listed(ctx, "any", "List", "Items") == [item for part in parts for item in part]
    assert len(ctx.calls) == len(parts)


async def test_whoever_has_enough_reads_no_further() -> None:
    ctx = FakeContext(List=paged([[1], [2], [3]], "nextToken", "nextToken"))
    async for items in pages(ctx, "any", "List", "Items"):
        if 2 in items:
            break
    assert len(ctx.calls) == 2


@pytest.mark.parametrize(
    "answer", [{}, {"Items": [1], "NextToken": "again"}, {"Other": [], "NextToken": "more"}]
)
async def test_what_was_not_listed_to_the_end_was_not_listed(answer: Mapping[str, Any]) -> None:
    with pytest.raises(Transient) as caught:
        await listed(FakeContext(List=answer), "any", "List", "Items")
    assert caught.value.code == "APO-AWS-038"
    assert "List" in str(caught.value)


ENTRY = {
    "ResourceARN": "arn:aws:sqs:eu-west-1:1:q",
    "Tags": [{"Key": OWNER_TAG, "Value": "a/b/C/d"}, {"Key": "x"}],
}


async def test_the_index_tells_of_what_is_owned() -> None:
    asked: list[Mapping[str, Any]] = []

    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(params)
        return {"ResourceTagMappingList": [ENTRY], "PaginationToken": ""}

    found = [one async for one in tagged(FakeContext(GetResources=answer), "sqs", "sns")]
    assert found == [(ENTRY["ResourceARN"], {OWNER_TAG: "a/b/C/d", "x": ""})]
    (params,) = asked
    assert params["ResourceTypeFilters"] == ["sqs", "sns"]
    assert params["TagFilters"] == [{"Key": OWNER_TAG}]


async def test_an_index_that_may_not_be_asked_knows_nothing() -> None:
    index = TagIndex("sqs")
    arn = str(ENTRY["ResourceARN"])
    known = FakeContext(GetResources={"ResourceTagMappingList": [ENTRY]})
    assert await known.load(index, arn) == {OWNER_TAG: "a/b/C/d", "x": ""}
    assert await FakeContext(GetResources=DENIED).load(index, arn) is None
    with pytest.raises(AwsError):
        await FakeContext(GetResources=refusal("passing")).load(index, arn)


async def test_reads_are_made_at_once_and_answered_in_order() -> None:
    waiting: list[int] = []
    all_there = anyio.Event()

    async def read(number: int) -> int:
        waiting.append(number)
        if len(waiting) == 3:
            all_there.set()
        await all_there.wait()
        return number * 10

    assert await together(read, [3, 1, 2]) == [30, 10, 20]


async def test_the_first_error_comes_bare() -> None:
    async def read(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        await anyio.sleep_forever()
        return number

    with pytest.raises(ValueError, match="two"):
        await together(read, [1, 2, 3])
