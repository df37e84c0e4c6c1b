"""UpdateService: what stays, what goes, and what starts a deployment."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage

AREA = "ECS service updates"
TRIGGERS = "This parameter triggers a new service deployment."
TRIGGERS_NOT = "This parameter doesn't trigger a new service deployment."


def _deploys(s: Stage, before: dict[str, Any], **changes: Any) -> bool:
    after = s.update(**changes)
    return bool(after["deployments"][0]["id"] != before["deployments"][0]["id"])


@check("ecs.update.nothing", source=ecs("UpdateService"))
def nothing(s: Stage) -> None:
    """An update that changes nothing starts no deployment."""
    made = s.service()
    assert not _deploys(s, made)
    assert not _deploys(s, made, taskDefinition=made["taskDefinition"], desiredCount=0)


@check("ecs.update.keeps-the-rest", source=ecs("UpdateService"))
def keeps_the_rest(s: Stage) -> None:
    """What an update leaves out stays as it is."""
    made = s.service(
        deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50},
        enableECSManagedTags=True,
        propagateTags="SERVICE",
    )
    s.update(enableExecuteCommand=True)
    found = s.look()
    names = ("deploymentConfiguration", "enableECSManagedTags", "propagateTags", "taskDefinition")
    assert {name: found[name] for name in names} == {name: made[name] for name in names}


@check("ecs.update.task-definition", source=ecs("UpdateService"), says=TRIGGERS)
def task_definition(s: Stage) -> None:
    """A new task definition starts a deployment, which is PRIMARY and of that revision."""
    before = s.service()
    arn = s.register()["taskDefinitionArn"]
    after = s.update(taskDefinition=arn)
    assert after["taskDefinition"] == arn
    assert after["deployments"][0]["taskDefinition"] == arn
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert after["deployments"][0]["status"] == "PRIMARY"


@check(
    "ecs.update.family",
    source=ecs("UpdateService"),
    says="If a revision is not specified, the latest ACTIVE revision is used.",
)
def family(s: Stage) -> None:
    """A bare family means its latest ACTIVE revision, shown as its ARN."""
    s.service()
    s.register()
    latest = s.register()["taskDefinitionArn"]
    assert s.update(taskDefinition=s.name("web"))["taskDefinition"] == latest


@check(
    "ecs.update.old-deployment-active",
    source=ecs("Deployment"),
    says=(
        "A service deployment that still has running tasks, but are in the process of being "
        "replaced with a new PRIMARY deployment."
    ),
    needs=("task",),
)
def old_is_active(s: Stage) -> None:
    """While its tasks run, the old deployment is ACTIVE beside the PRIMARY one."""
    s.running(1)
    arn = s.register()["taskDefinitionArn"]
    after = s.update(taskDefinition=arn)
    assert [d["status"] for d in after["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert [d["taskDefinition"] == arn for d in after["deployments"]] == [True, False]


@check("ecs.update.unknown-definition", source=ecs("UpdateService"))
def unknown_definition(s: Stage) -> None:
    """A task definition that is not there is refused, and nothing changes."""
    before = s.service()
    with s.refused("ClientException", "InvalidParameterException"):
        s.update(taskDefinition=s.name("nope"))
    assert s.look()["taskDefinition"] == before["taskDefinition"]


@check(
    "ecs.update.inactive-definition",
    source=ecs("DeregisterTaskDefinition"),
    says="you can't update an existing service to reference an INACTIVE task definition",
)
def inactive_definition(s: Stage) -> None:
    """An INACTIVE task definition is refused."""
    s.service()
    arn = s.register()["taskDefinitionArn"]
    s.ecs.deregister_task_definition(taskDefinition=arn)
    with s.refused("ClientException", "InvalidParameterException"):
        s.update(taskDefinition=arn)


@check(
    "ecs.update.scale-on-inactive",
    source=ecs("DeregisterTaskDefinition"),
    says=(
        "Existing services that reference an INACTIVE task definition can still scale up or down "
        "by modifying the service's desired count."
    ),
    needs=("task",),
)
def scale_on_inactive(s: Stage) -> None:
    """A service on a revision that went INACTIVE still scales."""
    made = s.service()
    s.ecs.deregister_task_definition(taskDefinition=made["taskDefinition"])
    s.update(desiredCount=1)
    assert s.steady()["runningCount"] == 1


@check(
    "ecs.update.force",
    source=ecs("UpdateService"),
    says="You can use this option to start a new deployment with no service definition changes.",
)
def force(s: Stage) -> None:
    """forceNewDeployment starts a deployment of the same revision."""
    before = s.service()
    after = s.update(forceNewDeployment=True)
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert after["taskDefinition"] == before["taskDefinition"]


@check(
    "ecs.update.force-replaces",
    source=ecs("UpdateService"),
    says=("you can update a service's tasks to use a newer Docker image with the same image/tag combination"),
    needs=("task",),
)
def force_replaces(s: Stage) -> None:
    """After a forced deployment other tasks run."""
    s.running(1)
    [before] = s.tasks()
    s.update(forceNewDeployment=True)
    s.steady()
    [after] = s.tasks()
    assert after["taskArn"] != before["taskArn"]


@check("ecs.update.network", source=ecs("UpdateService"), says=TRIGGERS)
def network(s: Stage) -> None:
    """Another network configuration starts a deployment; the same in another order does not."""
    before = s.service()
    vpc = before["networkConfiguration"]["awsvpcConfiguration"]
    turned = {"subnets": sorted(vpc["subnets"], reverse=True), "securityGroups": vpc["securityGroups"]}
    same = {**vpc, "subnets": sorted(vpc["subnets"])}
    assert not _deploys(s, before, networkConfiguration={"awsvpcConfiguration": {**vpc, **turned}})
    assert not _deploys(s, before, networkConfiguration={"awsvpcConfiguration": same})
    fewer = {**vpc, "subnets": vpc["subnets"][:1]}
    assert _deploys(s, before, networkConfiguration={"awsvpcConfiguration": fewer})
    assert s.look()["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == vpc["subnets"][:1]


@check("ecs.update.platform", source=ecs("UpdateService"), says=TRIGGERS)
def platform(s: Stage) -> None:
    """Another platform version starts a deployment."""
    before = s.service()
    assert _deploys(s, before, platformVersion="1.4.0")
    assert s.look()["platformVersion"] == "1.4.0"


@check("ecs.update.load-balancers.add", source=ecs("UpdateService"), says=TRIGGERS, needs=("balancer",))
def add_balancer(s: Stage) -> None:
    """Adding a target group starts a deployment."""
    before = s.service()
    wanted = s.balanced(s.used_group())
    assert _deploys(s, before, loadBalancers=wanted)
    assert s.look()["loadBalancers"] == wanted


@check(
    "ecs.update.load-balancers.clear",
    source=ecs("UpdateService"),
    says="You can remove existing loadBalancers by passing an empty list.",
    needs=("balancer",),
)
def clear_balancers(s: Stage) -> None:
    """An empty list takes the load balancers away, and leaving them out does not."""
    s.service(loadBalancers=s.balanced(s.used_group()))
    s.update(desiredCount=0)
    assert len(s.look()["loadBalancers"]) == 1
    s.update(loadBalancers=[])
    assert s.look()["loadBalancers"] == []


@check("ecs.update.desired-count", source=ecs("UpdateService"))
def desired_count(s: Stage) -> None:
    """Another desired count starts no deployment, and shows on service and deployment."""
    before = s.service()
    after = s.update(desiredCount=1)
    assert after["deployments"][0]["id"] == before["deployments"][0]["id"]
    assert (after["desiredCount"], after["deployments"][0]["desiredCount"]) == (1, 1)


@check("ecs.update.scale-out-and-in", source=ecs("UpdateService"), needs=("tasks",))
def scale(s: Stage) -> None:
    """Tasks follow the desired count, up and down, and those that stay are the same."""
    s.running(1)
    [kept] = s.tasks()
    s.update(desiredCount=3)
    assert s.steady()["runningCount"] == 3
    assert kept["taskArn"] in [task["taskArn"] for task in s.tasks()]
    s.update(desiredCount=0)
    assert s.steady()["runningCount"] == 0


@check("ecs.update.deployment-configuration", source=ecs("UpdateService"), says=TRIGGERS_NOT)
def configuration(s: Stage) -> None:
    """Another deployment configuration starts no deployment; what it leaves out stays."""
    before = s.service(deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50})
    assert not _deploys(s, before, deploymentConfiguration={"maximumPercent": 175})
    found = s.look()["deploymentConfiguration"]
    assert (found["maximumPercent"], found["minimumHealthyPercent"]) == (175, 50)


@check("ecs.update.flags", source=ecs("UpdateService"), says=TRIGGERS_NOT)
def flags(s: Stage) -> None:
    """Execute-command, managed tags and propagation change without a deployment."""
    before = s.service()
    changes = {"enableExecuteCommand": True, "enableECSManagedTags": True, "propagateTags": "SERVICE"}
    assert not _deploys(s, before, **changes)
    found = s.look()
    assert {name: found[name] for name in changes} == changes


@check("ecs.update.grace-period", source=ecs("UpdateService"), says=TRIGGERS_NOT, needs=("balancer",))
def grace_period(s: Stage) -> None:
    """The grace period changes without a deployment."""
    before = s.service(loadBalancers=s.balanced(s.used_group()))
    assert not _deploys(s, before, healthCheckGracePeriodSeconds=90)
    assert s.look()["healthCheckGracePeriodSeconds"] == 90


@check(
    "ecs.update.rebalancing",
    source=ecs("UpdateService"),
    says="Amazon ECS defaults to the existing service’s AvailabilityZoneRebalancing value",
)
def rebalancing(s: Stage) -> None:
    """Availability Zone rebalancing changes when told to, and stays otherwise."""
    s.service()
    s.update(availabilityZoneRebalancing="DISABLED")
    s.update(desiredCount=0)
    assert s.look()["availabilityZoneRebalancing"] == "DISABLED"


@check(
    "ecs.update.placement",
    source=ecs("UpdateService"),
    says=("If no value is specified, the existing placement strategy for the service will remain unchanged."),
)
def placement(s: Stage) -> None:
    """Placement is replaced when given, kept when not, and taken away by an empty list."""
    plain = s.plain()["taskDefinitionArn"]
    first, second = {"type": "random"}, {"type": "spread", "field": "instanceId"}
    s.service(taskDefinition=plain, launchType="EC2", networkConfiguration=None, placementStrategy=[first])
    s.update(desiredCount=0)
    assert s.look()["placementStrategy"] == [first]
    s.update(placementStrategy=[second])
    assert s.look()["placementStrategy"] == [second]
    s.update(placementStrategy=[])
    assert s.look()["placementStrategy"] == []


@check("ecs.update.strategy-needs-force", source=ecs_guide("cluster-capacity-providers"))
def strategy_needs_force(s: Stage) -> None:
    """From launch type to strategy needs forceNewDeployment; then no launch type is left."""
    s.service()
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    wanted = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
    with s.refused("InvalidParameterException"):
        s.update(capacityProviderStrategy=wanted)
    s.update(capacityProviderStrategy=wanted, forceNewDeployment=True)
    found = s.look()
    assert found["capacityProviderStrategy"] == wanted
    assert "launchType" not in found


@check(
    "ecs.update.strategy-back",
    source=ecs("UpdateService"),
    says="Pass an empty list in the capacityProviderStrategy parameter.",
)
def strategy_back(s: Stage) -> None:
    """An empty strategy goes back to the launch type."""
    s.service()
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    wanted = [{"capacityProvider": "FARGATE", "weight": 1}]
    s.update(capacityProviderStrategy=wanted, forceNewDeployment=True)
    s.update(capacityProviderStrategy=[], forceNewDeployment=True)
    found = s.look()
    assert found["launchType"] == "FARGATE"
    assert not found.get("capacityProviderStrategy")


@check("ecs.update.missing", source=ecs("UpdateService"))
def missing(s: Stage) -> None:
    """Updating what is not there is ServiceNotFoundException."""
    with s.refused("ServiceNotFoundException"):
        s.update("nope", desiredCount=0)


@check("ecs.update.no-cluster", source=ecs("UpdateService"))
def no_cluster(s: Stage) -> None:
    """A cluster that is not there is ClusterNotFoundException."""
    with s.refused("ClusterNotFoundException"):
        s.ecs.update_service(cluster=s.name("nope"), service="x", desiredCount=0)


@check("ecs.update.checks-balancer", source=ecs("LoadBalancer"), needs=("balancer",))
def checks_balancer(s: Stage) -> None:
    """An update checks containers and ports of its load balancers as creation does."""
    s.service()
    [balancer] = s.balanced(s.used_group())
    for change in ({"containerName": "other"}, {"containerPort": 81}):
        with s.refused("InvalidParameterException", "ClientException"):
            s.update(loadBalancers=[balancer | change])
    assert s.look()["loadBalancers"] == []


@check("ecs.update.checks-configuration", source=ecs_guide("deployment-type-ecs"))
def checks_configuration(s: Stage) -> None:
    """An update to 100 and 100 percent is refused."""
    s.service()
    with s.refused("InvalidParameterException", "ClientException"):
        s.update(deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100})


@check(
    "ecs.update.volumes-null",
    source=ecs("UpdateService"),
    says="If you leave volumeConfigurations null , it doesn't trigger a new deployment.",
)
def volumes_null(s: Stage) -> None:
    """An update without volumes keeps those of the deployment and starts none."""
    arn = s.register(volumes=[{"name": "data", "configuredAtLaunch": True}])["taskDefinitionArn"]
    ebs = {"roleArn": "arn:aws:iam::123456789012:role/ebs", "sizeInGiB": 10}
    before = s.service(taskDefinition=arn, volumeConfigurations=[{"name": "data", "managedEBSVolume": ebs}])
    assert not _deploys(s, before, enableExecuteCommand=True)
    assert s.look()["deployments"][0]["volumeConfigurations"][0]["name"] == "data"


@check("ecs.update.connect", source=ecs("UpdateService"), says=TRIGGERS)
def connect(s: Stage) -> None:
    """Turning Service Connect on starts a deployment, which shows it with the names filled in."""
    ports = {"portMappings": [{"containerPort": 80, "name": "http"}]}
    before = s.service(taskDefinition=s.register(container=ports)["taskDefinitionArn"])
    wanted = {
        "enabled": True,
        "namespace": s.name("ns"),
        "services": [{"portName": "http", "clientAliases": [{"port": 80}]}],
    }
    assert _deploys(s, before, serviceConnectConfiguration=wanted)
    [shown] = s.look()["deployments"][0]["serviceConnectConfiguration"]["services"]
    assert shown["discoveryName"] == "http"


@check("ecs.update.superseded", source=ecs_guide("service-deployment"), needs=("task",))
def superseded(s: Stage) -> None:
    """An update during a deployment takes its place: one PRIMARY, of the newest revision, which wins."""
    s.running(1)
    s.update(taskDefinition=s.register()["taskDefinitionArn"])
    newest = s.register()["taskDefinitionArn"]
    after = s.update(taskDefinition=newest)
    primaries = [d for d in after["deployments"] if d["status"] == "PRIMARY"]
    assert [d["taskDefinition"] for d in primaries] == [newest]
    s.steady()
    assert [task["taskDefinitionArn"] for task in s.tasks()] == [newest]
