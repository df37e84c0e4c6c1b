"""Container instances, through the API that their agents use."""

from typing import Any

from tests.testing.conftest import Refused, Stage


def agent(stage: Stage) -> None:
    containers: list[Any] = [{"name": "app", "image": "agent:1", "memory": 128}]
    stage.ecs.register_task_definition(family="agent", containerDefinitions=containers)


def register(stage: Stage, **extra: Any) -> str:
    answer = stage.ecs.register_container_instance(cluster="green", **extra)
    return str(answer["containerInstance"]["containerInstanceArn"])


def test_a_cluster_has_none_until_one_is_registered(stage: Stage, refused: Refused) -> None:
    agent(stage)
    with refused("InvalidParameterException", "No Container Instances were found in your cluster."):
        stage.ecs.run_task(cluster="green", taskDefinition="agent", launchType="EC2")
    arn = register(stage)
    assert register(stage, containerInstanceArn=arn) == arn
    assert stage.ecs.list_container_instances(cluster="green")["containerInstanceArns"] == [arn]
    [task] = stage.ecs.run_task(cluster="green", taskDefinition="agent", launchType="EC2")["tasks"]
    assert task["containerInstanceArn"] == arn
    stage.aws.settle()
    answer = stage.ecs.describe_container_instances(cluster="green", containerInstances=[arn, "gone"])
    [found] = answer["containerInstances"]
    assert (found["status"], found["runningTasksCount"], found["pendingTasksCount"]) == ("ACTIVE", 1, 0)
    assert [f["reason"] for f in answer["failures"]] == ["MISSING"]


def test_a_service_waits_for_one_and_moves_when_it_goes(stage: Stage, refused: Refused) -> None:
    agent(stage)
    stage.create("agent", taskDefinition="agent", launchType="EC2", networkConfiguration=None, settle=False)
    stage.aws.advance(600)
    assert stage.look("agent")["runningCount"] == 0
    one = register(stage)
    stage.aws.settle()
    assert stage.look("agent")["runningCount"] == 2
    two = register(stage)
    with refused("InvalidParameterException", "running tasks"):
        stage.ecs.deregister_container_instance(cluster="green", containerInstance=one)
    gone = stage.ecs.deregister_container_instance(cluster="green", containerInstance=one, force=True)
    assert gone["containerInstance"]["status"] == "INACTIVE"
    stage.aws.settle()
    assert {t["containerInstanceArn"] for t in stage.tasks(name="agent")} == {two}
    assert stage.look("agent")["runningCount"] == 2


def test_a_daemon_follows_them(stage: Stage) -> None:
    agent(stage)
    given = {"taskDefinition": "agent", "launchType": "EC2", "networkConfiguration": None}
    service = stage.create("agent", schedulingStrategy="DAEMON", desiredCount=None, **given)
    assert (service["desiredCount"], service["runningCount"]) == (0, 0)
    arns = {register(stage), register(stage)}
    stage.aws.settle()
    assert {t["containerInstanceArn"] for t in stage.tasks(name="agent")} == arns


def test_managed_scaling_launches_them(stage: Stage) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedScaling.html"""
    agent(stage)
    group = {
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x",
        "managedScaling": {"status": "ENABLED"},
    }
    stage.ecs.create_capacity_provider(name="spot", autoScalingGroupProvider=group)
    stage.ecs.put_cluster_capacity_providers(
        cluster="green", capacityProviders=["spot"], defaultCapacityProviderStrategy=[]
    )
    service = stage.create(
        "agent",
        taskDefinition="agent",
        launchType=None,
        networkConfiguration=None,
        capacityProviderStrategy=[{"capacityProvider": "spot", "weight": 1}],
    )
    assert service["runningCount"] == 2
    [arn] = stage.ecs.list_container_instances(cluster="green")["containerInstanceArns"]
    [found] = stage.ecs.describe_container_instances(cluster="green", containerInstances=[arn])[
        "containerInstances"
    ]
    assert found["capacityProviderName"] == "spot"


def drain(stage: Stage, *instances: str, status: str = "DRAINING") -> None:
    stage.ecs.update_container_instances_state(
        cluster="green", containerInstances=list(instances), status=status
    )


def test_draining_moves_tasks_as_a_deployment_does(stage: Stage) -> None:
    """Never fewer than the minimum, never more than the maximum; it is no deployment all the same."""
    agent(stage)
    one = register(stage)
    stage.create("agent", taskDefinition="agent", launchType="EC2", networkConfiguration=None, desiredCount=4)
    two = register(stage)
    half: Any = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    stage.update("agent", deploymentConfiguration=half)
    stage.aws.settle()
    before = stage.deployments("agent")
    drain(stage, one)
    counts = set()
    for _ in range(300):
        stage.aws.advance(1)
        counts.add(stage.look("agent")["runningCount"])
    assert min(counts) == 2
    assert max(counts) == 4
    assert {t["containerInstanceArn"] for t in stage.tasks(name="agent")} == {two}
    assert stage.deployments("agent") == before
    [found] = stage.ecs.describe_container_instances(cluster="green", containerInstances=[one])[
        "containerInstances"
    ]
    assert (found["status"], found["runningTasksCount"], found["agentConnected"]) == ("DRAINING", 0, True)


def test_a_daemon_leaves_what_drains_and_comes_back(stage: Stage) -> None:
    agent(stage)
    one, two = register(stage), register(stage)
    stage.create(
        "agent",
        taskDefinition="agent",
        launchType="EC2",
        networkConfiguration=None,
        desiredCount=None,
        schedulingStrategy="DAEMON",
    )
    drain(stage, one)
    stage.aws.settle()
    assert [t["containerInstanceArn"] for t in stage.tasks(name="agent")] == [two]
    drain(stage, one, status="ACTIVE")
    stage.aws.settle()
    assert {t["containerInstanceArn"] for t in stage.tasks(name="agent")} == {one, two}


def test_tasks_of_a_task_set_leave_what_drains(stage: Stage) -> None:
    agent(stage)
    one = register(stage)
    stage.ecs.create_service(
        cluster="green", serviceName="sets", desiredCount=2, deploymentController={"type": "EXTERNAL"}
    )
    stage.ecs.create_task_set(
        cluster="green",
        service="sets",
        taskDefinition="agent",
        launchType="EC2",
        scale={"unit": "PERCENT", "value": 100},
    )
    stage.aws.settle()
    two = register(stage)
    drain(stage, one)
    stage.aws.settle()
    assert {t["containerInstanceArn"] for t in stage.tasks(name="sets")} == {two}


def test_a_task_that_is_started_by_hand_is_where_it_was_put(stage: Stage, refused: Refused) -> None:
    agent(stage)
    one, two = register(stage), register(stage)
    drain(stage, one)
    answer = stage.ecs.start_task(
        cluster="green", taskDefinition="agent", containerInstances=[one, two, "gone"]
    )
    assert [task["containerInstanceArn"] for task in answer["tasks"]] == [two]
    assert [f["reason"] for f in answer["failures"]] == ["INACTIVE", "MISSING"]
    stage.aws.settle()
    [task] = stage.ecs.describe_tasks(cluster="green", tasks=[answer["tasks"][0]["taskArn"]])["tasks"]
    assert (task["lastStatus"], task["group"]) == ("RUNNING", "family:agent")
    with refused("InvalidParameterException", "between 1 and 10"):
        stage.ecs.start_task(cluster="green", taskDefinition="agent", containerInstances=[two] * 11)
