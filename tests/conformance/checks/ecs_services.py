"""Services: creating, describing and listing them."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, as_dict, tags

AREA = "ECS services"


@check("ecs.service.create.arn", source=ecs_guide("ecs-account-settings"))
def long_arn(s: Stage) -> None:
    """A service has the long ARN, with its cluster in it."""
    assert s.service()["serviceArn"].endswith(f":service/{s.cluster}/{s.name('web')}")


@check("ecs.service.create.definition-arn", source=ecs("Service"))
def definition_arn(s: Stage) -> None:
    """`family:revision` and a bare family are shown as the ARN of the revision."""
    arn = s.web["taskDefinitionArn"]
    assert s.service("a", taskDefinition=s.name("web"))["taskDefinition"] == arn
    assert s.service("b", taskDefinition=f"{s.name('web')}:1")["taskDefinition"] == arn


@check(
    "ecs.service.create.no-task-yet",
    source=ecs("Deployment"),
    says="it begins in an IN_PROGRESS state",
    needs=("task",),
)
def no_task_yet(s: Stage) -> None:
    """The answer of CreateService has one PRIMARY deployment IN_PROGRESS and no running task."""
    made = s.service(desiredCount=1)
    assert (made["desiredCount"], made["runningCount"]) == (1, 0)
    [deployment] = made["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")


@check(
    "ecs.service.create.steady",
    source=ecs("Deployment"),
    says=("When the service reaches a steady state, the deployment transitions to a COMPLETED state."),
    needs=("task",),
)
def becomes_steady(s: Stage) -> None:
    """After a while the tasks run and the deployment is COMPLETED."""
    service = s.running(1)
    assert (service["runningCount"], service["pendingCount"]) == (1, 0)


@check("ecs.service.create.waiter", source=ecs("DescribeServices"), needs=("task",))
def waiter(s: Stage) -> None:
    """The SDK's waiter services_stable ends."""
    s.running(1)
    s.ecs.get_waiter("services_stable").wait(
        cluster=s.cluster, services=[s.name("web")], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
    )


@check("ecs.service.keeps.members", source=ecs("CreateService"))
def keeps_members(s: Stage) -> None:
    """Deployment configuration, grace period, tags' propagation and execute-command are kept."""
    s.service(
        deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50},
        enableECSManagedTags=True,
        enableExecuteCommand=True,
        propagateTags="SERVICE",
        availabilityZoneRebalancing="DISABLED",
    )
    found = s.look()
    assert found["deploymentConfiguration"]["maximumPercent"] == 150
    assert found["deploymentConfiguration"]["minimumHealthyPercent"] == 50
    assert (found["enableECSManagedTags"], found["enableExecuteCommand"]) == (True, True)
    assert (found["propagateTags"], found["availabilityZoneRebalancing"]) == ("SERVICE", "DISABLED")


