"""Target groups, their attributes, targets and health."""

from collections.abc import Callable
from typing import Any

from tests.conformance.registry import check, elb, elb_guide
from tests.conformance.stage import Stage, as_dict

AREA = "ELB target groups"
FAULT = ("ValidationError", "InvalidConfigurationRequest")


def _attributes(s: Stage, arn: str) -> dict[str, str]:
    return as_dict(s.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"])


def _states(s: Stage, arn: str) -> dict[str, str]:
    return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in s.health(arn)}


@check(
    "elb.group.defaults",
    source=elb("CreateTargetGroup"),
    says=(
        "the default is traffic-port , which is the port on which each target receives traffic "
        "from the load balancer"
    ),
)
def defaults(s: Stage) -> None:
    """A target group of HTTP gets its health check: HTTP on /, every 30 seconds, 5 and 2, 200."""
    made = s.group_of()
    assert (made["HealthCheckProtocol"], made["HealthCheckPort"], made["HealthCheckPath"]) == (
        "HTTP",
        "traffic-port",
        "/",
    )
    assert (made["HealthCheckIntervalSeconds"], made["HealthCheckEnabled"]) == (30, True)
    assert (made["HealthyThresholdCount"], made["UnhealthyThresholdCount"]) == (5, 2)
    assert made["Matcher"] == {"HttpCode": "200"}


@check(
    "elb.group.protocol-version",
    source=elb("CreateTargetGroup"),
    says="The default is HTTP1 , which sends requests to targets using HTTP/1.1.",
)
def protocol_version(s: Stage) -> None:
    """The protocol version is HTTP1, unless told otherwise."""
    assert s.group_of("a")["ProtocolVersion"] == "HTTP1"
    assert s.group_of("b", ProtocolVersion="HTTP2")["ProtocolVersion"] == "HTTP2"


@check("elb.group.grpc", source=elb("Matcher"), says="The default value is 12.")
def grpc(s: Stage) -> None:
    """A target group of gRPC matches code 12."""
    assert s.group_of(ProtocolVersion="GRPC")["Matcher"] == {"GrpcCode": "12"}


@check(
    "elb.group.type",
    source=elb("CreateTargetGroup"),
    says="instance - Register targets by instance ID. This is the default value.",
)
def default_type(s: Stage) -> None:
    """The target type is instance and the address type ipv4, unless told otherwise."""
    made = s.group_of(TargetType=None)
    assert (made["TargetType"], made["IpAddressType"]) == ("instance", "ipv4")


@check(
    "elb.group.again",
    source=elb("CreateTargetGroup"),
    says=("If you attempt to create multiple target groups with the same settings, each call succeeds."),
)
def again(s: Stage) -> None:
    """Creating it again with the same settings gives the same one."""
    assert s.group() == s.group()


@check("elb.group.duplicate", source=elb("CreateTargetGroup"))
def duplicate(s: Stage) -> None:
    """With other settings it is DuplicateTargetGroupName."""
    s.group()
    with s.refused("DuplicateTargetGroupName"):
        s.group(Port=81)


@check(
    "elb.group.name",
    source=elb("CreateTargetGroup"),
    says=(
        "can have a maximum of 32 characters, must contain only alphanumeric characters or "
        "hyphens, and must not begin or end with a hyphen"
    ),
)
def name(s: Stage) -> None:
    """A name that is too long, ends with a hyphen or has other signs is refused."""
    for given in ("x" * 40, "x-", "x_y"):
        with s.refused(*FAULT):
            s.group(given)


@check("elb.group.vpc", source=elb("CreateTargetGroup"), says="Otherwise, this parameter is required.")
def vpc(s: Stage) -> None:
    """Without a VPC, a port or a protocol it is refused."""
    for missing in ("VpcId", "Port", "Protocol"):
        with s.refused(*FAULT):
            s.group(**{missing: None})


@check(
    "elb.group.health-protocol",
    source=elb("CreateTargetGroup"),
    says=(
        "The TCP protocol is not supported for health checks if the protocol of the target group "
        "is HTTP or HTTPS."
    ),
)
def health_protocol(s: Stage) -> None:
    """TCP health checks of HTTP targets are refused."""
    with s.refused(*FAULT):
        s.group(HealthCheckProtocol="TCP")


