"""Load balancers, listeners, target groups, attributes and tags."""

from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Refused
from tests.testing.elbv2.conftest import FIXED, VPC, Balancing

SUBNETS = ["subnet-a", "subnet-b"]


@pytest.fixture
def elb(aws: LocalAws) -> Any:
    return aws.client("elbv2")


def group(elb: Any, name: str = "tg", **extra: Any) -> Json:
    given: Json = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": VPC} | extra
    found: Json = elb.create_target_group(**given)["TargetGroups"][0]
    return found


def test_a_load_balancer_is_created_once(elb: Any, refused: Refused) -> None:
    """API_CreateLoadBalancer: "This operation is idempotent"."""
    [one] = elb.create_load_balancer(Name="web", Subnets=SUBNETS)["LoadBalancers"]
    assert (one["Type"], one["Scheme"], one["State"]["Code"]) == ("application", "internet-facing", "active")
    assert one["LoadBalancerArn"].startswith(
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/"
    )
    [same] = elb.create_load_balancer(Name="web", Subnets=SUBNETS)["LoadBalancers"]
    assert same["LoadBalancerArn"] == one["LoadBalancerArn"]
    with refused("DuplicateLoadBalancerName"):
        elb.create_load_balancer(Name="web", Subnets=SUBNETS, Scheme="internal")


@pytest.mark.parametrize("name", ["-web", "web-", "internal-web", "a" * 33, "we_b"])
def test_refused_names(elb: Any, refused: Refused, name: str) -> None:
    """API_CreateLoadBalancer, Name."""
    with refused("ValidationError"):
        elb.create_load_balancer(Name=name, Subnets=SUBNETS)


def test_load_balancers_are_described(elb: Any, refused: Refused) -> None:
    arns = [
        elb.create_load_balancer(Name=f"lb{n}", Subnets=SUBNETS)["LoadBalancers"][0]["LoadBalancerArn"]
        for n in range(5)
    ]
    pages = elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["LoadBalancers"]) for page in pages] == [2, 2, 1]
    assert [
        one["LoadBalancerArn"] for one in elb.describe_load_balancers(Names=["lb3"])["LoadBalancers"]
    ] == [arns[3]]
    with refused("LoadBalancerNotFound"):
        elb.describe_load_balancers(Names=["nope"])
    with refused("ValidationError"):
        elb.describe_load_balancers(LoadBalancerArns=arns * 5)
    assert elb.describe_load_balancers(LoadBalancerArns=arns[:1])["LoadBalancers"]


def test_deleting_a_load_balancer_deletes_its_listeners(lb: Balancing, refused: Refused) -> None:
    """API_DeleteLoadBalancer: "also deletes its listeners"; not under deletion protection; a missing one is
    no error."""
    [one] = lb.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
    arn = one["LoadBalancerArn"]
    rule = lb.rule(1)
    protect = {"Key": "deletion_protection.enabled", "Value": "true"}
    lb.client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protect])
    with refused("OperationNotPermitted"):
        lb.client.delete_load_balancer(LoadBalancerArn=arn)
    protect["Value"] = "false"
    lb.client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protect])
    lb.client.delete_load_balancer(LoadBalancerArn=arn)
    lb.client.delete_load_balancer(LoadBalancerArn=arn)
    with refused("ListenerNotFound"):
        lb.client.describe_listeners(ListenerArns=[lb.listener])
    with refused("RuleNotFound"):
        lb.look(rule)


