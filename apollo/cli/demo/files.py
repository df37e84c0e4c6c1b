"""What lies in the demo's folder: Apollo's configuration and the manifests of one team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

__all__ = ["CLUSTER", "LOG", "MANIFEST", "PROD", "STAGE", "Balancer", "Target", "apollo_yaml", "image", "web"]

LOG: Final = "operator.log"
CLUSTER: Final = "shop"
MANIFEST: Final = "apps/shop/web.yaml"


@frozen
class Target:
    """One environment: its branch, its account and region, and between how many tasks it scales.

    :ivar name: of the environment and of its branch. :ivar host: what its users ask for.
    """

    name: str
    account: str
    region: str
    tasks: int
    most: int
    host: str

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/apollo"


STAGE: Final = Target("stage", "111111111111", "eu-west-1", 2, 3, "stage.example.com")
PROD: Final = Target("prod", "222222222222", "us-east-1", 4, 8, "shop.example.com")


@frozen
class Balancer:
    """What a platform team has set up in an account: ARNs of a listener, and of a target group for web."""

    listener: str
    group: str


def image(tag: str) -> str:
    return f"registry.example.com/shop/web:{tag}"


def apollo_yaml(places: Iterable[tuple[Target, Balancer]]) -> str:
    """The operator's own configuration: two branches, two accounts, two regions."""
    head = "apiVersion: apollo/v1\nkind: Installation\nmetadata: {name: demo}\n"
    return "---\n".join([head, *(_environment(target, balancer) for target, balancer in places)])


def _environment(target: Target, balancer: Balancer) -> str:
    return f"""\
apiVersion: apollo/v1
kind: Environment
metadata: {{name: {target.name}}}
spec:
  source: {{repo: config, branch: {target.name}, path: apps}}
  aws: {{region: {target.region}, accountId: "{target.account}", roleArn: "{target.role}"}}
  cluster: {CLUSTER}
  variables:
    host: {target.host}
    tasks: {target.tasks}
    most: {target.most}
    subnets: [subnet-a, subnet-b]
    listener: {balancer.listener}
    group: {balancer.group}
  defaults:
    Service:
      deploymentConfiguration:
        minimumHealthyPercent: 100
        maximumPercent: 150
        deploymentCircuitBreaker: {{enable: true, rollback: true}}
"""


def web(tag: str) -> str:
    """The team's service at one version of its image, the way to it, and how it scales."""
    return f"""\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {{name: web}}
spec:
  cpu: "256"
  memory: "512"
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
  containerDefinitions:
    - name: app
      image: {image(tag)}
      portMappings: [{{containerPort: 8080}}]
      environment: [{{name: ENVIRONMENT, value: "${{{{ env.name }}}}"}}]
---
apiVersion: apollo/v1
kind: Service
metadata: {{name: web}}
spec:
  taskDefinition: web
  launchType: FARGATE
  desiredCount: ${{{{ var.tasks }}}}
  networkConfiguration:
    awsvpcConfiguration: {{subnets: "${{{{ var.subnets }}}}", securityGroups: [sg-web]}}
  loadBalancers: [{{targetGroupArn: "${{{{ var.group }}}}", containerName: app, containerPort: 8080}}]
---
apiVersion: apollo/v1
kind: ListenerRule
metadata: {{name: web}}
spec:
  listenerArn: ${{{{ var.listener }}}}
  priority: 10
  conditions: [{{field: host-header, hostHeaderConfig: {{values: ["${{{{ var.host }}}}"]}}}}]
  actions: [{{type: forward, forwardConfig: {{targetGroups: [{{targetGroupArn: "${{{{ var.group }}}}"}}]}}}}]
---
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: web}}
spec:
  service: web
  minCapacity: ${{{{ var.tasks }}}}
  maxCapacity: ${{{{ var.most }}}}
  policies:
    - name: cpu
      policyType: TargetTrackingScaling
      targetTrackingScalingPolicyConfiguration:
        targetValue: 60
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverageCPUUtilization}}
"""
