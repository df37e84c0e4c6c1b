"""Load balancers and listeners."""

from tests.conformance.registry import check, elb, elb_guide
from tests.conformance.stage import FIXED, Stage, as_dict, elb_tags

AREA = "ELB load balancers and listeners"


@check("elb.balancer.create", source=elb("LoadBalancer"), needs=("balancer",))
def create(s: Stage) -> None:
    """A new load balancer is an internet-facing application load balancer with a DNS name and zones."""
    made = s.balancer()
    assert (made["Type"], made["Scheme"]) == ("application", "internet-facing")
    assert f":loadbalancer/app/{s.name('lb')}/" in made["LoadBalancerArn"]
    assert made["DNSName"].startswith(s.name("lb"))
    assert made["State"]["Code"] in ("provisioning", "active")
    assert len(made["AvailabilityZones"]) == 2


@check(
    "elb.balancer.create-again",
    source=elb("CreateLoadBalancer"),
    says=("If you attempt to create multiple load balancers with the same settings, each call succeeds."),
    needs=("balancer",),
)
def create_again(s: Stage) -> None:
    """Creating it again with the same settings gives the same one."""
    assert s.balancer()["LoadBalancerArn"] == s.balancer()["LoadBalancerArn"]


@check("elb.balancer.duplicate", source=elb("CreateLoadBalancer"), needs=("balancer",))
def duplicate(s: Stage) -> None:
    """With other settings it is DuplicateLoadBalancerName."""
    s.balancer()
    with s.refused("DuplicateLoadBalancerName"):
        s.balancer(Scheme="internal")


@check("elb.balancer.name", source=elb("CreateLoadBalancer"), says="must not begin or end with a hyphen")
def name(s: Stage) -> None:
    """A name that is too long, ends with a hyphen or begins with internal- is refused."""
    for given in (s.name("x" * 40), s.name("x-"), f"internal-{s.prefix}x"):
        with s.refused("ValidationError", "InvalidConfigurationRequest"):
            s.balancer(Name=given)


@check(
    "elb.balancer.one-subnet",
    source=elb("CreateLoadBalancer"),
    says="You must specify subnets from at least two Availability Zones.",
)
def one_subnet(s: Stage) -> None:
    """One subnet is too few."""
    with s.refused("ValidationError", "InvalidConfigurationRequest"):
        s.balancer(Subnets=s.target.network["subnets"][:1])


@check("elb.balancer.missing", source=elb("DescribeLoadBalancers"))
def missing(s: Stage) -> None:
    """A name that is not there is LoadBalancerNotFound."""
    with s.refused("LoadBalancerNotFound"):
        s.elb.describe_load_balancers(Names=[s.name("nope")])


@check(
    "elb.balancer.delete",
    source=elb("DeleteLoadBalancer"),
    says="If the load balancer does not exist or has already been deleted, the call succeeds.",
    needs=("balancer",),
)
def delete(s: Stage) -> None:
    """A deleted load balancer is gone, and deleting it again succeeds."""
    for _ in range(2):
        s.elb.delete_load_balancer(LoadBalancerArn=s.lb)
    with s.refused("LoadBalancerNotFound"):
        s.elb.describe_load_balancers(LoadBalancerArns=[s.lb])


@check(
    "elb.balancer.delete-listeners",
    source=elb("DeleteLoadBalancer"),
    says="Deleting a load balancer also deletes its listeners.",
    needs=("balancer",),
)
def delete_listeners(s: Stage) -> None:
    """Its listeners go with it, so that their target groups can be deleted."""
    arn = s.used_group()
    s.elb.delete_load_balancer(LoadBalancerArn=s.lb)
    s.elb.delete_target_group(TargetGroupArn=arn)
    with s.refused("TargetGroupNotFound"):
        s.elb.describe_target_groups(TargetGroupArns=[arn])


@check(
    "elb.balancer.protected",
    source=elb("DeleteLoadBalancer"),
    says="You can't delete a load balancer if deletion protection is enabled.",
    needs=("balancer",),
)
def protected(s: Stage) -> None:
    """One with deletion protection is OperationNotPermitted."""
    attribute = "deletion_protection.enabled"
    s.elb.modify_load_balancer_attributes(
        LoadBalancerArn=s.lb, Attributes=[{"Key": attribute, "Value": "true"}]
    )
    with s.refused("OperationNotPermitted"):
        s.elb.delete_load_balancer(LoadBalancerArn=s.lb)
    s.elb.modify_load_balancer_attributes(
        LoadBalancerArn=s.lb, Attributes=[{"Key": attribute, "Value": "false"}]
    )


