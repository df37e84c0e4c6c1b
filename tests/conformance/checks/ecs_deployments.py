"""Service deployments and service revisions: the history of a service, and stopping one."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import BREAKER, Stage

AREA = "ECS service deployments"
STOPPING = ecs_guide("stop-service-deployment")
GUIDE = ecs_guide("service-deployment")


def _list(s: Stage, **extra: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = s.ecs.list_service_deployments(
        cluster=s.cluster, service=s.name("web"), **extra
    )["serviceDeployments"]
    return found


def _revision(s: Stage, arn: str) -> dict[str, Any]:
    [found] = s.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    result: dict[str, Any] = found
    return result


@check("ecs.deployment.first", source=ecs("ListServiceDeployments"))
def first(s: Stage) -> None:
    """A new service has one service deployment, PENDING or IN_PROGRESS, and names it."""
    made = s.service()
    [brief] = _list(s)
    assert brief["status"] in ("PENDING", "IN_PROGRESS")
    assert brief["serviceArn"] == made["serviceArn"]
    assert s.look()["currentServiceDeployment"] == brief["serviceDeploymentArn"]


@check("ecs.deployment.arn", source=ecs("ServiceDeployment"))
def arn(s: Stage) -> None:
    """Its ARN has the cluster and the service in it."""
    s.service()
    [brief] = _list(s)
    assert f":service-deployment/{s.cluster}/{s.name('web')}/" in brief["serviceDeploymentArn"]


@check("ecs.deployment.successful", source=GUIDE, needs=("task",))
def successful(s: Stage) -> None:
    """When the service is steady it is SUCCESSFUL, with the times of start and end."""
    s.running(1)
    found = s.deployment()
    assert found["status"] == "SUCCESSFUL"
    assert found["createdAt"] <= found["startedAt"] <= found["finishedAt"]


@check(
    "ecs.deployment.target-revision",
    source=ecs("ServiceDeployment"),
    says="The workload configuration being deployed.",
    needs=("task",),
)
def target(s: Stage) -> None:
    """Its target is the service's current revision, with its tasks counted."""
    service = s.running(1)
    [current] = service["currentServiceRevisions"]
    found = s.deployment()["targetServiceRevision"]
    assert found["arn"] == current["arn"]
    assert (found["requestedTaskCount"], found["runningTaskCount"], found["pendingTaskCount"]) == (1, 1, 0)


@check(
    "ecs.deployment.sources",
    source=ecs("ServiceDeployment"),
    says="The currently deployed workload configuration.",
)
def sources(s: Stage) -> None:
    """The first has no source; the next has the revision before as its source."""
    s.service()
    before = s.deployment()
    assert not before.get("sourceServiceRevisions")
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    s.update(forceNewDeployment=True)
    after = s.deployment()
    assert [r["arn"] for r in after["sourceServiceRevisions"]] == [before["targetServiceRevision"]["arn"]]


@check("ecs.deployment.newest-first", source=ecs("ListServiceDeployments"))
def newest_first(s: Stage) -> None:
    """Deployments are listed newest first."""
    s.service()
    for _ in range(2):
        s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
        s.update(forceNewDeployment=True)
    found = _list(s)
    assert len(found) == 3
    assert found[0]["serviceDeploymentArn"] == s.look()["currentServiceDeployment"]
    created = [brief["createdAt"] for brief in found]
    assert created == sorted(created, reverse=True)


@check("ecs.deployment.none-without-change", source=GUIDE)
def none_without_change(s: Stage) -> None:
    """Changing the desired count makes no service deployment."""
    s.service()
    s.update(desiredCount=0, enableExecuteCommand=True)
    assert len(_list(s)) == 1


@check(
    "ecs.deployment.by-status",
    source=ecs("ListServiceDeployments"),
    says="An optional filter you can use to narrow the results.",
)
def by_status(s: Stage) -> None:
    """The list can be narrowed by status."""
    s.service()
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    assert len(_list(s, status=["SUCCESSFUL"])) == 1
    assert _list(s, status=["ROLLBACK_FAILED", "STOPPED"]) == []


