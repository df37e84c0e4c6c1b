"""The request rates that AWS documents: a bucket of tokens per account, region and group of operations."""

from apollo.testing.log import is_mutating

_ECS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "service read": (100, 20, ("DescribeServices", "ListServices")),
    "service modify": (50, 5, ("CreateService", "UpdateService", "DeleteService")),
    "task definition read": (
        50,
        20,
        ("DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"),
    ),
    "task definition modify": (20, 1, ("RegisterTaskDefinition", "DeregisterTaskDefinition")),
    "task definition delete": (5, 1, ("DeleteTaskDefinitions",)),
    "cluster read": (50, 20, ("DescribeClusters", "ListClusters")),
    "cluster modify": (20, 1, ("CreateCluster", "DeleteCluster", "PutClusterCapacityProviders")),
    "cluster resource read": (100, 20, ("DescribeTasks", "ListTasks")),
    "service deployment read": (50, 20, ("DescribeServiceDeployments", "ListServiceDeployments")),
    "service revision read": (50, 20, ("DescribeServiceRevisions",)),
    "tag read": (50, 20, ("ListTagsForResource",)),
    "tag modify": (20, 10, ("TagResource", "UntagResource")),
}
"""How many calls at once, and how many per second.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""

_BY_OPERATION = {name: bucket for bucket, (_, _, names) in _ECS.items() for name in names}


def bucket_of(service: str, operation: str) -> tuple[str, float, float] | None:
    """The bucket that a call draws from, its size and its tokens per second; None: AWS documents none."""
    if service == "ecs" and operation in _BY_OPERATION:
        name = _BY_OPERATION[operation]
        return name, *_ECS[name][:2]
    if service == "elbv2" and not is_mutating(service, operation):
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
        return "elbv2 read", 40, 10
    if service == "resourcegroupstaggingapi" and operation == "GetResources":
        # https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html
        return "tagging read", 15, 15
    return None


class Buckets:
    """Tokens come back with virtual time: at speed 0 only as it is moved on."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str, str], tuple[float, float]] = {}
        """By account, region and bucket: when it was looked at, and the tokens it had then."""

    def take(self, service: str, operation: str, account: str, region: str, now: float) -> bool:
        """Take a token; False when there is none left, and the call is refused."""
        found = bucket_of(service, operation)
        if found is None:
            return True
        name, size, rate = found
        before, left = self._left.get((account, region, name), (now, size))
        left = min(size, left + (now - before) * rate)
        self._left[account, region, name] = (now, left - 1 if left >= 1 else left)
        return left >= 1