def test_attributes_have_defaults_and_change_one_by_one(lb: Balancing, refused: Refused) -> None:
    """API_LoadBalancerAttribute, API_TargetGroupAttribute, API_ListenerAttribute."""
    [one] = lb.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
    arn = one["LoadBalancerArn"]

    def read() -> dict[str, str]:
        found = lb.client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        return {item["Key"]: item["Value"] for item in found}

    assert (read()["idle_timeout.timeout_seconds"], read()["routing.http2.enabled"]) == ("60", "true")
    lb.client.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]
    )
    assert (read()["idle_timeout.timeout_seconds"], read()["routing.http2.enabled"]) == ("30", "true")
    found = lb.client.describe_target_group_attributes(TargetGroupArn=lb.group)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "300"} in found
    with refused("InvalidConfigurationRequest"):
        lb.client.modify_target_group_attributes(
            TargetGroupArn=lb.group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}],
        )
    with refused("ValidationError"):
        lb.client.modify_target_group_attributes(
            TargetGroupArn=lb.group, Attributes=[{"Key": "nope", "Value": "1"}]
        )
    server = {"Key": "routing.http.response.server.enabled", "Value": "false"}
    lb.client.modify_listener_attributes(ListenerArn=lb.listener, Attributes=[server])
    assert server in lb.client.describe_listener_attributes(ListenerArn=lb.listener)["Attributes"]


def test_one_listener_per_port(lb: Balancing, refused: Refused) -> None:
    """API_CreateListener: idempotent for the same settings, else DuplicateListener."""
    [one] = lb.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
    given: Json = {"LoadBalancerArn": one["LoadBalancerArn"], "Protocol": "HTTP", "Port": 81}
    [first] = lb.client.create_listener(**given, DefaultActions=[FIXED])["Listeners"]
    [again] = lb.client.create_listener(**given, DefaultActions=[FIXED])["Listeners"]
    assert first == again
    forward = {"Type": "forward", "TargetGroupArn": lb.group}
    with refused("DuplicateListener"):
        lb.client.create_listener(**given, DefaultActions=[forward])
    with refused("DuplicateListener"):
        lb.client.modify_listener(ListenerArn=first["ListenerArn"], Port=80)
    with refused("UnsupportedProtocol"):
        lb.client.create_listener(**(given | {"Port": 82, "Protocol": "TCP"}), DefaultActions=[FIXED])


def test_the_default_rule_is_changed_through_the_listener(lb: Balancing) -> None:
    """API_ModifyListener, DefaultActions."""
    forward = {"Type": "forward", "TargetGroupArn": lb.group}
    [seen] = lb.client.modify_listener(ListenerArn=lb.listener, DefaultActions=[forward])["Listeners"]
    assert seen["DefaultActions"] == lb.default()["Actions"]
    assert seen["DefaultActions"][0]["TargetGroupArn"] == lb.group
    assert seen["Port"] == 80


def test_https_needs_a_certificate_and_http_drops_it(lb: Balancing, refused: Refused) -> None:
    """API_ModifyListener: "Changing the protocol from HTTPS to HTTP … removes the security policy and
    default certificate properties.\""""
    arn = lb.https()
    [seen] = lb.client.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert seen["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    assert seen["MutualAuthentication"] == {"Mode": "off"}
    [seen] = lb.client.modify_listener(ListenerArn=arn, Protocol="HTTP")["Listeners"]
    assert {"SslPolicy", "Certificates"}.isdisjoint(seen)
    with refused("ValidationError", "certificate"):
        lb.client.modify_listener(ListenerArn=arn, Protocol="HTTPS")


def test_deleting_a_listener_deletes_its_rules(lb: Balancing, refused: Refused) -> None:
    rule = lb.rule(1)
    lb.client.delete_listener(ListenerArn=lb.listener)
    with refused("RuleNotFound"):
        lb.look(rule)
    with refused("ListenerNotFound"):
        lb.client.delete_listener(ListenerArn=lb.listener)


def test_target_group_defaults(elb: Any) -> None:
    """API_CreateTargetGroup, defaults."""
    assert {k: v for k, v in group(elb).items() if k != "TargetGroupArn"} == {
        "TargetGroupName": "tg",
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": VPC,
        "ProtocolVersion": "HTTP1",
        "TargetType": "instance",
        "IpAddressType": "ipv4",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [],
    }
    grpc = group(elb, "grpc", ProtocolVersion="GRPC")
    assert (grpc["ProtocolVersion"], grpc["Matcher"]) == ("GRPC", {"GrpcCode": "12"})


def test_a_target_group_is_created_once(elb: Any, refused: Refused) -> None:
    """API_CreateTargetGroup: "If you attempt to create multiple target groups with the same settings, each
    call succeeds."; DuplicateTargetGroupName otherwise."""
    assert group(elb)["TargetGroupArn"] == group(elb)["TargetGroupArn"]
    with refused("DuplicateTargetGroupName"):
        group(elb, Port=81)


def test_only_health_checks_change(elb: Any, refused: Refused) -> None:
    """API_ModifyTargetGroup."""
    arn = group(elb)["TargetGroupArn"]
    [seen] = elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/up", Matcher={"HttpCode": "204"})[
        "TargetGroups"
    ]
    assert (seen["HealthCheckPath"], seen["Matcher"], seen["HealthCheckIntervalSeconds"]) == (
        "/up",
        {"HttpCode": "204"},
        30,
    )
    with refused("InvalidConfigurationRequest"):
        elb.modify_target_group(TargetGroupArn=arn, HealthCheckEnabled=False)
    with refused("ValidationError"):
        elb.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=5)


