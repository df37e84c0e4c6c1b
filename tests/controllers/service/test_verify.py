"""What the preflight of a service makes of a cluster, its quotas and its network, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from apollo.api import Around, Problem, marker
from apollo.aws.classify import classify

from ..fake import FakeContext
from ..pilot import SERVICES, resource, service

pytestmark = pytest.mark.anyio

DENIED = classify("x", "Y", "AccessDeniedException", "is not authorized to perform: x:Y")
SUBNET = {"subnets": ["subnet-a"], "securityGroups": ["sg-a"], "assignPublicIp": "ENABLED"}


def cluster(**more: Any) -> Mapping[str, Any]:
    return {
        "clusterName": "green",
        "status": "ACTIVE",
        "capacityProviders": ["FARGATE"],
        "activeServicesCount": 3,
        **more,
    }


def by_id(member: str, name: str, there: Mapping[str, str]) -> Any:
    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        (wanted,) = params["Filters"]
        return {member: [{name: one, "VpcId": there[one]} for one in wanted["Values"] if one in there]}

    return answer


def aws(**answers: Any) -> FakeContext:
    """An account in which the service finds all it needs."""
    table = {"VpcId": "vpc-1", "Associations": [{"Main": True}]}
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]
    return FakeContext(
        **{
            "DescribeClusters": {"clusters": [cluster()]},
            "DescribeSubnets": by_id("Subnets", "SubnetId", {"subnet-a": "vpc-1", "subnet-b": "vpc-1"}),
            "DescribeSecurityGroups": by_id("SecurityGroups", "GroupId", {"sg-a": "vpc-1"}),
            "DescribeRouteTables": {"RouteTables": [{**table, "Routes": routes}]},
            "DescribeVpcEndpoints": {"VpcEndpoints": []},
            "ListServiceQuotas": {"Quotas": []},
            "ListNamespaces": {"Namespaces": [{"Name": "shop", "Id": "ns-1", "Arn": "arn:x"}]},
            "GetRole": DENIED,
            **answers,
        }
    )


async def problems(ctx: FakeContext, network: Mapping[str, Any] = SUBNET, **more: Any) -> list[Problem]:
    spec = {key: value for key, value in service(**more).items() if value is not None}
    if network:
        spec["networkConfiguration"] = {"awsvpcConfiguration": dict(network)}
    want = resource("Service", spec)
    found = SERVICES.verify(ctx, want, None, Around({want.key: want}))
    return [one async for one in found if "roles are not" not in one.message]


def codes(found: list[Problem]) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in found]


async def test_where_all_is_there_nothing_is_said() -> None:
    assert await problems(aws()) == []


@pytest.mark.parametrize(
    ("live", "spec", "expected"),
    [
        ({"status": "INACTIVE"}, {}, [("APO-PRE-070", "error")]),
        (
            {},
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]},
            [("APO-PRE-071", "error")],
        ),
        ({}, {"launchType": "EC2"}, [("APO-PRE-072", "warning")]),
        ({"registeredContainerInstancesCount": 1}, {"launchType": "EC2"}, []),
        ({}, {"launchType": "EC2", "schedulingStrategy": "DAEMON"}, []),
        (
            {"defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            {"launchType": None},
            [],
        ),
        ({}, {"serviceConnectConfiguration": {"enabled": True}}, [("APO-PRE-080", "error")]),
        (
            {"serviceConnectDefaults": {"namespace": "arn:ns"}},
            {"serviceConnectConfiguration": {"enabled": True}},
            [],
        ),
        ({}, {"serviceConnectConfiguration": {"enabled": True, "namespace": "shop"}}, []),
        ({}, {"serviceConnectConfiguration": {"enabled": False}}, []),
        ({"activeServicesCount": 5000}, {}, [("APO-PRE-100", "error")]),
        ({}, {"desiredCount": 5001}, [("APO-PRE-100", "error")]),
        ({}, {"cluster": marker("acme.Cluster", "green", "name")}, []),
    ],
)
async def test_clusters(live: dict[str, Any], spec: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(await problems(aws(DescribeClusters={"clusters": [cluster(**live)]}), **spec)) == expected


async def test_a_quota_that_the_account_has_been_granted_counts() -> None:
    quotas = [{"QuotaName": "Services per cluster", "Value": 9000.0}, {"QuotaName": "Other", "Value": 1.0}]
    live = {"clusters": [cluster(activeServicesCount=6000)]}
    assert await problems(aws(DescribeClusters=live, ListServiceQuotas={"Quotas": quotas})) == []
    denied = await problems(aws(DescribeClusters=live, ListServiceQuotas=DENIED))
    assert codes(denied) == [("APO-PRE-100", "error")]  # then what AWS grants everybody counts


def tables(*rows: tuple[dict[str, Any], dict[str, str]]) -> Mapping[str, Any]:
    return {
        "RouteTables": [
            {
                "VpcId": "vpc-1",
                "Associations": [association],
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", **route}] if route else [],
            }
            for association, route in rows
        ]
    }


MAIN, OWN = {"Main": True}, {"SubnetId": "subnet-a", "Main": False}
IGW, NAT = {"GatewayId": "igw-1"}, {"NatGatewayId": "nat-1"}


@pytest.mark.parametrize(
    ("routes", "public", "warned"),
    [
        (tables((MAIN, IGW)), True, False),
        (tables((MAIN, IGW)), False, True),
        (tables((MAIN, NAT)), False, False),
        (tables((MAIN, NAT)), True, True),
        (tables((MAIN, {})), False, True),
        (tables((MAIN, IGW), (OWN, NAT)), False, False),
        (tables((MAIN, NAT), (OWN, IGW)), True, False),
        (tables((MAIN, {"TransitGatewayId": "tgw-1"})), False, False),
        (DENIED, False, False),
    ],
)
async def test_public_addresses_and_the_ways_out_of_a_subnet(routes: Any, public: bool, warned: bool) -> None:
    network = {**SUBNET, "assignPublicIp": "ENABLED" if public else "DISABLED"}
    found = await problems(aws(DescribeRouteTables=routes), network)
    assert codes(found) == ([("APO-PRE-063", "warning")] if warned else [])


async def test_with_endpoints_or_where_they_cannot_be_seen_no_way_out_is_needed() -> None:
    network = {**SUBNET, "assignPublicIp": "DISABLED"}
    endpoint = {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-1.ecr.dkr"}
    assert await problems(aws(DescribeVpcEndpoints={"VpcEndpoints": [endpoint]}), network) == []
    assert await problems(aws(DescribeVpcEndpoints=DENIED), network) == []


async def test_what_is_denied_is_told_and_is_no_error() -> None:
    found = await problems(
        aws(DescribeClusters=DENIED, DescribeSubnets=DENIED, DescribeSecurityGroups=DENIED)
    )
    assert {one.severity for one in found} == {"unchecked"}
    assert [one.message.partition(" are not")[0] for one in found] == [
        "clusters",
        "subnets",
        "security groups",
    ]


async def test_classic_load_balancers_are_said_not_to_be_looked_at() -> None:
    found = await problems(aws(), loadBalancers=[{"loadBalancerName": "old", "containerName": "app"}])
    assert codes(found) == [("APO-PRE-003", "unchecked")]
