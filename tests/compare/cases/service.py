"""Rules of the service."""

from __future__ import annotations

from typing import Any

from tests.compare.cases import Case, Data, filled

ARN = "arn:aws:ecs:eu-west-1:123456789012:"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"
REGISTRY = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-"
D = "/deploymentConfiguration"
N = "/networkConfiguration/awsvpcConfiguration"
S = "/serviceConnectConfiguration"


def service(**fields: Any) -> Data:
    return {"serviceName": "web", **fields}


def deployment(**fields: Any) -> Data:
    return service(deploymentConfiguration=fields)


def breaker(**fields: Any) -> Data:
    return deployment(deploymentCircuitBreaker={"enable": True, "rollback": True, **fields})


def alarms(*names: str, enable: bool = True, rollback: bool = False) -> Data:
    return deployment(alarms={"alarmNames": list(names), "enable": enable, "rollback": rollback})


def network(*subnets: str, **fields: Any) -> Data:
    return service(networkConfiguration={"awsvpcConfiguration": {"subnets": list(subnets or "a"), **fields}})


def connect(**fields: Any) -> Data:
    return service(serviceConnectConfiguration={"enabled": True, **fields})


def connected(**fields: Any) -> Data:
    return connect(services=[{"portName": "http", **fields}])


def provider(name: str, **fields: Any) -> Data:
    return {"capacityProvider": name, **fields}


def target(name: str, port: int = 80) -> Data:
    return {"targetGroupArn": f"{GROUP}{name}/1a2b", "containerName": "app", "containerPort": port}


def registry(name: str, **fields: Any) -> Data:
    return {"registryArn": f"{REGISTRY}{name}", **fields}


def volume(name: str, **fields: Any) -> Data:
    return {"name": name, "managedEBSVolume": {"roleArn": "arn:role", **fields}}


def tagged(*keys: str) -> Data:
    return {"resourceType": "volume", "tags": [{"key": key, "value": "x"} for key in keys]}


def lattice(name: str) -> Data:
    return {"targetGroupArn": f"arn:lattice/tg-{name}", "portName": "http", "roleArn": "arn:role"}


def metrics(*names: str, seconds: int = 20) -> Data:
    return {"metricNames": list(names), "resolutionSeconds": seconds}


def secrets(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "valueFrom": f"arn:{name}"} for name in names]


def splunk(**fields: Any) -> Data:
    return {"logDriver": "splunk", **fields}


FARGATE = {"launchType": "FARGATE"}
HOOK = {
    "hookTargetArn": "arn:one",
    "roleArn": "arn:role",
    "lifecycleStages": ["PRE_SCALE_UP", "POST_SCALE_UP"],
}


def details(document: Any) -> Data:
    return {"hookDetails": document}


def timeout(**fields: Any) -> Data:
    return {"timeoutConfiguration": fields}