@check(
    "elb.balancer.attributes",
    source=elb("LoadBalancerAttribute"),
    says="The default is 60 seconds.",
    needs=("balancer",),
)
def attributes(s: Stage) -> None:
    """Its idle timeout is 60 seconds and can be changed; an unknown attribute is refused."""
    found = s.elb.describe_load_balancer_attributes(LoadBalancerArn=s.lb)["Attributes"]
    assert as_dict(found)["idle_timeout.timeout_seconds"] == "60"
    wanted = [{"Key": "idle_timeout.timeout_seconds", "Value": "120"}]
    s.elb.modify_load_balancer_attributes(LoadBalancerArn=s.lb, Attributes=wanted)
    found = s.elb.describe_load_balancer_attributes(LoadBalancerArn=s.lb)["Attributes"]
    assert as_dict(found)["idle_timeout.timeout_seconds"] == "120"
    with s.refused("ValidationError", "InvalidConfigurationRequest"):
        s.elb.modify_load_balancer_attributes(
            LoadBalancerArn=s.lb, Attributes=[{"Key": "nonsense", "Value": "1"}]
        )


@check("elb.listener.create", source=elb("Listener"), needs=("balancer",))
def listener(s: Stage) -> None:
    """A listener has its port, protocol and default actions, and one rule: the default one."""
    arn = s.listener()
    [found] = s.elb.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert (found["Port"], found["Protocol"]) == (80, "HTTP")
    assert found["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    [rule] = s.elb.describe_rules(ListenerArn=arn)["Rules"]
    assert (rule["IsDefault"], rule["Priority"], rule["Conditions"]) == (True, "default", [])


@check("elb.listener.duplicate", source=elb("CreateListener"), needs=("balancer",))
def duplicate_listener(s: Stage) -> None:
    """A second listener on the port with other settings is DuplicateListener."""
    s.listener()
    with s.refused("DuplicateListener"):
        s.listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": s.group()}])


@check(
    "elb.listener.create-again",
    source=elb("CreateListener"),
    says="If you attempt to create multiple listeners with the same settings, each call succeeds.",
    needs=("balancer",),
)
def listener_again(s: Stage) -> None:
    """Creating it again with the same settings gives the same one."""
    assert s.listener() == s.listener()


@check("elb.listener.protocol", source=elb("CreateListener"), needs=("balancer",))
def protocol(s: Stage) -> None:
    """An application load balancer has no TCP listener."""
    with s.refused("UnsupportedProtocol", "ValidationError"):
        s.listener(Protocol="TCP")


@check(
    "elb.listener.certificate",
    source=elb("CreateListener"),
    says="You must provide exactly one certificate.",
    needs=("balancer",),
)
def certificate(s: Stage) -> None:
    """HTTPS without a certificate is refused."""
    with s.refused("ValidationError", "CertificateNotFound"):
        s.listener(443, Protocol="HTTPS")


@check(
    "elb.listener.modify",
    source=elb("ModifyListener"),
    says="Any properties that you do not specify remain unchanged.",
    needs=("balancer",),
)
def modify(s: Stage) -> None:
    """Modifying the default actions keeps the port, and shows in the default rule."""
    arn = s.listener()
    other = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    [changed] = s.elb.modify_listener(ListenerArn=arn, DefaultActions=[other])["Listeners"]
    assert (changed["Port"], changed["DefaultActions"][0]["FixedResponseConfig"]) == (
        80,
        {"StatusCode": "503"},
    )
    [rule] = s.elb.describe_rules(ListenerArn=arn)["Rules"]
    assert rule["Actions"][0]["FixedResponseConfig"]["StatusCode"] == "503"


@check("elb.listener.missing", source=elb("DescribeListeners"), needs=("balancer",))
def missing_listener(s: Stage) -> None:
    """One that is not there is ListenerNotFound, also when a rule is made on it."""
    arn = s.listener()
    s.elb.delete_listener(ListenerArn=arn)
    with s.refused("ListenerNotFound"):
        s.elb.describe_listeners(ListenerArns=[arn])
    with s.refused("ListenerNotFound"):
        s.rule(1, ListenerArn=arn)


@check("elb.listener.group-missing", source=elb("CreateListener"), needs=("balancer",))
def group_missing(s: Stage) -> None:
    """A forward to a target group that is not there is TargetGroupNotFound."""
    arn = s.group()
    s.elb.delete_target_group(TargetGroupArn=arn)
    with s.refused("TargetGroupNotFound"):
        s.listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])


