"""Clusters and their capacity providers."""

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Json, Stage, as_dict, tags

AREA = "ECS clusters"


def _describe(s: Stage, name: str, **extra: object) -> Json:
    [found] = s.ecs.describe_clusters(clusters=[name], **extra)["clusters"]
    return dict(found)


@check("ecs.cluster.create.active", source=ecs("CreateCluster"))
def create_active(s: Stage) -> None:
    """A new cluster is ACTIVE and has an ARN that ends with its name."""
    made = s.ecs.create_cluster(clusterName=s.name("x"))["cluster"]
    assert made["status"] == "ACTIVE"
    assert made["clusterArn"].endswith(f":cluster/{s.name('x')}")


@check("ecs.cluster.create.again", source=ecs("CreateCluster"))
def create_again(s: Stage) -> None:
    """Creating a cluster that is there gives the one that is there."""
    first = s.ecs.create_cluster(clusterName=s.name("x"), tags=tags(a="1"))["cluster"]
    again = s.ecs.create_cluster(clusterName=s.name("x"))["cluster"]
    assert again["clusterArn"] == first["clusterArn"]
    assert len(s.ecs.describe_clusters(clusters=[s.name("x")])["clusters"]) == 1


@check(
    "ecs.cluster.create.name",
    source=ecs("CreateCluster"),
    says=("Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed."),
)
def create_name(s: Stage) -> None:
    """A name with other signs is refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.create_cluster(clusterName=s.name("a b"))


@check("ecs.cluster.create.name-length", source=ecs("CreateCluster"), says="Up to 255 letters")
def create_long_name(s: Stage) -> None:
    """A name of 256 characters is refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.create_cluster(clusterName=s.name("x" * 256)[:256])


@check("ecs.cluster.create.capacity-providers", source=ecs("CreateCluster"))
def create_with_providers(s: Stage) -> None:
    """Capacity providers and the default strategy are kept."""
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]
    s.ecs.create_cluster(
        clusterName=s.name("x"),
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy,
    )
    found = _describe(s, s.name("x"))
    assert sorted(found["capacityProviders"]) == ["FARGATE", "FARGATE_SPOT"]
    assert found["defaultCapacityProviderStrategy"] == strategy


@check("ecs.cluster.create.settings", source=ecs("ClusterSetting"))
def create_with_settings(s: Stage) -> None:
    """Container Insights are shown when SETTINGS are asked for."""
    s.ecs.create_cluster(
        clusterName=s.name("x"), settings=[{"name": "containerInsights", "value": "enabled"}]
    )
    found = _describe(s, s.name("x"), include=["SETTINGS"])
    assert found["settings"] == [{"name": "containerInsights", "value": "enabled"}]


@check("ecs.cluster.describe.tags-on-request", source=ecs("DescribeClusters"))
def tags_on_request(s: Stage) -> None:
    """Tags are shown only when TAGS are asked for."""
    s.ecs.create_cluster(clusterName=s.name("x"), tags=tags(team="green"))
    assert not _describe(s, s.name("x")).get("tags")
    assert as_dict(_describe(s, s.name("x"), include=["TAGS"])["tags"]) == {"team": "green"}


@check("ecs.cluster.describe.by-arn", source=ecs("DescribeClusters"))
def describe_by_arn(s: Stage) -> None:
    """A cluster is found by name and by ARN."""
    arn = s.ecs.create_cluster(clusterName=s.name("x"))["cluster"]["clusterArn"]
    found = s.ecs.describe_clusters(clusters=[arn])["clusters"]
    assert [c["clusterName"] for c in found] == [s.name("x")]


@check("ecs.cluster.describe.missing", source=ecs_guide("api_failures_messages"))
def describe_missing(s: Stage) -> None:
    """A cluster that is not there is a failure MISSING in an answer that succeeds."""
    answer = s.ecs.describe_clusters(clusters=[s.name("nope")])
    assert answer["clusters"] == []
    [failure] = answer["failures"]
    assert failure["reason"] == "MISSING"
    assert failure["arn"].endswith(f":cluster/{s.name('nope')}")


