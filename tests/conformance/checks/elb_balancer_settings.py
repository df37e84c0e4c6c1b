"""What of load balancers is set later: subnets, security groups, addresses, certificates; and the quotas."""

from tests.conformance.registry import check, elb
from tests.conformance.stage import Stage

AREA = "ELB load balancers and listeners"


@check(
    "elb.balancer.set-subnets",
    source=elb("SetSubnets"),
    says="The specified subnets replace the previously enabled subnets.",
    needs=("balancer",),
)
def set_subnets(s: Stage) -> None:
    """New subnets replace the old ones; an application load balancer needs two."""
    subnets = s.target.network["subnets"]
    answer = s.elb.set_subnets(LoadBalancerArn=s.lb, Subnets=subnets[::-1])
    assert {zone["SubnetId"] for zone in answer["AvailabilityZones"]} == set(subnets)
    [found] = s.elb.describe_load_balancers(LoadBalancerArns=[s.lb])["LoadBalancers"]
    assert {zone["SubnetId"] for zone in found["AvailabilityZones"]} == set(subnets)
    with s.refused("ValidationError", "InvalidSubnet", "InvalidConfigurationRequest"):
        s.elb.set_subnets(LoadBalancerArn=s.lb, Subnets=subnets[:1])


@check(
    "elb.balancer.set-groups",
    source=elb("SetSecurityGroups"),
    says="The specified security groups override the previously associated security groups.",
    needs=("balancer",),
)
def set_groups(s: Stage) -> None:
    """Security groups are replaced; a network load balancer made without any takes none."""
    groups = s.target.network["securityGroups"][:1]
    answer = s.elb.set_security_groups(LoadBalancerArn=s.lb, SecurityGroups=groups)
    assert answer["SecurityGroupIds"] == groups
    [found] = s.elb.describe_load_balancers(LoadBalancerArns=[s.lb])["LoadBalancers"]
    assert found["SecurityGroups"] == groups
    bare = s.balancer("nlb", Type="network")["LoadBalancerArn"]
    with s.refused("InvalidConfigurationRequest", "ValidationError"):
        s.elb.set_security_groups(LoadBalancerArn=bare, SecurityGroups=groups)


@check(
    "elb.balancer.set-addresses",
    source=elb("SetIpAddressType"),
    says="Sets the type of IP addresses used by the subnets of the specified load balancer.",
    needs=("balancer", "settings"),
)
def set_addresses(s: Stage) -> None:
    """The kind of addresses is set and shown; one of them is for application load balancers alone."""
    answer = s.elb.set_ip_address_type(LoadBalancerArn=s.lb, IpAddressType="dualstack")
    assert answer["IpAddressType"] == "dualstack"
    [found] = s.elb.describe_load_balancers(LoadBalancerArns=[s.lb])["LoadBalancers"]
    assert found["IpAddressType"] == "dualstack"
    network = s.balancer("nlb", Type="network")["LoadBalancerArn"]
    with s.refused("InvalidConfigurationRequest", "ValidationError"):
        s.elb.set_ip_address_type(LoadBalancerArn=network, IpAddressType="dualstack-without-public-ipv4")


def _secure(s: Stage) -> str:
    """The ARN of an HTTPS listener."""
    return s.listener(443, Protocol="HTTPS", Certificates=[{"CertificateArn": _certificate(s, 0)}])


def _certificate(s: Stage, number: int) -> str:
    return f"arn:aws:acm:{s.target.region}:123456789012:certificate/{number:032x}"


@check(
    "elb.certificate.add",
    source=elb("AddListenerCertificates"),
    says=(
        "If the certificate in already in the certificate list, the call is successful but the certificate "
        "is not added again."
    ),
    needs=("balancer", "settings"),
)
def add_certificate(s: Stage) -> None:
    """A certificate is added once, and listed after the default one."""
    arn, more = _secure(s), [{"CertificateArn": _certificate(s, 1)}]
    for _ in range(2):
        s.elb.add_listener_certificates(ListenerArn=arn, Certificates=more)
    found = s.elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    assert [(one["CertificateArn"], one["IsDefault"]) for one in found] == [
        (_certificate(s, 0), True),
        (_certificate(s, 1), False),
    ]
    [listener] = s.elb.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert [one["CertificateArn"] for one in listener["Certificates"]] == [_certificate(s, 0)]


@check(
    "elb.certificate.twice",
    source=elb("DescribeListenerCertificates"),
    says="If the default certificate is also in the certificate list, it appears twice in the results",
    needs=("balancer", "settings"),
)
def certificate_twice(s: Stage) -> None:
    """The default certificate, added as well, appears twice."""
    arn = _secure(s)
    s.elb.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": _certificate(s, 0)}])
    found = s.elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    assert [one["IsDefault"] for one in found] == [True, False]


@check(
    "elb.certificate.remove",
    source=elb("RemoveListenerCertificates"),
    says="Removes the specified certificate from the certificate list",
    needs=("balancer", "settings"),
)
def remove_certificate(s: Stage) -> None:
    """A certificate is removed; the default one is not removed so."""
    arn, more = _secure(s), [{"CertificateArn": _certificate(s, 1)}]
    s.elb.add_listener_certificates(ListenerArn=arn, Certificates=more)
    s.elb.remove_listener_certificates(ListenerArn=arn, Certificates=more)
    assert len(s.elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]) == 1
    with s.refused("OperationNotPermitted"):
        s.elb.remove_listener_certificates(
            ListenerArn=arn, Certificates=[{"CertificateArn": _certificate(s, 0)}]
        )


@check(
    "elb.certificate.one-per-call",
    source=elb("AddListenerCertificates"),
    says="You can specify one certificate per call.",
    needs=("balancer", "settings"),
)
def one_per_call(s: Stage) -> None:
    """Two certificates in one call are refused, and any on a listener without TLS."""
    arn = _secure(s)
    two = [{"CertificateArn": _certificate(s, n)} for n in (1, 2)]
    with s.refused("ValidationError", "TooManyCertificates"):
        s.elb.add_listener_certificates(ListenerArn=arn, Certificates=two)
    with s.refused():
        s.elb.add_listener_certificates(ListenerArn=s.port80, Certificates=two[:1])


@check("elb.limits", source=elb("DescribeAccountLimits"), says="resource limits for your")
def limits(s: Stage) -> None:
    """The quotas are told by name, as numbers in text."""
    found = {one["Name"]: one["Max"] for one in s.elb.describe_account_limits()["Limits"]}
    assert int(found["rules-per-application-load-balancer"]) >= 100
    assert int(found["target-groups"]) >= 1
