"""Native blue/green deployments:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html"""

import pytest

from tests.testing.conftest import BREAKER, Json, Refused
from tests.testing.shifting.conftest import STAGES, Shifting


def test_the_stages_in_order(shop: Shifting) -> None:
    """Test traffic moves in TEST_TRAFFIC_SHIFT, production traffic "all-at-once" in
    PRODUCTION_TRAFFIC_SHIFT."""
    shop.begin()
    shop.release()
    blue, green = (100, 0), (0, 100)
    assert shop.course(110) == [
        ("IN_PROGRESS", "PRE_SCALE_UP", blue, blue),
        ("IN_PROGRESS", "SCALE_UP", blue, blue),
        ("IN_PROGRESS", "POST_SCALE_UP", blue, blue),
        ("IN_PROGRESS", "TEST_TRAFFIC_SHIFT", blue, green),
        ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT", blue, green),
        ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", blue, green),
        ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", green, green),
        ("IN_PROGRESS", "POST_PRODUCTION_TRAFFIC_SHIFT", green, green),
        ("IN_PROGRESS", "BAKE_TIME", green, green),
        ("IN_PROGRESS", "CLEAN_UP", green, green),
        ("SUCCESSFUL", "CLEAN_UP", green, green),
    ]
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert shop.events()[-1] == "(service web) has reached a steady state."


def test_a_new_service_goes_through_them_too(shop: Shifting) -> None:
    """There is no blue; green gets the target group that production traffic goes to already."""
    shop.create(
        settle=False,
        loadBalancers=[shop.balancer()],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1},
    )
    seen = shop.course(110)
    assert list(dict.fromkeys(stage for _, stage, _, _ in seen)) == STAGES
    assert seen[-1][2:] == ((100, 0), (100, 0))
    assert seen[-1][0] == "SUCCESSFUL"
    health = shop.elb.describe_target_health(TargetGroupArn=shop.blue)["TargetHealthDescriptions"]
    assert [target["TargetHealth"]["State"] for target in health] == ["healthy", "healthy"]


def test_blue_and_green_swap_with_every_deployment(shop: Shifting) -> None:
    shop.begin()
    seen = [shop.weights()]
    for tag in ("2", "3"):
        shop.release(tag)
        shop.aws.settle()
        seen.append(shop.weights())
    assert seen == [(100, 0), (0, 100), (100, 0)]


def test_tasks_are_in_their_own_target_groups(shop: Shifting) -> None:
    """ "These tasks are registered with a new green target group but receive no traffic initially." """
    shop.begin()
    shop.release()
    shop.until("POST_SCALE_UP")

    def addresses(group: str) -> set[str]:
        found = shop.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {target["Target"]["Id"] for target in found}

    by_revision: dict[str, set[str]] = {}
    for task in shop.tasks():
        address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        by_revision.setdefault(task["taskDefinitionArn"].rpartition(":")[2], set()).add(address)
    assert addresses(shop.blue) == by_revision["1"]
    assert addresses(shop.green) == by_revision["2"]
    revisions = [r["arn"] for r in shop.look()["currentServiceRevisions"]]
    found = shop.ecs.describe_service_revisions(serviceRevisionArns=revisions)["serviceRevisions"]
    assert {r["serviceRevisionArn"]: r["resolvedConfiguration"]["loadBalancers"] for r in found} == {
        revisions[0]: [{"targetGroupArn": shop.green, "productionListenerRule": shop.production}],
        revisions[1]: [{"targetGroupArn": shop.blue, "productionListenerRule": shop.production}],
    }


def test_both_run_in_full_until_the_clean_up(shop: Shifting) -> None:
    """BAKE_TIME: "The duration when both blue and green service revisions are running simultaneously." """
    shop.begin()
    shop.release()
    found = shop.until("BAKE_TIME")
    assert [d["runningCount"] for d in shop.look()["deployments"]] == [2, 2]
    target, [source] = found["targetServiceRevision"], found["sourceServiceRevisions"]
    assert (target["requestedProductionTrafficWeight"], target["requestedTestTrafficWeight"]) == (100, 100)
    assert (source["requestedProductionTrafficWeight"], source["requestedTestTrafficWeight"]) == (0, 0)
    begin = shop.aws.clock.now()
    shop.until("CLEAN_UP")
    assert 59 <= shop.aws.clock.now() - begin <= 61
    shop.aws.settle()
    assert [d["runningCount"] for d in shop.look()["deployments"]] == [2]


