"""What CreateService and UpdateService refuse.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

import re

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.clusters import check_strategy
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Cluster, Json, TaskDefinition

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_TARGET_GROUP = re.compile(
    r"arn:aws[\w-]*:elasticloadbalancing:([\w-]+):(\d{12}):targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]+"
)
_TOKEN = re.compile(r"[\x21-\x7e]{1,36}")
TASKS_PER_SERVICE = 5000
PLATFORMS = frozenset({"LATEST", "1.4.0", "1.3.0", "1.0.0"})


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            "Invalid service name. Up to 255 letters (uppercase and lowercase), numbers, underscores, and "
            "hyphens are allowed."
        )


def check_token(token: str | None) -> None:
    if token is not None and not _TOKEN.fullmatch(token):
        raise invalid("clientToken must have up to 36 printable ASCII characters.")


def check_desired(count: int) -> None:
    """Up to the quota of tasks per service.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    """
    if count < 0:
        raise invalid("Invalid desired count. It must not be negative.")
    if count > TASKS_PER_SERVICE:
        raise invalid(f"The desired count exceeds the limit of {TASKS_PER_SERVICE} tasks per service.")


def check_configuration(configuration: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    least, most = configuration["minimumHealthyPercent"], configuration["maximumPercent"]
    if least < 0 or most < 0:
        raise invalid("minimumHealthyPercent and maximumPercent must not be negative.")
    if least == 100 and most == 100:
        raise invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
        )
    if least > most or most < 100:
        raise invalid("maximumPercent must be at least 100 and not less than minimumHealthyPercent.")
    _check_early(configuration)
    rule = configuration["deploymentCircuitBreaker"]["thresholdConfiguration"]
    if rule["value"] < 1:
        raise invalid("The circuit breaker's threshold value must be at least 1.")


def _check_early(configuration: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentEarlySuccessCriteria.html"""
    criteria = configuration.get("earlySuccessCriteria", {})
    if not criteria.get("enable"):
        return
    if configuration["strategy"] != "ROLLING":
        raise invalid("earlySuccessCriteria can only be used with the ROLLING deployment strategy.")
    percent = criteria.get("healthyPercent")
    if percent is None or "sourceServiceRevisionCleanup" not in criteria:
        raise invalid(
            "healthyPercent and sourceServiceRevisionCleanup must be specified when earlySuccessCriteria "
            "is enabled."
        )
    if not configuration["minimumHealthyPercent"] <= percent <= 100:
        raise invalid("healthyPercent must be between minimumHealthyPercent and 100.")


def check_capacity(cluster: Cluster, fields: Json) -> None:
    if fields.get("launchType") and fields.get("capacityProviderStrategy"):
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    if fields.get("capacityProviderStrategy"):
        check_strategy(fields["capacityProviderStrategy"], cluster.capacity_providers)


def check_placement(fields: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html: at most 10 and 5."""
    if len(fields.get("placementConstraints", [])) > 10:
        raise invalid("Too many placement constraints; the maximum is 10.")
    if len(fields.get("placementStrategy", [])) > 5:
        raise invalid("Too many placement strategies; the maximum is 5.")


def runs_on_fargate(config: Json) -> bool:
    strategy = config.get("capacityProviderStrategy")
    if strategy:
        return bool(strategy[0]["capacityProvider"].startswith("FARGATE"))
    return config.get("launchType") == "FARGATE"


def check_config(ecs: Region, config: Json, definition: TaskDefinition, scheduling: str) -> None:
    """The members of a service revision, against each other and against the task definition."""
    if runs_on_fargate(config):
        if "FARGATE" not in definition.compatibilities:
            raise invalid("Task definition does not support launch_type FARGATE.")
        if scheduling == "DAEMON":
            raise invalid("The daemon scheduling strategy is not supported by the Fargate launch type.")
        if config.get("platformVersion", "LATEST") not in PLATFORMS:
            raise ApiError("PlatformUnknownException", "The specified platform does not exist.")
    elif config.get("platformVersion"):
        raise invalid("The platform version must be null when specifying an EC2 launch type.")
    network = config.get("networkConfiguration")
    if definition.network_mode == "awsvpc":
        if not network or not network.get("awsvpcConfiguration"):
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        _check_network(network["awsvpcConfiguration"])
    elif network:
        raise invalid("Network Configuration is not valid for the given networkMode of this task definition.")
    for balancer in config.get("loadBalancers", []):
        _check_balancer(ecs, balancer, definition)
    for item in config.get("serviceRegistries", []):
        name = item.get("containerName")
        if name and name not in {c["name"] for c in definition.containers}:
            raise invalid(f"The container {name} does not exist in the task definition.")
    _check_connect(config.get("serviceConnectConfiguration"), definition)
    _check_volumes(config.get("volumeConfigurations", []), definition)


def _check_network(vpc: Json) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"""
    subnets, groups = vpc.get("subnets", []), vpc.get("securityGroups", [])
    if not subnets:
        raise invalid("subnets can not be empty.")
    if len(subnets) > 16:
        raise invalid("subnets can have at most 16 items.")
    if len(groups) > 5:
        raise invalid("securityGroups can have at most 5 items.")


def _check_balancer(ecs: Region, balancer: Json, definition: TaskDefinition) -> None:
    arn = balancer.get("targetGroupArn")
    if arn is None and not balancer.get("loadBalancerName"):
        raise invalid("targetGroupArn or loadBalancerName must be specified.")
    if arn is not None:
        found = _TARGET_GROUP.fullmatch(arn)
        if found is None or found.groups() != (ecs.region, ecs.account):
            raise invalid(f"Invalid identifier: Unable to parse the target group ARN {arn}")
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    if not name:
        raise invalid("Container name cannot be blank in a load balancer.")
    container = next((c for c in definition.containers if c["name"] == name), None)
    if container is None:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if all(mapping.get("containerPort") != port for mapping in container["portMappings"]):
        raise invalid(f"The container {name} did not have a container port {port} defined.")


def _check_connect(connect: Json | None, definition: TaskDefinition) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html"""
    if not connect or not connect.get("enabled"):
        return
    ports = {m.get("name") for c in definition.containers for m in c["portMappings"] if m.get("name")}
    for service in connect.get("services", []):
        if service["portName"] not in ports:
            raise invalid(
                f"Service Connect: the port name {service['portName']} was not found in the task definition."
            )


def _check_volumes(volumes: list[Json], definition: TaskDefinition) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceVolumeConfiguration.html"""
    if len(volumes) > 1:
        raise invalid("Only one volume configuration is supported.")
    launched = {v.get("name") for v in definition.content["volumes"] if v.get("configuredAtLaunch")}
    for volume in volumes:
        if volume["name"] not in launched:
            raise invalid(f"The volume {volume['name']} is not configured at launch in the task definition.")
