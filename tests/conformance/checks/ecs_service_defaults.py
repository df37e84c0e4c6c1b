"""What AWS fills in when a service is created."""

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage

AREA = "ECS services"


@check(
    "ecs.service.defaults.strategy",
    source=ecs("CreateService"),
    says="If no deployment controller is specified, the default value of ECS is used.",
)
def default_controller(s: Stage) -> None:
    """A service is REPLICA and deployed by ECS, unless told otherwise."""
    made = s.service()
    assert made["schedulingStrategy"] == "REPLICA"
    assert made["deploymentController"] == {"type": "ECS"}


@check(
    "ecs.service.defaults.percent",
    source=ecs("DeploymentConfiguration"),
    says=("The default maximumPercent value for a service using the REPLICA service scheduler is 200%."),
)
def default_percent(s: Stage) -> None:
    """maximumPercent is 200 and minimumHealthyPercent 100."""
    found = s.service()["deploymentConfiguration"]
    assert (found["maximumPercent"], found["minimumHealthyPercent"]) == (200, 100)


@check("ecs.service.defaults.breaker", source=ecs("DeploymentCircuitBreaker"), says="The default is true")
def default_breaker(s: Stage) -> None:
    """The circuit breaker is off; turned on, it gets resetOnHealthyTask and a bounded half as threshold."""
    assert s.service("a")["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"] is False
    on = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    found = s.service("b", deploymentConfiguration=on)["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert found["rollback"] is True
    assert found["resetOnHealthyTask"] is True
    assert found["thresholdConfiguration"] == {"type": "BOUNDED_PERCENT", "value": 50}


@check("ecs.service.defaults.rolling", source=ecs("DeploymentConfiguration"))
def default_rolling(s: Stage) -> None:
    """The deployment strategy is ROLLING."""
    assert s.service()["deploymentConfiguration"]["strategy"] == "ROLLING"


@check(
    "ecs.service.defaults.rebalancing",
    source=ecs("CreateService"),
    says="Amazon ECS defaults the value to ENABLED",
)
def default_rebalancing(s: Stage) -> None:
    """Availability Zone rebalancing is ENABLED on creation."""
    assert s.service()["availabilityZoneRebalancing"] == "ENABLED"


@check(
    "ecs.service.defaults.public-ip",
    source=ecs("AwsVpcConfiguration"),
    says="When you use create-service or update-service , the default is DISABLED",
)
def default_public_ip(s: Stage) -> None:
    """assignPublicIp is shown as DISABLED."""
    network = {"subnets": s.target.network["subnets"]}
    made = s.service(networkConfiguration={"awsvpcConfiguration": network})
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


@check(
    "ecs.service.defaults.platform",
    source=ecs("CreateService"),
    says="If one isn't specified, the LATEST platform version is used.",
)
def default_platform(s: Stage) -> None:
    """A Fargate service shows platform LATEST of family Linux."""
    made = s.service()
    assert (made["launchType"], made["platformVersion"], made["platformFamily"]) == (
        "FARGATE",
        "LATEST",
        "Linux",
    )


@check("ecs.service.defaults.resolved-platform", source=ecs_guide("platform-fargate"))
def resolved_platform(s: Stage) -> None:
    """Its deployment shows the version that LATEST stands for."""
    assert s.service()["deployments"][0]["platformVersion"] == "1.4.0"


@check("ecs.service.defaults.flags", source=ecs("Service"))
def default_flags(s: Stage) -> None:
    """Managed tags and execute-command are off, tags are not propagated, the grace period is 0."""
    made = s.service()
    assert made["enableECSManagedTags"] is False
    assert made["enableExecuteCommand"] is False
    assert made["propagateTags"] == "NONE"
    assert made.get("healthCheckGracePeriodSeconds") in (0, None)


@check("ecs.service.defaults.lists", source=ecs("Service"))
def default_lists(s: Stage) -> None:
    """Load balancers, registries, placement and events are shown as empty lists."""
    made = s.service()
    names = ("loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy", "events")
    assert [made.get(name) for name in names] == [[], [], [], [], []]


@check("ecs.service.defaults.role", source=ecs("CreateService"))
def default_role(s: Stage) -> None:
    """Without a role the service-linked role of ECS is shown, and who created the service."""
    made = s.service()
    assert made["roleArn"].endswith("AWSServiceRoleForECS")
    assert made["createdBy"].startswith("arn:aws:")


@check("ecs.service.defaults.ec2", source=ecs("CreateService"))
def default_ec2(s: Stage) -> None:
    """Without launch type and strategy a service is of EC2, with no platform version."""
    plain = s.plain()["taskDefinitionArn"]
    made = s.service(taskDefinition=plain, launchType=None, networkConfiguration=None)
    assert made["launchType"] == "EC2"
    assert "platformVersion" not in made


@check("ecs.service.defaults.daemon", source=ecs("DeploymentConfiguration"))
def default_daemon(s: Stage) -> None:
    """A DAEMON service needs no desired count and has 100 as maximumPercent."""
    plain = s.plain()["taskDefinitionArn"]
    made = s.service(
        taskDefinition=plain,
        launchType="EC2",
        networkConfiguration=None,
        desiredCount=None,
        schedulingStrategy="DAEMON",
    )
    assert made["schedulingStrategy"] == "DAEMON"
    assert made["deploymentConfiguration"]["maximumPercent"] == 100


@check(
    "ecs.service.defaults.cluster-strategy",
    source=ecs("CreateService"),
    says=(
        "If no capacityProviderStrategy or launchType is specified, the "
        "defaultCapacityProviderStrategy for the cluster is used."
    ),
)
def cluster_strategy(s: Stage) -> None:
    """Without launch type the cluster's default strategy is taken over, and no launch type is shown."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster,
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
    )
    made = s.service(launchType=None)
    [item] = made["capacityProviderStrategy"]
    assert (item["capacityProvider"], item["weight"], item["base"]) == ("FARGATE", 1, 0)
    assert "launchType" not in made
