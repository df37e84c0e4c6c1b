"""What CreateService refuses."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage, tags

AREA = "ECS services"
FAULT = ("InvalidParameterException", "ClientException")


def _refused(s: Stage, *codes: str, **extra: Any) -> None:
    with s.refused(*(codes or FAULT)):
        s.service(**extra)
    assert s.ecs.list_services(cluster=s.cluster)["serviceArns"] == [], "refused, but made"


@check("ecs.service.refuses.cluster", source=ecs("CreateService"))
def cluster(s: Stage) -> None:
    """A cluster that is not there."""
    with s.refused("ClusterNotFoundException"):
        s.service(cluster=s.name("nope"))


@check("ecs.service.refuses.definition", source=ecs("CreateService"))
def definition(s: Stage) -> None:
    """A task definition that is not there."""
    _refused(s, taskDefinition=s.name("nope"))
    _refused(s, taskDefinition=f"{s.name('web')}:9")


@check(
    "ecs.service.refuses.no-definition",
    source=ecs("CreateService"),
    says=(
        "A task definition must be specified if the service uses either the ECS or CODE_DEPLOY "
        "deployment controllers."
    ),
)
def no_definition(s: Stage) -> None:
    """No task definition."""
    _refused(s, taskDefinition=None)


@check(
    "ecs.service.refuses.inactive-definition",
    source=ecs("DeregisterTaskDefinition"),
    says="You can't use an INACTIVE task definition to run new tasks or create new services",
)
def inactive_definition(s: Stage) -> None:
    """An INACTIVE task definition."""
    s.ecs.deregister_task_definition(taskDefinition=s.web["taskDefinitionArn"])
    _refused(s, taskDefinition=s.web["taskDefinitionArn"])


@check(
    "ecs.service.refuses.name",
    source=ecs("CreateService"),
    says=("Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed."),
)
def name(s: Stage) -> None:
    """A name with a blank, and one of 256 characters."""
    _refused(s, serviceName=s.name("a b"))
    _refused(s, serviceName=s.name("x" * 256)[:256])


@check(
    "ecs.service.refuses.desired-count",
    source=ecs("CreateService"),
    says="This is required if schedulingStrategy is REPLICA or isn't specified.",
)
def no_desired_count(s: Stage) -> None:
    """REPLICA without a desired count."""
    _refused(s, desiredCount=None)


@check("ecs.service.refuses.negative-count", source=ecs("CreateService"))
def negative(s: Stage) -> None:
    """A negative desired count."""
    _refused(s, desiredCount=-1)


@check(
    "ecs.service.refuses.both-capacities",
    source=ecs("CreateService"),
    says="If a capacityProviderStrategy is specified, the launchType parameter must be omitted.",
)
def both(s: Stage) -> None:
    """A launch type and a capacity provider strategy at once."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    _refused(s, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])


@check(
    "ecs.service.refuses.foreign-provider",
    source=ecs("PutClusterCapacityProviders"),
    says="A capacity provider must be associated with the cluster",
)
def foreign_provider(s: Stage) -> None:
    """A capacity provider that is not associated with the cluster."""
    _refused(s, launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])


