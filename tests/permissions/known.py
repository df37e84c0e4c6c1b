"""What ``apollo iam-policy`` prints, and the exceptions, each with its reason."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from apollo.aws.models import iam_action
from tests.companions.conftest import lay_out, projects

__all__ = ["FREE", "NOT_ASKED_FOR", "action_of", "actions", "allowed", "counted", "own"]

NOT_ASKED_FOR: Final[Mapping[str, str]] = {
    "iam:PassRole": "ECS checks it inside RegisterTaskDefinition, CreateService and RunTask",
    "iam:CreateServiceLinkedRole": "Application Auto Scaling makes its role inside RegisterScalableTarget",
    "cloudwatch:PutMetricAlarm": "Application Auto Scaling checks it inside PutScalingPolicy",
    "cloudwatch:DeleteAlarms": "Application Auto Scaling checks it inside DeleteScalingPolicy",
    "cloudwatch:DescribeAlarms": "Application Auto Scaling checks it inside PutScalingPolicy",
}
"""Actions that are printed and are no call of Apollo's: AWS checks them inside another call."""

FREE: Final[Mapping[str, str]] = {
    "sts:GetCallerIdentity": "needs no permission",
    "sts:AssumeRole": "is granted to whoever runs Apollo, on the environment's role",
}
"""Actions that are used and need no line in the policy."""

CONFIG = """
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  source:
    repo: https://git.example.com/config.git
    auth: {secretsManager: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:git"}
  aws: {region: eu-west-1, accountId: "123456789012"}
  cluster: green
---
apiVersion: apollo/v1
kind: Notification
metadata: {name: topic}
spec: {sns: {topicArn: "arn:aws:sns:eu-west-1:123456789012:deployments"}}
---
apiVersion: apollo/v1
kind: Notification
metadata: {name: bus}
spec: {eventBridge: {bus: default}}
"""
"""A configuration that names one of each thing that needs a permission of its own."""


WITH_AN_OPERATOR: Final = (
    "canaries",
    "cli",
    "controllers",
    "docs",
    "integration",
    "notify",
    "operator",
    "permissions",
    "web",
)
"""The folders of tests that run Apollo as users do, with its own kinds and no others."""

STRANGERS: Final[Mapping[str, str]] = {
    "docs/how-to/write-a-plugin.md": "a kind that the page makes",
}
"""Tests there, by a part of their names, whose requests are not all of Apollo's own kinds."""


def counted(test: str) -> bool:
    """Whether the requests of a test count."""
    return any(test.startswith(f"tests/{folder}/") for folder in WITH_AN_OPERATOR) and not any(
        part in test for part in STRANGERS
    )


def action_of(service: str, operation: str) -> str:
    return iam_action(service, operation) or f"{service}:{operation}"


@cache
def own() -> frozenset[str]:
    """All that is granted for Apollo's own kinds: deploying, verifying, telling."""
    return actions("--verify")


def allowed(test: str) -> frozenset[str]:
    """What a test may use: pages install the kinds of plugins/, too."""
    return (_with_companions() if test.startswith("tests/docs/") else own()) | frozenset(FREE)


@cache
def _with_companions() -> frozenset[str]:
    with tempfile.TemporaryDirectory() as site, pytest.MonkeyPatch.context() as patch:
        for project in projects():
            lay_out(project, Path(site))
        patch.setattr(sys, "path", [site, *(str(one / "src") for one in projects()), *sys.path])
        return actions("--verify")


def actions(*options: str) -> frozenset[str]:
    """The actions of the policy that the command prints."""
    from tests.cli.running import apollo

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "apollo.yaml")
        config.write_text(CONFIG, "utf-8")
        done = apollo("iam-policy", "-f", str(config), *options)
    assert done.exit_code == 0, done.output
    found: set[str] = set()
    for statement in json.loads(done.stdout)["Statement"]:
        found.update(statement["Action"])
    return frozenset(found)
