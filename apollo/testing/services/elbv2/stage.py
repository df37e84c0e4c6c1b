"""What a test needs to stand before its own story begins, made without calls in the request log."""

from apollo.testing.services.elbv2 import listeners, load_balancers, target_groups
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.state import Json
from apollo.testing.world import Call, Identity

NOT_FOUND: Json = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def listener(elb: Region, name: str, port: int = 80, default: Json = NOT_FOUND) -> str:
    """The ARN of an HTTP listener on a load balancer of this name; both are made unless they exist."""
    balancer = load_balancers.create(elb, _call(elb, {"Name": name, "Subnets": ["subnet-a", "subnet-b"]}))
    params = {
        "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": port,
        "DefaultActions": [default],
    }
    arn: str = listeners.create(elb, _call(elb, params))["Listeners"][0]["ListenerArn"]
    return arn


def target_group(elb: Region, name: str, port: int, balanced: bool, identifier: str | None) -> str:
    """The ARN of a target group for Fargate tasks; balanced: with a load balancer of its own."""
    params = {
        "Name": name,
        "Protocol": "HTTP",
        "Port": port,
        "VpcId": load_balancers.VPC,
        "TargetType": "ip",
    }
    arn = target_groups.add(elb, params, identifier).arn
    if balanced:
        listener(elb, name, default={"Type": "forward", "TargetGroupArn": arn})
    return arn


def _call(elb: Region, params: Json) -> Call:
    nobody = Identity(elb.account, f"arn:aws:iam::{elb.account}:root", elb.account)
    return Call("elbv2", "", params, elb.account, elb.region, nobody, elb.now)