@check(
    "ecs.service.refuses.weights-zero",
    source=ecs("CapacityProviderStrategyItem"),
    says=(
        "If you specify multiple capacity providers in a strategy that all have a weight of 0 , "
        "any RunTask or CreateService actions using the capacity provider strategy will fail."
    ),
)
def weights_zero(s: Stage) -> None:
    """Two capacity providers with no weight at all."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    both = [{"capacityProvider": name, "weight": 0} for name in ("FARGATE", "FARGATE_SPOT")]
    _refused(s, launchType=None, capacityProviderStrategy=both)


@check(
    "ecs.service.refuses.two-bases",
    source=ecs("CapacityProviderStrategyItem"),
    says="Only one capacity provider in a capacity provider strategy can have a base defined.",
)
def two_bases(s: Stage) -> None:
    """Two capacity providers with a base."""
    s.ecs.put_cluster_capacity_providers(
        cluster=s.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    both = [{"capacityProvider": name, "weight": 1, "base": 1} for name in ("FARGATE", "FARGATE_SPOT")]
    _refused(s, launchType=None, capacityProviderStrategy=both)


@check(
    "ecs.service.refuses.no-network",
    source=ecs("CreateService"),
    says="This parameter is required for task definitions that use the awsvpc network mode",
)
def no_network(s: Stage) -> None:
    """awsvpc without a network configuration."""
    _refused(s, networkConfiguration=None)


@check(
    "ecs.service.refuses.network-bridge",
    source=ecs("CreateService"),
    says="it isn't supported for other network modes",
)
def network_bridge(s: Stage) -> None:
    """A network configuration with bridge mode."""
    _refused(s, taskDefinition=s.plain()["taskDefinitionArn"], launchType="EC2")


@check(
    "ecs.service.refuses.subnets",
    source=ecs("AwsVpcConfiguration"),
    says="There's a limit of 16 subnets that can be specified.",
)
def subnets(s: Stage) -> None:
    """No subnet, and seventeen."""
    for given in ([], [f"subnet-{n:017x}" for n in range(17)]):
        _refused(s, networkConfiguration={"awsvpcConfiguration": {"subnets": given}})


@check(
    "ecs.service.refuses.groups",
    source=ecs("AwsVpcConfiguration"),
    says="There's a limit of 5 security groups that can be specified.",
)
def groups(s: Stage) -> None:
    """Six security groups."""
    network = s.target.network | {"securityGroups": [f"sg-{n:017x}" for n in range(6)]}
    _refused(s, networkConfiguration={"awsvpcConfiguration": network})


@check("ecs.service.refuses.not-fargate", source=ecs_guide("fargate-tasks-services"))
def not_fargate(s: Stage) -> None:
    """Fargate with a task definition that does not fit it."""
    _refused(s, taskDefinition=s.plain()["taskDefinitionArn"], networkConfiguration=None)


@check(
    "ecs.service.refuses.fargate-daemon",
    source=ecs("CreateService"),
    says=(
        "Tasks using the Fargate launch type or the CODE_DEPLOY or EXTERNAL deployment controller"
        " types don't support the DAEMON scheduling strategy."
    ),
)
def fargate_daemon(s: Stage) -> None:
    """DAEMON on Fargate."""
    _refused(s, schedulingStrategy="DAEMON", desiredCount=None)


@check("ecs.service.refuses.platform", source=ecs("CreateService"))
def platform(s: Stage) -> None:
    """A platform version that is not there: PlatformUnknownException."""
    _refused(s, "PlatformUnknownException", platformVersion="9.9.9")


@check(
    "ecs.service.refuses.platform-ec2",
    source=ecs("CreateService"),
    says="A platform version is specified only for tasks using the Fargate launch type.",
)
def platform_ec2(s: Stage) -> None:
    """A platform version on EC2."""
    plain = s.plain()["taskDefinitionArn"]
    _refused(s, taskDefinition=plain, launchType="EC2", networkConfiguration=None, platformVersion="1.4.0")


@check("ecs.service.refuses.blocked", source=ecs_guide("deployment-type-ecs"))
def blocked(s: Stage) -> None:
    """minimumHealthyPercent 100 with maximumPercent 100, which would block every deployment."""
    _refused(s, deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100})


@check(
    "ecs.service.refuses.token",
    source=ecs("CreateService"),
    says="Up to 36 ASCII characters in the range of 33-126 (inclusive) are allowed.",
)
def token(s: Stage) -> None:
    """A clientToken of 37 characters."""
    _refused(s, clientToken="x" * 37)


@check(
    "ecs.service.refuses.role",
    source=ecs("CreateService"),
    says=(
        "If you specify the role parameter, you must also specify a load balancer object with the"
        " loadBalancers parameter."
    ),
)
def role(s: Stage) -> None:
    """A role without a load balancer."""
    _refused(s, role="ecsServiceRole")


@check("ecs.service.refuses.strategy-fargate", source=ecs_guide("task-placement-strategies"))
def strategy_fargate(s: Stage) -> None:
    """Placement strategies on Fargate."""
    _refused(s, placementStrategy=[{"type": "spread", "field": "instanceId"}])


@check(
    "ecs.service.refuses.strategies",
    source=ecs("CreateService"),
    says="You can specify a maximum of 5 strategy rules for each service.",
)
def strategies(s: Stage) -> None:
    """Six placement strategies."""
    plain = s.plain()["taskDefinitionArn"]
    six = [{"type": "spread", "field": f"attribute:a{n}"} for n in range(6)]
    _refused(s, taskDefinition=plain, launchType="EC2", networkConfiguration=None, placementStrategy=six)


@check(
    "ecs.service.refuses.constraints",
    source=ecs("CreateService"),
    says="You can specify a maximum of 10 constraints for each task.",
)
def constraints(s: Stage) -> None:
    """Eleven placement constraints."""
    plain = s.plain()["taskDefinitionArn"]
    eleven = [{"type": "memberOf", "expression": f"attribute:a == {n}"} for n in range(11)]
    _refused(
        s, taskDefinition=plain, launchType="EC2", networkConfiguration=None, placementConstraints=eleven
    )


@check("ecs.service.refuses.aws-tag", source=ecs("Tag"))
def aws_tag(s: Stage) -> None:
    """A tag whose key begins with aws:."""
    _refused(s, tags=[{"key": "aws:x", "value": "1"}])


@check(
    "ecs.service.refuses.many-tags",
    source=ecs("CreateService"),
    says="Maximum number of tags per resource - 50",
)
def many_tags(s: Stage) -> None:
    """More than fifty tags."""
    _refused(s, tags=tags(**{f"k{n}": "" for n in range(51)}))


@check("ecs.service.refuses.container", source=ecs("LoadBalancer"), needs=("balancer",))
def container(s: Stage) -> None:
    """A load balancer for a container that the task definition does not have."""
    [balancer] = s.balanced(s.used_group())
    _refused(s, loadBalancers=[balancer | {"containerName": "other"}])


@check("ecs.service.refuses.port", source=ecs("LoadBalancer"), needs=("balancer",))
def port(s: Stage) -> None:
    """A load balancer for a port that the container does not map."""
    [balancer] = s.balanced(s.used_group())
    _refused(s, loadBalancers=[balancer | {"containerPort": 81}])


@check("ecs.service.refuses.group-missing", source=ecs("LoadBalancer"))
def group_missing(s: Stage) -> None:
    """A target group that is not there."""
    arn = s.group()
    s.elb.delete_target_group(TargetGroupArn=arn)
    _refused(s, loadBalancers=s.balanced(arn))


@check("ecs.service.refuses.group-unused", source=ecs_guide("service-load-balancing"))
def group_unused(s: Stage) -> None:
    """A target group that no load balancer forwards to."""
    _refused(s, loadBalancers=s.balanced(s.group()))


@check(
    "ecs.service.refuses.group-type",
    source=ecs("LoadBalancer"),
    says="you must choose ip as the target type, not instance",
    needs=("balancer",),
)
def group_type(s: Stage) -> None:
    """A target group of instances with awsvpc."""
    arn = s.group(TargetType="instance")
    s.listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
    _refused(s, loadBalancers=s.balanced(arn))


@check(
    "ecs.service.refuses.connect-port",
    source=ecs("ServiceConnectService"),
    says=(
        "The portName must match the name of one of the portMappings from all the containers in "
        "the task definition"
    ),
)
def connect_port(s: Stage) -> None:
    """Service Connect of a port name that the task definition does not have."""
    connect = {"enabled": True, "namespace": s.name("n"), "services": [{"portName": "nope"}]}
    _refused(s, serviceConnectConfiguration=connect)


@check("ecs.service.refuses.volume", source=ecs("ServiceVolumeConfiguration"))
def volume(s: Stage) -> None:
    """A volume that the task definition does not configure at launch."""
    ebs = {"roleArn": "arn:aws:iam::123456789012:role/ebs", "sizeInGiB": 10}
    _refused(s, volumeConfigurations=[{"name": "data", "managedEBSVolume": ebs}])


@check(
    "ecs.service.refuses.early-success-percent",
    source=ecs("DeploymentEarlySuccessCriteria"),
    says="This value must be greater than or equal to the minimumHealthyPercent value.",
)
def early_success(s: Stage) -> None:
    """An early success below minimumHealthyPercent."""
    early = {"enable": True, "healthyPercent": 40, "sourceServiceRevisionCleanup": "BLOCKING"}
    _refused(s, deploymentConfiguration={"minimumHealthyPercent": 50, "earlySuccessCriteria": early})


@check("ecs.service.refuses.group-arn", source=ecs("LoadBalancer"))
def nonsense_arn(s: Stage) -> None:
    """An ARN that is none of a target group."""
    _refused(s, loadBalancers=s.balanced("arn:aws:nonsense"))
