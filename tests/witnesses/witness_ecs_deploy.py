"""ecs-deploy (https://github.com/fabfuel/ecs-deploy): deploy, scale, run, update, diff."""

from tests.witnesses.conftest import Shell, definition

FAST = ("--sleep-time", "1", "--timeout", "60")


def _images(shell: Shell) -> set[str]:
    ecs = shell.aws.client("ecs")
    arns = ecs.list_tasks(cluster="green", serviceName="web")["taskArns"]
    tasks = ecs.describe_tasks(cluster="green", tasks=arns)["tasks"]
    return {task["containers"][0]["image"] for task in tasks if task["lastStatus"] == "RUNNING"}


def witness_deploy(stage: Shell) -> None:
    said = stage.run("ecs", "deploy", "green", "web", "--tag", "2", *FAST)
    assert "Deployment successful" in said
    assert _images(stage) == {"web:2"}


def witness_deploy_of_many_options(stage: Shell) -> None:
    said = stage.run(
        "ecs", "deploy", "green", "web", "-i", "app", "web:3", "-e", "app", "STAGE", "prod",
        "-c", "app", "run it", "-d", "app", "team", "green", "--task-cpu", "512", "--task-memory", "1024",
        *FAST,
    )  # fmt: skip
    assert "Deployment successful" in said
    found = stage.aws.client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]
    [app] = found["containerDefinitions"]
    assert (found["cpu"], found["memory"]) == ("512", "1024")
    assert (app["image"], app["environment"]) == ("web:3", [{"name": "STAGE", "value": "prod"}])
    assert app["dockerLabels"] == {"team": "green"}


def witness_a_deployment_that_fails_is_told_and_rolled_back(stage: Shell) -> None:
    stage.aws.scenarios.add("web:bad", "crash")
    said = stage.run(
        "ecs", "deploy", "green", "web", "--tag", "bad", "--rollback", "--sleep-time", "1", "--timeout", "5",
        fails=True,
    )  # fmt: skip
    assert "Deployment failed" in said
    stage.aws.settle()
    assert _images(stage) == {"web:1"}


def witness_scale(stage: Shell) -> None:
    assert "Scaling successful" in stage.run("ecs", "scale", "green", "web", "3", *FAST)
    assert stage.aws.client("ecs").describe_services(cluster="green", services=["web"])["services"][0][
        "runningCount"
    ] == 3  # fmt: skip
    assert "Scaling successful" in stage.run("ecs", "scale", "green", "web", "0", *FAST)


def witness_run_on_fargate(stage: Shell) -> None:
    said = stage.run(
        "ecs", "run", "green", "web", "2", "--launchtype", "FARGATE", "--subnet", "subnet-a",
        "--securitygroup", "sg-1", "-c", "app", "migrate",
    )  # fmt: skip
    assert said.count("arn:aws:ecs:eu-west-1:123456789012:task/green/") == 2


def witness_run_on_ec2_needs_an_instance(stage: Shell) -> None:
    plain = {"family": "plain", "containerDefinitions": [{"name": "app", "image": "plain:1", "memory": 128}]}
    stage.aws.client("ecs").register_task_definition(**plain)
    assert "No Container Instances" in stage.run("ecs", "run", "green", "plain", fails=True)
    stage.aws.container_instances("green", 1)
    assert "Successfully started 1 instances" in stage.run("ecs", "run", "green", "plain")


def witness_update_and_diff(stage: Shell) -> None:
    said = stage.run("ecs", "update", "web", "--tag", "2", "-e", "app", "STAGE", "prod")
    assert "Successfully created revision: 2" in said
    assert "web:2" in stage.run("ecs", "diff", "web", "1", "2")


def witness_update_of_another_family(stage: Shell) -> None:
    stage.aws.client("ecs").register_task_definition(**definition("job"))
    assert "revision: 2" in stage.run("ecs", "update", "job", "-i", "app", "job:2")
