"""A listener to hang rules on, and short names for what a test says often."""

from typing import Any

import pytest

from apollo.testing import LocalAws

Json = dict[str, Any]
FIXED: Json = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
VPC = "vpc-1"


class Balancing:
    def __init__(self, aws: LocalAws, port: int = 80) -> None:
        self.aws = aws
        self.client = aws.client("elbv2")
        self.listener = aws.listener("web", port)
        self.group = aws.target_group("tg", balanced=False)

    def rule(self, priority: int, path: str = "/x", **extra: Any) -> str:
        given: Json = {
            "ListenerArn": self.listener,
            "Priority": priority,
            "Conditions": [{"Field": "path-pattern", "Values": [path]}],
            "Actions": [FIXED],
        } | extra
        return str(self.client.create_rule(**given)["Rules"][0]["RuleArn"])

    def look(self, arn: str) -> Json:
        found: Json = self.client.describe_rules(RuleArns=[arn])["Rules"][0]
        return found

    def priorities(self) -> list[str]:
        rules = self.client.describe_rules(ListenerArn=self.listener)["Rules"]
        return [rule["Priority"] for rule in rules]

    def default(self) -> Json:
        found: Json = self.client.describe_rules(ListenerArn=self.listener)["Rules"][-1]
        return found

    def https(self) -> str:
        """A second listener, for the actions that need one."""
        [balancer] = self.client.describe_load_balancers(Names=["web"])["LoadBalancers"]
        answer = self.client.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}],
            DefaultActions=[FIXED],
        )
        return str(answer["Listeners"][0]["ListenerArn"])


@pytest.fixture
def lb(aws: LocalAws) -> Balancing:
    return Balancing(aws)
