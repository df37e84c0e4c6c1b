"""Where tasks run, and what happens when there is no room:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html"""

from typing import Any

import pytest

from tests.testing.conftest import NETWORK, Json, Refused, Stage

EC2: Json = {
    "requiresCompatibilities": ["EC2"],
    "networkMode": "bridge",
    "cpu": None,
    "memory": None,
}


@pytest.fixture
def on_ec2(stage: Stage) -> Stage:
    """A task definition for EC2, as agent:1."""
    container = {"memory": 128}
    given = {
        "family": "agent",
        "networkMode": "bridge",
        "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [{"name": "app", "image": "agent:1", **container}],
    }
    stage.ecs.register_task_definition(**given)
    return stage


def daemon(stage: Stage, **extra: Any) -> Json:
    return stage.create(
        "agent",
        taskDefinition="agent",
        schedulingStrategy="DAEMON",
        launchType="EC2",
        desiredCount=None,
        networkConfiguration=None,
        **extra,
    )


def test_a_daemon_runs_one_task_on_each_instance(on_ec2: Stage) -> None:
    """ "deploys exactly one task on each active container instance" (ecs_service-options.html)"""
    instances = on_ec2.aws.container_instances("green", 3)
    service = daemon(on_ec2)
    assert (service["desiredCount"], service["runningCount"]) == (3, 3)
    assert sorted(t["containerInstanceArn"] for t in on_ec2.tasks(name="agent")) == sorted(instances)
    [cluster] = on_ec2.ecs.describe_clusters(clusters=["green"])["clusters"]
    assert cluster["registeredContainerInstancesCount"] == 3
    more = on_ec2.aws.container_instances("green", 5)
    on_ec2.aws.settle()
    assert on_ec2.look("agent")["runningCount"] == 5
    assert sorted(t["containerInstanceArn"] for t in on_ec2.tasks(name="agent")) == sorted(more)
    left = on_ec2.aws.container_instances("green", 1)
    on_ec2.aws.settle()
    [task] = on_ec2.tasks(name="agent")
    assert task["containerInstanceArn"] == left[0]
    gone = on_ec2.tasks("STOPPED", name="agent")
    assert {t["stopCode"] for t in gone} == {"TerminationNotice"}
    assert all(t["stoppedReason"].startswith("Host EC2 (instance i-") for t in gone)


def test_a_daemon_is_replaced_in_place(on_ec2: Stage) -> None:
    """Its defaults are 0 and 100 percent: "stops one task, then starts its replacement"
    (API_DeploymentConfiguration)."""
    instances = on_ec2.aws.container_instances("green", 2)
    service = daemon(on_ec2)
    configuration = service["deploymentConfiguration"]
    assert (configuration["minimumHealthyPercent"], configuration["maximumPercent"]) == (0, 100)
    on_ec2.update("agent", forceNewDeployment=True)
    for _ in range(120):
        on_ec2.aws.advance(1)
        now = on_ec2.look("agent")
        assert now["runningCount"] + now["pendingCount"] <= 2
    assert on_ec2.deployments("agent") == [("PRIMARY", "COMPLETED", "agent:1")]
    assert sorted(t["containerInstanceArn"] for t in on_ec2.tasks(name="agent")) == sorted(instances)