@check(
    "ecs.deployment.pages",
    source=ecs("ListServiceDeployments"),
    says=(
        "This value can be between 1 and 100. If this parameter isn't used, then "
        "ListServiceDeployments returns up to 20 results"
    ),
)
def pages(s: Stage) -> None:
    """maxResults and nextToken lead through the list."""
    s.service()
    for _ in range(2):
        s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
        s.update(forceNewDeployment=True)
    one = s.ecs.list_service_deployments(cluster=s.cluster, service=s.name("web"), maxResults=2)
    two = s.ecs.list_service_deployments(
        cluster=s.cluster, service=s.name("web"), maxResults=2, nextToken=one["nextToken"]
    )
    assert (len(one["serviceDeployments"]), len(two["serviceDeployments"])) == (2, 1)
    assert not two.get("nextToken")


@check("ecs.deployment.no-service", source=ecs("ListServiceDeployments"))
def no_service(s: Stage) -> None:
    """Listing of a service that is not there is ServiceNotFoundException."""
    with s.refused("ServiceNotFoundException"):
        s.ecs.list_service_deployments(cluster=s.cluster, service=s.name("nope"))


@check(
    "ecs.deployment.describe-limit",
    source=ecs("DescribeServiceDeployments"),
    says="You can specify a maximum of 20 ARNs.",
)
def describe_limit(s: Stage) -> None:
    """More than twenty in one call are refused, of deployments and of revisions."""
    s.service()
    one = s.deployment()
    names = [f"{one['serviceDeploymentArn'][:-2]}{n}" for n in range(10, 31)]
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.describe_service_deployments(serviceDeploymentArns=names)
    names = [f"{one['targetServiceRevision']['arn'][:-2]}{n}" for n in range(10, 31)]
    with s.refused("InvalidParameterException", "ClientException"):
        s.ecs.describe_service_revisions(serviceRevisionArns=names)


@check("ecs.deployment.describe-missing", source=ecs("DescribeServiceDeployments"))
def describe_missing(s: Stage) -> None:
    """One that is not there is a failure MISSING in an answer that succeeds."""
    s.service()
    given = _list(s)[0]["serviceDeploymentArn"]
    gone = given[:-3] + ("aaa" if not given.endswith("aaa") else "bbb")
    answer = s.ecs.describe_service_deployments(serviceDeploymentArns=[gone])
    assert answer["serviceDeployments"] == []
    assert [(f["arn"], f["reason"]) for f in answer["failures"]] == [(gone, "MISSING")]


@check("ecs.deployment.configuration", source=ecs("ServiceDeployment"))
def configuration(s: Stage) -> None:
    """It shows the deployment configuration and the state of the circuit breaker."""
    s.service(deploymentConfiguration=BREAKER | {"maximumPercent": 150})
    found = s.deployment()
    assert found["deploymentConfiguration"]["maximumPercent"] == 150
    assert found["deploymentCircuitBreaker"]["status"] in ("MONITORING", "MONITORING_COMPLETE")
    assert found["deploymentCircuitBreaker"]["threshold"] == 3


@check("ecs.deployment.rollback-successful", source=GUIDE, needs=("task",))
def rollback_successful(s: Stage) -> None:
    """A deployment that the breaker rolled back ends as ROLLBACK_SUCCESSFUL and says to which revision."""
    good = s.running(1, deploymentConfiguration=BREAKER)["currentServiceRevisions"][0]["arn"]
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
    found = s.deployment()
    assert found["status"] == "ROLLBACK_SUCCESSFUL"
    assert found["rollback"]["serviceRevisionArn"] == good
    assert found["deploymentCircuitBreaker"]["status"] == "TRIGGERED"


