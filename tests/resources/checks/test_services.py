"""Of a service, by itself and beside its task definition, validation finds what AWS would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Env, marker
from apollo.resources.checks import pair
from apollo.resources.checks.service import problems

ENV = Env("stage", region="eu-west-1", account="123456789012")
VPC = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}}
SERVICE: dict[str, Any] = {
    "serviceName": "web",
    "launchType": "FARGATE",
    "networkConfiguration": VPC,
    "taskDefinition": marker("TaskDefinition", "web", "arn"),
}
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
BALANCER = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080}
SHIFT = {
    "alternateTargetGroupArn": f"{GROUP}0",
    "productionListenerRule": "arn:p",
    "roleArn": "arn:aws:iam::123456789012:role/x",
}
EC2 = {"launchType": "EC2"}
STEP = {
    "targetType": "AWS_LAMBDA",
    "hookTargetArn": "arn:f",
    "roleArn": "arn:r",
    "lifecycleStages": ["PRE_SCALE_UP"],
}


def of(**more: Any) -> list[tuple[str, str]]:
    return [(found.code.removeprefix("APO-"), found.path) for found in problems({**SERVICE, **more}, ENV)]


def deployed(**more: Any) -> dict[str, Any]:
    return {"deploymentConfiguration": more}


D = "/deploymentConfiguration"


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "SVC-001", "/launchType"),
        ({"networkConfiguration": None}, "SVC-002", "/networkConfiguration"),
        ({"schedulingStrategy": "DAEMON"}, "SVC-003", "/schedulingStrategy"),
        ({"serviceName": "a b"}, "SVC-004", "/serviceName"),
        ({"desiredCount": -1}, "SVC-005", "/desiredCount"),
        ({"cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/x"}, "SVC-006", "/cluster"),
        (deployed(minimumHealthyPercent=100, maximumPercent=100), "SVC-010", f"{D}/maximumPercent"),
        (deployed(maximumPercent=50), "SVC-010", f"{D}/maximumPercent"),
        (deployed(minimumHealthyPercent=250), "SVC-010", f"{D}/minimumHealthyPercent"),
        (
            {
                "availabilityZoneRebalancing": "ENABLED",
                **deployed(maximumPercent=100, minimumHealthyPercent=50),
            },
            "SVC-010",
            f"{D}/maximumPercent",
        ),
        (deployed(canaryConfiguration={"canaryPercent": 5}), "SVC-011", f"{D}/canaryConfiguration"),
        (
            deployed(strategy="LINEAR", linearConfiguration={"stepPercent": 2.5}),
            "SVC-011",
            f"{D}/linearConfiguration/stepPercent",
        ),
        (
            deployed(strategy="CANARY", canaryConfiguration={"canaryPercent": 0.15}),
            "SVC-011",
            f"{D}/canaryConfiguration/canaryPercent",
        ),
        (deployed(strategy="BLUE_GREEN", bakeTimeInMinutes=1441), "SVC-011", f"{D}/bakeTimeInMinutes"),
        (
            {"deploymentController": {"type": "CODE_DEPLOY"}, **deployed(strategy="BLUE_GREEN")},
            "SVC-011",
            f"{D}/strategy",
        ),
        (
            deployed(alarms={"enable": True, "rollback": True, "alarmNames": []}),
            "SVC-012",
            f"{D}/alarms/alarmNames",
        ),
        (deployed(lifecycleHooks=[{**STEP, "roleArn": None}]), "SVC-013", f"{D}/lifecycleHooks/0"),
        (
            deployed(lifecycleHooks=[{"targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}]),
            "SVC-013",
            f"{D}/lifecycleHooks/0/lifecycleStages",
        ),
        ({"platformVersion": "newest"}, "SVC-014", "/platformVersion"),
        ({**EC2, "platformVersion": "LATEST"}, "SVC-014", "/platformVersion"),
        (
            {
                "launchType": None,
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}, {"capacityProvider": "asg"}],
            },
            "SVC-015",
            "/capacityProviderStrategy",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"] * 17}}},
            "SVC-016",
            "/networkConfiguration/awsvpcConfiguration/subnets/16",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["sg-a"]}}},
            "SVC-016",
            "/networkConfiguration/awsvpcConfiguration/subnets/0",
        ),
        ({"placementStrategy": [{"type": "random"}]}, "SVC-017", "/placementStrategy"),
        ({**EC2, "placementConstraints": [{"type": "memberOf"}]}, "SVC-017", "/placementConstraints/0"),
        ({**EC2, "schedulingStrategy": "DAEMON", "desiredCount": 1}, "SVC-018", "/desiredCount"),
        ({"loadBalancers": [{**BALANCER, "containerPort": None}]}, "SVC-020", "/loadBalancers/0"),
        (
            {
                "loadBalancers": [
                    {**BALANCER, "targetGroupArn": "arn:aws:elasticloadbalancing:r:1:loadbalancer/x"}
                ]
            },
            "SVC-020",
            "/loadBalancers/0/targetGroupArn",
        ),
        (
            {"serviceRegistries": [{"registryArn": "a"}, {"registryArn": "b"}]},
            "SVC-021",
            "/serviceRegistries/1",
        ),
        ({"loadBalancers": [BALANCER], **deployed(strategy="BLUE_GREEN")}, "SVC-022", "/loadBalancers/0"),
        (
            {"loadBalancers": [{**BALANCER, "advancedConfiguration": {**SHIFT, "roleArn": None}}]},
            "SVC-022",
            "/loadBalancers/0/advancedConfiguration",
        ),
        ({"volumeConfigurations": [{"name": "a"}, {"name": "b"}]}, "SVC-023", "/volumeConfigurations/b"),
        (
            {
                "serviceConnectConfiguration": {
                    "enabled": True,
                    "services": [{"portName": "a", "discoveryName": "x"}, {"portName": "x"}],
                }
            },
            "SVC-024",
            "/serviceConnectConfiguration/services/x",
        ),
    ],
)
def test_what_is_wrong_is_found_where_it_is(more: dict[str, Any], code: str, path: str) -> None:
    assert of(**more) == [(code, path)]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {**EC2, "schedulingStrategy": "DAEMON", **deployed(minimumHealthyPercent=0, maximumPercent=100)},
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
        {"launchType": None, "networkConfiguration": None},
        {"deploymentController": {"type": "CODE_DEPLOY"}, **deployed(maximumPercent=100)},
        {
            "loadBalancers": [{**BALANCER, "advancedConfiguration": SHIFT}],
            **deployed(strategy="CANARY", canaryConfiguration={"canaryPercent": 0.3}, lifecycleHooks=[STEP]),
        },
        deployed(strategy="BLUE_GREEN", minimumHealthyPercent=100, maximumPercent=100),
        {
            **EC2,
            "placementConstraints": [{"type": "distinctInstance"}],
            "placementStrategy": [{"type": "random"}],
        },
        {"healthCheckGracePeriodSeconds": 60},
        {"loadBalancers": [{**BALANCER, "targetGroupArn": marker("acme.Group", "web", "arn")}]},
        {"cluster": marker("acme.Cluster", "web", "arn"), "platformVersion": marker("acme.X", "a", "b")},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [marker("acme.Net", "a", "id")]}}},
    ],
)
def test_what_aws_takes_is_no_mistake(more: dict[str, Any]) -> None:
    assert of(**more) == []


TASK: dict[str, Any] = {
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [
        {"name": "app", "image": "x:1", "portMappings": [{"containerPort": 8080, "name": "http"}]},
        {"name": "side", "image": "x:1", "portMappings": [{"containerPortRange": "9000-9010"}]},
    ],
}
BRIDGE = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}


def together(service: dict[str, Any], **task: Any) -> list[tuple[str, str, str]]:
    found = pair.problems({**SERVICE, **service}, {**TASK, **task}, "web")
    return [(one.code.removeprefix("APO-"), one.path, one.hint) for one in found]


@pytest.mark.parametrize(
    ("service", "task", "code", "path"),
    [
        ({}, {"requiresCompatibilities": ["EC2"]}, "SVC-030", "/launchType"),
        ({}, {"requiresCompatibilities": None, "networkMode": None}, "SVC-030", "/launchType"),
        (
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            {"requiresCompatibilities": None, "cpu": None},
            "SVC-030",
            "/capacityProviderStrategy",
        ),
        ({**EC2, "networkConfiguration": None}, {}, "SVC-031", "/networkConfiguration"),
        (EC2, BRIDGE, "SVC-031", "/networkConfiguration"),
        (EC2, {**BRIDGE, "networkMode": None}, "SVC-031", "/networkConfiguration"),
        (
            {"loadBalancers": [{**BALANCER, "containerName": "ap"}]},
            {},
            "SVC-032",
            "/loadBalancers/0/containerName",
        ),
        (
            {"loadBalancers": [{**BALANCER, "containerPort": 80}]},
            {},
            "SVC-032",
            "/loadBalancers/0/containerPort",
        ),
        (
            {"serviceRegistries": [{"registryArn": "a", "containerName": "x", "containerPort": 8080}]},
            {},
            "SVC-032",
            "/serviceRegistries/0/containerName",
        ),
        (
            {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "htp"}]}},
            {},
            "SVC-033",
            "/serviceConnectConfiguration/services/htp/portName",
        ),
        (
            {"vpcLatticeConfigurations": [{"portName": "x"}]},
            {},
            "SVC-033",
            "/vpcLatticeConfigurations/0/portName",
        ),
        ({"volumeConfigurations": [{"name": "data"}]}, {}, "SVC-034", "/volumeConfigurations/data/name"),
        ({}, {"volumes": [{"name": "data", "configuredAtLaunch": True}]}, "SVC-034", ""),
    ],
)
def test_a_service_has_to_fit_its_task_definition(
    service: dict[str, Any], task: dict[str, Any], code: str, path: str
) -> None:
    assert [one[:2] for one in together(service, **task)] == [(code, path)]


@pytest.mark.parametrize(
    ("service", "task"),
    [
        ({"loadBalancers": [BALANCER]}, {}),
        ({"loadBalancers": [{**BALANCER, "containerName": "side", "containerPort": 9005}]}, {}),
        ({}, {"requiresCompatibilities": None}),
        ({**EC2, "networkConfiguration": None}, BRIDGE),
        (EC2, {}),  # what fits Fargate fits EC2, too
        ({"launchType": None}, {}),
        ({"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "http"}]}}, {}),
        ({"serviceConnectConfiguration": {"enabled": False, "services": [{"portName": "x"}]}}, {}),
        (
            {"volumeConfigurations": [{"name": "data"}]},
            {"volumes": [{"name": "data", "configuredAtLaunch": True}]},
        ),
        ({}, {"networkMode": marker("acme.X", "a", "b")}),
        ({"loadBalancers": [{**BALANCER, "containerName": marker("acme.X", "a", "b")}]}, {}),
    ],
)
def test_what_fits_is_no_mistake(service: dict[str, Any], task: dict[str, Any]) -> None:
    assert together(service, **task) == []


def test_the_nearest_container_is_offered() -> None:
    assert together({"loadBalancers": [{**BALANCER, "containerName": "ap"}]})[0][2] == "did you mean 'app'?"