CASES: list[Case] = [
    (
        "/availabilityZoneRebalancing",
        service(),
        service(availabilityZoneRebalancing="ENABLED"),
        service(serviceName="x"),
        "/serviceName",
    ),
    (
        "/availabilityZoneRebalancing",
        service(availabilityZoneRebalancing="ENABLED"),
        service(availabilityZoneRebalancing="ENABLED"),
        service(availabilityZoneRebalancing="DISABLED"),
        "/availabilityZoneRebalancing",
    ),
    (
        "/capacityProviderStrategy",
        service(capacityProviderStrategy=[provider("A"), provider("B")]),
        service(capacityProviderStrategy=[provider("B"), provider("A")]),
        service(capacityProviderStrategy=[provider("B")]),
        "/capacityProviderStrategy/A",
    ),
    (
        "/capacityProviderStrategy",
        service(),
        service(capacityProviderStrategy=[provider("A")]),
        service(serviceName="x"),
        "/serviceName",
    ),
    (
        "/capacityProviderStrategy",
        service(**FARGATE),
        service(**FARGATE),
        service(capacityProviderStrategy=[provider("A")]),
        "/capacityProviderStrategy",
    ),
    (
        "/capacityProviderStrategy/*/base",
        service(capacityProviderStrategy=[provider("A", weight=1)]),
        service(capacityProviderStrategy=[provider("A", weight=1, base=0)]),
        service(capacityProviderStrategy=[provider("A", weight=1, base=2)]),
        "/capacityProviderStrategy/A/base",
    ),
    (
        "/capacityProviderStrategy/*/weight",
        service(capacityProviderStrategy=[provider("A", base=1)]),
        service(capacityProviderStrategy=[provider("A", base=1, weight=0)]),
        service(capacityProviderStrategy=[provider("A", base=1, weight=1)]),
        "/capacityProviderStrategy/A/weight",
    ),
    (
        "/cluster",
        service(cluster="green"),
        service(cluster=ARN + "cluster/green"),
        service(cluster=ARN + "cluster/blue"),
        "/cluster",
    ),
    (
        D,
        service(),
        deployment(maximumPercent=200, minimumHealthyPercent=100),
        deployment(strategy="CANARY"),
        D + "/strategy",
    ),
    (D + "/alarms", service(), alarms(enable=False), alarms("a"), D + "/alarms"),
    (D + "/alarms/alarmNames", alarms("a", "b"), alarms("b", "a"), alarms("a"), D + "/alarms/alarmNames"),
    (
        D + "/alarms/enable",
        alarms("a", enable=False),
        deployment(alarms={"alarmNames": ["a"]}),
        alarms("a"),
        D + "/alarms/enable",
    ),
    (
        D + "/alarms/rollback",
        alarms("a"),
        deployment(alarms={"alarmNames": ["a"], "enable": True}),
        alarms("a", rollback=True),
        D + "/alarms/rollback",
    ),
    (
        D + "/bakeTimeInMinutes",
        service(),
        deployment(bakeTimeInMinutes=0),
        deployment(bakeTimeInMinutes=5),
        D + "/bakeTimeInMinutes",
    ),
    (
        D + "/canaryConfiguration/canaryBakeTimeInMinutes",
        deployment(canaryConfiguration={"canaryBakeTimeInMinutes": 10}),
        deployment(canaryConfiguration={"canaryPercent": 5.0}),
        deployment(canaryConfiguration={"canaryBakeTimeInMinutes": 9}),
        D + "/canaryConfiguration/canaryBakeTimeInMinutes",
    ),
    (
        D + "/canaryConfiguration/canaryPercent",
        deployment(canaryConfiguration={"canaryPercent": 5, "canaryBakeTimeInMinutes": 1}),
        deployment(canaryConfiguration={"canaryBakeTimeInMinutes": 1}),
        deployment(canaryConfiguration={"canaryPercent": 7.5}),
        D + "/canaryConfiguration/canaryPercent",
    ),
    (
        D + "/deploymentCircuitBreaker",
        service(),
        deployment(deploymentCircuitBreaker={"enable": False, "rollback": False}),
        breaker(),
        D + "/deploymentCircuitBreaker",
    ),
    (
        D + "/deploymentCircuitBreaker/enable",
        deployment(deploymentCircuitBreaker={"enable": False, "rollback": True}),
        deployment(deploymentCircuitBreaker={"rollback": True}),
        breaker(),
        D + "/deploymentCircuitBreaker/enable",
    ),
    filled(D + "/deploymentCircuitBreaker/resetOnHealthyTask", breaker, True, False),
    (
        D + "/deploymentCircuitBreaker/rollback",
        breaker(rollback=False),
        deployment(deploymentCircuitBreaker={"enable": True}),
        breaker(),
        D + "/deploymentCircuitBreaker/rollback",
    ),
    filled(
        D + "/deploymentCircuitBreaker/thresholdConfiguration",
        breaker,
        {"type": "BOUNDED_PERCENT", "value": 50},
        {"type": "COUNT", "value": 3},
    ),
    (
        D + "/lifecycleHooks",
        deployment(lifecycleHooks=[HOOK, {**HOOK, "hookTargetArn": "arn:two"}]),
        deployment(lifecycleHooks=[{**HOOK, "hookTargetArn": "arn:two"}, {**HOOK, "somethingNew": 1}]),
        deployment(lifecycleHooks=[HOOK]),
        D + "/lifecycleHooks",
    ),
    (
        D + "/lifecycleHooks/*/lifecycleStages",
        deployment(lifecycleHooks=[HOOK]),
        deployment(lifecycleHooks=[{**HOOK, "lifecycleStages": HOOK["lifecycleStages"][::-1]}]),
        deployment(lifecycleHooks=[{**HOOK, "lifecycleStages": ["PRE_SCALE_UP"]}]),
        D + "/lifecycleHooks",
    ),
    *(
        (
            f"{D}/lifecycleHooks/*/{name}",
            deployment(lifecycleHooks=[HOOK | one]),
            deployment(lifecycleHooks=[HOOK | same]),
            deployment(lifecycleHooks=[HOOK | other]),
            D + "/lifecycleHooks",
        )
        for name, one, same, other in (
            (
                "hookDetails",
                {"hookDetails": {"a": 1}},
                {"hookDetails": '{"a": 1}'},
                {"hookDetails": {"a": 2}},
            ),
            ("targetType", {}, {"targetType": "AWS_LAMBDA"}, {"targetType": "PAUSE"}),
            ("timeoutConfiguration/action", {}, timeout(action="ROLLBACK"), timeout(action="CONTINUE")),
            (
                "timeoutConfiguration/timeoutInMinutes",
                {},
                timeout(timeoutInMinutes=1440),
                timeout(timeoutInMinutes=9),
            ),
        )
    ),
    (
        D + "/earlySuccessCriteria",
        service(),
        deployment(earlySuccessCriteria={"enable": False}),
        deployment(earlySuccessCriteria={"enable": True, "healthyPercent": 80}),
        D + "/earlySuccessCriteria",
    ),
    (
        D + "/linearConfiguration/stepBakeTimeInMinutes",
        deployment(linearConfiguration={"stepBakeTimeInMinutes": 6}),
        deployment(linearConfiguration={}),
        deployment(linearConfiguration={"stepBakeTimeInMinutes": 1}),
        D + "/linearConfiguration/stepBakeTimeInMinutes",
    ),
    (
        D + "/linearConfiguration/stepPercent",
        deployment(linearConfiguration={"stepPercent": 10, "stepBakeTimeInMinutes": 1}),
        deployment(linearConfiguration={"stepBakeTimeInMinutes": 1}),
        deployment(linearConfiguration={"stepPercent": 20}),
        D + "/linearConfiguration/stepPercent",
    ),
    filled(D + "/strategy", deployment, "ROLLING", "BLUE_GREEN", maximumPercent=200),
    (
        "/deploymentController",
        service(deploymentController={"type": "ECS"}),
        service(),
        service(deploymentController={"type": "CODE_DEPLOY"}),
        "/deploymentController/type",
    ),
    (
        "/desiredCount",
        service(desiredCount=2, schedulingStrategy="DAEMON"),
        service(desiredCount=5, schedulingStrategy="DAEMON"),
        service(desiredCount=5, schedulingStrategy="REPLICA"),
        "/schedulingStrategy",
    ),
    (
        "/desiredCount",
        service(desiredCount=0),
        service(desiredCount=0),
        service(desiredCount=1),
        "/desiredCount",
    ),
    filled("/enableECSManagedTags", service, False, True),
    filled("/enableExecuteCommand", service, False, True),
    (
        "/gatewayConnectors",
        service(gatewayConnectors=[{"portName": "a"}]),
        service(),
        service(gatewayConnectors=[{"portName": "b"}]),
        "/gatewayConnectors/a",
    ),
    filled("/healthCheckGracePeriodSeconds", service, 0, 9),
    ("/launchType", service(**FARGATE), service(), service(launchType="EC2"), "/launchType"),
    (
        "/loadBalancers",
        service(loadBalancers=[target("a"), target("b")]),
        service(loadBalancers=[target("b"), target("a")]),
        service(loadBalancers=[target("b"), target("a", 81)]),
        "/loadBalancers/a:app:80",
    ),
    filled("/loadBalancers", service, [], [target("a")]),
    (
        "/monitoring",
        service(monitoring={"metricConfigurations": [metrics("a")]}),
        service(),
        service(monitoring=[]),
        "/monitoring",
    ),
    (
        "/monitoring/metricConfigurations",
        service(monitoring={"metricConfigurations": [metrics("a"), metrics("b")]}),
        service(monitoring={"metricConfigurations": [metrics("b"), metrics("a")]}),
        service(monitoring={"metricConfigurations": [metrics("b"), metrics("a", seconds=60)]}),
        "/monitoring/metricConfigurations",
    ),
    (
        "/monitoring/metricConfigurations/*/metricNames",
        service(monitoring={"metricConfigurations": [metrics("a", "b")]}),
        service(monitoring={"metricConfigurations": [metrics("b", "a")]}),
        service(monitoring={"metricConfigurations": [metrics("b")]}),
        "/monitoring/metricConfigurations",
    ),
    filled(N + "/assignPublicIp", network, "DISABLED", "ENABLED"),
    (
        N + "/securityGroups",
        network(securityGroups=["x", "y"]),
        network(securityGroups=["y", "x"]),
        network(securityGroups=["y"]),
        N + "/securityGroups",
    ),
    (N + "/securityGroups", network(), network(securityGroups=["sg-default"]), network("b"), N + "/subnets"),
    (N + "/subnets", network("a", "b"), network("b", "a"), network("b", "c"), N + "/subnets"),
    (
        "/placementConstraints",
        service(placementConstraints=[{"type": "distinctInstance"}, {"type": "memberOf", "expression": "x"}]),
        service(placementConstraints=[{"type": "memberOf", "expression": "x"}, {"type": "distinctInstance"}]),
        service(placementConstraints=[{"type": "distinctInstance"}]),
        "/placementConstraints",
    ),
    (
        "/placementStrategy",
        service(placementStrategy=[{"type": "spread", "field": "host"}, {"type": "random"}]),
        service(placementStrategy=[{"type": "spread", "field": "host"}, {"type": "random"}]),
        service(placementStrategy=[{"type": "random"}, {"type": "spread", "field": "host"}]),
        "/placementStrategy",
    ),
    filled("/placementStrategy", service, [], [{"type": "random"}]),
    (
        "/placementStrategy/*/field",
        service(
            placementStrategy=[{"type": "spread", "field": "host"}, {"type": "binpack", "field": "memory"}]
        ),
        service(
            placementStrategy=[
                {"type": "spread", "field": "instanceId"},
                {"type": "binpack", "field": "MEMORY"},
            ]
        ),
        service(
            placementStrategy=[{"type": "spread", "field": "instanceId"}, {"type": "binpack", "field": "CPU"}]
        ),
        "/placementStrategy",
    ),
    (
        "/platformVersion",
        service(platformVersion="LATEST"),
        service(platformVersion="1.4.0"),
        service(serviceName="x"),
        "/serviceName",
    ),
    (
        "/platformVersion",
        service(),
        service(platformVersion="1.3.0"),
        service(serviceName="x"),
        "/serviceName",
    ),
    (
        "/platformVersion",
        service(platformVersion="1.4.0"),
        service(platformVersion="1.4.0"),
        service(platformVersion="LATEST"),
        "/platformVersion",
    ),
    filled("/propagateTags", service, "NONE", "SERVICE"),
    (
        "/role",
        service(role="ecs"),
        service(role="arn:aws:iam::123456789012:role/ecs"),
        service(role="arn:aws:iam::123456789012:role/x"),
        "/role",
    ),
    (
        "/role",
        service(role="/teams/ecs"),
        service(role="arn:aws:iam::123456789012:role/teams/ecs"),
        service(role="arn:aws:iam::123456789012:role/ecs"),
        "/role",
    ),
    (
        "/schedulingStrategy",
        service(schedulingStrategy="REPLICA"),
        service(),
        service(schedulingStrategy="DAEMON"),
        "/schedulingStrategy",
    ),
    (
        "/schedulingStrategy",
        service(),
        service(schedulingStrategy="REPLICA"),
        service(schedulingStrategy="DAEMON"),
        "/schedulingStrategy",
    ),
    (S, service(), service(serviceConnectConfiguration={"enabled": False}), connect(), S),
    filled(S + "/accessLogConfiguration", connect, None, {"format": "JSON"}),
    filled(S + "/containerConfigurations", connect, None, [{"logLevel": "debug"}]),
    filled(S + "/logConfiguration", connect, None, {"logDriver": "awslogs"}),
    (
        S + "/logConfiguration/secretOptions",
        connect(logConfiguration=splunk(secretOptions=secrets("a", "b"))),
        connect(logConfiguration=splunk(secretOptions=secrets("b", "a"))),
        connect(logConfiguration=splunk(secretOptions=secrets("b"))),
        S + "/logConfiguration/secretOptions/a",
    ),
    (
        S + "/namespace",
        connect(namespace="internal"),
        connect(namespace="arn:aws:servicediscovery:e:1:namespace/ns-1"),
        connect(namespace="other"),
        S + "/namespace",
    ),
    (
        S + "/services",
        connect(services=[{"portName": "a"}, {"portName": "b"}]),
        connect(
            services=[{"portName": "b", "discoveryName": "b"}, {"portName": "a", "ingressPortOverride": 1}]
        ),
        connect(services=[{"portName": "b"}]),
        S + "/services/a",
    ),
    (
        S + "/services/*/clientAliases",
        connected(clientAliases=[{"port": 80}, {"port": 81}]),
        connected(clientAliases=[{"port": 81}, {"port": 80, "dnsName": "http.internal"}]),
        connected(clientAliases=[{"port": 81}]),
        S + "/services/http/clientAliases/80",
    ),
    (
        S + "/services/*/clientAliases/*/testTrafficRules",
        connected(clientAliases=[{"port": 80}]),
        connected(clientAliases=[{"port": 80, "testTrafficRules": {}}]),
        connected(clientAliases=[{"port": 80, "testTrafficRules": {"header": {"name": "x"}}}]),
        S + "/services/http/clientAliases/80/testTrafficRules",
    ),
    filled(
        S + "/services/*/timeout", connected, {}, {"idleTimeoutSeconds": 1}, at=S + "/services/http/timeout"
    ),
    filled(S + "/services/*/tls", connected, {}, {"kmsKey": "k"}, at=S + "/services/http/tls"),
    (
        "/serviceRegistries",
        service(serviceRegistries=[registry("a"), registry("b")]),
        service(serviceRegistries=[registry("b"), registry("a")]),
        service(serviceRegistries=[registry("b")]),
        "/serviceRegistries",
    ),
    (
        "/serviceRegistries/*/containerPort",
        service(serviceRegistries=[registry("a")]),
        service(serviceRegistries=[registry("a", containerPort=0)]),
        service(serviceRegistries=[registry("a", containerPort=1)]),
        "/serviceRegistries",
    ),
    (
        "/serviceRegistries/*/port",
        service(serviceRegistries=[registry("a")]),
        service(serviceRegistries=[registry("a", port=0)]),
        service(serviceRegistries=[registry("a", port=1)]),
        "/serviceRegistries",
    ),
    (
        "/tags",
        service(tags=[{"key": "a", "value": "1"}]),
        service(tags=[{"key": "cost", "value": "x"}, {"key": "a", "value": "1"}]),
        service(tags=[{"key": "a", "value": "2"}]),
        "/tags/a/value",
    ),
    (
        "/taskDefinition",
        service(taskDefinition="web:4"),
        service(taskDefinition=ARN + "task-definition/web:4"),
        service(taskDefinition=ARN + "task-definition/web:5"),
        "/taskDefinition",
    ),
    (
        "/volumeConfigurations",
        service(volumeConfigurations=[volume("a"), volume("b")]),
        service(volumeConfigurations=[volume("b"), volume("a")]),
        service(volumeConfigurations=[volume("b")]),
        "/volumeConfigurations/a",
    ),
    (
        "/volumeConfigurations/*/managedEBSVolume",
        service(volumeConfigurations=[volume("a", sizeInGiB=1)]),
        service(
            volumeConfigurations=[volume("a", sizeInGiB=1, encrypted=True, filesystemType="xfs", iops=3000)]
        ),
        service(volumeConfigurations=[volume("a", sizeInGiB=2)]),
        "/volumeConfigurations/a/managedEBSVolume/sizeInGiB",
    ),
    *(
        (
            f"/volumeConfigurations/*/managedEBSVolume/{name}",
            service(volumeConfigurations=[volume("a")]),
            service(volumeConfigurations=[volume("a", **{name: None})]),
            service(volumeConfigurations=[volume("a", **{name: other})]),
            f"/volumeConfigurations/a/managedEBSVolume/{name}",
        )
        for name, other in (
            ("snapshotId", "snap-1"),
            ("tagSpecifications", [tagged("a")]),
            ("volumeInitializationRate", 100),
        )
    ),
    (
        "/volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/tags",
        service(volumeConfigurations=[volume("a", tagSpecifications=[tagged("a", "b")])]),
        service(
            volumeConfigurations=[
                volume("a", tagSpecifications=[tagged("b", "a") | {"propagateTags": "NONE"}])
            ]
        ),
        service(volumeConfigurations=[volume("a", tagSpecifications=[tagged("b")])]),
        "/volumeConfigurations/a/managedEBSVolume/tagSpecifications/volume/tags/a",
    ),
    (
        "/vpcLatticeConfigurations",
        service(vpcLatticeConfigurations=[lattice("a"), lattice("b")]),
        service(vpcLatticeConfigurations=[lattice("b"), lattice("a")]),
        service(vpcLatticeConfigurations=[lattice("b")]),
        "/vpcLatticeConfigurations/tg-a:http",
    ),
]
