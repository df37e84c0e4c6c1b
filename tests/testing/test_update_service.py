"""UpdateService, field by field:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""

import pytest

from tests.testing.conftest import NETWORK, Json, Refused, Stage

TARGET_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
BALANCER: Json = {"targetGroupArn": TARGET_GROUP, "containerName": "app", "containerPort": 80}


SHOWN = {
    "desiredCount",
    "availabilityZoneRebalancing",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
}


@pytest.fixture
def running(stage: Stage) -> Stage:
    stage.register("1", "web", {"portMappings": [{"containerPort": 80, "name": "http"}]})
    stage.register("2", "web", {"portMappings": [{"containerPort": 80, "name": "http"}]})
    stage.create(taskDefinition="web:2", healthCheckGracePeriodSeconds=30, platformVersion="1.4.0")
    return stage


@pytest.mark.parametrize(
    "change",
    [
        {"taskDefinition": "web:3"},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-z"]}}},
        {"platformVersion": "1.3.0"},
        {"loadBalancers": [BALANCER]},
        {
            "serviceRegistries": [
                {"registryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1"}
            ]
        },
        {
            "serviceConnectConfiguration": {
                "enabled": True,
                "namespace": "x",
                "services": [{"portName": "http"}],
            }
        },
        {"forceNewDeployment": True},
    ],
)
def test_starts_a_deployment(running: Stage, change: Json) -> None:
    """ "This parameter triggers a new service deployment." """
    before = running.look()["currentServiceDeployment"]
    after = running.update(**change)
    assert [d["status"] for d in after["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert after["currentServiceDeployment"] != before


@pytest.mark.parametrize(
    "change",
    [
        {"desiredCount": 3},
        {"deploymentConfiguration": {"maximumPercent": 150}},
        {"availabilityZoneRebalancing": "DISABLED"},
        {"healthCheckGracePeriodSeconds": 60},
        {"enableExecuteCommand": True},
        {"enableECSManagedTags": True},
        {"propagateTags": "SERVICE"},
        {"placementConstraints": [{"type": "memberOf", "expression": "x"}]},
        {"taskDefinition": "web:2"},
        {"networkConfiguration": NETWORK},
        {"loadBalancers": []},
        {"serviceConnectConfiguration": {"enabled": False}},
        {"volumeConfigurations": []},
    ],
)
def test_starts_no_deployment(running: Stage, change: Json) -> None:
    """ "This parameter doesn't trigger a new service deployment." Nor does a value that is there already."""
    before = running.look()["currentServiceDeployment"]
    after = running.update(**change)
    assert [d["status"] for d in after["deployments"]] == ["PRIMARY"]
    assert after["currentServiceDeployment"] == before
    for name in SHOWN & change.keys():
        assert after[name] == change[name]


def test_order_is_no_difference(running: Stage) -> None:
    vpc = {name: list(reversed(value)) for name, value in NETWORK["awsvpcConfiguration"].items()}
    after = running.update(networkConfiguration={"awsvpcConfiguration": vpc})
    assert len(after["deployments"]) == 1


def test_what_is_left_out_stays(running: Stage) -> None:
    after = running.update(taskDefinition="web:3")
    assert after["healthCheckGracePeriodSeconds"] == 30
    assert after["platformVersion"] == "1.4.0"
    assert after["desiredCount"] == 2
    assert after["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


def test_leaves_of_the_deployment_configuration_stay(running: Stage) -> None:
    """A breaker stays until an empty one is sent (Terraform sends one to remove it)."""
    running.update(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    after = running.update(deploymentConfiguration={"maximumPercent": 150})["deploymentConfiguration"]
    assert after["deploymentCircuitBreaker"]["enable"] is True
    assert after["maximumPercent"] == 150
    off = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    after = running.update(deploymentConfiguration=off)["deploymentConfiguration"]
    assert after["deploymentCircuitBreaker"]["enable"] is False
    assert after["maximumPercent"] == 150


def test_empty_lists_clear(running: Stage) -> None:
    """ "To remove … specify an empty list": load balancers and registries; clearing starts a deployment."""
    running.update(loadBalancers=[BALANCER])
    running.aws.settle()
    assert running.look()["loadBalancers"] == [BALANCER]
    after = running.update(loadBalancers=[])
    assert after["loadBalancers"] == []
    assert len(after["deployments"]) == 2


def test_a_bare_family_is_its_newest_active_revision(running: Stage) -> None:
    assert running.update(taskDefinition="web")["taskDefinition"].endswith("web:3")


def test_capacity_provider_strategy_needs_force(running: Stage, refused: Refused) -> None:
    """The docs call it no trigger; the API refuses a change without forceNewDeployment
    (pipe-cd/pipecd#6385)."""
    running.ecs.put_cluster_capacity_providers(
        cluster="green", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    with refused("InvalidParameterException", "you must force a new deployment"):
        running.update(capacityProviderStrategy=strategy)
    after = running.update(capacityProviderStrategy=strategy, forceNewDeployment=True)
    assert after["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    assert "launchType" not in after
    # the same strategy again is no change
    running.update(capacityProviderStrategy=strategy)
    # "back to the launch type. Pass an empty list"
    after = running.update(capacityProviderStrategy=[], forceNewDeployment=True)
    assert after["launchType"] == "FARGATE"
    assert "capacityProviderStrategy" not in after


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"service": "nope"}, "ServiceNotFoundException", "Service not found."),
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "web:99"}, "ClientException", "TaskDefinition not found."),
        ({"taskDefinition": "web:x"}, "ClientException", "Invalid revision number"),
        ({"desiredCount": -1}, "InvalidParameterException", "negative"),
        (
            {"loadBalancers": [BALANCER | {"containerPort": 1}]},
            "InvalidParameterException",
            "container port 1",
        ),
        ({"deploymentConfiguration": {"maximumPercent": 100}}, "InvalidParameterException", "cannot be 100"),
        ({"platformVersion": "0.0.1"}, "PlatformUnknownException", ""),
    ],
)
def test_refused_updates_change_nothing(
    running: Stage, refused: Refused, change: Json, code: str, message: str
) -> None:
    before = running.aws.snapshot()
    with refused(code, message):
        running.ecs.update_service(**({"cluster": "green", "service": "web"} | change))
    assert running.aws.snapshot() == before


def test_update_by_arn(running: Stage) -> None:
    arn = running.look()["serviceArn"]
    assert (
        running.ecs.update_service(cluster="green", service=arn, desiredCount=1)["service"]["desiredCount"]
        == 1
    )
