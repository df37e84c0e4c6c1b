"""Rolling deployments that fail: the circuit breaker and rollbacks."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import BREAKER, Stage

AREA = "ECS rollouts"
BREAKER_GUIDE = ecs_guide("deployment-circuit-breaker")
EVENTS_GUIDE = ecs_guide("service-event-messages-list")
STATES = ecs("Deployment")


@check("ecs.rollout.slow-without-breaker", source=ecs_guide("service-throttle-logic"), needs=("task",))
def no_breaker(s: Stage) -> None:
    """Without the breaker a deployment of crashing tasks stays IN_PROGRESS; the old task runs on."""
    s.running(1)
    [old] = s.tasks()
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    failed = 0
    for _ in s.watch(600, step=20):
        failed = max(failed, s.look()["deployments"][0].get("failedTasks", 0))
    first = s.look()["deployments"][0]
    assert (first["status"], first["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert failed > 3
    assert s.task(old["taskArn"])["lastStatus"] == "RUNNING"


@check(
    "ecs.rollout.breaker.fails",
    source=STATES,
    says=(
        "If the service fails to reach a steady state and circuit breaker is turned on, the "
        "deployment transitions to a FAILED state."
    ),
    needs=("task",),
)
def breaker_fails(s: Stage) -> None:
    """With the breaker on and rollback off, crashing tasks make the deployment FAILED, and it stays."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    [deployment] = s.look()["deployments"]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."


@check(
    "ecs.rollout.breaker.no-more-tasks",
    source=STATES,
    says="A deployment in FAILED state doesn't launch any new tasks.",
    needs=("task",),
)
def no_more_tasks(s: Stage) -> None:
    """A FAILED deployment starts no further tasks."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["rolloutState"] == "FAILED"
    s.settle(lambda: not s.tasks())
    assert s.tasks() == []
    for _ in s.watch(120, step=5):
        assert s.tasks() == [], "a task was started"


@check("ecs.rollout.breaker.threshold", source=BREAKER_GUIDE, needs=("task",))
def threshold(s: Stage) -> None:
    """A service of one task takes three failures: half of one, but at least three."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["failedTasks"] == 3


@check(
    "ecs.rollout.breaker.threshold-count",
    source=ecs("DeploymentCircuitBreaker"),
    says=(
        "The type and value together determine how many task failures are tolerated before the "
        "circuit breaker activates."
    ),
    needs=("task",),
)
def threshold_count(s: Stage) -> None:
    """A threshold of five by COUNT takes five failures."""
    breaker = {
        "enable": True,
        "rollback": False,
        "thresholdConfiguration": {"type": "COUNT", "value": 5},
    }
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker},
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    assert s.look()["deployments"][0]["failedTasks"] == 5


def _rolled_back(s: Stage, behaviour: str) -> dict[str, Any]:
    """A service with a good revision gets a bad one; the service after it has settled."""
    good = s.running(1, deploymentConfiguration=BREAKER)["taskDefinition"]
    s.update(taskDefinition=s.register("web", behaviour)["taskDefinitionArn"])
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"] == good)
    service = s.look()
    assert service["taskDefinition"] == good
    assert service["runningCount"] == 1
    return service


@check(
    "ecs.rollout.rollback.crash",
    source=ecs("DeploymentCircuitBreaker"),
    says=(
        "If rollback is on, when a service deployment fails, the service is rolled back to the "
        "last deployment that completed successfully."
    ),
    needs=("task",),
)
def rollback_crash(s: Stage) -> None:
    """With rollback on, a crashing revision gives way to the last that completed."""
    [deployment] = _rolled_back(s, "crash")["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")


@check("ecs.rollout.rollback.no-pull", source=BREAKER_GUIDE, needs=("task",))
def rollback_no_pull(s: Stage) -> None:
    """So does one whose image cannot be pulled."""
    _rolled_back(s, "nopull")


@check("ecs.rollout.rollback.unhealthy", source=BREAKER_GUIDE, needs=("task",))
def rollback_unhealthy(s: Stage) -> None:
    """So does one that fails its container health check."""
    _rolled_back(s, "unhealthy")


@check("ecs.rollout.rollback.keeps-good-tasks", source=BREAKER_GUIDE, needs=("task",))
def keeps_good_tasks(s: Stage) -> None:
    """The healthy task of the old revision lives through the failed deployment and the rollback."""
    s.running(1, deploymentConfiguration=BREAKER)
    [old] = s.tasks()
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"].endswith(":1"))
    assert s.look()["taskDefinition"].endswith(":1")
    assert [task["taskArn"] for task in s.tasks()] == [old["taskArn"]]


@check("ecs.rollout.rollback.reason", source=BREAKER_GUIDE, needs=("task",))
def rollback_reason(s: Stage) -> None:
    """While it is FAILED and ACTIVE, the bad deployment says why, and the new PRIMARY that it rolls back."""
    s.running(1, deploymentConfiguration=BREAKER)
    s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])
    seen: list[dict[str, Any]] = []
    for _ in s.watch(600):
        seen = s.look()["deployments"]
        if any(d.get("rolloutState") == "FAILED" for d in seen):
            break
    by_state = {d.get("rolloutState"): d for d in seen}
    assert by_state["FAILED"]["rolloutStateReason"] == (
        "ECS deployment circuit breaker: tasks failed to start."
    )
    assert "rolling back to deploymentId" in by_state["IN_PROGRESS"]["rolloutStateReason"]
    assert by_state["IN_PROGRESS"]["status"] == "PRIMARY"


@check("ecs.rollout.rollback.none-completed", source=BREAKER_GUIDE, needs=("task",))
def none_completed(s: Stage) -> None:
    """Without an earlier deployment that completed, the deployment stays FAILED and nothing is started."""
    s.service(
        taskDefinition=s.register("web", "crash")["taskDefinitionArn"],
        desiredCount=1,
        deploymentConfiguration=BREAKER,
    )
    s.settle(lambda: s.look()["deployments"][0].get("rolloutState") == "FAILED")
    [deployment] = s.look()["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "FAILED")


@check(
    "ecs.rollout.failed-tasks-reset",
    source=STATES,
    says=(
        "Once a service deployment has one or more successfully running tasks, the failed task "
        "count resets to zero and stops being evaluated."
    ),
    needs=("task",),
)
def failed_reset(s: Stage) -> None:
    """A completed deployment has no failed tasks."""
    assert s.running(1)["deployments"][0]["failedTasks"] == 0


@check("ecs.rollout.events.failed", source=BREAKER_GUIDE, needs=("task",))
def event_failed(s: Stage) -> None:
    """A deployment that fails is told, and that it is rolled back."""
    s.running(1, deploymentConfiguration=BREAKER)
    bad = s.update(taskDefinition=s.register("web", "crash")["taskDefinitionArn"])["deployments"][0]["id"]
    s.settle(lambda: s.is_steady() and s.look()["taskDefinition"].endswith(":1"))
    messages = [event["message"] for event in s.look()["events"]]
    assert (
        f"(service {s.name('web')}) (deployment {bad}) deployment failed: tasks failed to start." in messages
    )
    assert any("rolling back to deployment" in message for message in messages)