@check("ecs.deployment.rollback-no-new-revision", source=ecs_guide("service-revision"), needs=("task",))
def rollback_revision(s: Stage) -> None:
    """A rollback makes no new service deployment and uses the old service revision again."""
    good = s.running(1, deploymentConfiguration=BREAKER)["currentServiceRevisions"][0]["arn"]
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
    assert [r["arn"] for r in s.look()["currentServiceRevisions"]] == [good]
    assert len(_list(s)) == 2


@check(
    "ecs.deployment.stop",
    source=ecs("StopServiceDeployment"),
    says=(
        "This option rolls back the service deployment to the previous service revision. You can "
        "use this option even if you didn't configure the service deployment for the rollback "
        "option."
    ),
    needs=("task",),
)
def stop(s: Stage) -> None:
    """Stopping a deployment goes back to the revision before, even without the rollback option."""
    good = s.running(1)["taskDefinition"]
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    one = s.deployment()["serviceDeploymentArn"]
    answer = s.ecs.stop_service_deployment(serviceDeploymentArn=one, stopType="ROLLBACK")
    assert answer["serviceDeploymentArn"] == one
    s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
    assert s.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert s.steady()["taskDefinition"] == good


@check("ecs.deployment.stop-requested", source=STOPPING, needs=("task",))
def stop_requested(s: Stage) -> None:
    """At first it says that the rollback was requested, or that it has begun; it is never STOP_REQUESTED."""
    requested = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
    s.running(1)
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    one = s.deployment()["serviceDeploymentArn"]
    s.ecs.stop_service_deployment(serviceDeploymentArn=one)
    assert s.deployment()["status"] in requested


@check("ecs.deployment.stop-again", source=STOPPING, needs=("task",))
def stop_again(s: Stage) -> None:
    """Stopping one whose rollback was requested or has begun is accepted, and the rollback goes on."""
    good = s.running(1)["taskDefinition"]
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    one = s.deployment()["serviceDeploymentArn"]
    s.ecs.stop_service_deployment(serviceDeploymentArn=one)
    s.ecs.stop_service_deployment(serviceDeploymentArn=one)
    for _ in s.watch(30):
        if s.deployment()["status"] == "ROLLBACK_IN_PROGRESS":
            s.ecs.stop_service_deployment(serviceDeploymentArn=one)
            assert s.deployment()["status"] == "ROLLBACK_IN_PROGRESS"
            break
    s.settle(lambda: s.deployment()["status"] == "ROLLBACK_SUCCESSFUL")
    assert s.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert s.steady()["taskDefinition"] == good


@check(
    "ecs.deployment.stop-abort",
    source=ecs("StopServiceDeployment"),
    says="The valid values are ROLLBACK .",
    needs=("task",),
)
def stop_abort(s: Stage) -> None:
    """The stop type ABORT, which the model names, is refused, and the deployment goes on."""
    s.running(1)
    new = s.register()["taskDefinitionArn"]
    s.update(taskDefinition=new)
    with s.refused("InvalidParameterException", "ClientException", "UnsupportedFeatureException"):
        s.ecs.stop_service_deployment(
            serviceDeploymentArn=s.deployment()["serviceDeploymentArn"], stopType="ABORT"
        )
    assert s.steady()["taskDefinition"] == new


@check(
    "ecs.deployment.stop-finished",
    source=ecs("StopServiceDeployment"),
    says="Stops an ongoing service deployment.",
)
def stop_finished(s: Stage) -> None:
    """One that has ended cannot be stopped."""
    s.service()
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    with s.refused("ConflictException", "InvalidParameterException", "ClientException"):
        s.ecs.stop_service_deployment(serviceDeploymentArn=s.deployment()["serviceDeploymentArn"])


@check("ecs.deployment.stop-missing", source=ecs("StopServiceDeployment"))
def stop_missing(s: Stage) -> None:
    """One that is not there is ServiceDeploymentNotFoundException."""
    s.service()
    given = s.deployment()["serviceDeploymentArn"]
    gone = given[:-3] + ("aaa" if not given.endswith("aaa") else "bbb")
    with s.refused("ServiceDeploymentNotFoundException"):
        s.ecs.stop_service_deployment(serviceDeploymentArn=gone)