@check(
    "ecs.cluster.describe.limit",
    source=ecs("DescribeClusters"),
    says="A list of up to 100 cluster names or full cluster Amazon Resource Name (ARN) entries.",
)
def describe_limit(s: Stage) -> None:
    """More than 100 clusters in one call are refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.describe_clusters(clusters=[f"{s.prefix}{n}" for n in range(101)])


@check("ecs.cluster.describe.counts", source=ecs("Cluster"), needs=("tasks",))
def counts(s: Stage) -> None:
    """A cluster counts its running tasks and its ACTIVE services."""
    s.running(2)
    found = _describe(s, s.cluster)
    assert (found["activeServicesCount"], found["runningTasksCount"], found["pendingTasksCount"]) == (1, 2, 0)


@check("ecs.cluster.list.has-it", source=ecs("ListClusters"))
def listed(s: Stage) -> None:
    """A cluster is listed by its ARN."""
    arn = s.ecs.create_cluster(clusterName=s.name("x"))["cluster"]["clusterArn"]
    pages = s.ecs.get_paginator("list_clusters").paginate()
    assert arn in [one for page in pages for one in page["clusterArns"]]


@check("ecs.cluster.list.pages", source=ecs("ListClusters"))
def list_pages(s: Stage) -> None:
    """maxResults bounds a page, nextToken leads to the rest, and nothing comes twice."""
    for n in range(3):
        s.ecs.create_cluster(clusterName=s.name(f"p{n}"))
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = s.ecs.list_clusters(maxResults=2, **token)
        assert len(answer["clusterArns"]) <= 2
        seen += answer["clusterArns"]
        if not answer.get("nextToken"):
            break
        token = {"nextToken": answer["nextToken"]}
    assert sum(s.prefix in arn for arn in seen) == 3
    assert len(seen) == len(set(seen))


@check("ecs.cluster.delete.inactive", source=ecs("DeleteCluster"), says="transitions to the INACTIVE state")
def delete_inactive(s: Stage) -> None:
    """A deleted cluster is INACTIVE, in the answer and if it can still be described, and is not listed."""
    s.ecs.create_cluster(clusterName=s.name("x"))
    gone = s.ecs.delete_cluster(cluster=s.name("x"))["cluster"]
    assert gone["status"] == "INACTIVE"
    for found in s.ecs.describe_clusters(clusters=[s.name("x")])["clusters"]:
        assert found["status"] == "INACTIVE"
    assert gone["clusterArn"] not in s.ecs.list_clusters()["clusterArns"]


@check("ecs.cluster.delete.missing", source=ecs("DeleteCluster"))
def delete_missing(s: Stage) -> None:
    """Deleting a cluster that never was is refused."""
    with s.refused("ClusterNotFoundException"):
        s.ecs.delete_cluster(cluster=s.name("nope"))


@check(
    "ecs.cluster.delete.with-service",
    source=ecs("DeleteCluster"),
    says="You can't delete a cluster that contains services.",
)
def delete_with_service(s: Stage) -> None:
    """A cluster with an ACTIVE service cannot be deleted."""
    s.service()
    with s.refused("ClusterContainsServicesException"):
        s.ecs.delete_cluster(cluster=s.cluster)
    assert _describe(s, s.cluster)["status"] == "ACTIVE"


@check(
    "ecs.cluster.delete.with-task",
    source=ecs("DeleteCluster"),
    says="You can't delete a cluster that has active tasks.",
    needs=("task",),
)
def delete_with_task(s: Stage) -> None:
    """A cluster with a running task cannot be deleted."""
    s.run()
    with s.refused("ClusterContainsTasksException"):
        s.ecs.delete_cluster(cluster=s.cluster)


@check("ecs.cluster.recreate", source=ecs("CreateCluster"))
def recreate(s: Stage) -> None:
    """A deleted cluster's name can be used again."""
    for _ in range(2):
        assert s.ecs.create_cluster(clusterName=s.name("x"))["cluster"]["status"] == "ACTIVE"
        s.ecs.delete_cluster(cluster=s.name("x"))


@check("ecs.cluster.providers.put", source=ecs("PutClusterCapacityProviders"))
def put_providers(s: Stage) -> None:
    """PutClusterCapacityProviders replaces both, and an empty list takes them away."""
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 2}]
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy
    )
    found = _describe(s, s.cluster)
    assert found["capacityProviders"] == ["FARGATE_SPOT"]
    assert [i["weight"] for i in found["defaultCapacityProviderStrategy"]] == [2]
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=[], defaultCapacityProviderStrategy=[]
    )
    assert _describe(s, s.cluster)["capacityProviders"] == []


@check(
    "ecs.cluster.providers.default-not-associated",
    source=ecs("PutClusterCapacityProviders"),
    says=(
        "A capacity provider must be associated with the cluster to be used in a capacity provider strategy."
    ),
)
def default_not_associated(s: Stage) -> None:
    """A default strategy of a provider that is not associated is refused."""
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.put_cluster_capacity_providers(
            cluster=s.cluster,
            capacityProviders=["FARGATE"],
            defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        )


@check("ecs.cluster.providers.describe", source=ecs("DescribeCapacityProviders"))
def describe_providers(s: Stage) -> None:
    """FARGATE and FARGATE_SPOT are there for everybody, and ACTIVE."""
    found = s.ecs.describe_capacity_providers(capacityProviders=["FARGATE", "FARGATE_SPOT"])
    assert {p["name"]: p["status"] for p in found["capacityProviders"]} == {
        "FARGATE": "ACTIVE",
        "FARGATE_SPOT": "ACTIVE",
    }


@check("ecs.cluster.settings.update", source=ecs("UpdateClusterSettings"))
def update_settings(s: Stage) -> None:
    """UpdateClusterSettings changes Container Insights of a cluster that is there."""
    wanted = [{"name": "containerInsights", "value": "enhanced"}]
    s.ecs.update_cluster_settings(cluster=s.cluster, settings=wanted)
    assert _describe(s, s.cluster, include=["SETTINGS"])["settings"] == wanted


@check("ecs.cluster.default", source=ecs("ListServices"), says="the default cluster is assumed")
def default_cluster(s: Stage) -> None:
    """A call without a cluster means the cluster `default`."""
    there = s.ecs.describe_clusters(clusters=["default"])["clusters"]
    if any(cluster["status"] == "ACTIVE" for cluster in there):
        assert "serviceArns" in s.ecs.list_services()
    else:
        with s.refused("ClusterNotFoundException"):
            s.ecs.list_services()