@check(
    "elb.listener.one-balancer",
    source=elb("TargetGroup"),
    says="You can use each target group with only one load balancer.",
    needs=("balancer",),
)
def one_balancer(s: Stage) -> None:
    """A target group of one load balancer cannot be used by another."""
    arn = s.used_group()
    other = s.balancer("other")["LoadBalancerArn"]
    with s.refused("TargetGroupAssociationLimit"):
        s.listener(LoadBalancerArn=other, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])


@check(
    "elb.tags.of-all",
    source=elb("AddTags"),
    says="If a resource already has a tag with the same key, AddTags updates its value.",
    needs=("balancer",),
)
def tags_of_all(s: Stage) -> None:
    """Load balancers, listeners, rules and target groups have tags, which are merged and removed by key."""
    arns = [s.lb, s.port80, s.rule(1), s.group()]
    s.elb.add_tags(ResourceArns=arns, Tags=elb_tags(a="1", b="2"))
    s.elb.add_tags(ResourceArns=arns, Tags=elb_tags(b="3"))
    s.elb.remove_tags(ResourceArns=arns, TagKeys=["a", "nope"])
    found = s.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert {one["ResourceArn"]: as_dict(one["Tags"]) for one in found} == {arn: {"b": "3"} for arn in arns}


@check(
    "elb.tags.on-creation", source=elb("CreateTargetGroup"), says="The tags to assign to the target group."
)
def tags_on_creation(s: Stage) -> None:
    """Tags can be given at birth."""
    arn = s.group(Tags=elb_tags(a="1"))
    [found] = s.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert as_dict(found["Tags"]) == {"a": "1"}


@check(
    "elb.tags.twenty", source=elb("DescribeTags"), says="You can specify up to 20 resources in a single call."
)
def twenty(s: Stage) -> None:
    """Twenty resources in one call are described; one more is refused."""
    arns = [s.group(f"g{n}") for n in range(21)]
    assert len(s.elb.describe_tags(ResourceArns=arns[:20])["TagDescriptions"]) == 20
    with s.refused("ValidationError"):
        s.elb.describe_tags(ResourceArns=arns)


@check("elb.tags.duplicate", source=elb("AddTags"))
def duplicate_keys(s: Stage) -> None:
    """The same key twice in one request is DuplicateTagKeys."""
    arn = s.group()
    with s.refused("DuplicateTagKeys"):
        s.elb.add_tags(ResourceArns=[arn], Tags=[*elb_tags(a="1"), *elb_tags(a="2")])


@check("elb.tags.fifty", source=elb_guide("load-balancer-tags"))
def fifty(s: Stage) -> None:
    """More than fifty tags are TooManyTags."""
    arn = s.group(Tags=elb_tags(**{f"k{n}": "" for n in range(50)}))
    with s.refused("TooManyTags"):
        s.elb.add_tags(ResourceArns=[arn], Tags=elb_tags(more=""))


@check("elb.tags.missing", source=elb("DescribeTags"))
def tags_missing(s: Stage) -> None:
    """A target group that is not there is TargetGroupNotFound."""
    arn = s.group()
    s.elb.delete_target_group(TargetGroupArn=arn)
    with s.refused("TargetGroupNotFound"):
        s.elb.describe_tags(ResourceArns=[arn])


@check(
    "elb.balancer.network",
    source=elb("CreateLoadBalancer"),
    says="The default is application",
    needs=("balancer",),
)
def network(s: Stage) -> None:
    """A network load balancer takes TCP, and fixed responses only an application load balancer."""
    arn = s.balancer("nlb", Type="network")["LoadBalancerArn"]
    tcp = s.group(Protocol="TCP")
    s.listener(
        LoadBalancerArn=arn, Protocol="TCP", DefaultActions=[{"Type": "forward", "TargetGroupArn": tcp}]
    )
    with s.refused("InvalidLoadBalancerAction", "ValidationError", "InvalidConfigurationRequest"):
        s.listener(81, LoadBalancerArn=arn, Protocol="TCP", DefaultActions=[FIXED])
