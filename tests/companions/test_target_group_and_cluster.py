"""TargetGroup and Cluster through the whole of Apollo: from an empty account, changed, adopted, pruned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.world import ACCOUNT, World, service, task_definition

pytestmark = pytest.mark.anyio

CLUSTER = """
apiVersion: apollo/v1
kind: Cluster
metadata: {name: blue}
spec:
  capacityProviders: [FARGATE, FARGATE_SPOT]
  defaultCapacityProviderStrategy: [{capacityProvider: FARGATE, weight: 1}]
  settings: [{name: containerInsights, value: enabled}]
"""


def target_group(called: str = "web", lifecycle: str = "", /, **more: Any) -> str:
    fields = {"protocol": "HTTP", "port": 8080, "vpcId": "vpc-1"} | more
    lines = "".join(f"  {key}: {value}\n" for key, value in fields.items() if value is not None)
    return f"""
apiVersion: apollo/v1
kind: TargetGroup
metadata: {{name: {called}}}
{lifecycle}
spec:
{lines}"""


def listener(world: World) -> str:
    elb = world.aws.client("elbv2", account=ACCOUNT)
    balancer = elb.create_load_balancer(Name="front", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    world.aws.clear()
    return str(made["Listeners"][0]["ListenerArn"])


def rule(at: str, target: str = "${{ TargetGroup/web.arn }}") -> str:
    return f"""
apiVersion: apollo/v1
kind: ListenerRule
metadata: {{name: web}}
spec:
  listenerArn: {at}
  priority: 10
  conditions: [{{field: host-header, hostHeaderConfig: {{values: [web.example.com]}}}}]
  actions: [{{type: forward, forwardConfig: {{targetGroups: [{{targetGroupArn: "{target}"}}]}}}}]
