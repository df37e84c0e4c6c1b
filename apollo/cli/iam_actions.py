"""What each IAM action can be limited to.

From AWS's Service Authorization Reference ("Actions, resources, and condition keys for Amazon ECS", "… for
Elastic Load Balancing V2", "… for Application Auto Scaling"). An action that is not listed here, or that AWS
limits to nothing, gets ``*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BY_CLUSTER", "COMPANIONS", "RESOURCES"]

_ECS = "arn:{partition}:ecs:{region}:{account}:"
_ELB = "arn:{partition}:elasticloadbalancing:{region}:{account}:"
_AAS = "arn:{partition}:application-autoscaling:{region}:{account}:"

_CLUSTER = (_ECS + "cluster/{cluster}",)
_SERVICE = (_ECS + "service/{cluster}/*",)
_DEPLOYMENT = (_ECS + "service-deployment/{cluster}/*",)
_REVISION = (_ECS + "service-revision/{cluster}/*",)
_TASK = (_ECS + "task/{cluster}/*",)
_FAMILY = (_ECS + "task-definition/*:*",)
_LISTENER = (_ELB + "listener/app/*", _ELB + "listener/net/*")
_RULE = (_ELB + "listener-rule/app/*", _ELB + "listener-rule/net/*")
_TARGET = (_AAS + "scalable-target/*",)

RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "ecs:CreateService": _SERVICE,
    "ecs:UpdateService": _SERVICE,
    "ecs:DeleteService": _SERVICE,
    "ecs:DescribeServices": _SERVICE,
    "ecs:ListServiceDeployments": _SERVICE,
    "ecs:DescribeServiceDeployments": _DEPLOYMENT,
    "ecs:StopServiceDeployment": _DEPLOYMENT,
    "ecs:ContinueServiceDeployment": _DEPLOYMENT,
    "ecs:DescribeServiceRevisions": _REVISION,
    "ecs:DescribeClusters": _CLUSTER,
    "ecs:DescribeTasks": _TASK,
    "ecs:StopTask": _TASK,
    "ecs:RunTask": _FAMILY,
    "ecs:TagResource": (*_SERVICE, *_FAMILY),
    "ecs:UntagResource": (*_SERVICE, *_FAMILY),
    "ecs:ListTagsForResource": (*_SERVICE, *_FAMILY),
    "elasticloadbalancing:CreateRule": _LISTENER,
    "elasticloadbalancing:ModifyListener": _LISTENER,
    "elasticloadbalancing:ModifyRule": _RULE,
    "elasticloadbalancing:DeleteRule": _RULE,
    "elasticloadbalancing:SetRulePriorities": _RULE,
    "elasticloadbalancing:AddTags": (*_LISTENER, *_RULE),
    "elasticloadbalancing:RemoveTags": (*_LISTENER, *_RULE),
    "application-autoscaling:RegisterScalableTarget": _TARGET,
    "application-autoscaling:DeregisterScalableTarget": _TARGET,
    "application-autoscaling:PutScalingPolicy": _TARGET,
    "application-autoscaling:DeleteScalingPolicy": _TARGET,
    "application-autoscaling:PutScheduledAction": _TARGET,
    "application-autoscaling:DeleteScheduledAction": _TARGET,
    "application-autoscaling:TagResource": _TARGET,
    "application-autoscaling:UntagResource": _TARGET,
    "application-autoscaling:ListTagsForResource": _TARGET,
    # What plan --verify reads. Images may be another account's, so that ECR is not limited.
    "iam:GetRole": ("arn:{partition}:iam::{account}:role/*",),
    "iam:SimulatePrincipalPolicy": (
        "arn:{partition}:iam::{account}:role/*",
        "arn:{partition}:iam::{account}:user/*",
    ),
    "logs:DescribeLogGroups": ("arn:{partition}:logs:{region}:{account}:log-group:*",),
    "elasticfilesystem:DescribeAccessPoints": (
        "arn:{partition}:elasticfilesystem:{region}:{account}:access-point/*",
        "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/*",
    ),
    "elasticfilesystem:DescribeFileSystems": (
        "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/*",
    ),
    "servicediscovery:GetService": ("arn:{partition}:servicediscovery:{region}:{account}:service/*",),
}

_ANY_CLUSTER = (_ECS + "cluster/*",)
_TARGET_GROUP = (_ELB + "targetgroup/*/*",)

COMPANIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "Cluster": {
        "ecs:DescribeClusters": _ANY_CLUSTER,
        "ecs:DeleteCluster": _ANY_CLUSTER,
        "ecs:PutClusterCapacityProviders": _ANY_CLUSTER,
        "ecs:TagResource": _ANY_CLUSTER,
        "ecs:UntagResource": _ANY_CLUSTER,
        "ecs:UpdateCluster": _ANY_CLUSTER,
    },
    "TargetGroup": {
        "elasticloadbalancing:AddTags": _TARGET_GROUP,
        "elasticloadbalancing:CreateTargetGroup": _TARGET_GROUP,
        "elasticloadbalancing:DeleteTargetGroup": _TARGET_GROUP,
        "elasticloadbalancing:ModifyTargetGroup": _TARGET_GROUP,
        "elasticloadbalancing:ModifyTargetGroupAttributes": _TARGET_GROUP,
        "elasticloadbalancing:RemoveTags": _TARGET_GROUP,
    },
}
"""The same for kinds that do not come with Apollo, beside what the built-in kinds need of an action. An
action that another such kind needs, too, is not limited: what that kind works on is not known here."""

BY_CLUSTER: Final[frozenset[str]] = frozenset({"ecs:ListServices", "ecs:ListTasks"})
"""Actions on ``*`` that the condition key ``ecs:cluster`` limits."""
