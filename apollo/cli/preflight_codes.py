"""What the codes of ``apollo plan --verify`` mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

_CREATE = "Create it before the merge, or correct the name in the manifest."

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-PRE-001": (
        "The credentials may not read what a check of plan --verify looks at; nothing else depends on it.",
        "Grant the action that the message names; apollo iam-policy --mode read --verify prints them all.",
    ),
    "APO-PRE-002": (
        "AWS did not tell what a check of plan --verify asked for.",
        "Plan again; the message says what AWS answered.",
    ),
    "APO-PRE-003": (
        "What the manifest names is out of reach of plan --verify: another registry, region or account.",
        "Look there yourself, or plan with credentials that reach it.",
    ),
    "APO-PRE-010": ("ECR does not have that image or repository.", "Push the image first, or name another."),
    "APO-PRE-011": (
        "The image is not there for the platform that the task runs on.",
        "Push it for that platform too, or correct runtimePlatform.",
    ),
    "APO-PRE-012": ("No mistake: the digest that a tag stands for now.", ""),
    "APO-PRE-020": ("There is no such role, or it is of another account.", _CREATE),
    "APO-PRE-021": (
        "The role's trust policy does not let the service in that is to assume it.",
        "Add the service that the message names to the trust policy.",
    ),
    "APO-PRE-022": (
        "The credentials deploy, but may not pass the role.",
        "Allow iam:PassRole on it; apollo iam-policy prints the statement.",
    ),
    "APO-PRE-023": (
        "The account has no service-linked role for ECS yet; ECS makes it if it may.",
        "Allow iam:CreateServiceLinkedRole once, or make the role by hand.",
    ),
    "APO-PRE-030": ("There is no such secret or parameter. Its value is never read.", _CREATE),
    "APO-PRE-031": ("The secret is scheduled for deletion.", "Restore it, or name another one."),
    "APO-PRE-032": ("The secret has no such version or stage.", "Name one of those that the hint lists."),
    "APO-PRE-040": (
        "There is no such log group, and ECS starts no container without it.",
        'Create it, or set awslogs-create-group: "true".',
    ),
    "APO-PRE-050": ("There is no such target group.", _CREATE),
    "APO-PRE-051": (
        "The target group is of the wrong type: tasks with awsvpc need ip, others instance.",
        "Make another target group: the type cannot be changed.",
    ),
    "APO-PRE-052": (
        "No load balancer forwards to the target group, and ECS refuses such a service.",
        "Add a ListenerRule that does.",
    ),
    "APO-PRE-053": (
        "The target group is used by another load balancer already, and AWS allows one.",
        "Make a target group for this load balancer.",
    ),
    "APO-PRE-054": ("Target group and subnets are of different VPCs.", "Take both from one VPC."),
    "APO-PRE-055": ("There is no such listener.", _CREATE),
    "APO-PRE-056": ("There is no such listener rule.", _CREATE),
    "APO-PRE-060": ("There is no such subnet.", _CREATE),
    "APO-PRE-061": ("There is no such security group.", _CREATE),
    "APO-PRE-062": ("Subnets and security groups are of several VPCs.", "Take all of them from one VPC."),
    "APO-PRE-063": (
        "From these subnets tasks do not reach the internet, or are not reached, as the public address says.",
        "Set assignPublicIp as the subnets are, or give them a NAT gateway or VPC endpoints.",
    ),
    "APO-PRE-070": ("There is no such ECS cluster, or it is not active.", _CREATE),
    "APO-PRE-071": (
        "The cluster does not have the capacity provider.",
        "Add it to the cluster, or name one that is there.",
    ),
    "APO-PRE-072": (
        "The launch type is EC2, and the cluster has no instances.",
        "Start instances, or use FARGATE.",
    ),
    "APO-PRE-080": ("There is no such Cloud Map namespace, or none is named.", _CREATE),
    "APO-PRE-081": ("There is no such Cloud Map service.", _CREATE),
    "APO-PRE-090": ("There is no such EFS file system.", _CREATE),
    "APO-PRE-091": ("There is no such EFS access point, or it is of another file system.", _CREATE),
    "APO-PRE-100": (
        "Git asks for more than AWS grants this account.",
        "Ask for more with Service Quotas, or ask for less.",
    ),
    "APO-PRE-110": ("There is no such service to scale.", _CREATE),
}
