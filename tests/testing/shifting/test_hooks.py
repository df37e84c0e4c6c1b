"""Lifecycle hooks:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html"""

from typing import Any

import pytest

from tests.testing.conftest import Json, Refused
from tests.testing.shifting.conftest import Shifting

CHECK = "arn:aws:lambda:eu-west-1:123456789012:function:check"
HOOK_STAGES = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
]


def function(*stages: str, **extra: Any) -> Json:
    role = "arn:aws:iam::123456789012:role/hooks"
    return {"hookTargetArn": CHECK, "roleArn": role, "lifecycleStages": list(stages), **extra}


def pause(*stages: str, **extra: Any) -> Json:
    return {"targetType": "PAUSE", "lifecycleStages": list(stages), **extra}


def released(shop: Shifting, *hooks: Json, strategy: str = "BLUE_GREEN", **configuration: Any) -> str:
    """A service that ran before it had hooks, and a new revision on its way; the service deployment's ARN."""
    shop.begin(strategy, **configuration)
    answer = shop.release(deploymentConfiguration={"lifecycleHooks": list(hooks)})
    return str(answer["currentServiceDeployment"])


def details(shop: Shifting) -> list[Json]:
    found: list[Json] = shop.service_deployment()["lifecycleHookDetails"]
    return found


def test_a_function_is_called_at_every_stage(shop: Shifting) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html (payloads)"""
    arn = released(shop, function(*HOOK_STAGES, hookDetails={"bucket": "b"}))
    shop.aws.settle()
    calls = list(shop.aws.hooks.calls)
    assert [call["lifecycleStage"] for call in calls] == HOOK_STAGES
    assert {(call["hookTargetArn"], call["resourceArn"]) for call in calls} == {(CHECK, arn)}
    assert all(call["hookDetails"] == {"bucket": "b"} for call in calls)
    green = shop.look()["currentServiceRevisions"][0]["arn"]
    weights = [call["executionDetails"]["productionTrafficWeights"].get(green) for call in calls]
    assert weights == [None, None, None, None, 0, 100, None]
    assert calls[2]["executionDetails"]["testTrafficWeights"][green] == 100
    assert calls[0]["executionDetails"]["serviceArn"] == shop.look()["serviceArn"]
    assert [(d["status"], d["targetType"], d["targetArn"]) for d in details(shop)] == [
        ("SUCCEEDED", "AWS_LAMBDA", CHECK)
    ] * 7
    assert shop.service_deployment()["status"] == "SUCCESSFUL"


@pytest.mark.parametrize("stage", HOOK_STAGES)
def test_a_function_that_fails_rolls_back(shop: Shifting, stage: str) -> None:
    """ "FAILED - Amazon ECS rolls back the deployment to the last successful service revision." """
    shop.aws.hooks.answer(CHECK, "FAILED")
    released(shop, function(stage))
    shop.aws.settle()
    done = shop.service_deployment()
    assert done["status"] == "ROLLBACK_SUCCESSFUL"
    assert done["statusReason"] == (
        f"Service deployment rolled back because {stage} lifecycle hook(s) failed. "
        f"Lifecycle hook target {CHECK} returned FAILED status."
    )
    assert any(event.endswith(f"deployment failed: {done['statusReason']}") for event in shop.events())
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert (shop.weights(), shop.weights(shop.test)) == ((100, 0), (100, 0))


def test_a_function_in_progress_is_called_again(shop: Shifting) -> None:
    """ "Amazon ECS invokes the function again after a delay. By default, the delay is 30 seconds." """
    shop.aws.hooks.answer(CHECK, "IN_PROGRESS", times=3)
    released(shop, function("POST_SCALE_UP"))
    shop.until("POST_SCALE_UP")
    begin = shop.aws.clock.now()
    [hook] = details(shop)
    assert (hook["status"], hook["timeoutAction"]) == ("IN_PROGRESS", "ROLLBACK")
    assert hook["hookId"].startswith("ecs-lambda-")
    assert 86390 < hook["expiresAt"].timestamp() - begin <= 86400
    shop.until("TEST_TRAFFIC_SHIFT")
    assert 88 <= shop.aws.clock.now() - begin <= 93
    assert len(shop.aws.hooks.calls) == 4


@pytest.mark.parametrize(
    ("action", "status", "definition"),
    [("ROLLBACK", "ROLLBACK_SUCCESSFUL", "web:1"), ("CONTINUE", "SUCCESSFUL", "web:2")],
)
@pytest.mark.parametrize("kind", ["function", "pause"])
def test_timeouts(shop: Shifting, kind: str, action: str, status: str, definition: str) -> None:
    """ "If the hook has not been completed by this time, Amazon ECS takes the timeout action." """
    shop.aws.hooks.answer(CHECK, "IN_PROGRESS")
    make = function if kind == "function" else pause
    released(
        shop,
        make("POST_TEST_TRAFFIC_SHIFT", timeoutConfiguration={"timeoutInMinutes": 10, "action": action}),
    )
    shop.until("POST_TEST_TRAFFIC_SHIFT")
    shop.aws.advance(590)
    assert shop.lifecycle() == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    shop.aws.settle()
    done = shop.service_deployment()
    assert done["status"] == status
    assert details(shop)[0]["status"] == "TIMED_OUT"
    assert shop.deployments() == [("PRIMARY", "COMPLETED", definition)]
    if (kind, action) == ("pause", "ROLLBACK"):
        assert done["statusReason"] == (
            "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out."
        )


def test_a_pause_waits_for_continue(shop: Shifting) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html"""
    arn = released(shop, pause("POST_TEST_TRAFFIC_SHIFT"))
    shop.aws.settle()
    assert shop.lifecycle() == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    shop.aws.advance(20 * 3600)
    [hook] = details(shop)
    assert (hook["targetType"], hook["status"]) == ("PAUSE", "AWAITING_ACTION")
    assert hook["hookId"].startswith("ecs-pause-")
    assert "targetArn" not in hook
    assert shop.weights() == (100, 0)
    answer = shop.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    assert answer["serviceDeploymentArn"] == arn
    shop.aws.settle()
    assert details(shop)[0]["status"] == "SUCCEEDED"
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:2")]


