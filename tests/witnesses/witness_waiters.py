"""`aws ecs wait …`, while what is waited for is still under way."""

from concurrent.futures import ThreadPoolExecutor

from tests.witnesses.conftest import NETWORK, Shell, definition, service


def witness_all_of_ecs_wait(stage: Shell) -> None:
    """Together, as each looks only every six or fifteen seconds."""
    ecs = stage.aws.client("ecs")
    for name in ("new", "old"):
        ecs.register_task_definition(**definition(name))
    ecs.create_service(**service("old"))
    run = {"cluster": "green", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    stopping, *_ = ecs.run_task(taskDefinition="old", **run)["tasks"]
    stage.aws.settle()
    ecs.create_service(**service("new"))
    ecs.delete_service(cluster="green", service="old", force=True)
    ecs.stop_task(cluster="green", task=stopping["taskArn"])
    starting, *_ = ecs.run_task(taskDefinition="new", **run)["tasks"]
    waits = (
        ("services-stable", "--services", "new"),
        ("services-inactive", "--services", "old"),
        ("tasks-running", "--tasks", starting["taskArn"]),
        ("tasks-stopped", "--tasks", stopping["taskArn"]),
    )
    with ThreadPoolExecutor(len(waits)) as pool:
        for done in [pool.submit(stage.run, "aws", "ecs", "wait", *w, "--cluster", "green") for w in waits]:
            assert done.result() == ""
    new, old = ecs.describe_services(cluster="green", services=["new", "old"])["services"]
    assert (new["runningCount"], old["status"]) == (2, "INACTIVE")


def witness_waiting_for_what_will_never_be(stage: Shell) -> None:
    """A service that is not there ends the wait for it to be stable at once."""
    said = stage.run(
        "aws", "ecs", "wait", "services-stable", "--cluster", "green", "--services", "gone", fails=True
    )
    assert "Waiter ServicesStable failed" in said


def witness_elbv2_waiters(stage: Shell) -> None:
    stage.aws.target_group("web")
    stage.run("aws", "elbv2", "wait", "load-balancer-available", "--names", "web")
    stage.run("aws", "elbv2", "wait", "load-balancer-exists", "--names", "web")
    stage.run("aws", "elbv2", "wait", "load-balancers-deleted", "--names", "gone")