"""


def together(at: str, target: str = "${{ TargetGroup/web.arn }}") -> str:
    balancers = f'[{{targetGroupArn: "{target}", containerName: app, containerPort: 8080}}]'
    web = service(cluster='"${{ Cluster/blue.name }}"', loadBalancers=balancers)
    return "---".join([task_definition(), web, rule(at, target)])


def groups(world: World) -> dict[str, Any]:
    elb = world.aws.client("elbv2", account=ACCOUNT)
    found = elb.describe_target_groups()["TargetGroups"]
    for one in found:
        arn = one["TargetGroupArn"]
        listed = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        one["tags"] = {tag["Key"]: tag["Value"] for tag in listed}
        listed = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        one["attributes"] = {item["Key"]: item["Value"] for item in listed}
    return {one["TargetGroupName"]: one for one in found}


def cluster(world: World, name: str = "blue") -> Any:
    ecs = world.aws.client("ecs", account=ACCOUNT)
    include = ["TAGS", "SETTINGS", "CONFIGURATIONS"]
    found = ecs.describe_clusters(clusters=[name], include=include)["clusters"]
    return found[0] if found and found[0]["status"] == "ACTIVE" else None


def configure(world: World) -> None:
    """The environment names its cluster, and a change may take everything away."""
    world.configure(sync="{maxPrune: 100%}")
    file = world.folder / "apollo.yaml"
    file.write_text(file.read_text().replace("cluster: green", "cluster: blue"))


async def settled(world: World) -> None:
    """One more run changes nothing."""
    world.aws.clear()
    result = await world.apply()
    assert (result.exit_code, world.calls()) == (0, [])


# ── together ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_everything_stands_after_one_apply_to_an_empty_account(world: World) -> None:
    at = listener(world)
    group = target_group(attributes="[{key: deregistration_delay.timeout_seconds, value: 30}]")
    world.write({"web/web.yaml": together(at), "base/base.yaml": CLUSTER + "---" + group})
    plan = await world.plan()
    announced = [step.call.operation for step in plan.steps]
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    assert world.calls() == announced
    assert sorted(announced) == (
        [
            "CreateCluster",
            "CreateRule",
            "CreateService",
            "CreateTargetGroup",
            "ModifyTargetGroupAttributes",
            "RegisterTaskDefinition",
        ]
    )
    web = groups(world)["web"]
    assert web["TargetType"] == "ip" and web["LoadBalancerArns"]
    assert web["attributes"]["deregistration_delay.timeout_seconds"] == "30"
    assert web["tags"]["apollo:owner"] == "apollo/stage/TargetGroup/web"
    ecs = world.aws.client("ecs", account=ACCOUNT)
    (live,) = ecs.describe_services(cluster="blue", services=["web"])["services"]
    assert live["loadBalancers"][0]["targetGroupArn"] == web["TargetGroupArn"]
    assert live["runningCount"] == 2
    await settled(world)


async def test_what_leaves_git_goes_in_the_right_order(world: World) -> None:
    at = listener(world)
    world.write(
        {"web/web.yaml": together(at) + "---" + CLUSTER + "---" + target_group(), "other/a.yaml": ONE}
    )
    await world.apply()
    configure(world)
    world.write({"web/web.yaml": None})
    world.aws.clear()
    result = await world.apply(prune=True)
    assert result.exit_code == 0, [(one.key, one.message) for one in result.outcomes]
    done = [name for name in world.calls() if name != "DeleteCluster"]
    assert done == ["DeleteService", "DeleteRule", "DeleteTargetGroup"]
    assert groups(world) == {} and cluster(world) is None
    await settled(world)


ONE = task_definition("other")


async def test_a_default_for_services_may_name_the_cluster(world: World) -> None:
    more = '  defaults: {Service: {cluster: "${{ Cluster/blue.name }}"}}\n'
    world.configure(more=more)
    world.write({"web/web.yaml": CLUSTER + "---" + task_definition() + "---" + service()})
    result = await world.apply()
    assert result.exit_code == 0, result.outcomes
    assert cluster(world)["activeServicesCount"] == 1
    await settled(world)


async def test_a_cluster_that_a_service_only_names_is_made_first_and_both_are_one_plan(world: World) -> None:
    configure(world)  # the cluster is the environment's
    world.write({"web/web.yaml": CLUSTER + "---" + task_definition() + "---" + service()})
    plan = await world.plan()
    announced = [step.call.operation for step in plan.steps]
    assert not plan.failed and plan.summary()["create"] == 3
    assert announced.index("CreateCluster") < announced.index("CreateService")
    assert (await world.apply()).exit_code == 0
    assert world.calls() == announced
    await settled(world)


async def test_a_service_in_a_referred_cluster_is_found_when_it_leaves_git(world: World) -> None:
    web, api = (service(name, cluster='"${{ Cluster/blue.name }}"') for name in ("web", "api"))
    base = CLUSTER + "---" + task_definition() + "---" + web
    world.write(
        {"web/web.yaml": base, "web/api.yaml": api.replace("spec:", "spec:\n  taskDefinition: web", 1)}
    )
    assert (await world.apply()).exit_code == 0
    assert cluster(world)["activeServicesCount"] == 2
    world.write({"web/api.yaml": None})
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteService"]


async def test_a_service_of_another_target_group_moves_over_before_the_old_one_goes(world: World) -> None:
    """What AWS does not change in place takes a second target group: another name is enough."""
    at = listener(world)
    world.write({"web/web.yaml": together(at) + "---" + CLUSTER, "web/group.yaml": target_group()})
    await world.apply()
    old = groups(world)["web"]["TargetGroupArn"]
    configure(world)
    world.write({"web/group.yaml": target_group(port=9090) + "  name: web-2\n"})
    world.aws.clear()
    result = await world.apply(prune=True)
    assert result.exit_code == 0, result.outcomes
    assert world.calls() == ["CreateTargetGroup", "ModifyRule", "UpdateService", "DeleteTargetGroup"]
    assert list(groups(world)) == ["web-2"] and groups(world)["web-2"]["Port"] == 9090
    assert groups(world)["web-2"]["TargetGroupArn"] != old
    await settled(world)


@pytest.mark.parametrize(("allowed", "code"), [("[blue]", 0), ("[green]", 3)])
async def test_only_clusters_that_the_environment_allows_are_made_and_used(
    world: World, allowed: str, code: int
) -> None:
    world.configure(more=f"  allow: {{clusters: {allowed}}}\n")
    web = service(cluster='"${{ Cluster/blue.name }}"')
    world.write({"web/web.yaml": CLUSTER + "---" + task_definition() + "---" + web})
    result = await world.apply()
    assert result.exit_code == code, result.outcomes
    assert ("CreateCluster" in world.calls(), "CreateService" in world.calls()) == (code == 0, code == 0)
    if code:
        assert "allow.clusters" in result.plan.to_dict()["gates"][0]["message"]


async def test_verify_finds_nothing_wrong_with_what_the_same_commit_makes(world: World) -> None:
    at = listener(world)
    world.write({"web/web.yaml": "---".join([together(at), CLUSTER, target_group()])})
    async with world.operator() as operator:
        plan = await operator.plan("stage")
        checked = await operator.verify(plan)
    wrong = [one for one in checked.findings if one.problem.severity == "error"]
    about = [
        str(one) for one in wrong if "cluster" in one.problem.path or "target" in one.problem.path.lower()
    ]
    assert about == []


# ── target groups ────────────────────────────────────────────────────────────────────────────────────────


async def test_health_checks_attributes_and_tags_change_in_place(world: World) -> None:
    world.write({"web/g.yaml": target_group()})
    await world.apply()
    before = groups(world)["web"]["TargetGroupArn"]
    changed = target_group(
        healthCheckPath="/live",
        matcher='{httpCode: "200-299"}',
        attributes="[{key: stickiness.enabled, value: true}, {key: slow_start.duration_seconds, value: 0}]",
        tags="[{key: team, value: green}]",
    )
    world.write({"web/g.yaml": changed})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["AddTags", "ModifyTargetGroup", "ModifyTargetGroupAttributes"]
    web = groups(world)["web"]
    assert (web["TargetGroupArn"], web["HealthCheckPath"]) == (before, "/live")
    assert web["Matcher"] == {"HttpCode": "200-299"} and web["tags"]["team"] == "green"
    assert web["attributes"]["stickiness.enabled"] == "true"
    await settled(world)
    world.write({"web/g.yaml": target_group()})  # what git leaves out stays as it is
    await settled(world)


async def test_drift_is_mended_unless_git_ignores_it(world: World) -> None:
    group = target_group(healthCheckPath="/live", healthyThresholdCount=3)
    world.write({"web/g.yaml": group})
    await world.apply()
    elb = world.aws.client("elbv2", account=ACCOUNT)
    arn = groups(world)["web"]["TargetGroupArn"]
    elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/x", HealthyThresholdCount=9)
    world.write({"web/g.yaml": group.replace("\n\n", "\nlifecycle: {ignore: [/healthyThresholdCount]}\n", 1)})
    world.aws.clear()
    plan = await world.plan()
    assert [one["path"] for one in plan.to_dict()["ignored"]] == ["/healthyThresholdCount"]
    assert (await world.apply()).exit_code == 0
    web = groups(world)["web"]
    assert (web["HealthCheckPath"], web["HealthyThresholdCount"]) == ("/live", 9)
    assert world.calls() == ["ModifyTargetGroup"]


async def test_a_change_that_aws_cannot_make_is_denied(world: World) -> None:
    world.write({"web/g.yaml": target_group()})
    await world.apply()
    world.write({"web/g.yaml": target_group(port=9090)})
    world.aws.clear()
    result = await world.apply()
    assert (result.exit_code, world.calls()) == (3, [])
    (finding,) = result.plan.to_dict()["gates"]
    assert "/port" in finding["message"] and "replace: allow" in finding["hint"]


async def test_one_that_nobody_uses_is_made_anew_where_git_allows_it(world: World) -> None:
    world.write({"web/g.yaml": target_group()})
    await world.apply()
    allowed = target_group("web", "lifecycle: {replace: allow}", port=9090)
    world.write({"web/g.yaml": allowed})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["DeleteTargetGroup", "CreateTargetGroup"]
    assert groups(world)["web"]["Port"] == 9090
    await settled(world)


async def test_one_in_use_is_not_made_anew_and_the_way_out_is_told(world: World) -> None:
    at = listener(world)
    world.write({"web/r.yaml": rule(at), "web/g.yaml": target_group()})
    await world.apply()
    world.write({"web/g.yaml": target_group("web", "lifecycle: {replace: allow}", port=9090)})
    result = await world.apply()
    assert result.exit_code == 1
    (failed,) = [one for one in result.outcomes if one.outcome == "Failed"]
    assert "cannot be made anew under its name" in failed.message
    assert groups(world)["web"]["Port"] == 8080


async def test_one_that_somebody_else_uses_stays_and_says_so(world: World) -> None:
    at = listener(world)
    world.write({"web/g.yaml": target_group(), "other/a.yaml": ONE})
    await world.apply()
    arn = groups(world)["web"]["TargetGroupArn"]
    elb = world.aws.client("elbv2", account=ACCOUNT)
    elb.modify_listener(ListenerArn=at, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
    world.write({"web/g.yaml": None})
    result = await world.apply(prune=True)
    assert result.exit_code == 1
    (failed,) = [one for one in result.outcomes if one.outcome == "Failed"]
    assert "a listener or a rule still forwards to it" in failed.message
    assert "web" in groups(world)


async def test_somebody_elses_is_left_alone_unless_it_is_adopted(world: World) -> None:
    elb = world.aws.client("elbv2", account=ACCOUNT)
    elb.create_target_group(Name="web", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip")
    world.write({"web/g.yaml": target_group(healthCheckPath="/live")})
    world.aws.clear()
    assert ((await world.apply()).exit_code, world.calls()) == (3, [])
    adopting = target_group("web", "lifecycle: {adopt: true}", healthCheckPath="/live")
    world.write({"web/g.yaml": adopting})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["AddTags", "ModifyTargetGroup"]
    await settled(world)


async def test_a_moved_one_is_taken_over_by_its_new_name(world: World) -> None:
    world.write({"web/g.yaml": target_group("old", name="web")})
    await world.apply()
    lifecycle = "lifecycle: {adopt: {from: apollo/stage/TargetGroup/old}}"
    world.write({"web/g.yaml": target_group("new", lifecycle, name="web")})
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["AddTags"]
    assert groups(world)["web"]["tags"]["apollo:owner"] == "apollo/stage/TargetGroup/new"
    await settled(world)


async def test_forty_target_groups_are_read_in_a_few_calls(world: World) -> None:
    names = [f"web-{number}" for number in range(40)]
    world.write({"web/g.yaml": "---".join(target_group(name) for name in names)})
    assert (await world.apply()).exit_code == 0
    world.aws.clear()
    await world.plan()
    reads = [request.operation for request in world.aws.requests if request.service == "elbv2"]
    assert sorted(reads) == ["DescribeTags"] * 2 + ["DescribeTargetGroups"] * 2


@pytest.mark.parametrize(
    ("fields", "path", "said"),
    [
        ({"name": "a" * 33}, "/spec/name", "33 characters"),
        ({"name": "internal-web"}, "/spec/name", "no name for a target group"),
        ({"port": None}, "/spec", "port is missing"),
        ({"protocol": "HTPP"}, "/spec/protocol", "HTTP"),
        ({"healthCheckPath": "live"}, "/spec/healthCheckPath", "slash"),
        ({"matcher": '{grpcCode: "12"}'}, "/spec/matcher/grpcCode", "HTTP1"),
        ({"healthCheckIntervalSeconds": 5, "healthCheckTimeoutSeconds": 5}, "", "cannot wait 5 s"),
        ({"protocol": "TCP", "protocolVersion": "HTTP2"}, "/spec/protocolVersion", "no protocolVersion"),
        ({"targetType": "lambda"}, "", "no meaning for targetType lambda"),
        ({"healthCheckEnabled": "false"}, "/spec/healthCheckEnabled", "switched off"),
        ({"healthCheckProtocol": "TCP"}, "/spec/healthCheckProtocol", "cannot be checked by TCP"),
    ],
)
async def test_a_mistake_is_told_without_aws(
    world: World, fields: dict[str, Any], path: str, said: str
) -> None:
    world.write({"web/g.yaml": target_group(**fields)})
    plan = await world.plan()
    problems = plan.problems
    assert any(said in f"{one.message} {one.hint}" and path in one.path for one in problems), problems
    assert all(one.line for one in problems)


# ── clusters ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_cluster_changes_in_place(world: World) -> None:
    world.write({"base/c.yaml": CLUSTER})
    await world.apply()
    changed = CLUSTER.replace("value: enabled", "value: enhanced").replace(
        "[{capacityProvider: FARGATE, weight: 1}]",
        "[{capacityProvider: FARGATE_SPOT, weight: 3}, {capacityProvider: FARGATE, base: 1, weight: 1}]",
    )
    changed += "  configuration: {executeCommandConfiguration: {logging: NONE}}\n"
    changed += "  serviceConnectDefaults: {namespace: local}\n"
    changed += "  tags: [{key: team, value: green}]\n"
    world.write({"base/c.yaml": changed})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["TagResource", "UpdateCluster", "PutClusterCapacityProviders"]
    live = cluster(world)
    assert live["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert live["configuration"]["executeCommandConfiguration"] == {"logging": "NONE"}
    assert {one["capacityProvider"] for one in live["defaultCapacityProviderStrategy"]} == {
        "FARGATE", "FARGATE_SPOT"
    }  # fmt: skip
    await settled(world)
    world.write({"base/c.yaml": "\napiVersion: apollo/v1\nkind: Cluster\nmetadata: {name: blue}\nspec: {}\n"})
    await settled(world)  # what git leaves out stays as it is


async def test_a_capacity_provider_goes_with_its_part_of_the_strategy(world: World) -> None:
    more = CLUSTER.replace("[{capacityProvider: FARGATE, weight: 1}]", "[{capacityProvider: FARGATE_SPOT}]")
    world.write({"base/c.yaml": more})
    await world.apply()
    less = "\n".join(line for line in CLUSTER.splitlines() if "Strategy" not in line)
    world.write({"base/c.yaml": less.replace("FARGATE, FARGATE_SPOT", "FARGATE") + "\n"})
    assert (await world.apply()).exit_code == 0
    assert cluster(world)["capacityProviders"] == ["FARGATE"]
    assert cluster(world)["defaultCapacityProviderStrategy"] == []
    await settled(world)


async def test_a_deleted_cluster_can_be_made_again(world: World) -> None:
    world.write({"base/c.yaml": CLUSTER, "other/a.yaml": ONE})
    await world.apply()
    world.write({"base/c.yaml": None})
    world.aws.clear()
    assert (await world.apply(prune=True)).exit_code == 0
    assert world.calls() == ["DeleteCluster"] and cluster(world) is None
    await settled(world)
    world.write({"base/c.yaml": CLUSTER})
    world.aws.clear()
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["CreateCluster"] and cluster(world) is not None
    await settled(world)


async def test_a_cluster_that_holds_somebody_elses_service_stays_and_says_so(world: World) -> None:
    world.write({"base/c.yaml": CLUSTER, "other/a.yaml": ONE})
    await world.apply()
    ecs = world.aws.client("ecs", account=ACCOUNT)
    ecs.create_service(
        cluster="blue",
        serviceName="theirs",
        taskDefinition="other",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
    )
    world.write({"base/c.yaml": None})
    result = await world.apply(prune=True)
    assert result.exit_code == 1
    (failed,) = [one for one in result.outcomes if one.outcome == "Failed"]
    assert "cluster blue still holds services" in failed.message
    assert cluster(world) is not None


async def test_somebody_elses_cluster_is_left_alone_unless_it_is_adopted(world: World) -> None:
    world.aws.client("ecs", account=ACCOUNT).create_cluster(clusterName="blue")
    world.write({"base/c.yaml": CLUSTER})
    world.aws.clear()
    assert ((await world.apply()).exit_code, world.calls()) == (3, [])
    world.write({"base/c.yaml": CLUSTER.replace("spec:", "lifecycle: {adopt: true}\nspec:", 1)})
    assert (await world.apply()).exit_code == 0
    assert world.calls() == ["TagResource", "UpdateCluster", "PutClusterCapacityProviders"]
    await settled(world)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[FARGATE, FARGATE_SPOT]", "[FARGATE_SPOT]", "not among the capacity providers"),
        ("value: enabled", "value: on", "enhanced"),
        ("spec:\n", "spec:\n  clusterName: a b\n", "no name for a cluster"),
        ("weight: 1}]", "weight: 0}, {capacityProvider: FARGATE_SPOT}]", "no item has a weight"),
    ],
)
async def test_a_mistake_in_a_cluster_is_told_without_aws(
    world: World, old: str, new: str, said: str
) -> None:
    world.write({"base/c.yaml": CLUSTER.replace(old, new)})
    problems = (await world.plan()).problems
    assert any(said in f"{one.message} {one.hint}" for one in problems), problems
