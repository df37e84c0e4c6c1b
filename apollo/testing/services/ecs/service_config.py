"""How AWS completes what a service request leaves out.

A service has two kinds of members: those that belong to a service revision (changing one replaces tasks), and
the rest. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-revision.html
"""

from apollo.testing.services.ecs.service_rules import runs_on_fargate
from apollo.testing.services.ecs.state import Cluster, Json, TaskDefinition

REVISION = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
)
"""Members of a service revision, besides the task definition."""

DEPLOYMENT_ONLY = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
"""Shown in deployments[] and revisions, never on the service itself (API reference: Service, Deployment)."""

REVISION_ONLY = ("gatewayConnectors", "monitoring")

NO_ALARMS = {"alarmNames": [], "rollback": False, "enable": False}
NO_BREAKER = {
    "enable": False,
    "rollback": False,
    "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}
LINEAR = {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}
CANARY = {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}


def deployment_configuration(given: Json, before: Json | None, scheduling: str) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"""
    if before is not None and not given:
        return before
    daemon = scheduling == "DAEMON"
    start: Json = before or {
        "deploymentCircuitBreaker": NO_BREAKER,
        "maximumPercent": 100 if daemon else 200,
        "minimumHealthyPercent": 0 if daemon else 100,
        "alarms": NO_ALARMS,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    result = {**start, **given}
    if result["strategy"] != start["strategy"]:
        for name in ("linearConfiguration", "canaryConfiguration", "earlySuccessCriteria", "lifecycleHooks"):
            if name not in given:
                result.pop(name, None)
    if result["strategy"] == "LINEAR":
        result["linearConfiguration"] = {**LINEAR, **result.get("linearConfiguration", {})}
    if result["strategy"] == "CANARY":
        result["canaryConfiguration"] = {**CANARY, **result.get("canaryConfiguration", {})}
    if "lifecycleHooks" in given:
        result["lifecycleHooks"] = [{"targetType": "AWS_LAMBDA", **hook} for hook in given["lifecycleHooks"]]
    if "deploymentCircuitBreaker" in given:
        result["deploymentCircuitBreaker"] = {**NO_BREAKER, **given["deploymentCircuitBreaker"]}
    return result


def network(given: Json) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"""
    vpc = given.get("awsvpcConfiguration")
    if vpc is None:
        return given
    return {"awsvpcConfiguration": {"securityGroups": [], "assignPublicIp": "DISABLED", **vpc}}


def connect(given: Json) -> Json:
    """discoveryName defaults to the port's name, dnsName to discoveryName.namespace.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    """
    if not given.get("enabled") or "services" not in given:
        return given
    namespace = given.get("namespace", "default").rsplit("/", 1)[-1]
    services = []
    for service in given["services"]:
        name = service.get("discoveryName", service["portName"])
        aliases = [{"dnsName": f"{name}.{namespace}", **alias} for alias in service.get("clientAliases", [])]
        services.append({**service, "discoveryName": name} | ({"clientAliases": aliases} if aliases else {}))
    return {**given, "services": services}


def revision_config(params: Json, before: Json | None, cluster: Cluster, definition: TaskDefinition) -> Json:
    """The service revision that a request asks for; `before` is the one it changes."""
    config: Json = dict(before or {"loadBalancers": [], "serviceRegistries": []})
    for name in REVISION:
        if name in params:
            config[name] = params[name]
    if "networkConfiguration" in params:
        config["networkConfiguration"] = network(params["networkConfiguration"])
    if "serviceConnectConfiguration" in params:
        config["serviceConnectConfiguration"] = connect(params["serviceConnectConfiguration"])
    _capacity(params, config, before, cluster)
    config["taskDefinition"] = definition.arn
    if runs_on_fargate(config):
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
        config.setdefault("platformVersion", "LATEST")
        family = definition.content.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
        config["platformFamily"] = "Linux" if family == "LINUX" else family.replace("_", " ").title()
    else:
        if "platformVersion" not in params:
            config.pop("platformVersion", None)
        config.pop("platformFamily", None)
    for name in ("volumeConfigurations", "vpcLatticeConfigurations", "gatewayConnectors"):
        if not config.get(name, True):
            del config[name]
    return config


def _capacity(params: Json, config: Json, before: Json | None, cluster: Cluster) -> None:
    """A launch type or a strategy, never both; without either, the cluster's default strategy, else EC2."""
    strategy = params.get("capacityProviderStrategy")
    if strategy:
        config["capacityProviderStrategy"] = [{"base": 0, "weight": 0, **item} for item in strategy]
        if before is not None and before.get("launchType"):
            config["launchTypeBefore"] = before["launchType"]
        config.pop("launchType", None)
    elif strategy == []:
        # "Pass an empty list in the capacityProviderStrategy parameter" goes back to the launch type.
        fargate = before is not None and runs_on_fargate(before)
        config.pop("capacityProviderStrategy", None)
        fallback = "FARGATE" if fargate else "EC2"
        config["launchType"] = config.pop("launchTypeBefore", None) or config.get("launchType") or fallback
    elif not config.get("launchType") and not config.get("capacityProviderStrategy"):
        if cluster.default_strategy:
            config["capacityProviderStrategy"] = cluster.default_strategy
        else:
            config["launchType"] = "EC2"


def canonical(config: Json) -> Json:
    """For comparing revisions: members that are sets to AWS, in one order."""
    result = dict(config)
    result.pop("launchTypeBefore", None)
    if not result.get("serviceConnectConfiguration", {}).get("enabled", True):
        del result["serviceConnectConfiguration"]
    vpc = config.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if vpc is not None:
        result["networkConfiguration"] = {k: sorted(v) if isinstance(v, list) else v for k, v in vpc.items()}
    for name in ("loadBalancers", "serviceRegistries", "capacityProviderStrategy"):
        if name in config:
            result[name] = sorted(config[name], key=repr)
    return result
