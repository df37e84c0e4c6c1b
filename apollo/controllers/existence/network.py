"""Subnets, security groups, and the ways out of a VPC.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from apollo.api import Context
from apollo.controllers.existence.base import Existing, pages

__all__ = ["ACTIONS", "ENDPOINTS", "GROUPS", "ROUTES", "SUBNETS", "Routes", "Subnet"]

ACTIONS = frozenset(
    {
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpoints",
    }
)


@frozen
class Subnet:
    id: str
    vpc: str


async def _by_filter(
    ctx: Context, operation: str, member: str, name: str, values: Sequence[str]
) -> list[Mapping[str, Any]]:
    """All objects that a filter leaves. An id in a filter that does not exist is no error."""
    found: list[Mapping[str, Any]] = []
    async for page in pages(ctx, "ec2", operation, Filters=[{"Name": name, "Values": list(values)}]):
        found += page.get(member) or ()
    return found


class _Subnets(Existing[str, Subnet]):
    """DescribeSubnets: 200 in a call, the most that a filter takes."""

    name = "ec2.DescribeSubnets"
    action = "ec2:DescribeSubnets"
    batch = 200

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Subnet]:
        live = await _by_filter(ctx, "DescribeSubnets", "Subnets", "subnet-id", keys)
        return {str(one["SubnetId"]): Subnet(str(one["SubnetId"]), str(one["VpcId"])) for one in live}


class _Groups(Existing[str, str]):
    """DescribeSecurityGroups: 200 in a call. Values are the ids of VPCs."""

    name = "ec2.DescribeSecurityGroups"
    action = "ec2:DescribeSecurityGroups"
    batch = 200

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, str]:
        live = await _by_filter(ctx, "DescribeSecurityGroups", "SecurityGroups", "group-id", keys)
        return {str(one["GroupId"]): str(one.get("VpcId", "")) for one in live}


@frozen
class Routes:
    """Where the route tables of a VPC send what is for the internet: ``igw``, ``nat``, or another word of
    AWS's ids; an empty string for nowhere.

    :ivar by_subnet: of the subnets with a table of their own. :ivar main: of the others.
    """

    main: str = ""
    by_subnet: Mapping[str, str] = field(factory=dict)

    def of(self, subnet: str) -> str:
        return self.by_subnet.get(subnet, self.main)


class _Routes(Existing[str, Routes]):
    """DescribeRouteTables: of 200 VPCs in a call."""

    name = "ec2.DescribeRouteTables"
    action = "ec2:DescribeRouteTables"
    batch = 200

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, Routes]:
        live = await _by_filter(ctx, "DescribeRouteTables", "RouteTables", "vpc-id", keys)
        main: dict[str, str] = {}
        own: dict[str, dict[str, str]] = {key: {} for key in keys}
        for table in live:
            vpc, way = str(table["VpcId"]), _way_out(table.get("Routes") or ())
            for association in table.get("Associations") or ():
                if association.get("Main"):
                    main[vpc] = way
                elif association.get("SubnetId"):
                    own.setdefault(vpc, {})[str(association["SubnetId"])] = way
        return {key: Routes(main[key], own[key]) for key in keys if key in main}


class _Endpoints(Existing[str, frozenset[str]]):
    """DescribeVpcEndpoints: of 200 VPCs in a call. Values are the services reached without the internet, by
    the end of their names: ``ecr.dkr``, ``s3``."""

    name = "ec2.DescribeVpcEndpoints"
    action = "ec2:DescribeVpcEndpoints"
    batch = 200

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, frozenset[str]]:
        live = await _by_filter(ctx, "DescribeVpcEndpoints", "VpcEndpoints", "vpc-id", keys)
        found: dict[str, set[str]] = {key: set() for key in keys}
        for one in live:
            # com.amazonaws.eu-west-1.ecr.dkr
            service = ".".join(str(one.get("ServiceName", "")).split(".")[3:])
            found.setdefault(str(one.get("VpcId")), set()).add(service)
        return {key: frozenset(found[key]) for key in keys}


def _way_out(routes: Iterable[Mapping[str, Any]]) -> str:
    for route in routes:
        if route.get("DestinationCidrBlock") != "0.0.0.0/0" or route.get("State") == "blackhole":
            continue
        target = next((route[name] for name in _TARGETS if route.get(name)), "")
        return str(target).split("-", 1)[0]
    return ""


_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "CarrierGatewayId",
)

SUBNETS = _Subnets()
GROUPS = _Groups()
ROUTES = _Routes()
ENDPOINTS = _Endpoints()