def test_no_container_instances(on_ec2: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"""
    on_ec2.aws.container_instances("green", 0)
    on_ec2.create(
        "agent",
        settle=False,
        taskDefinition="agent",
        launchType="EC2",
        desiredCount=2,
        networkConfiguration=None,
    )
    on_ec2.aws.advance(3600)
    assert on_ec2.events("agent") == [
        (
            "(service agent) was unable to place a task because no container instance met all of its "
            "requirements. Reason: No Container Instances were found in your cluster. For more information, "
            "see the Troubleshooting section of the Amazon ECS Developer Guide."
        )
    ]
    on_ec2.aws.container_instances("green", 1)
    on_ec2.aws.settle()
    assert on_ec2.look("agent")["runningCount"] == 2


def test_no_fargate_capacity(stage: Stage) -> None:
    """The same event is repeated only after six hours
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html)."""
    stage.create()
    stage.register("2")
    stage.aws.scenarios.add("*:2", "nocapacity")
    stage.update(taskDefinition="web:2")
    stage.aws.advance(5 * 3600)
    said = [event for event in stage.events() if "unable to place" in event]
    assert said == [
        (
            "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please "
            "try again later or in a different availability zone. For more information, see the "
            "Troubleshooting section of the Amazon ECS Developer Guide."
        )
    ]
    assert stage.look()["runningCount"] == 2
    stage.aws.advance(2 * 3600)
    assert sum("unable to place" in event for event in stage.events()) == 2
    stage.aws.scenarios.clear()
    stage.aws.settle()
    assert stage.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_a_lack_of_capacity_trips_no_breaker(stage: Stage) -> None:
    """The circuit breaker counts tasks that were launched and failed (deployment-circuit-breaker.html)."""
    stage.register("2")
    stage.aws.scenarios.add("*:2", "nocapacity")
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stage.create(taskDefinition="web:2", deploymentConfiguration=breaker, settle=False)
    stage.aws.advance(3600)
    assert stage.deployments() == [("PRIMARY", "IN_PROGRESS", "web:2")]
    assert stage.look()["deployments"][0]["failedTasks"] == 0


def test_run_task_without_capacity(stage: Stage, on_ec2: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html"""
    stage.aws.scenarios.add("web:1", "nocapacity", times=1)
    answer = stage.ecs.run_task(
        cluster="green", taskDefinition="web", launchType="FARGATE", networkConfiguration=NETWORK, count=3
    )
    assert len(answer["tasks"]) == 2
    assert [f["reason"] for f in answer["failures"]] == [
        "Capacity is unavailable at this time. Please try again later or in a different availability zone"
    ]
    [instance] = stage.aws.container_instances("green", 1)
    stage.aws.scenarios.add("agent:*", "nocapacity")
    answer = stage.ecs.run_task(cluster="green", taskDefinition="agent", launchType="EC2")
    assert (answer["tasks"], answer["failures"]) == ([], [{"arn": instance, "reason": "RESOURCE:MEMORY"}])


def test_container_instances_of_no_cluster(stage: Stage) -> None:
    with pytest.raises(LookupError, match="blue"):
        stage.aws.container_instances("blue", 1)


