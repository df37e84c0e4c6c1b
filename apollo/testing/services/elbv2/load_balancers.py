"""Load balancers: CreateLoadBalancer, DescribeLoadBalancers, DeleteLoadBalancer."""

import re

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2 import listeners
from apollo.testing.services.elbv2.attributes import of_balancer
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.settings import subnets_of, zones
from apollo.testing.services.elbv2.state import Json, LoadBalancer
from apollo.testing.services.elbv2.tags import checked
from apollo.testing.world import Call

NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)")
VPC = "vpc-0local0local0local"
"""The one network of the local AWS: subnets are not looked up."""
_KINDS = {"application": "app", "network": "net", "gateway": "gwy"}


def view(balancer: LoadBalancer) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html"""
    return {
        "LoadBalancerArn": balancer.arn,
        "LoadBalancerName": balancer.name,
        "CreatedTime": balancer.created_at,
        "Type": balancer.type,
        "State": {"Code": "active"},
        **balancer.fields,
    }


def create(elb: Region, call: Call) -> Json:
    """Idempotent for equal settings.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    """
    p = call.params
    name = p["Name"]
    if not NAME.fullmatch(name) or name.startswith("internal-"):
        raise invalid(f"The load balancer name '{name}' is not valid")
    request = {k: v for k, v in p.items() if k != "Tags"}
    same = next((one for one in elb.balancers.values() if one.name == name), None)
    if same is not None:
        if same.request == request:
            return {"LoadBalancers": [view(same)]}
        raise ApiError(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{name}' exists, but with different settings",
        )
    kind = p.get("Type", "application")
    subnets = subnets_of(p, kind)
    scheme = p.get("Scheme", "internet-facing")
    internal = "internal-" if scheme == "internal" else ""
    number = int(elb.world.ids.hex(8), 16)
    balancer = LoadBalancer(
        name,
        elb.arn(f"loadbalancer/{_KINDS[kind]}/{name}/{elb.world.ids.hex(16)}"),
        kind,
        request,
        call.now,
        {
            "DNSName": f"{internal}{name}-{number}.{elb.region}.elb.amazonaws.com",
            "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
            "Scheme": scheme,
            "VpcId": VPC,
            "AvailabilityZones": zones(elb.region, subnets),
            "SecurityGroups": p.get("SecurityGroups", []),
            "IpAddressType": p.get("IpAddressType", "ipv4"),
        },
        of_balancer(kind),
        checked(p.get("Tags"), "DuplicateTagKeys"),
    )
    elb.balancers[balancer.arn] = balancer
    return {"LoadBalancers": [view(balancer)]}


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html"""
    p = call.params
    arns, names = p.get("LoadBalancerArns", []), p.get("Names", [])
    if arns and names:
        raise invalid("You cannot specify both load balancer ARNs and names")
    if len(arns) > 20 or len(names) > 20:
        raise invalid("Up to 20 load balancers can be named in one call")
    found = list(elb.balancers.values())
    if arns:
        found = [elb.balancer(arn) for arn in dict.fromkeys(arns)]
    elif names:
        by_name = {one.name: one for one in found}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise ApiError("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        found = [by_name[name] for name in dict.fromkeys(names)]
    chunk, more = page(found, p)
    return {"LoadBalancers": [view(one) for one in chunk], **more}


def delete(elb: Region, call: Call) -> Json:
    """Its listeners go with it; "if the load balancer does not exist …, the call succeeds".

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
    """
    balancer = elb.balancers.get(call.params["LoadBalancerArn"])
    if balancer is None:
        return {}
    if balancer.attributes["deletion_protection.enabled"] == "true":
        raise ApiError(
            "OperationNotPermitted",
            f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled",
        )
    for listener in list(balancer.listeners.values()):
        listeners.remove(elb, listener)
    del elb.balancers[balancer.arn]
    return {}