def test_scaling_while_it_is_under_way(shop: Shifting) -> None:
    """Blue serves production: it follows the desired count as green does."""
    shop.begin()
    shop.release()
    shop.until("TEST_TRAFFIC_SHIFT")
    shop.update(desiredCount=3)
    shop.aws.advance(30)
    assert [d["runningCount"] for d in shop.look()["deployments"]] == [3, 3]
    shop.aws.settle()
    assert shop.look()["runningCount"] == 3


def test_stopping_it_takes_the_traffic_back(shop: Shifting) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html"""
    before = shop.begin()
    good = {t["taskArn"] for t in shop.tasks()}
    arn = shop.release()["currentServiceDeployment"]
    shop.until("BAKE_TIME")
    shop.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    blue, green = (100, 0), (0, 100)
    assert shop.course(30, 0.5) == [
        ("ROLLBACK_REQUESTED", "BAKE_TIME", green, green),
        ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", blue, green),
        ("ROLLBACK_IN_PROGRESS", "TEST_TRAFFIC_SHIFT", blue, blue),
        ("ROLLBACK_IN_PROGRESS", "CLEAN_UP", blue, blue),
        ("ROLLBACK_SUCCESSFUL", "CLEAN_UP", blue, blue),
    ]
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert {t["taskArn"] for t in shop.tasks()} == good
    done = shop.service_deployment()
    assert done["rollback"]["serviceRevisionArn"] == before["currentServiceRevisions"][0]["arn"]
    assert done["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0


def test_stopping_it_in_the_clean_up_brings_blue_back(shop: Shifting) -> None:
    shop.begin()
    arn = shop.release()["currentServiceDeployment"]
    shop.until("CLEAN_UP")
    shop.aws.advance(2)
    shop.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert (shop.weights(), shop.look()["runningCount"]) == ((100, 0), 2)
    assert shop.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"


def test_the_circuit_breaker_rolls_back_before_any_traffic(shop: Shifting) -> None:
    """Both detection methods "support rolling update deployment and blue/green deployment types"
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html)"""
    shop.begin(**BREAKER)
    shop.release("crash")
    seen = shop.course(120)
    assert {state[2:] for state in seen} == {((100, 0), (100, 0))}
    assert seen[-1][0] == "ROLLBACK_SUCCESSFUL"
    done = shop.service_deployment()
    assert done["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert done["statusReason"] == (
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


def test_the_breaker_without_rollback_leaves_blue_in_place(shop: Shifting) -> None:
    shop.begin(deploymentCircuitBreaker={"enable": True, "rollback": False})
    shop.release("crash")
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "FAILED", "web:2"), ("ACTIVE", "COMPLETED", "web:1")]
    assert (shop.weights(), shop.look()["runningCount"]) == ((100, 0), 2)
    assert shop.service_deployment()["status"] == "STOPPED"
    shop.release("3")
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:3")]
    assert shop.weights() == (0, 100)


def test_without_breaker_the_stage_times_out(shop: Shifting) -> None:
    """ "The system times out, fails the deployment, and then initiates a rollback after a stage reaches 24
    hours." """
    shop.begin()
    shop.release("crash")
    shop.aws.advance(23 * 3600)
    assert shop.lifecycle() == ("IN_PROGRESS", "SCALE_UP")
    shop.aws.advance(2 * 3600)
    assert shop.service_deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert "SCALE_UP" in shop.service_deployment()["statusReason"]


def test_an_alarm_in_the_bake_time_rolls_back(shop: Shifting) -> None:
    """ "A rollback operation is initiated when issues are detected." """
    shop.begin(alarms={"alarmNames": ["errors"], "enable": True, "rollback": True})
    shop.release()
    shop.until("BAKE_TIME")
    shop.aws.alarm("errors")
    shop.aws.settle()
    done = shop.service_deployment()
    assert (done["status"], done["alarms"]["status"]) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
    assert shop.weights() == (100, 0)
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]


def test_a_failed_first_deployment_has_nowhere_to_go(shop: Shifting) -> None:
    """ "No rollback candidate was found to run the rollback." """
    shop.register("crash")
    shop.create(
        loadBalancers=[shop.balancer()],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, **BREAKER},
    )
    done = shop.service_deployment()
    assert done["status"] == "ROLLBACK_FAILED"
    assert "No rollback candidate was found to run the rollback." in done["statusReason"]