def test_continue_with_rollback(shop: Shifting) -> None:
    """ROLLBACK "rolls back the deployment to the previous service revision"
    (API_ContinueServiceDeployment)."""
    arn = released(shop, pause("POST_PRODUCTION_TRAFFIC_SHIFT"))
    shop.until("POST_PRODUCTION_TRAFFIC_SHIFT")
    assert shop.weights() == (0, 100)
    [hook] = details(shop)
    shop.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action="ROLLBACK")
    shop.aws.settle()
    assert shop.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert shop.weights() == (100, 0)
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


def test_all_hooks_of_a_stage_have_to_be_through(shop: Shifting) -> None:
    """ "the deployment stays paused until all hooks at that stage are continued" """
    arn = released(shop, pause("PRE_SCALE_UP"), pause("PRE_SCALE_UP"), function("PRE_SCALE_UP"))
    shop.until("PRE_SCALE_UP")
    shop.aws.advance(5)
    hooks = details(shop)
    assert [h["status"] for h in hooks] == ["AWAITING_ACTION", "AWAITING_ACTION", "SUCCEEDED"]
    for hook in hooks[:2]:
        assert shop.lifecycle() == ("IN_PROGRESS", "PRE_SCALE_UP")
        shop.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
        shop.aws.advance(10)
    assert shop.lifecycle() == ("IN_PROGRESS", "SCALE_UP")


