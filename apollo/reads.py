"""What kinds read alike: lists of many pages, AWS's index of tags, and several reads at once.

Public, as `apollo.api` is. A loader (`apollo.api.Loader`) remains the way to read many objects in one call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from apollo.api import OWNER_TAG, AwsError, Context, Loader, Transient

__all__ = ["TagIndex", "listed", "pages", "tagged", "together"]

A = TypeVar("A")
B = TypeVar("B")

_TOKENS: Final[Mapping[str, str]] = {
    "nextToken": "nextToken",
    "NextToken": "NextToken",
    "NextMarker": "Marker",
    "Marker": "Marker",
    "PaginationToken": "PaginationToken",
}
"""Where an answer says how its list goes on, and where the next request repeats it."""

_TAGGING: Final = "resourcegroupstaggingapi"


async def pages(
    ctx: Context, service: str, operation: str, member: str, /, **params: Any
) -> AsyncIterator[Sequence[Any]]:
    """The items of a list of AWS, page by page, in the order of AWS.

    :param member: the member of the answer that holds the items, e.g. ``Rules`` of DescribeRules.
    :param params: of the first call; the following ones repeat them.
    :raises Transient: where AWS does not list to the end: a page lacks its items, or names itself as the
        next one. What was not listed must not pass for deleted.
    :raises AwsError: from any of the calls.
    """
    more: dict[str, str] = {}
    while True:
        page = await ctx.read(service, operation, **params, **more)
        if member not in page:
            raise Transient(f"AWS answered {operation} without {member}", code="APO-AWS-038")
        yield page[member]
        following = {sent: str(page[name]) for name, sent in _TOKENS.items() if page.get(name)}
        if not following:
            return
        if following == more:
            raise Transient(f"AWS answers {operation} in a circle", code="APO-AWS-038")
        more = following


async def listed(ctx: Context, service: str, operation: str, member: str, /, **params: Any) -> list[Any]:
    """All items of a list of AWS: `pages` in one."""
    return [item async for page in pages(ctx, service, operation, member, **params) for item in page]


async def tagged(
    ctx: Context, *types: str, having: Sequence[Mapping[str, Any]] = ({"Key": OWNER_TAG},)
) -> AsyncIterator[tuple[str, Mapping[str, str]]]:
    """ARN and tags of every object that carries an ownership tag, of whichever installation: one call for
    each hundred, whatever the kind. For `Controller.owned`, with `Env.key_of`.

    The index may lag. What it does not tell yet is found the next time; what it still tells, though it is
    gone, is looked for in vain: it says where to look, never what is there.

    :param types: as AWS writes them, e.g. ``ecs:service`` or ``sqs``.
    :param having: other filters of tags than that; all must hold.
    :raises AwsError: with the category ``access-denied`` where the role lacks ``tag:GetResources``.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    params = {
        "ResourceTypeFilters": list(types),
        "TagFilters": list(having),
        "ResourcesPerPage": 100,
    }
    async for page in pages(ctx, _TAGGING, "GetResources", "ResourceTagMappingList", **params):
        for entry in page:
            yield str(entry["ResourceARN"]), _tags(entry)


class TagIndex(Loader[str, Mapping[str, str]]):
    """The tags of a hundred objects in a call, from AWS's index. Keys are ARNs.

    It may lag, so it is good for finding that there is nothing to do (`Context.thorough` is false), and for
    nothing else. Where the role lacks ``tag:GetResources`` it knows nothing: ask for each then.

    :param what: tells it from other indexes, e.g. ``scheduler:schedule-group``.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """

    batch = 100

    def __init__(self, what: str) -> None:
        self.name = f"tag.GetResources:{what}"

    async def fetch(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        try:
            answer = await ctx.read(_TAGGING, "GetResources", ResourceARNList=list(keys))
        except AwsError as error:
            if error.category != "access-denied":
                raise
            return {}
        return {str(entry["ResourceARN"]): _tags(entry) for entry in answer["ResourceTagMappingList"]}


def _tags(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in entry.get("Tags") or ()}


async def together(read: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """``read`` of every item at once, in order, so that loaders can put them into one call.

    :raises Exception: the first error, bare: it is the read that failed, not the crowd.
    """
    import anyio  # late: checking manifests needs no event loop

    wanted = list(items)
    found: dict[int, B] = {}

    async def one(index: int) -> None:
        found[index] = await read(wanted[index])

    try:
        async with anyio.create_task_group() as tasks:
            for index in range(len(wanted)):
                tasks.start_soon(one, index)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None
    return [found[index] for index in range(len(wanted))]