@check(
    "ecs.revision.content",
    source=ecs("ServiceRevision"),
    says="The task definition the service revision uses.",
)
def revision_content(s: Stage) -> None:
    """A revision has what belongs to it: task definition, launch type, resolved platform, network."""
    made = s.service()
    found = _revision(s, made["currentServiceRevisions"][0]["arn"])
    assert found["taskDefinition"] == made["taskDefinition"]
    assert (found["launchType"], found["platformVersion"]) == ("FARGATE", "1.4.0")
    assert found["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert found["serviceArn"] == made["serviceArn"]


@check(
    "ecs.revision.images",
    source=ecs("ServiceRevision"),
    says="The container images the service revision uses.",
    needs=("task",),
)
def revision_images(s: Stage) -> None:
    """It names the image of every container with its digest."""
    service = s.running(1)
    [image] = _revision(s, service["currentServiceRevisions"][0]["arn"])["containerImages"]
    assert image["containerName"] == "app"
    assert image["imageDigest"].startswith("sha256:")


@check("ecs.revision.changes", source=ecs_guide("service-revision"))
def revision_changes(s: Stage) -> None:
    """Every deployment has a revision of its own; an update without a deployment keeps it."""
    one = s.service()["currentServiceRevisions"][0]["arn"]
    assert s.update(enableExecuteCommand=True)["currentServiceRevisions"][0]["arn"] == one
    s.update(forceNewDeployment=True)
    assert s.deployment()["targetServiceRevision"]["arn"] != one


@check("ecs.revision.old-stays", source=ecs("DescribeServiceRevisions"))
def revision_stays(s: Stage) -> None:
    """A revision that was replaced can still be described, with its own task definition."""
    made = s.service()
    one = made["currentServiceRevisions"][0]["arn"]
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    s.settle(lambda: s.deployment()["status"] == "SUCCESSFUL")
    assert _revision(s, one)["taskDefinition"] == made["taskDefinition"]


@check("ecs.revision.missing", source=ecs("DescribeServiceRevisions"))
def revision_missing(s: Stage) -> None:
    """One that is not there is a failure MISSING."""
    given = s.service()["currentServiceRevisions"][0]["arn"]
    gone = given[:-3] + ("000" if not given.endswith("000") else "111")
    answer = s.ecs.describe_service_revisions(serviceRevisionArns=[gone])
    assert answer["serviceRevisions"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@check("ecs.deployment.alarms", source=ecs("DeploymentAlarms"))
def alarms(s: Stage) -> None:
    """Alarms of the deployment configuration are kept, with their rollback."""
    wanted = {"alarmNames": [s.name("errors")], "enable": True, "rollback": True}
    s.service(deploymentConfiguration={"alarms": wanted})
    assert s.look()["deploymentConfiguration"]["alarms"] == wanted


@check(
    "ecs.deployment.early-success",
    source=ecs("DeploymentEarlySuccessCriteria"),
    says=("Amazon ECS continues to scale the target service revision to 100 percent in the background."),
    needs=("tasks",),
)
def early_success(s: Stage) -> None:
    """With early success at half, a deployment of four is SUCCESSFUL before all of them run."""
    early = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}
    s.running(
        4,
        deploymentConfiguration={
            "minimumHealthyPercent": 50,
            "maximumPercent": 125,
            "earlySuccessCriteria": early,
        },
    )
    arn = s.register()["taskDefinitionArn"]
    s.update(taskDefinition=arn)
    for _ in s.watch():
        if s.deployment()["status"] == "SUCCESSFUL":
            break
    new = [task for task in s.tasks() if task["taskDefinitionArn"] == arn]
    assert s.deployment()["status"] == "SUCCESSFUL"
    assert 2 <= sum(task["lastStatus"] == "RUNNING" for task in new) < 4
    s.settle(lambda: s.is_steady())
    assert {task["taskDefinitionArn"] for task in s.tasks()} == {arn}