@pytest.mark.parametrize("strategy", ["LINEAR", "CANARY"])
def test_before_and_at_every_traffic_step(shop: Shifting, strategy: str) -> None:
    """ "a linear deployment with 5 traffic shift steps and a pause hook at PRE_PRODUCTION_TRAFFIC_SHIFT
    pauses 5 times - once before each step"; functions at PRODUCTION_TRAFFIC_SHIFT are called at each step."""
    settings = {
        "LINEAR": {"linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 0}},
        "CANARY": {"canaryConfiguration": {"canaryPercent": 20.0, "canaryBakeTimeInMinutes": 0}},
    }
    arn = released(
        shop,
        pause("PRE_PRODUCTION_TRAFFIC_SHIFT"),
        function("PRODUCTION_TRAFFIC_SHIFT"),
        strategy=strategy,
        **settings[strategy],
    )
    green = shop.look()["currentServiceRevisions"][0]["arn"]
    continued = []
    while True:
        shop.aws.settle()
        waiting = [h for h in details(shop) if h["status"] == "AWAITING_ACTION"]
        if not waiting:
            break
        [hook] = waiting
        continued.append(hook["hookId"])
        shop.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    shares = [c["executionDetails"]["productionTrafficWeights"][green] for c in shop.aws.hooks.calls]
    assert shares == ([20, 40, 60, 80, 100] if strategy == "LINEAR" else [20, 100])
    assert len(set(continued)) == len(shares)
    assert shop.service_deployment()["status"] == "SUCCESSFUL"


def test_functions_are_called_on_the_way_back(shop: Shifting) -> None:
    """ "When a rollback occurs, Amazon ECS re-invokes hooks registered at the PRODUCTION_TRAFFIC_SHIFT and
    TEST_TRAFFIC_SHIFT stages"; the weights "show traffic shifting back to the blue revision"."""
    arn = released(shop, function("PRE_SCALE_UP", "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"))
    green = shop.look()["currentServiceRevisions"][0]["arn"]
    shop.until("BAKE_TIME")
    shop.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    shop.aws.settle()
    calls = list(shop.aws.hooks.calls)
    assert [call["lifecycleStage"] for call in calls] == [
        "PRE_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "TEST_TRAFFIC_SHIFT",
    ]
    assert calls[3]["executionDetails"]["targetServiceRevisionArn"] == green
    assert calls[3]["executionDetails"]["productionTrafficWeights"][green] == 0


def test_refused_continues(shop: Shifting, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"""
    arn = released(shop, pause("PRE_SCALE_UP"), function("PRE_SCALE_UP"))
    shop.aws.settle()
    hook, called = (h["hookId"] for h in details(shop))

    def go_on(name: str, of: str = arn) -> None:
        shop.ecs.continue_service_deployment(serviceDeploymentArn=of, hookId=name)

    with refused("InvalidParameterException", "Invalid hookId: hookId must follow the format"):
        go_on("nonsense")
    for other in ("ecs-pause-" + "x" * 43, called):
        with refused("InvalidParameterException", "either completed, unavailable, or not associated"):
            go_on(other)
    with refused("ServiceDeploymentNotFoundException", "The service deployment does not exist."):
        go_on(hook, arn[:-3] + "xyz")
    go_on(hook)
    with refused("InvalidParameterException", "either completed"):
        go_on(hook)
    shop.aws.settle()
    with refused("InvalidParameterException", "terminal states"):
        go_on(hook)


def test_a_newer_deployment_invalidates_the_hooks(shop: Shifting, refused: Refused) -> None:
    """ "a new deployment was triggered (invalidating previous hookIds)" """
    arn = released(shop, pause("PRE_SCALE_UP"))
    shop.aws.settle()
    [hook] = details(shop)
    shop.release("3", deploymentConfiguration={"lifecycleHooks": []})
    with refused("InvalidParameterException", "terminal states"):
        shop.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:3")]


@pytest.mark.parametrize(
    ("hooks", "message"),
    [
        ([pause("TEST_TRAFFIC_SHIFT")], "Invalid lifecycle stage provided for Pause Hook"),
        ([pause("PRODUCTION_TRAFFIC_SHIFT")], "Invalid lifecycle stage provided for Pause Hook"),
        ([pause("PRE_SCALE_UP", hookTargetArn=CHECK)], "not applicable"),
        ([pause("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 20161})], "20160"),
        ([function("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 1441})], "1440"),
        ([{"lifecycleStages": ["PRE_SCALE_UP"]}], "must be specified for AWS_LAMBDA hooks"),
        ([pause("PRE_SCALE_UP")] * 11, "maximum of 10"),
    ],
)
def test_refused_hooks(shop: Shifting, refused: Refused, hooks: list[Json], message: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html (constraints)"""
    with refused("InvalidParameterException", message):
        shop.begin(lifecycleHooks=hooks)


def test_answers_that_do_not_exist(shop: Shifting) -> None:
    with pytest.raises(ValueError, match="MAYBE"):
        shop.aws.hooks.answer(CHECK, "MAYBE")