def test_describe_capacity_providers(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html; those of
    Fargate "are available to all accounts"."""
    group = {"autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x"}
    made = stage.ecs.create_capacity_provider(
        name="spot", autoScalingGroupProvider=group, tags=[{"key": "a", "value": "b"}]
    )["capacityProvider"]
    assert (made["status"], made["tags"]) == ("ACTIVE", [{"key": "a", "value": "b"}])
    assert made["autoScalingGroupProvider"]["managedScaling"]["status"] == "DISABLED"
    describe = stage.ecs.describe_capacity_providers
    found = describe()["capacityProviders"]
    assert [p["name"] for p in found] == ["FARGATE", "FARGATE_SPOT", "spot"]
    assert found[2]["tags"] == []
    assert found[0]["capacityProviderArn"].endswith(":capacity-provider/FARGATE")
    answer = describe(capacityProviders=["FARGATE_SPOT", "nope"], include=["TAGS"])
    assert [p["name"] for p in answer["capacityProviders"]] == ["FARGATE_SPOT"]
    assert [f["reason"] for f in answer["failures"]] == ["MISSING"]
    first = describe(maxResults=2)
    assert [p["name"] for p in describe(maxResults=2, nextToken=first["nextToken"])["capacityProviders"]] == [
        "spot"
    ]
    with refused("InvalidParameterException", "prefixed"):
        stage.ecs.create_capacity_provider(name="fargate-2", autoScalingGroupProvider=group)
    with refused("InvalidParameterException", "reserved"):
        stage.ecs.delete_capacity_provider(capacityProvider="FARGATE")
    assert (
        stage.ecs.delete_capacity_provider(capacityProvider="spot")["capacityProvider"]["status"]
        == "INACTIVE"
    )


def test_put_cluster_capacity_providers(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html"""
    put = stage.ecs.put_cluster_capacity_providers
    with refused("InvalidParameterException", "'nope' was not found"):
        put(cluster="green", capacityProviders=["nope"], defaultCapacityProviderStrategy=[])
    item = {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    put(cluster="green", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=[item])
    names = [p["name"] for p in stage.ecs.describe_capacity_providers(cluster="green")["capacityProviders"]]
    assert names == ["FARGATE_SPOT"]
    stage.create(launchType=None)
    with refused("ResourceInUseException", "in use"):
        put(cluster="green", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ([("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 4)], {"FARGATE": 3, "FARGATE_SPOT": 4}),
        ([("FARGATE", 0, 0), ("FARGATE_SPOT", 0, 1)], {"FARGATE_SPOT": 7}),
        ([("FARGATE", 3, 0), ("FARGATE_SPOT", 0, 1)], {"FARGATE": 3, "FARGATE_SPOT": 4}),
        ([("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 1)], {"FARGATE": 4, "FARGATE_SPOT": 3}),
    ],
)
def test_run_task_follows_base_and_weight(
    stage: Stage, strategy: list[tuple[str, int, int]], expected: dict[str, int]
) -> None:
    """ "Base requirements are satisfied first before weight distribution"; "a weight of 0 … won't be used"
    (API_CapacityProviderStrategyItem). The cluster's default strategy is used without any other."""
    items = [{"capacityProvider": n, "base": b, "weight": w} for n, b, w in strategy]
    stage.ecs.put_cluster_capacity_providers(
        cluster="green", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=items
    )
    tasks = stage.ecs.run_task(cluster="green", taskDefinition="web", networkConfiguration=NETWORK, count=7)[
        "tasks"
    ]
    placed = [t["capacityProviderName"] for t in tasks]
    assert {name: placed.count(name) for name in sorted(set(placed))} == expected


def test_update_cluster(stage: Stage, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCluster.html and
    API_UpdateClusterSettings"""
    setting = {"name": "containerInsights", "value": "enhanced"}
    updated = stage.ecs.update_cluster_settings(cluster="green", settings=[setting])["cluster"]
    assert updated["settings"] == [setting]
    configuration = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    updated = stage.ecs.update_cluster(
        cluster="green", configuration=configuration, serviceConnectDefaults={"namespace": "prod"}
    )["cluster"]
    assert updated["settings"] == [setting]
    assert updated["configuration"] == configuration
    assert updated["serviceConnectDefaults"] == {"namespace": "prod"}
    with refused("ClusterNotFoundException"):
        stage.ecs.update_cluster(cluster="nope")
    with refused("InvalidParameterException", "Invalid value"):
        stage.ecs.update_cluster_settings(
            cluster="green", settings=[{"name": "containerInsights", "value": "x"}]
        )


def test_tags_and_exec_on_tasks(stage: Stage) -> None:
    """Managed tags aws:ecs:clusterName and aws:ecs:serviceName; propagated ones of the service
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html). Tasks that run already
    are left as they are (API_UpdateService)."""
    stage.create(tags=[{"key": "team", "value": "x"}], propagateTags="SERVICE", enableECSManagedTags=True)
    arn = stage.tasks()[0]["taskArn"]

    def seen(task: str) -> Json:
        found: Json = stage.ecs.describe_tasks(cluster="green", tasks=[task], include=["TAGS"])["tasks"][0]
        return found

    assert {t["key"]: t["value"] for t in seen(arn)["tags"]} == {
        "aws:ecs:clusterName": "green",
        "aws:ecs:serviceName": "web",
        "team": "x",
    }
    assert seen(arn)["enableExecuteCommand"] is False
    stage.update(enableExecuteCommand=True, propagateTags="NONE", enableECSManagedTags=False)
    assert seen(arn)["enableExecuteCommand"] is False
    stage.update(forceNewDeployment=True)
    stage.aws.settle()
    new = seen(stage.tasks()[0]["taskArn"])
    assert (new["tags"], new["enableExecuteCommand"]) == ([], True)
    [agent] = new["containers"][0]["managedAgents"]
    assert (agent["name"], agent["lastStatus"]) == ("ExecuteCommandAgent", "RUNNING")


@pytest.mark.parametrize("value", ["ENABLED", "DISABLED"])
def test_zone_rebalancing_is_kept(stage: Stage, value: str) -> None:
    """An update without it "keeps the existing value" (API_UpdateService)."""
    stage.create(availabilityZoneRebalancing=value)
    stage.update(desiredCount=1)
    assert stage.look()["availabilityZoneRebalancing"] == value