@pytest.mark.parametrize("stage", ["SCALE_UP", "TEST_TRAFFIC_SHIFT", "BAKE_TIME"])
def test_a_newer_update_supersedes(shop: Shifting, stage: str) -> None:
    """RECONCILE_SERVICE "only happens when you start a new service deployment with more than 1 service
    revision in an ACTIVE state"."""
    shop.begin()
    shop.release()
    first = shop.until(stage)["serviceDeploymentArn"]
    shop.release("3")
    seen = shop.course(130)
    assert seen[0][:2] == ("IN_PROGRESS", "RECONCILE_SERVICE")
    assert seen[-1][:2] == ("SUCCESSFUL", "CLEAN_UP")
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:3")]
    assert all(sum(weights) == 100 for _, _, weights, _ in seen)
    assert shop.weights() == ((100, 0) if stage == "BAKE_TIME" else (0, 100))
    [old] = shop.ecs.describe_service_deployments(serviceDeploymentArns=[first])["serviceDeployments"]
    assert old["status"] == "STOPPED"


@pytest.mark.parametrize("wait", [0, 1, 3])
def test_stopping_one_that_superseded_another(shop: Shifting, wait: float) -> None:
    """Also before it took the traffic back that the first one had shifted."""
    shop.begin("LINEAR")
    shop.release()
    shop.until("PRODUCTION_TRAFFIC_SHIFT")
    shop.aws.advance(30)
    assert shop.weights() == (90, 10)
    arn = shop.release("3")["currentServiceDeployment"]
    shop.aws.advance(wait)
    shop.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:1")]
    assert (shop.weights(), shop.weights(shop.test)) == ((100, 0), (100, 0))


def test_a_first_deployment_that_never_got_there_is_replaced(shop: Shifting) -> None:
    shop.register("crash")
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    shop.create(settle=False, loadBalancers=[shop.balancer()], deploymentConfiguration=configuration)
    shop.aws.advance(60)
    shop.release("2")
    shop.aws.settle()
    assert shop.service_deployment()["status"] == "SUCCESSFUL"
    assert shop.look()["runningCount"] == 2


def test_production_is_always_served_by_healthy_tasks(shop: Shifting) -> None:
    """Whatever happens, the target group with the weight has all its tasks."""
    shop.begin(**BREAKER)
    for tag in ("2", "crash", "3"):
        shop.release(tag)
        for _ in range(60):
            shop.aws.advance(3)
            blue, _ = shop.weights()
            group = shop.blue if blue else shop.green
            health = shop.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            assert [t["TargetHealth"]["State"] for t in health].count("healthy") >= 2
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:4")]


def test_listener_rules_change_even_if_nobody_looks_at_the_service(shop: Shifting) -> None:
    """(The simulation lives lazily: what others see has to happen in time all the same.)"""
    shop.begin()
    shop.release()
    shop.aws.advance(60)
    assert shop.weights() == (0, 100)
    route = shop.aws.route(shop.listener, path="/cart")
    weights = {g["TargetGroupArn"]: g["Weight"] for g in route["Actions"][0]["ForwardConfig"]["TargetGroups"]}
    assert weights == {shop.blue: 0, shop.green: 100}


def test_a_service_without_load_balancer(shop: Shifting) -> None:
    """ "Amazon ECS does not manage traffic shifting automatically for headless services." """
    shop.create(deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1})
    shop.release()
    shop.until("BAKE_TIME")
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    assert shop.weights() == (100, 0)


