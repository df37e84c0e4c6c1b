"""What is known of AWS's operations: which change something, and which rate bucket each draws from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

__all__ = ["LIMITS", "Limit", "bucket_of", "is_mutating", "limit_of"]

_READS: Final = (
    "Describe",
    "List",
    "Get",
    "BatchGet",
    "BatchDescribe",
    "Search",
    "Head",
    "Lookup",
    "Query",
    "Scan",
    "Select",
    "Filter",
    "Simulate",
    "Validate",
    "Check",
    "Detect",
    "Discover",
    "Estimate",
    "Preview",
    "Decode",
)
_EXCEPTIONS: Final[Mapping[tuple[str, str], bool]] = {
    ("sts", "AssumeRole"): False,  # hands out credentials and changes nothing
    ("sts", "AssumeRoleWithWebIdentity"): False,
    ("logs", "StartLiveTail"): False,
    ("ecs", "DiscoverPollEndpoint"): True,  # an agent's call; nobody observes with it
}


def is_mutating(service: str, operation: str) -> bool:
    """Whether a call may change something in AWS.

    Decided by the operation's first word, as AWS names them; an unknown word counts as a change, so a call
    is never let through as a read by mistake.

    :param service: boto3's name, e.g. ``ecs``. :param operation: AWS's name, e.g. ``DescribeServices``.
    """
    known = _EXCEPTIONS.get((service, operation))
    if known is not None:
        return known
    return not any(
        operation.startswith(word) and not operation[len(word) : len(word) + 1].islower() for word in _READS
    )


@frozen
class Limit:
    """A token bucket of AWS, per account and region: ``burst`` calls at once, ``rate`` calls per second."""

    burst: float
    rate: float


# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/throttling.html (reads)
# AWS does not publish the others; those are guessed, and lowered where AWS objects (see `Bucket`).
LIMITS: Final[Mapping[str, Limit]] = {
    "ecs service read": Limit(100, 20),
    "ecs service modify": Limit(50, 5),
    "ecs task definition read": Limit(50, 20),
    "ecs task definition modify": Limit(20, 1),
    "ecs task definition delete": Limit(5, 1),
    "ecs cluster read": Limit(50, 20),
    "ecs cluster modify": Limit(20, 1),
    "ecs cluster resource read": Limit(100, 20),
    "ecs cluster resource modify": Limit(100, 20),
    "ecs service deployment read": Limit(50, 20),
    "ecs service revision read": Limit(50, 20),
    "ecs tag read": Limit(50, 20),
    "ecs tag modify": Limit(20, 10),
    "ecs services by namespace": Limit(10, 1),
    "ecs read": Limit(50, 10),
    "ecs modify": Limit(20, 1),
    "elbv2 read": Limit(40, 10),
    "elbv2 modify": Limit(20, 3),
    # Not published, but bounded by what is: reading policies reads their alarms (CloudWatch grants 9
    # DescribeAlarms a second), writing one writes them (3 PutMetricAlarm a second). Two buckets, so that many
    # new policies do not slow down looking.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    "application-autoscaling read": Limit(40, 9),
    "application-autoscaling modify": Limit(20, 3),
    "resourcegroupstaggingapi read": Limit(15, 15),
    "logs read": Limit(25, 10),
    "sts": Limit(100, 50),
    "secretsmanager read": Limit(100, 50),
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html grants far more
    "ecr read": Limit(100, 50),
    # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (non-mutating actions)
    "ec2 read": Limit(50, 10),
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html has a rate for each
    # operation: 250 a second or more for these, by region; 10 for those of groups.
    "scheduler CreateSchedule": Limit(250, 250),
    "scheduler UpdateSchedule": Limit(250, 250),
    "scheduler DeleteSchedule": Limit(250, 250),
    "scheduler GetSchedule": Limit(250, 250),
}

_OTHER_READ, _OTHER_MODIFY = Limit(20, 10), Limit(10, 5)

_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "ecs service read": ("DescribeServices", "ListServices"),
    "ecs service modify": ("CreateService", "UpdateService", "DeleteService"),
    "ecs task definition read": (
        "DescribeTaskDefinition",
        "ListTaskDefinitions",
        "ListTaskDefinitionFamilies",
    ),
    "ecs task definition modify": ("RegisterTaskDefinition", "DeregisterTaskDefinition"),
    "ecs task definition delete": ("DeleteTaskDefinitions",),
    "ecs cluster read": ("DescribeClusters", "ListClusters"),
    "ecs cluster modify": ("CreateCluster", "UpdateCluster", "UpdateClusterSettings", "DeleteCluster"),
    "ecs cluster resource read": (
        "DescribeTasks",
        "ListTasks",
        "DescribeContainerInstances",
        "ListContainerInstances",
    ),
    "ecs cluster resource modify": ("RunTask", "StartTask", "StopTask"),
    "ecs service deployment read": ("DescribeServiceDeployments", "ListServiceDeployments"),
    "ecs service revision read": ("DescribeServiceRevisions",),
    "ecs tag read": ("ListTagsForResource",),
    "ecs tag modify": ("TagResource", "UntagResource"),
    "ecs services by namespace": ("ListServicesByNamespace",),
}
_BY_OPERATION: Final = {
    operation: bucket for bucket, operations in _OPERATIONS.items() for operation in operations
}
_SHARED: Final = frozenset({"sts"})
_EACH: Final = frozenset({"scheduler"})  # services that grant each operation a rate of its own


def bucket_of(service: str, operation: str) -> str:
    """The name of the bucket a call draws from; what is not listed falls in its service's own."""
    if service == "ecs" and operation in _BY_OPERATION:
        return _BY_OPERATION[operation]
    if service in _SHARED:
        return service
    if service in _EACH:
        return f"{service} {operation}"
    return f"{service} modify" if is_mutating(service, operation) else f"{service} read"


def limit_of(bucket: str) -> Limit:
    """What AWS grants that bucket, or a careful guess."""
    known = LIMITS.get(bucket)
    if known is not None:
        return known
    return _OTHER_MODIFY if bucket.endswith(" modify") else _OTHER_READ
