"""EFS: file systems and access points.

https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from apollo.api import Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, find

__all__ = ["ACTIONS", "efs_problems"]

ACTIONS = frozenset(
    {"elasticfilesystem:DescribeAccessPoints", "elasticfilesystem:DescribeFileSystems"},
)


class _FileSystems(Existing[str, bool]):
    """DescribeFileSystems: one in a call. Keys are ids."""

    name = "efs.DescribeFileSystems"
    action = "elasticfilesystem:DescribeFileSystems"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, bool]:
        answer = await ctx.read("efs", "DescribeFileSystems", FileSystemId=keys[0])
        live = (str(one["FileSystemId"]) for one in answer.get("FileSystems") or ())
        return {one: True for one in live if one == keys[0]}


class _AccessPoints(Existing[str, str]):
    """DescribeAccessPoints: one in a call. Keys are ids; values those of file systems."""

    name = "efs.DescribeAccessPoints"
    action = "elasticfilesystem:DescribeAccessPoints"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, str]:
        answer = await ctx.read("efs", "DescribeAccessPoints", AccessPointId=keys[0])
        live = answer.get("AccessPoints") or ()
        return {str(one["AccessPointId"]): str(one.get("FileSystemId", "")) for one in live}


FILE_SYSTEMS = _FileSystems()
ACCESS_POINTS = _AccessPoints()


async def efs_problems(
    ctx: Context, file_system: str, access_point: str | None, path: str
) -> Iterable[Problem]:
    """What is wrong with an EFS volume; ``path`` is that of its ``efsVolumeConfiguration``."""
    if is_unknown(file_system):
        return ()
    live = await find(ctx, FILE_SYSTEMS, file_system)
    if isinstance(live, Unknown):
        return [live.told("EFS file systems", f"{path}/fileSystemId")]
    if live is None:
        return [
            Problem(
                "APO-PRE-090",
                f"there is no EFS file system {file_system} in this account and region",
                path=f"{path}/fileSystemId",
                hint="create it, with a mount target in each subnet's zone, or correct the id",
            )
        ]
    if access_point is None or is_unknown(access_point):
        return ()
    where = f"{path}/authorizationConfig/accessPointId"
    of = await find(ctx, ACCESS_POINTS, access_point)
    if isinstance(of, Unknown):
        return [of.told("EFS access points", where)]
    if of == file_system:
        return ()
    message = f"there is no EFS access point {access_point}"
    if of is not None:
        message = f"EFS access point {access_point} is of {of}, not of {file_system}"
    return [Problem("APO-PRE-091", message, path=where, hint="name an access point of that file system")]
