"""CreateService, DescribeServices, ListServices, DeleteService."""

from typing import Any

import pytest

from tests.testing.conftest import NETWORK, Json, Refused, Stage

TARGET_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
BALANCER: Json = {"targetGroupArn": TARGET_GROUP, "containerName": "app", "containerPort": 80}


def test_server_defaults_of_a_service(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html (defaults) and
    API_Service"""
    service = stage.create(deploymentConfiguration={})
    expected = {
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/green/web",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/green",
        "status": "ACTIVE",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1",
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "availabilityZoneRebalancing": "ENABLED",
        "propagateTags": "NONE",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "healthCheckGracePeriodSeconds": 0,
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "createdBy": "arn:aws:iam::123456789012:user/local",
        "roleArn": "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {
                "enable": False,
                "rollback": False,
                "resetOnHealthyTask": True,
                "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
            },
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "alarms": {"alarmNames": [], "rollback": False, "enable": False},
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        },
    }
    assert {name: service[name] for name in expected} == expected
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


def test_defaults_are_filled_leaf_by_leaf(stage: Stage) -> None:
    """A declared breaker gets the leaves it leaves out."""
    service = stage.create(
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
        }
    )
    configuration = service["deploymentConfiguration"]
    assert configuration["deploymentCircuitBreaker"]["resetOnHealthyTask"] is True
    assert configuration["deploymentCircuitBreaker"]["thresholdConfiguration"]["value"] == 50
    assert (configuration["maximumPercent"], configuration["minimumHealthyPercent"]) == (150, 100)


def test_right_after_creation(stage: Stage) -> None:
    """The answer of CreateService shows no task yet: the scheduler works afterwards."""
    service = stage.create(settle=False)
    assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (2, 0, 0)
    assert service["events"] == []
    [deployment] = service["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} in progress."
    assert deployment["platformVersion"] == "1.4.0"


def test_subnets_and_groups_come_back_in_another_order(stage: Stage) -> None:
    """They are sets to AWS."""
    stage.create()
    orders = {
        tuple(stage.look()["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) for _ in range(12)
    }
    assert len(orders) == 2


def test_what_lives_on_deployments_only(stage: Stage) -> None:
    """Service has no serviceConnectConfiguration, volumeConfigurations, vpcLatticeConfigurations
    (API_Service);
    Deployment and ServiceRevision have. AWS fills discoveryName and dnsName (API_ServiceConnectService)."""
    ports = {"portMappings": [{"containerPort": 80, "name": "http"}]}
    stage.register("1", "web", ports, volumes=[{"name": "data", "configuredAtLaunch": True}])
    connect = {
        "enabled": True,
        "namespace": "prod",
        "services": [{"portName": "http", "clientAliases": [{"port": 80}]}],
    }
    role = "arn:aws:iam::123456789012:role/ebs"
    volume = {"name": "data", "managedEBSVolume": {"roleArn": role, "sizeInGiB": 10}}
    service = stage.create(serviceConnectConfiguration=connect, volumeConfigurations=[volume])
    assert "serviceConnectConfiguration" not in service
    assert "volumeConfigurations" not in service
    [deployment] = service["deployments"]
    [seen] = deployment["serviceConnectConfiguration"]["services"]
    assert seen["discoveryName"] == "http"
    assert seen["clientAliases"] == [{"port": 80, "dnsName": "http.prod"}]
    assert deployment["volumeConfigurations"] == [volume]
    arn = service["currentServiceRevisions"][0]["arn"]
    [revision] = stage.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    assert revision["serviceConnectConfiguration"]["services"] == [seen]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        ({"taskDefinition": "web:9"}, "ClientException", "TaskDefinition not found."),
        ({"taskDefinition": None}, "InvalidParameterException", "TaskDefinition can not be blank."),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported.",
        ),
        (
            {"networkConfiguration": None},
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            "InvalidParameterException",
            "subnets can not be empty.",
        ),
        ({"desiredCount": None}, "InvalidParameterException", "requires a desired count"),
        ({"desiredCount": -1}, "InvalidParameterException", "negative"),
        (
            {"loadBalancers": [BALANCER | {"containerName": "other"}]},
            "InvalidParameterException",
            "The container other does not exist in the task definition.",
        ),
        (
            {"loadBalancers": [BALANCER | {"containerPort": 81}]},
            "InvalidParameterException",
            "The container app did not have a container port 81 defined.",
        ),
        (
            {"loadBalancers": [BALANCER | {"targetGroupArn": "arn:aws:nonsense"}]},
            "InvalidParameterException",
            "target group",
        ),
        ({"platformVersion": "9.9.9"}, "PlatformUnknownException", "platform"),
        ({"schedulingStrategy": "DAEMON", "desiredCount": None}, "InvalidParameterException", "daemon"),
        ({"role": "some-role"}, "InvalidParameterException", "role"),
        (
            {"placementStrategy": [{"type": "spread", "field": "host"}]},
            "InvalidParameterException",
            "Placement strategies",
        ),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
            "InvalidParameterException",
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ),
        ({"clientToken": "x" * 37}, "InvalidParameterException", "clientToken"),
        ({"tags": [{"key": "aws:a", "value": "b"}]}, "InvalidParameterException", "aws: prefixed"),
        (
            {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "grpc"}]}},
            "InvalidParameterException",
            "grpc",
        ),
    ],
)
def test_refused_creations(stage: Stage, refused: Refused, change: Json, code: str, message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html (Errors)"""
    given: Json = {"cluster": "green", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1}
    given |= {"launchType": "FARGATE", "networkConfiguration": NETWORK} | change
    with refused(code, message):
        stage.ecs.create_service(**{k: v for k, v in given.items() if v is not None})
    assert stage.ecs.list_services(cluster="green")["serviceArns"] == []


@pytest.mark.parametrize("name", ["", "a b", "x" * 256, "ä.b"])
def test_service_names(stage: Stage, refused: Refused, name: str) -> None:
    """ "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed." """
    with refused("InvalidParameterException"):
        stage.create(name)


def test_an_inactive_task_definition_cannot_be_used(stage: Stage, refused: Refused) -> None:
    """ "You can't use an INACTIVE task definition to run new tasks or create new services, and you can't
    update an
    existing service to reference an INACTIVE task definition." (DeregisterTaskDefinition)"""
    stage.create("other")
    stage.register("2")
    stage.ecs.deregister_task_definition(taskDefinition="web:2")
    with refused("ClientException", "TaskDefinition is inactive"):
        stage.create(taskDefinition="web:2")
    with refused("ClientException", "TaskDefinition is inactive"):
        stage.update("other", taskDefinition="web:2")


def test_a_service_on_an_inactive_revision_still_scales(stage: Stage) -> None:
    """ "Existing services that reference an INACTIVE task definition can still scale up or down" """
    stage.create()
    stage.ecs.deregister_task_definition(taskDefinition="web:1")
    stage.update(desiredCount=3)
    stage.aws.settle()
    assert stage.look()["runningCount"] == 3


def test_what_is_not_simulated_fails_loudly(stage: Stage, refused: Refused) -> None:
    hook = {"targetType": "PAUSE", "lifecycleStages": []}
    with refused("SimNotImplemented", "not simulated"):
        stage.create(deploymentConfiguration={"lifecycleHooks": [hook]})
    stage.create()
    with refused("SimNotImplemented", "not simulated"):
        stage.update(deploymentController={"type": "EXTERNAL"})


def test_the_same_name_is_not_idempotent(stage: Stage, refused: Refused) -> None:
    """The error that Terraform users know from hashicorp/terraform-provider-aws#2283."""
    stage.create()
    with refused("InvalidParameterException", "Creation of service was not idempotent."):
        stage.create(desiredCount=3)
    assert stage.look()["desiredCount"] == 2


def test_the_same_client_token_and_body_is_replayed(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html"""
    first = stage.create(clientToken="t-1")
    again = stage.create(clientToken="t-1")
    assert again["createdAt"] == first["createdAt"]
    assert again["currentServiceDeployment"] == first["currentServiceDeployment"]
    for different in ({"clientToken": "t-1", "desiredCount": 9}, {"clientToken": "t-2"}):
        with refused("InvalidParameterException", "not idempotent"):
            stage.create(**different)


def test_the_same_name_in_another_cluster(stage: Stage) -> None:
    """ "Service names must be unique within a cluster" """
    stage.create()
    stage.ecs.create_cluster(clusterName="blue")
    answer = stage.ecs.create_service(
        cluster="blue",
        serviceName="web",
        taskDefinition="web",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )
    assert answer["service"]["serviceArn"].endswith("service/blue/web")


def test_describe_limits_failures_and_arns(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html: up to 10
    services"""
    arn = stage.create()["serviceArn"]
    answer = stage.ecs.describe_services(cluster="green", services=[arn, "nope"])
    assert [s["serviceName"] for s in answer["services"]] == ["web"]
    assert answer["failures"] == [
        {"arn": "arn:aws:ecs:eu-west-1:123456789012:service/green/nope", "reason": "MISSING"}
    ]
    with refused("InvalidParameterException"):
        stage.ecs.describe_services(cluster="green", services=[f"s{n}" for n in range(11)])
    with refused("InvalidParameterException", "Services cannot be empty."):
        stage.ecs.describe_services(cluster="green", services=[])
    with refused("ClusterNotFoundException"):
        stage.ecs.describe_services(cluster="nope", services=["web"])


def test_tags_only_when_asked(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html (include)"""
    tags = [{"key": "team", "value": "green"}]
    stage.create(tags=tags)
    assert "tags" not in stage.look()
    assert stage.look(include=["TAGS"])["tags"] == tags


def test_list_services_has_pages_of_ten(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html: "up to 10 results" """
    for n in range(13):
        stage.create(f"s{n}", settle=False, desiredCount=0)
    first = stage.ecs.list_services(cluster="green")
    assert len(first["serviceArns"]) == 10
    rest = stage.ecs.list_services(cluster="green", nextToken=first["nextToken"])
    assert len(rest["serviceArns"]) == 3
    assert "nextToken" not in rest
    assert len(stage.ecs.list_services(cluster="green", maxResults=100)["serviceArns"]) == 13
    assert stage.ecs.list_services(cluster="green", launchType="EC2")["serviceArns"] == []


def test_delete_needs_zero_or_force(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html (force)"""
    stage.create()
    with refused("InvalidParameterException", "The service cannot be stopped while it is scaled above 0."):
        stage.ecs.delete_service(cluster="green", service="web")
    with refused("ServiceNotFoundException", "Service not found."):
        stage.ecs.delete_service(cluster="green", service="nope")
    stage.update(desiredCount=0)
    stage.ecs.delete_service(cluster="green", service="web")


def test_draining_then_inactive(stage: Stage, refused: Refused) -> None:
    """ACTIVE, DRAINING while tasks are cleaned up, INACTIVE; both are still described, neither is listed nor
    updated (API_DeleteService)."""
    stage.create()
    gone = stage.ecs.delete_service(cluster="green", service="web", force=True)["service"]
    assert (gone["status"], gone["desiredCount"]) == ("DRAINING", 0)
    stage.aws.advance(1)
    assert stage.look()["status"] == "DRAINING"
    assert stage.ecs.list_services(cluster="green")["serviceArns"] == []
    with refused("InvalidParameterException", "Unable to Start a service that is still Draining."):
        stage.create()
    with refused("ServiceNotActiveException", "Service was not ACTIVE."):
        stage.update(desiredCount=1)
    stage.aws.settle()
    inactive = stage.look()
    assert (inactive["status"], inactive["deployments"], inactive["runningCount"]) == ("INACTIVE", [], 0)
    with refused("ServiceNotActiveException"):
        stage.update(desiredCount=1)
    with refused("ServiceNotFoundException"):
        stage.ecs.delete_service(cluster="green", service="web")


def test_recreate_over_an_inactive_service(stage: Stage) -> None:
    """The predecessor's clientToken does not bring it back; createdAt tells them apart."""
    first = stage.create(clientToken="t-1")
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    stage.aws.settle()
    second = stage.create(clientToken="t-1")
    assert second["status"] == "ACTIVE"
    assert second["createdAt"] > first["createdAt"]
    assert second["runningCount"] == 2


def test_waiters_of_the_sdk(stage: Stage) -> None:
    """botocore's ServicesStable and ServicesInactive, as `aws ecs wait` uses them."""
    stage.create()
    wait = {"WaiterConfig": {"Delay": 0, "MaxAttempts": 1}}
    stage.ecs.get_waiter("services_stable").wait(cluster="green", services=["web"], **wait)
    stage.ecs.delete_service(cluster="green", service="web", force=True)
    stage.aws.settle()
    stage.ecs.get_waiter("services_inactive").wait(cluster="green", services=["web"], **wait)


def test_ec2_services(stage: Stage) -> None:
    """Without launch type and strategy a service runs on EC2; there, no platform version and no awsvpc
    block."""
    containers: list[Any] = [{"name": "app", "image": "web:1", "memory": 128}]
    stage.ecs.register_task_definition(family="plain", containerDefinitions=containers)
    strategy = [{"type": "spread", "field": "host"}, {"type": "binpack", "field": "memory"}]
    stage.aws.container_instances("green", 1)
    service = stage.create(
        taskDefinition="plain", launchType=None, networkConfiguration=None, placementStrategy=strategy
    )
    assert service["launchType"] == "EC2"
    assert "platformVersion" not in service
    # "instanceId (or host, which has the same effect)"; cpu and memory are shown in upper case
    assert [item["field"] for item in service["placementStrategy"]] == ["instanceId", "MEMORY"]
    assert service["runningCount"] == 2
