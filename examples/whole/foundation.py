"""What the application stands on and Apollo does not make: network, load balancer, roles.

    python foundation.py stage

makes them once, with the least that they need, and writes their ids into apollo.yaml, as variables of that
environment. Where CloudFormation, Terraform or another team makes them, write the ids there yourself.
"""

import ipaddress
import json
import re
import sys
from pathlib import Path

import boto3

BLOCKS = {"stage": "10.10.0.0/16", "prod": "10.20.0.0/16"}
PORT = 8080
PULL_AND_LOG = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
)


def network(name: str, block: str) -> dict[str, object]:
    """A VPC with two subnets that reach the internet, and who may talk to whom."""
    ec2 = boto3.client("ec2")

    def named(kind: str) -> list[dict[str, object]]:
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

    def group(suffix: str, about: str) -> str:
        made = ec2.create_security_group(GroupName=f"{name}-{suffix}", Description=about, VpcId=vpc)
        return made["GroupId"]

    def let(to: str, port: int, source: dict[str, object]) -> None:
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
        ec2.authorize_security_group_ingress(GroupId=to, IpPermissions=[permission])

    vpc = ec2.create_vpc(CidrBlock=block, TagSpecifications=named("vpc"))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    zones = ec2.describe_availability_zones()["AvailabilityZones"][:2]
    parts = ipaddress.ip_network(block).subnets(new_prefix=20)
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=str(part),
            AvailabilityZone=zone["ZoneName"],
            TagSpecifications=named("subnet"),
        )["Subnet"]["SubnetId"]
        for zone, part in zip(zones, parts, strict=False)
    ]
    front, tasks = group("front", "Anyone to the load balancer"), group("tasks", "The load balancer to tasks")
    let(front, 80, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    let(tasks, PORT, {"UserIdGroupPairs": [{"GroupId": front}]})
    return {
        "vpc": vpc,
        "subnets": subnets,
        "securityGroups": [tasks],
        "listener": listener(name, subnets, front),
    }


def listener(name: str, subnets: list[str], front: str) -> str:
    """A load balancer, and a listener that says 404 where no rule takes a request."""
    elb = boto3.client("elbv2")
    made = elb.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[front])["LoadBalancers"][0]
    nothing = {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
    }
    answer = elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[nothing]
    )
    return answer["Listeners"][0]["ListenerArn"]


def role(name: str, service: str, statements: list[dict[str, object]]) -> str:
    iam = boto3.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document([trust]))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document(statements))
    return arn


def document(statements: list[dict[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def roles(name: str) -> dict[str, object]:
    """With the one ECS starts tasks: it pulls and logs. With the other EventBridge Scheduler asks it to."""
    pull = [{"Effect": "Allow", "Action": list(PULL_AND_LOG), "Resource": "*"}]
    execution = role(f"{name}-execution", "ecs-tasks.amazonaws.com", pull)
    run = [
        {"Effect": "Allow", "Action": ["ecs:RunTask", "ecs:TagResource"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": execution},
    ]
    return {
        "executionRole": execution,
        "schedulerRole": role(f"{name}-scheduler", "scheduler.amazonaws.com", run),
    }


def write(environment: str, made: dict[str, object], path: Path = Path("apollo.yaml")) -> None:
    """The variables into the document of the environment; everything else stays as it is."""
    documents = path.read_text("utf-8").split("\n---\n")
    (at,) = (n for n, text in enumerate(documents) if f"metadata: {{name: {environment}}}" in text)
    for name, value in made.items():
        text = value if isinstance(value, str) else f"[{', '.join(value)}]"
        documents[at] = re.sub(rf"^    {name}: .*$", f"    {name}: {text}", documents[at], flags=re.MULTILINE)
    path.write_text("\n---\n".join(documents), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in BLOCKS:
        sys.exit(f"usage: python foundation.py {'|'.join(BLOCKS)}")
    (environment,) = sys.argv[1:]
    name = f"shop-{environment}"
    write(environment, network(name, BLOCKS[environment]) | roles(name))
    print(f"made what {name} stands on; its ids are in apollo.yaml")
