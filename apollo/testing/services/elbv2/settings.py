"""What of a load balancer is set after it was made: subnets, security groups, kind of addresses.

Subnets are not looked up: each is taken to be in a zone of its own, up to six.
"""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import Json, LoadBalancer
from apollo.testing.world import Call


def zones(region: str, subnets: list[str]) -> list[Json]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AvailabilityZone.html"""
    return [
        {"ZoneName": f"{region}{'abcdef'[n % 6]}", "SubnetId": subnet, "LoadBalancerAddresses": []}
        for n, subnet in enumerate(subnets)
    ]


def subnets_of(params: Json, kind: str) -> list[str]:
    """The subnets of a request, which names them in one of two ways."""
    if bool(params.get("Subnets")) == bool(params.get("SubnetMappings")):
        raise invalid("You must specify either subnets or subnet mappings")
    given = params.get("Subnets") or [item.get("SubnetId", "") for item in params.get("SubnetMappings", [])]
    if kind == "application" and len(set(given)) < 2:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    return given


def set_subnets(elb: Region, call: Call) -> Json:
    """They replace those from before.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html
    """
    p = call.params
    balancer = elb.balancer(p["LoadBalancerArn"])
    given = zones(elb.region, subnets_of(p, balancer.type))
    addresses = p.get("IpAddressType", balancer.fields["IpAddressType"])
    _check_addresses(balancer, addresses)
    balancer.fields = balancer.fields | {"AvailabilityZones": given, "IpAddressType": addresses}
    prefix = balancer.fields.get("EnablePrefixForIpv6SourceNat")
    if "EnablePrefixForIpv6SourceNat" in p:
        if balancer.type != "network" or addresses != "dualstack":
            raise _misfit("A prefix for IPv6 source NAT needs a dualstack Network Load Balancer")
        prefix = p["EnablePrefixForIpv6SourceNat"]
        balancer.fields["EnablePrefixForIpv6SourceNat"] = prefix
    answer: Json = {"AvailabilityZones": given, "IpAddressType": addresses}
    return answer | ({} if prefix is None else {"EnablePrefixForIpv6SourceNat": prefix})


def set_security_groups(elb: Region, call: Call) -> Json:
    """They replace those from before. "You can't perform this operation on a Network Load Balancer unless you
    specified a security group for the load balancer when you created it."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
    """
    p = call.params
    balancer = elb.balancer(p["LoadBalancerArn"])
    if balancer.type == "gateway" or (balancer.type == "network" and not balancer.fields["SecurityGroups"]):
        raise _misfit(f"Security groups cannot be set for load balancer '{balancer.arn}'")
    groups = list(dict.fromkeys(p["SecurityGroups"]))
    if not groups:
        raise invalid("At least one security group must be specified")
    wrong = [name for name in groups if not name.startswith("sg-")]
    if wrong:
        raise ApiError("InvalidSecurityGroup", f"The security groups '{', '.join(wrong)}' do not exist")
    balancer.fields = balancer.fields | {"SecurityGroups": groups}
    answer: Json = {"SecurityGroupIds": groups}
    name = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    if name in p:
        if balancer.type != "network":
            raise _misfit("PrivateLink traffic is a setting of Network Load Balancers")
        balancer.fields[name] = p[name]
    return answer | ({name: balancer.fields[name]} if name in balancer.fields else {})


def set_addresses(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetIpAddressType.html"""
    balancer = elb.balancer(call.params["LoadBalancerArn"])
    kind = call.params["IpAddressType"]
    _check_addresses(balancer, kind)
    balancer.fields = balancer.fields | {"IpAddressType": kind}
    return {"IpAddressType": kind}


def _check_addresses(balancer: LoadBalancer, kind: object) -> None:
    """The last kind is for Application Load Balancers, and only for those that face the internet."""
    if kind != "dualstack-without-public-ipv4":
        return
    if balancer.type != "application" or balancer.fields["Scheme"] == "internal":
        raise _misfit(f"The IP address type '{kind}' is not supported by load balancer '{balancer.arn}'")


def _misfit(message: str) -> ApiError:
    return ApiError("InvalidConfigurationRequest", message)