@check(
    "elb.group.health-off",
    source=elb("CreateTargetGroup"),
    says="health checks are always enabled and can't be disabled",
)
def health_off(s: Stage) -> None:
    """Health checks of ip targets cannot be turned off."""
    with s.refused(*FAULT):
        s.group(HealthCheckEnabled=False)


@check("elb.group.health-range", source=elb("CreateTargetGroup"), says="The range is 5-300.")
def health_range(s: Stage) -> None:
    """An interval of 4 seconds and a threshold of 11 are refused."""
    client = s.raw("elbv2")
    base = {"Protocol": "HTTP", "Port": 80, "VpcId": s.target.vpc, "TargetType": "ip"}
    for change in ({"HealthCheckIntervalSeconds": 4}, {"HealthyThresholdCount": 11}):
        with s.refused(*FAULT):
            client.create_target_group(Name=s.name("x"), **base, **change)


@check(
    "elb.group.modify",
    source=elb("ModifyTargetGroup"),
    says=(
        "Modifies the health checks used when evaluating the health state of the targets in the "
        "specified target group."
    ),
)
def modify(s: Stage) -> None:
    """Health checks are modified, and what is left out stays."""
    arn = s.group(HealthCheckPath="/a")
    changed = s.elb.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=10)["TargetGroups"][0]
    assert (changed["HealthCheckIntervalSeconds"], changed["HealthCheckPath"]) == (10, "/a")


@check(
    "elb.group.describe-by",
    source=elb("DescribeTargetGroups"),
    says=(
        "the ARN of the load balancer, the names of one or more target groups, or the ARNs of one"
        " or more target groups"
    ),
    needs=("balancer",),
)
def describe_by(s: Stage) -> None:
    """Target groups are found by name, ARN and load balancer."""
    arn = s.used_group()
    s.group("other")
    for by in ({"Names": [s.name("tg")]}, {"TargetGroupArns": [arn]}, {"LoadBalancerArn": s.lb}):
        found = s.elb.describe_target_groups(**by)["TargetGroups"]
        assert [one["TargetGroupArn"] for one in found] == [arn]
    assert found[0]["LoadBalancerArns"] == [s.lb]


@check("elb.group.missing", source=elb("DescribeTargetGroups"))
def missing(s: Stage) -> None:
    """One that is not there is TargetGroupNotFound, for whatever is wanted of it."""
    arn = s.group()
    s.elb.delete_target_group(TargetGroupArn=arn)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: s.elb.describe_target_groups(TargetGroupArns=[arn]),
        lambda: s.elb.describe_target_groups(Names=[s.name("tg")]),
        lambda: s.elb.describe_target_health(TargetGroupArn=arn),
        lambda: s.elb.describe_target_group_attributes(TargetGroupArn=arn),
        lambda: s.elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/x"),
    )
    for call in calls:
        with s.refused("TargetGroupNotFound"):
            call()


@check(
    "elb.group.delete-used",
    source=elb("DeleteTargetGroup"),
    says="You can delete a target group if it is not referenced by any actions.",
    needs=("balancer",),
)
def delete_used(s: Stage) -> None:
    """One in use is ResourceInUse, and can be deleted once it is not."""
    arn = s.group()
    rule = s.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": arn}])
    with s.refused("ResourceInUse"):
        s.elb.delete_target_group(TargetGroupArn=arn)
    s.elb.delete_rule(RuleArn=rule)
    s.elb.delete_target_group(TargetGroupArn=arn)


@check(
    "elb.group.attributes",
    source=elb("TargetGroupAttribute"),
    says="The range is 0-3600 seconds. The default value is 300 seconds.",
)
def attributes(s: Stage) -> None:
    """The deregistration delay is 300, stickiness is off, the algorithm round_robin."""
    found = _attributes(s, s.group())
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert found["stickiness.enabled"] == "false"
    assert found["load_balancing.algorithm.type"] == "round_robin"
    assert found["slow_start.duration_seconds"] == "0"


