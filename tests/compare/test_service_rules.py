"""Per rule of the service: what is no difference, and that a real change of the field still shows."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import HASH_TAG, OWNER_TAG, Change, marker
from apollo.compare import differences, keeping
from apollo.compare.service import (
    IMMUTABLE,
    RULES,
    STARTS_DEPLOYMENT,
    disruptive,
    live_spec,
    update_fields,
)
from apollo.resources.service import ServiceSpec

ARN = "arn:aws:ecs:eu-west-1:123456789012:"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"
REGISTRY = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-"
D = "/deploymentConfiguration"
N = "/networkConfiguration/awsvpcConfiguration"
S = "/serviceConnectConfiguration"


def service(**fields: Any) -> dict[str, Any]:
    return {"serviceName": "web", **fields}


def deployment(**fields: Any) -> dict[str, Any]:
    return service(deploymentConfiguration=fields)


def breaker(**fields: Any) -> dict[str, Any]:
    return deployment(deploymentCircuitBreaker={"enable": True, "rollback": True, **fields})


def alarms(*names: str, enable: bool = True, rollback: bool = False) -> dict[str, Any]:
    return deployment(alarms={"alarmNames": list(names), "enable": enable, "rollback": rollback})


def network(*subnets: str, **fields: Any) -> dict[str, Any]:
    return service(networkConfiguration={"awsvpcConfiguration": {"subnets": list(subnets or "a"), **fields}})


def connect(**fields: Any) -> dict[str, Any]:
    return service(serviceConnectConfiguration={"enabled": True, **fields})


def connected(**fields: Any) -> dict[str, Any]:
    return connect(services=[{"portName": "http", **fields}])


def provider(name: str, **fields: Any) -> dict[str, Any]:
    return {"capacityProvider": name, **fields}


def target(name: str, port: int = 80) -> dict[str, Any]:
    return {"targetGroupArn": f"{GROUP}{name}/1a2b", "containerName": "app", "containerPort": port}


def registry(name: str, **fields: Any) -> dict[str, Any]:
    return {"registryArn": f"{REGISTRY}{name}", **fields}


def volume(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "managedEBSVolume": {"roleArn": "arn:role", **fields}}


def lattice(name: str) -> dict[str, Any]:
    return {"targetGroupArn": f"arn:lattice/tg-{name}", "portName": "http", "roleArn": "arn:role"}


def metrics(*names: str, seconds: int = 20) -> dict[str, Any]:
    return {"metricNames": list(names), "resolutionSeconds": seconds}


def secrets(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "valueFrom": f"arn:{name}"} for name in names]


def splunk(**fields: Any) -> dict[str, Any]:
    return {"logDriver": "splunk", **fields}


FARGATE = {"launchType": "FARGATE"}
HOOK = {
    "hookTargetArn": "arn:one",
    "roleArn": "arn:role",
    "lifecycleStages": ["PRE_SCALE_UP", "POST_SCALE_UP"],
}

# (rule, declared, live that means the same, live that does not, where that shows)
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    (
        "/availabilityZoneRebalancing",
        service(),
        service(availabilityZoneRebalancing="ENABLED"),
        service(serviceName="x"),
        "/serviceName",
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
        deployment(canaryConfiguration={"canaryPercent": 5}),
        deployment(canaryConfiguration={"canaryPercent": 5.0}),
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
    (
        D + "/deploymentCircuitBreaker/resetOnHealthyTask",
        breaker(),
        breaker(resetOnHealthyTask=True),
        breaker(resetOnHealthyTask=False),
        D + "/deploymentCircuitBreaker/resetOnHealthyTask",
    ),
    (
        D + "/deploymentCircuitBreaker/rollback",
        breaker(rollback=False),
        deployment(deploymentCircuitBreaker={"enable": True}),
        breaker(),
        D + "/deploymentCircuitBreaker/rollback",
    ),
    (
        D + "/deploymentCircuitBreaker/thresholdConfiguration",
        breaker(),
        breaker(thresholdConfiguration={"type": "BOUNDED_PERCENT", "value": 50}),
        breaker(thresholdConfiguration={"type": "COUNT", "value": 3}),
        D + "/deploymentCircuitBreaker/thresholdConfiguration",
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
    (
        D + "/linearConfiguration/stepBakeTimeInMinutes",
        deployment(linearConfiguration={"stepBakeTimeInMinutes": 6}),
        deployment(linearConfiguration={}),
        deployment(linearConfiguration={"stepBakeTimeInMinutes": 1}),
        D + "/linearConfiguration/stepBakeTimeInMinutes",
    ),
    (
        D + "/linearConfiguration/stepPercent",
        deployment(linearConfiguration={"stepPercent": 10}),
        deployment(linearConfiguration={"stepPercent": 10.0}),
        deployment(linearConfiguration={"stepPercent": 20}),
        D + "/linearConfiguration/stepPercent",
    ),
    (
        D + "/strategy",
        deployment(maximumPercent=200),
        deployment(maximumPercent=200, strategy="ROLLING"),
        deployment(maximumPercent=200, strategy="BLUE_GREEN"),
        D + "/strategy",
    ),
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
    (
        "/enableECSManagedTags",
        service(),
        service(enableECSManagedTags=False),
        service(enableECSManagedTags=True),
        "/enableECSManagedTags",
    ),
    (
        "/enableExecuteCommand",
        service(),
        service(enableExecuteCommand=False),
        service(enableExecuteCommand=True),
        "/enableExecuteCommand",
    ),
    (
        "/gatewayConnectors",
        service(gatewayConnectors=[{"portName": "a"}]),
        service(),
        service(gatewayConnectors=[{"portName": "b"}]),
        "/gatewayConnectors/a",
    ),
    (
        "/healthCheckGracePeriodSeconds",
        service(),
        service(healthCheckGracePeriodSeconds=0),
        service(healthCheckGracePeriodSeconds=9),
        "/healthCheckGracePeriodSeconds",
    ),
    ("/launchType", service(**FARGATE), service(), service(launchType="EC2"), "/launchType"),
    (
        "/loadBalancers",
        service(loadBalancers=[target("a"), target("b")]),
        service(loadBalancers=[target("b"), target("a")]),
        service(loadBalancers=[target("b"), target("a", 81)]),
        "/loadBalancers/a:app:80",
    ),
    (
        "/loadBalancers",
        service(),
        service(loadBalancers=[]),
        service(loadBalancers=[target("a")]),
        "/loadBalancers",
    ),
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
    (
        N + "/assignPublicIp",
        network(),
        network(assignPublicIp="DISABLED"),
        network(assignPublicIp="ENABLED"),
        N + "/assignPublicIp",
    ),
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
    (
        "/propagateTags",
        service(),
        service(propagateTags="NONE"),
        service(propagateTags="SERVICE"),
        "/propagateTags",
    ),
    (
        "/role",
        service(role="ecs"),
        service(role="arn:aws:iam::123456789012:role/ecs"),
        service(role="arn:aws:iam::123456789012:role/x"),
        "/role",
    ),
    (
        "/schedulingStrategy",
        service(schedulingStrategy="REPLICA"),
        service(),
        service(schedulingStrategy="DAEMON"),
        "/schedulingStrategy",
    ),
    (S, service(), service(serviceConnectConfiguration={"enabled": False}), connect(), S),
    (
        S + "/accessLogConfiguration",
        connect(),
        connect(),
        connect(accessLogConfiguration={"format": "JSON"}),
        S + "/accessLogConfiguration",
    ),
    (
        S + "/containerConfigurations",
        connect(),
        connect(),
        connect(containerConfigurations=[{"logLevel": "debug"}]),
        S + "/containerConfigurations",
    ),
    (
        S + "/logConfiguration",
        connect(),
        connect(),
        connect(logConfiguration={"logDriver": "awslogs"}),
        S + "/logConfiguration",
    ),
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
        S + "/services/*/timeout",
        connected(),
        connected(),
        connected(timeout={"idleTimeoutSeconds": 1}),
        S + "/services/http/timeout",
    ),
    (
        S + "/services/*/tls",
        connected(),
        connected(),
        connected(tls={"kmsKey": "k"}),
        S + "/services/http/tls",
    ),
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
    (
        "/vpcLatticeConfigurations",
        service(vpcLatticeConfigurations=[lattice("a"), lattice("b")]),
        service(vpcLatticeConfigurations=[lattice("b"), lattice("a")]),
        service(vpcLatticeConfigurations=[lattice("b")]),
        "/vpcLatticeConfigurations/tg-a:http",
    ),
]


@pytest.mark.parametrize(("rule", "declared", "same", "other", "path"), CASES)
def test_what_means_the_same_is_no_difference_and_a_real_change_is(
    rule: str, declared: dict[str, Any], same: dict[str, Any], other: dict[str, Any], path: str
) -> None:
    assert differences(declared, same, RULES) == []
    assert path in [change.path for change in differences(declared, other, RULES)]


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in CASES} == set(RULES.table)


ABSENT = [
    ("loadBalancers", [target("a")], []),
    ("serviceRegistries", [registry("a")], []),
    ("placementConstraints", [{"type": "distinctInstance"}], []),
    ("placementStrategy", [{"type": "random"}], []),
    ("volumeConfigurations", [volume("a")], []),
    ("vpcLatticeConfigurations", [lattice("a")], []),
    ("gatewayConnectors", [{"portName": "a"}], []),
    ("serviceConnectConfiguration", {"enabled": True}, {"enabled": False}),
    ("healthCheckGracePeriodSeconds", 30, 0),
    ("enableExecuteCommand", True, False),
    ("enableECSManagedTags", True, False),
    ("propagateTags", "SERVICE", "NONE"),
]


@pytest.mark.parametrize(("field", "live", "cleared"), ABSENT)
@pytest.mark.parametrize("empty", ["left out", None, []])
def test_a_field_that_the_manifest_drops_is_cleared_with_the_value_that_aws_wants(
    field: str, live: Any, cleared: Any, empty: Any
) -> None:
    declared = service() if empty == "left out" else service(**{field: empty})
    changes = differences(declared, service(**{field: live}), RULES)
    assert changes == [Change(f"/{field}", live, cleared)]
    assert update_fields(declared, changes) == {field: cleared}


@pytest.mark.parametrize(
    ("field", "live"),
    [
        ("platformVersion", "1.4.0"),
        ("availabilityZoneRebalancing", "ENABLED"),
        ("role", "arn:aws:iam::123456789012:role/aws-service-role/x"),
        ("desiredCount", 7),
        ("networkConfiguration", {"awsvpcConfiguration": {"subnets": ["a"], "assignPublicIp": "ENABLED"}}),
        ("deploymentController", {"type": "CODE_DEPLOY"}),
        ("tags", [{"key": "cost", "value": "x"}]),
        ("somethingNew", {"a": 1}),
        ("events", [{"id": "1"}]),
    ],
)
def test_a_field_that_is_aws_s_is_left_alone_when_nobody_declares_it(field: str, live: Any) -> None:
    assert differences(service(), service(**{field: live}), RULES) == []


def test_a_block_is_sent_whole_with_what_clears_the_rest_of_it() -> None:
    declared = deployment(maximumPercent=150)
    live = deployment(
        maximumPercent=200,
        deploymentCircuitBreaker={"enable": True, "rollback": True},
        alarms={"alarmNames": ["a"], "enable": True, "rollback": True},
    )
    changes = differences(declared, live, RULES)
    assert update_fields(declared, changes) == {
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "alarms": {"alarmNames": [], "enable": False, "rollback": False},
        }
    }
    assert update_fields(service(), differences(service(), live, RULES)).keys() == {"deploymentConfiguration"}


def test_only_what_changes_is_sent_and_what_aws_would_reset() -> None:
    declared = service(
        taskDefinition="web:2",
        desiredCount=3,
        platformVersion="1.4.0",
        healthCheckGracePeriodSeconds=30,
        **network(securityGroups=["x"]),
    )
    live = {**declared, "taskDefinition": ARN + "task-definition/web:1"}
    assert update_fields(declared, differences(declared, live, RULES)) == {
        "taskDefinition": "web:2",
        "platformVersion": "1.4.0",
        "healthCheckGracePeriodSeconds": 30,
    }


def test_what_is_sent_is_what_the_manifest_says_not_its_canonical_form() -> None:
    declared = service(placementStrategy=[{"type": "spread", "field": "host"}], cluster="green")
    changes = differences(declared, service(cluster="green"), RULES)
    assert update_fields(declared, changes) == {"placementStrategy": [{"type": "spread", "field": "host"}]}


def test_a_strategy_only_changes_with_a_new_deployment() -> None:
    declared = service(**FARGATE)
    changes = differences(declared, service(capacityProviderStrategy=[provider("A")]), RULES)
    assert update_fields(declared, changes) == {"capacityProviderStrategy": [], "forceNewDeployment": True}


def test_what_update_service_does_not_take_is_not_sent() -> None:
    declared = service(role="a", cluster="green", tags=[{"key": "a", "value": "1"}], **FARGATE)
    live = service(role="b", cluster="blue", tags=[], launchType="EC2")
    changes = differences(declared, live, RULES)
    assert {change.path for change in changes} == {"/role", "/cluster", "/launchType", "/tags/a"}
    assert update_fields(declared, changes) == {}
    assert ServiceSpec.model_fields.keys() >= IMMUTABLE | STARTS_DEPLOYMENT


def test_a_field_that_somebody_else_looks_after_is_sent_as_it_is() -> None:
    declared = network("a", "b", securityGroups=["x"])
    live = network("a", securityGroups=["hand-made"])
    ignore = [N + "/securityGroups"]
    kept = keeping(declared, live, ignore, RULES)
    changes = differences(kept, live, RULES)
    assert [change.path for change in changes] == [N + "/subnets"]
    sent = update_fields(kept, changes)["networkConfiguration"]["awsvpcConfiguration"]
    assert sent == {"subnets": ["a", "b"], "securityGroups": ["hand-made"]}
    assert keeping(declared, None, ignore, RULES) == declared


@pytest.mark.parametrize("field", sorted(STARTS_DEPLOYMENT))
def test_changes_that_replace_tasks_are_known(field: str) -> None:
    assert disruptive([Change("/desiredCount", 1, 2), Change(f"/{field}/x", 1, 2)])
    assert not disruptive([Change("/desiredCount", 1, 2), Change("/enableExecuteCommand", True, False)])


def test_a_reference_that_is_not_known_yet_is_a_difference() -> None:
    arn = marker("TaskDefinition", "web", "arn")
    live = service(taskDefinition=ARN + "task-definition/web:1")
    assert differences(service(taskDefinition=arn), live, RULES) == [Change("/taskDefinition", "web:1", arn)]


def test_the_live_spec_is_put_together_from_where_aws_says_it() -> None:
    described = {
        "serviceName": "web",
        "clusterArn": ARN + "cluster/green",
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
        "deployments": [
            {"status": "ACTIVE", "volumeConfigurations": [volume("old")]},
            {
                "status": "PRIMARY",
                "serviceConnectConfiguration": {"enabled": True, "namespace": "arn:ns"},
                "volumeConfigurations": [volume("a")],
                "vpcLatticeConfigurations": [],
            },
        ],
        "tags": [
            {"key": key, "value": "x"}
            for key in (OWNER_TAG, HASH_TAG, "aws:cloudformation:stack", "ecs:x", "team")
        ],
    }
    live = live_spec(described)
    wanted = service(
        cluster="green",
        role="ecs",
        serviceConnectConfiguration={"enabled": True},
        volumeConfigurations=[volume("a")],
        tags=[{"key": "team", "value": "x"}],
    )
    assert differences(wanted, live, RULES) == []
    assert live["tags"] == [{"key": "team", "value": "x"}]
    monitoring = {"metricConfigurations": [metrics("a")]}
    assert differences(service(monitoring=monitoring), live, RULES, ["/volumeConfigurations", S]) == []
    read = live_spec(described, {"serviceRevisionArn": "arn:r"})
    found = differences(service(monitoring=monitoring), read, RULES, ["/volumeConfigurations", S])
    assert [change.path for change in found] == ["/monitoring"]
