"""Service deployments and revisions as resources:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html"""

from datetime import timedelta

from tests.testing.conftest import Refused, Stage


def test_creation_is_a_service_deployment(stage: Stage) -> None:
    service = stage.create()
    [brief] = stage.ecs.list_service_deployments(cluster="green", service="web")["serviceDeployments"]
    assert brief["serviceDeploymentArn"] == service["currentServiceDeployment"]
    assert brief["status"] == "SUCCESSFUL"
    assert brief["targetServiceRevisionArn"] == service["currentServiceRevisions"][0]["arn"]
    assert brief["createdAt"] < brief["startedAt"] < brief["finishedAt"]
    assert ":service-deployment/green/web/" in brief["serviceDeploymentArn"]
    assert stage.service_deployment()["sourceServiceRevisions"] == []


def test_newest_first_with_filters_and_pages(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html: 20 by
    default"""
    service = stage.create(desiredCount=0)
    for _ in range(22):
        stage.update(forceNewDeployment=True)
        stage.aws.advance(0.01)
    listing = stage.ecs.list_service_deployments
    first = listing(cluster="green", service="web")
    assert len(first["serviceDeployments"]) == 20
    rest = listing(cluster="green", service="web", nextToken=first["nextToken"])["serviceDeployments"]
    assert len(rest) == 3
    times = [d["createdAt"] for d in first["serviceDeployments"] + rest]
    assert times == sorted(times, reverse=True)
    stage.aws.settle()
    assert len(listing(service=service["serviceArn"], status=["SUCCESSFUL"])["serviceDeployments"]) == 2
    window = {
        "after": service["createdAt"] - timedelta(milliseconds=1),
        "before": service["createdAt"] + timedelta(milliseconds=1),
    }
    assert len(listing(cluster="green", service="web", createdAt=window)["serviceDeployments"]) == 1
    with refused("ServiceNotFoundException"):
        listing(cluster="green", service="nope")


def test_describe_failures_and_limits(stage: Stage, refused: Refused) -> None:
    arn = stage.create()["currentServiceDeployment"]
    missing = arn[:-1] + "!"
    answer = stage.ecs.describe_service_deployments(serviceDeploymentArns=[missing, arn])
    assert answer["failures"] == [{"arn": missing, "reason": "MISSING"}]
    assert len(answer["serviceDeployments"]) == 1
    with refused("InvalidParameterException"):
        stage.ecs.describe_service_deployments(serviceDeploymentArns=[arn] * 21)


def test_a_revision_shows_what_was_deployed(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html"""
    service = stage.create()
    arn = service["currentServiceRevisions"][0]["arn"]
    missing = arn[:-1] + "x"
    answer = stage.ecs.describe_service_revisions(serviceRevisionArns=[arn, missing])
    [revision] = answer["serviceRevisions"]
    assert answer["failures"] == [{"arn": missing, "reason": "MISSING"}]
    assert revision["taskDefinition"] == service["taskDefinition"]
    assert revision["platformVersion"] == "1.4.0"
    assert revision["launchType"] == "FARGATE"
    [image] = revision["containerImages"]
    assert (image["containerName"], image["image"]) == ("app", "web:1")
    assert image["imageDigest"].startswith("sha256:")
    assert stage.tasks()[0]["containers"][0]["imageDigest"] == image["imageDigest"]


def test_revisions_go_with_the_service(stage: Stage) -> None:
    """Service revisions are deleted with their service."""
    service = stage.create()
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    stage.aws.settle()
    arn = service["currentServiceRevisions"][0]["arn"]
    assert stage.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"] == []


def test_an_update_without_deployment_leaves_the_history_alone(stage: Stage) -> None:
    stage.create()
    stage.update(desiredCount=3)
    assert len(stage.ecs.list_service_deployments(cluster="green", service="web")["serviceDeployments"]) == 1


def test_current_revisions_during_a_rollout(stage: Stage) -> None:
    """API_Service.currentServiceRevisions: one entry per revision that has tasks."""
    stage.create()
    stage.register("2")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(12)
    counts = [
        (r["requestedTaskCount"], r["runningTaskCount"], r["pendingTaskCount"])
        for r in stage.look()["currentServiceRevisions"]
    ]
    assert counts == [(2, 2, 0), (2, 2, 0)]
    deployment = stage.service_deployment()
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 2
    assert len(deployment["sourceServiceRevisions"]) == 1


def test_deleting_a_service_in_the_middle(stage: Stage) -> None:
    stage.create(settle=False)
    stage.aws.advance(3)
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    assert stage.service_deployment()["status"] == "STOPPED"
    stage.aws.settle()
    assert stage.look()["status"] == "INACTIVE"
