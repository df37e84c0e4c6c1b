"""What lies in the demo's folder: Apollo's configuration and the manifests of one team."""

from __future__ import annotations

from typing import Final

from attrs import frozen

__all__ = ["CLUSTER", "LOG", "MANIFEST", "PROD", "STAGE", "Target", "apollo_yaml", "image", "web"]

LOG: Final = "operator.log"
CLUSTER: Final = "shop"
MANIFEST: Final = "apps/shop/web.yaml"


@frozen
class Target:
    """One environment: its branch, its account and region, and how many tasks it runs.

    :ivar name: of the environment and of its branch.
    """

    name: str
    account: str
    region: str
    tasks: int

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/apollo"


STAGE: Final = Target("stage", "111111111111", "eu-west-1", 2)
PROD: Final = Target("prod", "222222222222", "us-east-1", 4)


def image(tag: str) -> str:
    return f"registry.example.com/shop/web:{tag}"


def apollo_yaml() -> str:
    """The operator's own configuration: two branches, two accounts, two regions."""
    head = "apiVersion: apollo/v1\nkind: Installation\nmetadata: {name: demo}\n"
    return "---\n".join([head, *map(_environment, (STAGE, PROD))])


def _environment(target: Target) -> str:
    return f"""\
apiVersion: apollo/v1
kind: Environment
metadata: {{name: {target.name}}}
spec:
  source: {{repo: config, branch: {target.name}, path: apps}}
  aws: {{region: {target.region}, accountId: "{target.account}", roleArn: "{target.role}"}}
  cluster: {CLUSTER}
  variables: {{tasks: {target.tasks}, subnets: [subnet-a, subnet-b]}}
  defaults:
    Service:
      deploymentConfiguration:
        minimumHealthyPercent: 100
        maximumPercent: 150
        deploymentCircuitBreaker: {{enable: true, rollback: true}}
"""


def web(tag: str) -> str:
    """The team's service at one version of its image."""
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
"""
