"""Clusters: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html"""

from typing import Any

from apollo.testing import LocalAws
from tests.testing.conftest import Refused, Stage


def test_create_describe_list(ecs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html"""
    made = ecs.create_cluster(clusterName="blue", tags=[{"key": "team", "value": "x"}])["cluster"]
    assert made["clusterArn"] == "arn:aws:ecs:eu-west-1:123456789012:cluster/blue"
    assert made["status"] == "ACTIVE"
    assert made["tags"] == [{"key": "team", "value": "x"}]
    assert ecs.list_clusters()["clusterArns"] == [
        f"arn:aws:ecs:eu-west-1:123456789012:cluster/{name}" for name in ("green", "blue")
    ]


def test_creating_an_active_cluster_again_returns_it(ecs: Any) -> None:
    """CreateCluster is idempotent by name."""
    again = ecs.create_cluster(clusterName="green", tags=[{"key": "a", "value": "b"}])["cluster"]
    assert again["tags"] == []
    assert len(ecs.list_clusters()["clusterArns"]) == 1


def test_the_default_cluster(aws: LocalAws, refused: Refused) -> None:
    """ "If you do not specify a cluster, the default cluster is assumed." It has to exist."""
    ecs = aws.client("ecs", region="us-west-2")
    with refused("ClusterNotFoundException", "Cluster not found."):
        ecs.list_services()
    assert ecs.create_cluster()["cluster"]["clusterName"] == "default"
    assert ecs.list_services()["serviceArns"] == []
    assert ecs.describe_clusters()["clusters"][0]["clusterName"] == "default"


def test_describe_reports_missing_and_tags_only_when_asked(ecs: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html (include,
    failures)"""
    ecs.create_cluster(clusterName="blue", tags=[{"key": "team", "value": "x"}])
    answer = ecs.describe_clusters(clusters=["nope", "blue"])
    assert answer["failures"] == [
        {"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/nope", "reason": "MISSING"}
    ]
    assert answer["clusters"][0]["tags"] == []
    tagged = ecs.describe_clusters(clusters=["blue"], include=["TAGS"])["clusters"][0]
    assert tagged["tags"] == [{"key": "team", "value": "x"}]


def test_cluster_counts(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    stage.create(settle=False)
    stage.aws.advance(2)
    [cluster] = stage.ecs.describe_clusters(clusters=["green"])["clusters"]
    assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (0, 2)
    stage.aws.settle()
    [cluster] = stage.ecs.describe_clusters(clusters=["green"])["clusters"]
    assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (2, 0)
    assert cluster["activeServicesCount"] == 1


def test_a_cluster_with_services_is_not_deleted(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html (Errors)"""
    stage.create()
    with refused("ClusterContainsServicesException"):
        stage.ecs.delete_cluster(cluster="green")
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    with refused("ClusterContainsTasksException"):
        stage.ecs.delete_cluster(cluster="green")
    stage.aws.settle()
    assert stage.ecs.delete_cluster(cluster="green")["cluster"]["status"] == "INACTIVE"
    with refused("ClusterNotFoundException"):
        stage.ecs.list_services(cluster="green")
    # "INACTIVE … may remain discoverable" (Cluster.status)
    assert stage.ecs.describe_clusters(clusters=["green"])["clusters"][0]["status"] == "INACTIVE"
    assert stage.ecs.list_clusters()["clusterArns"] == []


def test_capacity_providers_and_default_strategy(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html"""
    with refused("InvalidParameterException", "was not found"):
        stage.create(launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])
    stage.ecs.put_cluster_capacity_providers(
        cluster="green",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    # without launch type and strategy "the default capacity provider strategy of the cluster is used"
    service = stage.create(launchType=None)
    assert service["capacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}
    ]
    assert "launchType" not in service
    assert {t["capacityProviderName"] for t in stage.tasks()} == {"FARGATE_SPOT"}