def test_from_rolling_to_blue_green_and_back(shop: Shifting) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-blue-green-deployment.html"""
    shop.create(loadBalancers=[{k: v for k, v in shop.balancer().items() if k != "advancedConfiguration"}])
    shop.release(
        "2",
        loadBalancers=[shop.balancer()],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
    )
    shop.aws.settle()
    assert shop.weights() == (0, 100)
    shop.release("3", deploymentConfiguration={"strategy": "ROLLING"})
    assert "lifecycleStage" not in shop.service_deployment()
    shop.aws.settle()
    health = shop.elb.describe_target_health(TargetGroupArn=shop.green)["TargetHealthDescriptions"]
    assert len(health) == 2
    assert shop.weights() == (0, 100)


def test_rules_that_do_not_fit_roll_back(shop: Shifting) -> None:
    """The asynchronous path:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"""
    shop.begin()

    def change(weights: dict[str, int]) -> None:
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        shop.elb.modify_rule(RuleArn=shop.production, Actions=actions)

    def reason() -> str:
        shop.update(forceNewDeployment=True)
        shop.aws.settle()
        found = shop.service_deployment()
        assert found["status"] == "ROLLBACK_SUCCESSFUL"
        return str(found["statusReason"])

    start = "Service deployment rolled back because of invalid networking configuration"
    change({shop.blue: 50, shop.green: 50})
    assert reason() == (
        f"{start}. productionListenerRule {shop.production} should have exactly one target group serving "
        "traffic but found 2 target groups which are serving traffic"
    )
    other = shop.aws.target_group("other", balanced=False)
    change({shop.blue: 0, shop.green: 0, other: 1})
    assert reason() == (
        f"{start}. Production listener rule is forwarding traffic to unexpected target group {other}. "
        f"Expected traffic to be forwarded to either targetGroupArn: {shop.blue} or alternateTargetGroupArn: "
        f"{shop.green}"
    )
    change({shop.blue: 1})
    shop.elb.modify_rule(RuleArn=shop.test, Actions=[{"Type": "forward", "TargetGroupArn": shop.blue}])
    assert reason() == (
        f"{start}: Target group {shop.green} is not associated with either productionListenerRule or "
        "testListenerRule."
    )
    shop.elb.delete_rule(RuleArn=shop.test)
    assert reason() == f"{start}. One or more rules not found"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"productionListenerRule": "listener"}, "productionListenerRule has an invalid ARN format. Must be"),
        ({"testListenerRule": "production"}, "cannot be used as both production and test listener rules"),
        ({"alternateTargetGroupArn": "blue"}, "Duplicate targetGroupArn found"),
        ({"productionListenerRule": "only-blue", "testListenerRule": None}, "testListenerRule is required"),
        ({"roleArn": None}, "roleArn"),
    ],
)
def test_refused_load_balancers(shop: Shifting, refused: Refused, change: Json, message: str) -> None:
    """The synchronous path:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"""
    known = {
        "listener": shop.listener,
        "production": shop.production,
        "blue": shop.blue,
        "only-blue": shop.rule(30, "/x", {shop.blue: 1}),
    }
    balancer = shop.balancer(**{k: known.get(v, v) for k, v in change.items()})
    with refused("InvalidParameterException", message):
        shop.create(loadBalancers=[balancer], deploymentConfiguration={"strategy": "BLUE_GREEN"})


def test_advanced_configuration_is_required(shop: Shifting, refused: Refused) -> None:
    plain = {k: v for k, v in shop.balancer().items() if k != "advancedConfiguration"}
    with refused("InvalidParameterException", "required for all loadBalancers when using a non-ROLLING"):
        shop.create(loadBalancers=[plain], deploymentConfiguration={"strategy": "BLUE_GREEN"})
    with refused("InvalidParameterException", "Either all or none"):
        shop.create(loadBalancers=[plain, shop.balancer()])


def test_a_network_load_balancer_has_listeners_instead_of_rules(shop: Shifting) -> None:
    """ "… or listener (in the case for an Network Load Balancer)" (API_AdvancedConfiguration)"""
    balancer = shop.elb.create_load_balancer(Name="net", Type="network", Subnets=["subnet-a"])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [
        shop.elb.create_target_group(Name=n, Protocol="TCP", Port=80, VpcId="vpc-1", TargetType="ip")[
            "TargetGroups"
        ][0]["TargetGroupArn"]
        for n in ("tcp-blue", "tcp-green")
    ]
    listeners = [
        shop.elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="TCP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]
        for port, group in zip((80, 81), groups, strict=True)
    ]
    advanced = {
        "alternateTargetGroupArn": groups[1],
        "productionListenerRule": listeners[0],
        "testListenerRule": listeners[1],
    }
    settings = shop.balancer(**advanced) | {"targetGroupArn": groups[0]}
    shop.create(
        loadBalancers=[settings],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
    )
    shop.release()
    shop.aws.settle()
    assert shop.deployments() == [("PRIMARY", "COMPLETED", "web:2")]
    [found] = shop.elb.describe_listeners(ListenerArns=[listeners[0]])["Listeners"]
    weights = found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    assert {g["TargetGroupArn"]: g["Weight"] for g in weights} == {groups[0]: 0, groups[1]: 100}