@check(
    "ecs.service.keeps.strategy",
    source=ecs("CapacityProviderStrategyItem"),
    says="The default value is 0 if not specified",
)
def keeps_strategy(s: Stage) -> None:
    """A capacity provider strategy is kept, weight and base filled in with 0."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    given = [
        {"capacityProvider": "FARGATE", "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    found = s.service(launchType=None, capacityProviderStrategy=given)["capacityProviderStrategy"]
    seen = {item["capacityProvider"]: (item.get("base"), item.get("weight")) for item in found}
    assert seen == {"FARGATE": (1, 0), "FARGATE_SPOT": (0, 3)}


@check("ecs.service.keeps.balancers", source=ecs("LoadBalancer"), needs=("balancer",))
def keeps_balancers(s: Stage) -> None:
    """A target group and the grace period are kept."""
    wanted = s.balanced(s.used_group())
    s.service(loadBalancers=wanted, healthCheckGracePeriodSeconds=45)
    found = s.look()
    assert found["loadBalancers"] == wanted
    assert found["healthCheckGracePeriodSeconds"] == 45


@check("ecs.service.keeps.connect", source=ecs("Deployment"))
def keeps_connect(s: Stage) -> None:
    """Service Connect is shown on the deployment and not on the service."""
    made = s.service(serviceConnectConfiguration={"enabled": False})
    assert "serviceConnectConfiguration" not in made
    assert made["deployments"][0]["serviceConnectConfiguration"]["enabled"] is False


@check("ecs.service.keeps.volumes", source=ecs("ServiceVolumeConfiguration"))
def keeps_volumes(s: Stage) -> None:
    """Volumes configured at launch are shown on the deployment and not on the service."""
    arn = s.register(volumes=[{"name": "data", "configuredAtLaunch": True}])["taskDefinitionArn"]
    ebs = {"roleArn": "arn:aws:iam::123456789012:role/ebs", "sizeInGiB": 10, "filesystemType": "ext4"}
    made = s.service(taskDefinition=arn, volumeConfigurations=[{"name": "data", "managedEBSVolume": ebs}])
    assert "volumeConfigurations" not in made
    assert made["deployments"][0]["volumeConfigurations"][0]["managedEBSVolume"]["sizeInGiB"] == 10


@check(
    "ecs.service.keeps.placement",
    source=ecs("PlacementStrategy"),
    says="valid values are instanceId (or host , which has the same effect)",
)
def keeps_placement(s: Stage) -> None:
    """`host` is kept as instanceId."""
    plain = s.plain()["taskDefinitionArn"]
    made = s.service(
        taskDefinition=plain,
        launchType="EC2",
        networkConfiguration=None,
        placementStrategy=[{"type": "spread", "field": "host"}],
    )
    assert made["placementStrategy"] == [{"type": "spread", "field": "instanceId"}]


@check(
    "ecs.service.token.replay",
    source=ecs("CreateService"),
    says="An identifier that you provide to ensure the idempotency of the request.",
)
def replay(s: Stage) -> None:
    """The same request with the same clientToken gives the service that is there."""
    first = s.service(clientToken="token-1")
    again = s.service(clientToken="token-1")
    assert again["serviceArn"] == first["serviceArn"]
    assert again["deployments"][0]["id"] == first["deployments"][0]["id"]


@check(
    "ecs.service.create.same-name",
    source=ecs("DeleteService"),
    says=(
        "If you attempt to create a new service with the same name as an existing service in "
        "either ACTIVE or DRAINING status, you receive an error."
    ),
)
def same_name(s: Stage) -> None:
    """A second service of one name is refused, and the first stays as it is."""
    s.service()
    with s.refused("InvalidParameterException", "ClientException"):
        s.service(enableECSManagedTags=True)
    assert s.look()["enableECSManagedTags"] is False


@check(
    "ecs.service.create.other-cluster",
    source=ecs("CreateService"),
    says="Service names must be unique within a cluster",
)
def other_cluster(s: Stage) -> None:
    """The same name in another cluster is another service."""
    first = s.service()
    s.ecs.create_cluster(clusterName=s.name("other"))
    second = s.service(cluster=s.name("other"))
    assert second["serviceArn"] != first["serviceArn"]


@check("ecs.service.describe.by-arn", source=ecs("DescribeServices"))
def by_arn(s: Stage) -> None:
    """A service is found by name and by ARN."""
    arn = s.service()["serviceArn"]
    found = s.ecs.describe_services(cluster=s.cluster, services=[arn])["services"]
    assert [one["serviceName"] for one in found] == [s.name("web")]


@check("ecs.service.describe.missing", source=ecs_guide("api_failures_messages"))
def missing(s: Stage) -> None:
    """A service that is not there is a failure MISSING, beside those that are."""
    s.service()
    answer = s.ecs.describe_services(cluster=s.cluster, services=[s.name("web"), s.name("nope")])
    assert len(answer["services"]) == 1
    [failure] = answer["failures"]
    assert failure["reason"] == "MISSING"
    assert failure["arn"].endswith(s.name("nope"))


@check(
    "ecs.service.describe.limit",
    source=ecs("DescribeServices"),
    says="You may specify up to 10 services to describe in a single operation.",
)
def describe_limit(s: Stage) -> None:
    """More than ten services in one call are refused."""
    with s.refused("InvalidParameterException"):
        s.ecs.describe_services(cluster=s.cluster, services=[s.name(str(n)) for n in range(11)])


@check("ecs.service.describe.none", source=ecs("DescribeServices"))
def describe_none(s: Stage) -> None:
    """No service at all is refused."""
    with s.refused("InvalidParameterException"):
        s.ecs.describe_services(cluster=s.cluster, services=[])


@check("ecs.service.describe.no-cluster", source=ecs("DescribeServices"))
def no_cluster(s: Stage) -> None:
    """A cluster that is not there is ClusterNotFoundException."""
    with s.refused("ClusterNotFoundException"):
        s.ecs.describe_services(cluster=s.name("nope"), services=["x"])


@check(
    "ecs.service.describe.tags-on-request",
    source=ecs("DescribeServices"),
    says="If this field is omitted, tags aren't included in the response.",
)
def tags_on_request(s: Stage) -> None:
    """Tags are shown only when TAGS are asked for."""
    s.service(tags=tags(team="green"))
    assert not s.look().get("tags")
    assert as_dict(s.look(include=["TAGS"])["tags"]) == {"team": "green"}


@check(
    "ecs.service.list.ten",
    source=ecs("ListServices"),
    says="If this parameter isn't used, then ListServices returns up to 10 results",
)
def list_ten(s: Stage) -> None:
    """Ten services a page, unless maxResults says otherwise."""
    for n in range(12):
        s.service(str(n))
    first = s.ecs.list_services(cluster=s.cluster)
    assert len(first["serviceArns"]) == 10
    rest = s.ecs.list_services(cluster=s.cluster, nextToken=first["nextToken"])
    assert len({*first["serviceArns"], *rest["serviceArns"]}) == 12
    assert not rest.get("nextToken")
    assert len(s.ecs.list_services(cluster=s.cluster, maxResults=100)["serviceArns"]) == 12


@check("ecs.service.list.max", source=ecs("ListServices"), says="This value can be between 1 and 100.")
def list_max(s: Stage) -> None:
    """maxResults of 101 is refused."""
    with s.refused("InvalidParameterException"):
        s.ecs.list_services(cluster=s.cluster, maxResults=101)


@check("ecs.service.list.token", source=ecs("ListServices"))
def list_token(s: Stage) -> None:
    """A nextToken that was never given out is refused."""
    s.service()
    with s.refused("InvalidParameterException"):
        s.ecs.list_services(cluster=s.cluster, nextToken="nonsense")


@check("ecs.service.list.filter", source=ecs("ListServices"))
def list_filter(s: Stage) -> None:
    """ListServices filters by launch type and scheduling strategy."""
    arn = s.service()["serviceArn"]

    def found(**by: Any) -> Any:
        return s.ecs.list_services(cluster=s.cluster, **by)["serviceArns"]

    assert (found(launchType="FARGATE"), found(launchType="EC2")) == ([arn], [])
    assert (found(schedulingStrategy="REPLICA"), found(schedulingStrategy="DAEMON")) == ([arn], [])