def test_a_target_group_in_use_stays(lb: Balancing, refused: Refused) -> None:
    """API_DeleteTargetGroup: "You can delete a target group if it is not referenced by any actions." """
    rule = lb.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": lb.group}])
    [seen] = lb.client.describe_target_groups(Names=["tg"])["TargetGroups"]
    [one] = lb.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
    assert seen["LoadBalancerArns"] == [one["LoadBalancerArn"]]
    answer = lb.client.describe_target_groups(LoadBalancerArn=one["LoadBalancerArn"])
    assert [item["TargetGroupArn"] for item in answer["TargetGroups"]] == [lb.group]
    with refused("ResourceInUse", "is currently in use by a listener or a rule"):
        lb.client.delete_target_group(TargetGroupArn=lb.group)
    lb.client.delete_rule(RuleArn=rule)
    lb.client.delete_target_group(TargetGroupArn=lb.group)
    with refused("TargetGroupNotFound"):
        lb.client.describe_target_groups(TargetGroupArns=[lb.group])


def test_tags_of_all_four(lb: Balancing, refused: Refused) -> None:
    """API_AddTags, API_RemoveTags, API_DescribeTags."""
    [one] = lb.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
    rule = lb.rule(1, Tags=[{"Key": "from", "Value": "birth"}])
    arns = [one["LoadBalancerArn"], lb.listener, rule, lb.group]
    lb.client.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    lb.client.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "3"}])
    lb.client.remove_tags(ResourceArns=arns, TagKeys=["b", "never-there"])
    found = lb.client.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert [item["ResourceArn"] for item in found] == arns
    assert {tag["Key"]: tag["Value"] for tag in found[2]["Tags"]} == {"from": "birth", "a": "3"}
    with refused("DuplicateTagKeys"):
        lb.client.add_tags(ResourceArns=[rule], Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    with refused("TooManyTags"):
        lb.client.add_tags(ResourceArns=[rule], Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("RuleNotFound"):
        lb.client.describe_tags(ResourceArns=[rule[:-4] + "0000"])


def test_tags_of_at_most_twenty_at_a_time(lb: Balancing, refused: Refused) -> None:
    """API_DescribeTags: "You can specify up to 20 resources in a single call." """
    arns = [lb.rule(n, f"/{n}") for n in range(1, 22)]
    assert len(lb.client.describe_tags(ResourceArns=arns[:20])["TagDescriptions"]) == 20
    with refused("ValidationError", "20"):
        lb.client.describe_tags(ResourceArns=arns)


def test_accounts_and_regions_are_apart(lb: Balancing) -> None:
    for other in (
        lb.aws.client("elbv2", account="210987654321"),
        lb.aws.client("elbv2", region="us-east-1"),
    ):
        assert other.describe_load_balancers()["LoadBalancers"] == []
