"""Target groups: CreateTargetGroup, ModifyTargetGroup, DescribeTargetGroups, DeleteTargetGroup."""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.attributes import of_group
from apollo.testing.services.elbv2.load_balancers import NAME
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import Json, TargetGroup
from apollo.testing.services.elbv2.tags import checked
from apollo.testing.world import Call

_HEALTH = (
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)


def view(elb: Region, group: TargetGroup) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html"""
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        **group.fields,
        "LoadBalancerArns": [balancer.arn for balancer in elb.balancers_of(group)],
    }


def _settings(p: Json) -> Json:
    """What was asked for, with the defaults of the API reference."""
    kind = p.get("TargetType", "instance")
    fields: Json = {"TargetType": kind, "IpAddressType": p.get("IpAddressType", "ipv4")}
    if kind == "lambda":
        for name in ("Protocol", "Port", "VpcId"):
            if name in p:
                raise invalid(f"{name} cannot be specified for target groups with target type 'lambda'")
        health: Json = {
            "HealthCheckEnabled": False,
            "HealthCheckPath": "/",
            "HealthCheckIntervalSeconds": 35,
            "HealthCheckTimeoutSeconds": 30,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 5,
            "Matcher": {"HttpCode": "200"},
        }
        return fields | health | {name: p[name] for name in _HEALTH if name in p}
    for name, noun in (("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")):
        if name not in p:
            raise invalid(f"A {noun} must be specified")
    protocol = p["Protocol"]
    http = protocol in ("HTTP", "HTTPS")
    fields |= {"Protocol": protocol, "Port": p["Port"], "VpcId": p["VpcId"]}
    if "TargetControlPort" in p:
        fields["TargetControlPort"] = p["TargetControlPort"]
    grpc = False
    if http:
        fields["ProtocolVersion"] = p.get("ProtocolVersion", "HTTP1")
        if fields["ProtocolVersion"] not in ("HTTP1", "HTTP2", "GRPC"):
            raise invalid("The protocol version must be HTTP1, HTTP2 or GRPC")
        grpc = fields["ProtocolVersion"] == "GRPC"
    elif "ProtocolVersion" in p:
        raise invalid(f"A protocol version cannot be specified for protocol '{protocol}'")
    check = p.get("HealthCheckProtocol", "HTTP" if http else "TCP")
    health = {
        "HealthCheckProtocol": check,
        "HealthCheckPort": "80" if protocol == "GENEVE" else "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 10 if protocol == "GENEVE" else 30,
        # The examples of the API reference show 5 for HTTP, its text says 6.
        "HealthCheckTimeoutSeconds": 5 if protocol in ("HTTP", "GENEVE") else 10,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
    }
    if check in ("HTTP", "HTTPS"):
        health["HealthCheckPath"] = "/AWS.ALB/healthcheck" if grpc else "/"
        health["Matcher"] = {"GrpcCode": "12"} if grpc else {"HttpCode": "200"}
    return fields | health | {name: p[name] for name in _HEALTH if name in p}


def _check_health(fields: Json) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html"""
    if fields["TargetType"] != "lambda" and not fields["HealthCheckEnabled"]:
        raise ApiError(
            "InvalidConfigurationRequest",
            f"Health checks cannot be disabled for target groups with target type '{fields['TargetType']}'",
        )
    if fields["HealthCheckTimeoutSeconds"] >= fields["HealthCheckIntervalSeconds"]:
        raise invalid("Health check timeout must be smaller than the interval")
    check = fields.get("HealthCheckProtocol")
    if check == "TCP" and fields.get("Protocol") in ("HTTP", "HTTPS"):
        raise ApiError(
            "InvalidConfigurationRequest",
            "TCP health checks are not supported for HTTP and HTTPS target groups",
        )
    if check not in (None, "HTTP", "HTTPS", "TCP"):
        raise ApiError("InvalidConfigurationRequest", f"Health check protocol '{check}' is not supported")
    path = fields.get("HealthCheckPath", "/")
    if not path.startswith("/"):
        raise invalid(f"Health check path '{path}' must begin with a '/' character")


def create(elb: Region, call: Call) -> Json:
    """Idempotent for equal settings.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """
    p = call.params
    group = add(elb, p)
    return {"TargetGroups": [view(elb, group)]}


def add(elb: Region, p: Json, identifier: str | None = None) -> TargetGroup:
    """The target group of a CreateTargetGroup request; `identifier` is the end of its ARN."""
    name = p["Name"]
    if not NAME.fullmatch(name):
        raise invalid(f"Target group name '{name}' is not valid")
    request = {k: v for k, v in p.items() if k != "Tags"}
    same = next((one for one in elb.groups.values() if one.name == name), None)
    if same is not None:
        if same.request == request:
            return same
        raise ApiError(
            "DuplicateTargetGroupName",
            f"A target group with the same name '{name}' exists, but with different settings",
        )
    fields = _settings(p)
    _check_health(fields)
    group = TargetGroup(
        name,
        elb.arn(f"targetgroup/{name}/{identifier or elb.world.ids.hex(16)}"),
        request,
        fields,
        of_group(fields),
        checked(p.get("Tags")),
    )
    elb.groups[group.arn] = group
    return group


def modify(elb: Region, call: Call) -> Json:
    """Only health checks can be changed.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html
    """
    p = call.params
    group = elb.group(p["TargetGroupArn"])
    fields = {**group.fields, **{name: p[name] for name in _HEALTH if name in p}}
    _check_health(fields)
    group.fields = fields
    return {"TargetGroups": [view(elb, group)]}


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html"""
    p = call.params
    arns, names = p.get("TargetGroupArns", []), p.get("Names", [])
    if bool(arns) + bool(names) + ("LoadBalancerArn" in p) > 1:
        raise invalid("Target groups can be selected by one of load balancer, ARNs and names")
    found = list(elb.groups.values())
    if "LoadBalancerArn" in p:
        balancer = elb.balancer(p["LoadBalancerArn"])
        found = [group for group in found if balancer in elb.balancers_of(group)]
    elif arns:
        found = [elb.group(arn) for arn in dict.fromkeys(arns)]
    elif names:
        by_name = {group.name: group for group in found}
        if any(name not in by_name for name in names):
            raise ApiError("TargetGroupNotFound", "One or more target groups not found")
        found = [by_name[name] for name in dict.fromkeys(names)]
    chunk, more = page(found, p)
    return {"TargetGroups": [view(elb, group) for group in chunk], **more}


def delete(elb: Region, call: Call) -> Json:
    """ "You can delete a target group if it is not referenced by any actions."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html
    """
    arn = call.params["TargetGroupArn"]
    group = elb.groups.get(arn)
    if group is None:
        elb.check_group_arn(arn)
        return {}
    if elb.balancers_of(group):
        raise ApiError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
    del elb.groups[arn]
    return {}