@check(
    "elb.group.attributes-modify",
    source=elb("ModifyTargetGroupAttributes"),
    says="Modifies the specified attributes of the specified target group.",
)
def attributes_modify(s: Stage) -> None:
    """Attributes are changed one by one; an unknown one and a delay above an hour are refused."""
    arn = s.group()
    key = "deregistration_delay.timeout_seconds"

    def put(name: str, value: str) -> Any:
        wanted = [{"Key": name, "Value": value}]
        return s.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)

    put(key, "30")
    assert (_attributes(s, arn)[key], _attributes(s, arn)["stickiness.enabled"]) == ("30", "false")
    for name, value in (("nonsense", "1"), (key, "3601")):
        with s.refused(*FAULT):
            put(name, value)


@check("elb.group.pages", source=elb("DescribeTargetGroups"))
def pages(s: Stage) -> None:
    """PageSize bounds a page, and the Marker leads on."""
    wanted = {s.group(f"g{n}") for n in range(3)}
    found = [
        page["TargetGroups"]
        for page in s.elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2})
    ]
    assert all(len(page) <= 2 for page in found)
    assert wanted <= {one["TargetGroupArn"] for page in found for one in page}


@check("elb.target.unused", source=elb_guide("target-group-health-checks"))
def unused(s: Stage) -> None:
    """Targets of a group that no load balancer uses are unused: Target.NotInUse."""
    arn = s.group()
    s.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    [found] = s.health(arn)
    assert (found["TargetHealth"]["State"], found["TargetHealth"]["Reason"]) == ("unused", "Target.NotInUse")


@check(
    "elb.target.initial",
    source=elb("TargetHealth"),
    says=(
        "Elb.RegistrationInProgress - The target is in the process of being registered with the "
        "load balancer."
    ),
    needs=("balancer",),
)
def initial(s: Stage) -> None:
    """A target that was just registered is initial, and says why."""
    arn = s.used_group()
    s.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    [found] = s.health(arn)
    assert found["TargetHealth"]["State"] == "initial"
    assert found["TargetHealth"]["Reason"] in ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking")


@check(
    "elb.target.port",
    source=elb("RegisterTargets"),
    says="Alternatively, you can override the port for a target when you register it.",
)
def port(s: Stage) -> None:
    """A target has the port of its group unless it brings its own; one address can be there twice."""
    arn = s.group()
    targets = [{"Id": "10.0.0.1"}, {"Id": "10.0.0.1", "Port": 8080}]
    s.elb.register_targets(TargetGroupArn=arn, Targets=targets)
    assert sorted(one["Target"]["Port"] for one in s.health(arn)) == [80, 8080]


@check("elb.target.address", source=elb("CreateTargetGroup"))
def address(s: Stage) -> None:
    """What is no address is refused by a group of addresses."""
    with s.refused("ValidationError", "InvalidTarget"):
        s.elb.register_targets(TargetGroupArn=s.group(), Targets=[{"Id": "i-0123456789abcdef0"}])


@check(
    "elb.target.deregister",
    source=elb("DeregisterTargets"),
    says="If the specified target does not exist, the action returns successfully.",
)
def deregister(s: Stage) -> None:
    """A target that is not there is deregistered without complaint; one that is goes."""
    arn = s.group()
    s.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    for _ in range(2):
        s.elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    s.settle(lambda: not s.health(arn))
    assert s.health(arn) == []


@check(
    "elb.target.draining",
    source=elb("DeregisterTargets"),
    says=("uses connection draining to ensure that in-flight traffic completes on the existing connections"),
    needs=("balancer",),
)
def draining(s: Stage) -> None:
    """In a group in use it drains first."""
    arn = s.used_group()
    s.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    s.elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    assert _states(s, arn) == {"10.0.0.1": "draining"}


@check(
    "elb.target.asked",
    source=elb("DescribeTargetHealth"),
    says="Describes the health of the specified targets or all of your targets.",
)
def asked(s: Stage) -> None:
    """A target that was asked for and is not there is unused: Target.NotRegistered."""
    arn = s.group()
    asked_ = [{"Id": "10.0.0.9", "Port": 80}]
    [found] = s.elb.describe_target_health(TargetGroupArn=arn, Targets=asked_)["TargetHealthDescriptions"]
    assert found["TargetHealth"]["State"] == "unused"
    assert found["TargetHealth"]["Reason"] == "Target.NotRegistered"
