"""``plan --verify`` against the local AWS: what is missing is told, and what is there is not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import Result

from apollo.engine.verify import Checked, Preflight
from tests.cli.running import apollo
from tests.integration.world import ACCOUNT, World

REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
IMAGE = f"{REGISTRY}/web:1.4.2"
CANARY = "canary-7f3a"


class Stage:
    """An account in which everything that the manifests name is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        client = world.aws.client
        self.role("AWSServiceRoleForECS", "ecs.amazonaws.com")
        self.role("exec", "ecs-tasks.amazonaws.com")
        self.role("task", "ecs-tasks.amazonaws.com")
        self.image("web", "1.4.2")
        self.secret = client("secretsmanager").create_secret(Name="db", SecretString=CANARY)["ARN"]
        client("ssm").put_parameter(Name="/web/key", Value=CANARY, Type="SecureString")
        client("logs").create_log_group(logGroupName="/ecs/web")
        ec2 = client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        self.group = ec2.create_security_group(VpcId=self.vpc, GroupName="web", Description="web")["GroupId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])
        self.routes = tables["RouteTables"][0]["RouteTableId"]
        ec2.create_route(RouteTableId=self.routes, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.elb = client("elbv2")
        self.listener = world.aws.listener()
        self.target_group = self.target("web")
        client("servicediscovery").create_http_namespace(Name="shop")
        efs = client("efs")
        self.files = efs.create_file_system(CreationToken="web")["FileSystemId"]
        self.point = efs.create_access_point(FileSystemId=self.files, ClientToken="web")["AccessPointId"]
        client("ecs").put_cluster_capacity_providers(
            cluster="green", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
        )
        world.aws.clear()

    def role(self, name: str, service: str, **more: Any) -> str:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}
            ],
        }
        made = self.world.aws.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
        )
        return str(made["Role"]["Arn"])

    def image(self, repository: str, tag: str, text: str = "", kind: str = "") -> str:
        ecr = self.world.aws.client("ecr")
        if repository not in {one["repositoryName"] for one in ecr.describe_repositories()["repositories"]}:
            ecr.create_repository(repositoryName=repository)
        kind = kind or "application/vnd.docker.distribution.manifest.v2+json"
        text = text or json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": kind,
                "config": {
                    "mediaType": "application/vnd.docker.container.image.v1+json",
                    "size": 1,
                    "digest": "sha256:" + "a" * 64,
                },
                "layers": [],
                "annotations": {"name": f"{repository}:{tag}"},
            }
        )
        put = ecr.put_image(
            repositoryName=repository, imageManifest=text, imageManifestMediaType=kind, imageTag=tag
        )
        return str(put["image"]["imageId"]["imageDigest"])

    def target(self, name: str, kind: str = "ip", vpc: str = "", balanced: bool = True) -> str:
        made = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=vpc or self.vpc, TargetType=kind
        )
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        if balanced:
            self.elb.create_rule(
                ListenerArn=self.listener,
                Priority=1000 + len(self.elb.describe_rules(ListenerArn=self.listener)["Rules"]),
                Conditions=[{"Field": "host-header", "Values": [f"{name}.example.com"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": arn}],
            )
        return arn

    def definition(self, name: str = "web", **more: Any) -> str:
        """A task definition that names one of everything."""
        container = {
            "name": "app",
            "image": IMAGE,
            "portMappings": [{"containerPort": 8080}],
            "secrets": [
                {"name": "DB", "valueFrom": f"{self.secret}:password::"},
                {"name": "KEY", "valueFrom": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/web/key"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": log_options("/ecs/web"),
            },
        }
        container |= more.pop("container", {})
        efs = {"fileSystemId": self.files, "transitEncryption": "ENABLED"}
        efs["authorizationConfig"] = {"accessPointId": self.point}
        spec = {
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/exec",
            "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/task",
            "containerDefinitions": [container],
            "volumes": [{"name": "files", "efsVolumeConfiguration": efs}],
        } | more
        return document("TaskDefinition", name, spec)

    def service(self, name: str = "web", **more: Any) -> str:
        network = {"subnets": [self.subnet], "securityGroups": [self.group], "assignPublicIp": "ENABLED"}
        spec = {
            "launchType": "FARGATE",
            "desiredCount": 1,
            "networkConfiguration": {"awsvpcConfiguration": network | more.pop("network", {})},
            "loadBalancers": [
                {"targetGroupArn": self.target_group, "containerName": "app", "containerPort": 8080}
            ],
            "serviceConnectConfiguration": {"enabled": True, "namespace": "shop"},
        } | more
        return document("Service", name, spec)

    def write(self, *documents: str) -> None:
        self.world.write({"web/web.yaml": "\n---\n".join(documents)})
        self.world.aws.clear()


def log_options(group: str) -> dict[str, str]:
    return {"awslogs-group": group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"}


def document(kind: str, name: str, spec: Mapping[str, Any]) -> str:
    data = {"apiVersion": "apollo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    return json.dumps(data)


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


async def verified(world: World) -> Preflight:
    async with world.operator() as operator:
        plan = await operator.plan("stage")
        assert not plan.problems
        return await operator.verify(plan)


def told(found: Preflight, *statuses: str) -> list[tuple[str, str, str]]:
    """What is told, but for what the local AWS cannot answer: what a role may do."""
    wanted = statuses or ("failed", "warning", "unchecked")
    return [
        (one.problem.code, str(one.key), one.problem.path)
        for one in found.findings
        if one.status in wanted and "to pass roles" not in one.problem.message
    ]


def about(found: Preflight, code: str) -> Checked:
    (one,) = (one for one in found.findings if one.problem.code == code)
    return one


@pytest.mark.anyio
async def test_where_all_is_there_nothing_is_told_but_digests(world: World, stage: Stage) -> None:
    stage.write(stage.definition(), stage.service())
    found = await verified(world)
    assert told(found) == []
    assert not found.failed
    digest = about(found, "APO-PRE-012")
    assert re.fullmatch(re.escape(IMAGE) + r" is sha256:[0-9a-f]{64}", digest.problem.message)
    assert (digest.problem.file, digest.status) == ("apps/web/web.yaml", "note")


CONTAINER = "/containerDefinitions/app"
MISSING: list[tuple[dict[str, Any], str, str]] = [
    ({"container": {"image": f"{REGISTRY}/web:9"}}, "APO-PRE-010", f"{CONTAINER}/image"),
    ({"container": {"image": f"{REGISTRY}/absent:1"}}, "APO-PRE-010", f"{CONTAINER}/image"),
    ({"container": {"image": f"{REGISTRY}/web@sha256:{'0' * 64}"}}, "APO-PRE-010", f"{CONTAINER}/image"),
    ({"taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/absent"}, "APO-PRE-020", "/taskRoleArn"),
    ({"executionRoleArn": "arn:aws:iam::999999999999:role/exec"}, "APO-PRE-020", "/executionRoleArn"),
    (
        {
            "container": {
                "secrets": [
                    {
                        "name": "DB",
                        "valueFrom": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:absent-AbCdEf",
                    }
                ]
            }
        },
        "APO-PRE-030",
        f"{CONTAINER}/secrets/DB/valueFrom",
    ),
    (
        {"container": {"secrets": [{"name": "K", "valueFrom": "/web/absent"}]}},
        "APO-PRE-030",
        f"{CONTAINER}/secrets/K/valueFrom",
    ),
    (
        {"container": {"logConfiguration": {"logDriver": "awslogs", "options": log_options("/ecs/we")}}},
        "APO-PRE-040",
        f"{CONTAINER}/logConfiguration/options/awslogs-group",
    ),
    (
        {"volumes": [{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}]},
        "APO-PRE-090",
        "/volumes/files/efsVolumeConfiguration/fileSystemId",
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("change", "code", "path"), MISSING)
async def test_what_a_task_definition_names_and_is_not_there(
    world: World, stage: Stage, change: dict[str, Any], code: str, path: str
) -> None:
    stage.write(stage.definition(**change), stage.service())
    found = await verified(world)
    assert told(found) == [(code, "TaskDefinition/web", path)]
    assert found.failed
    assert about(found, code).problem.hint


@pytest.mark.anyio
async def test_a_role_that_ecs_may_not_assume(world: World, stage: Stage) -> None:
    role = stage.role("odd", "lambda.amazonaws.com")
    stage.write(stage.definition(taskRoleArn=role), stage.service())
    found = await verified(world)
    assert told(found) == [("APO-PRE-021", "TaskDefinition/web", "/taskRoleArn")]
    assert "lambda.amazonaws.com" in about(found, "APO-PRE-021").problem.message


@pytest.mark.anyio
async def test_a_secret_that_is_about_to_go_counts_as_gone(world: World, stage: Stage) -> None:
    world.aws.client("secretsmanager").delete_secret(SecretId=stage.secret, RecoveryWindowInDays=7)
    stage.write(stage.definition(), stage.service())
    found = await verified(world)
    assert told(found) == [("APO-PRE-031", "TaskDefinition/web", f"{CONTAINER}/secrets/DB/valueFrom")]


@pytest.mark.anyio
async def test_a_group_that_the_agent_makes_itself_need_not_be_there(world: World, stage: Stage) -> None:
    options = log_options("/ecs/new") | {"awslogs-create-group": "true"}
    log = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    stage.write(stage.definition(container=log), stage.service())
    assert told(await verified(world)) == []


@pytest.mark.anyio
async def test_an_image_for_another_platform(world: World, stage: Stage) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    members = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": 1,
            "digest": "sha256:" + "b" * 64,
            "platform": {"os": "linux", "architecture": "arm64"},
        }
    ]
    text = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": members})
    stage.image("web", "arm", text, kind)
    stage.write(stage.definition(container={"image": f"{REGISTRY}/web:arm"}), stage.service())
    found = await verified(world)
    assert told(found) == [("APO-PRE-011", "TaskDefinition/web", f"{CONTAINER}/image")]
    runtime = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    definition = stage.definition(container={"image": f"{REGISTRY}/web:arm"}, runtimePlatform=runtime)
    stage.write(definition, stage.service())
    assert told(await verified(world)) == []


@pytest.mark.anyio
async def test_other_registries_are_not_asked_and_that_is_said_once(world: World, stage: Stage) -> None:
    container = {"image": "public.ecr.aws/nginx/nginx:1"}
    stage.write(*(stage.definition(name, container=container) for name in ("web", "shop")), stage.service())
    found = await verified(world)
    assert {code for code, *_ in told(found)} == {"APO-PRE-003"}
    assert not found.failed
    from apollo.cli.preflight import preflight_text
    from apollo.cli.text import PLAIN

    assert preflight_text(found, PLAIN).count("public.ecr.aws") == 1


@pytest.mark.anyio
async def test_networks_that_do_not_fit_together(world: World, stage: Stage) -> None:
    ec2 = world.aws.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(VpcId=other, GroupName="x", Description="x")["GroupId"]
    path = "/networkConfiguration/awsvpcConfiguration"
    stage.write(stage.definition(), stage.service(network={"securityGroups": [group]}))
    assert told(await verified(world)) == [("APO-PRE-062", "Service/web", path)]
    stage.write(stage.definition(), stage.service(network={"subnets": [stage.subnet, "subnet-0"]}))
    assert told(await verified(world)) == [("APO-PRE-060", "Service/web", f"{path}/subnets")]
    stage.write(stage.definition(), stage.service(network={"securityGroups": ["sg-0"]}))
    assert told(await verified(world)) == [("APO-PRE-061", "Service/web", f"{path}/securityGroups")]
    balancer = {
        "targetGroupArn": stage.target("far", vpc=other),
        "containerName": "app",
        "containerPort": 8080,
    }
    stage.write(stage.definition(), stage.service(loadBalancers=[balancer]))
    assert told(await verified(world)) == [("APO-PRE-054", "Service/web", "/loadBalancers/0/targetGroupArn")]


@pytest.mark.anyio
async def test_tasks_that_cannot_reach_anything_are_warned_of(world: World, stage: Stage) -> None:
    path = "/networkConfiguration/awsvpcConfiguration/assignPublicIp"
    stage.write(stage.definition(), stage.service(network={"assignPublicIp": "DISABLED"}))
    found = await verified(world)
    assert told(found) == [("APO-PRE-063", "Service/web", path)]
    assert not found.failed
    world.aws.client("ec2").create_vpc_endpoint(
        VpcId=stage.vpc, ServiceName="com.amazonaws.eu-west-1.ecr.dkr", VpcEndpointType="Interface"
    )
    assert told(await verified(world)) == []


@pytest.mark.anyio
async def test_target_groups_of_the_wrong_type_or_that_nobody_forwards_to(world: World, stage: Stage) -> None:
    def service(target_group: str) -> str:
        balancer = {"targetGroupArn": target_group, "containerName": "app", "containerPort": 8080}
        return stage.service(loadBalancers=[balancer])

    path = "/loadBalancers/0/targetGroupArn"
    stage.write(stage.definition(), service(stage.target("vms", kind="instance")))
    assert told(await verified(world)) == [("APO-PRE-051", "Service/web", path)]
    stage.write(stage.definition(), service(stage.target_group[:-1] + "f"))
    assert told(await verified(world)) == [("APO-PRE-050", "Service/web", path)]
    lonely = stage.target("lonely", balanced=False)
    stage.write(stage.definition(), service(lonely))
    assert told(await verified(world)) == [("APO-PRE-052", "Service/web", path)]
    rule = {
        "listenerArn": stage.listener,
        "priority": 7,
        "conditions": [{"field": "path-pattern", "pathPatternConfig": {"values": ["/x"]}}],
        "actions": [{"type": "forward", "targetGroupArn": lonely}],
    }
    stage.write(stage.definition(), service(lonely), document("ListenerRule", "web", rule))
    assert told(await verified(world)) == []  # the rule of the same plan attaches it


@pytest.mark.anyio
async def test_rules_name_listeners_and_target_groups_that_are_there(world: World, stage: Stage) -> None:
    def rule(**more: Any) -> str:
        spec = {
            "listenerArn": stage.listener,
            "priority": 7,
            "conditions": [{"field": "path-pattern", "pathPatternConfig": {"values": ["/x"]}}],
            "actions": [{"type": "forward", "targetGroupArn": stage.target_group}],
        } | more
        return document("ListenerRule", "web", spec)

    stage.write(rule())
    assert told(await verified(world)) == []
    stage.write(rule(listenerArn=stage.listener[:-1] + "f"))
    assert ("APO-PRE-055", "ListenerRule/web", "/listenerArn") in told(await verified(world))
    stage.write(rule(actions=[{"type": "forward", "targetGroupArn": stage.target_group[:-1] + "f"}]))
    assert told(await verified(world)) == [("APO-PRE-050", "ListenerRule/web", "/actions")]
    stage.write(rule(listenerArn=world.aws.listener("second")))
    assert told(await verified(world)) == [("APO-PRE-053", "ListenerRule/web", "/actions")]


@pytest.mark.anyio
async def test_more_rules_than_aws_grants_a_load_balancer(world: World, stage: Stage) -> None:
    for number in range(99):  # beside the one that the stage has
        stage.elb.create_rule(
            ListenerArn=stage.listener,
            Priority=100 + number,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )
    spec = {
        "listenerArn": stage.listener,
        "priority": 7,
        "conditions": [{"field": "path-pattern", "pathPatternConfig": {"values": ["/x"]}}],
        "actions": [{"type": "forward", "targetGroupArn": stage.target_group}],
    }
    stage.write(document("ListenerRule", "web", spec))
    assert told(await verified(world)) == [("APO-PRE-100", "ListenerRule/web", "/listenerArn")]


@pytest.mark.anyio
async def test_clusters_and_their_capacity_providers(world: World, stage: Stage) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    plain = json.loads(stage.service())
    del plain["spec"]["launchType"]
    plain["spec"]["capacityProviderStrategy"] = strategy
    stage.write(stage.definition(), json.dumps(plain))
    path = "/capacityProviderStrategy/FARGATE_SPOT"
    assert told(await verified(world)) == [("APO-PRE-071", "Service/web", path)]
    stage.write(stage.definition(), stage.service(cluster="absent"))
    assert ("APO-PRE-070", "Service/web", "/cluster") in told(await verified(world))
    connect = {"enabled": True, "namespace": "absent"}
    stage.write(stage.definition(), stage.service(serviceConnectConfiguration=connect))
    path = "/serviceConnectConfiguration/namespace"
    assert told(await verified(world)) == [("APO-PRE-080", "Service/web", path)]


@pytest.mark.anyio
async def test_scaling_of_a_service_that_is_nowhere_and_too_many_tasks(world: World, stage: Stage) -> None:
    spec = {"cluster": "green", "service": "absent", "minCapacity": 1, "maxCapacity": 6000}
    stage.write(document("ScalingPolicy", "web", spec))
    assert told(await verified(world)) == [
        ("APO-PRE-110", "ScalingPolicy/web", "/service"),
        ("APO-PRE-100", "ScalingPolicy/web", "/maxCapacity"),
    ]
    spec = {"minCapacity": 1, "maxCapacity": 5}
    stage.write(stage.definition(), stage.service(), document("ScalingPolicy", "web", spec))
    assert told(await verified(world)) == []


@pytest.mark.anyio
async def test_fifty_services_that_share_three_roles_cost_a_handful_of_calls(
    world: World, stage: Stage
) -> None:
    for number in range(3):
        stage.role(f"role-{number}", "ecs-tasks.amazonaws.com")
    for number in range(5):
        stage.image(f"app-{number}", "1")
    logs = world.aws.client("logs")
    documents = []
    for number in range(50):
        logs.create_log_group(logGroupName=f"/ecs/svc-{number}")
        options = log_options(f"/ecs/svc-{number}")
        container = {
            "image": f"{REGISTRY}/app-{number % 5}:1",
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        role = f"arn:aws:iam::{ACCOUNT}:role/role-{number % 3}"
        documents += [
            stage.definition(f"s{number}", container=container, executionRoleArn=role, taskRoleArn=role),
            stage.service(f"s{number}"),
        ]
    stage.write(*documents)
    async with world.operator() as operator:
        plan = await operator.plan("stage")
        assert not plan.failed
        before = Counter(world.aws.counts())
        found = await operator.verify(plan)
        calls = Counter(world.aws.counts()) - before
    assert told(found) == []
    simulated = calls.pop("iam:SimulatePrincipalPolicy", 0)
    assert simulated <= 4  # a read that failed for the moment is tried again
    assert calls.pop("ecr:BatchGetImage") == 5
    assert calls.pop("iam:GetRole") <= 5  # three roles, the service-linked one
    assert max(calls.values()) <= 2, calls
    assert sum(calls.values()) <= 20, calls


# ── permissions ──────────────────────────────────────────────────────────────────────────────────────────

_IAM = {
    "elbv2": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}


def only(world: World, actions: set[str]) -> None:
    """From now on the account allows these actions and no others, as an IAM policy would."""
    names = {iam: service for service, iam in _IAM.items()}
    allowed = set()
    for action in actions | {"sts:GetCallerIdentity"}:
        service, _, operation = action.partition(":")
        allowed |= {action, f"{names.get(service, service)}:{operation}"}
    world.aws.faults.add(f"(?!(?:{'|'.join(map(re.escape, sorted(allowed)))})$).*", "access_denied")


def granted(*options: str) -> set[str]:
    policy = json.loads(apollo("iam-policy", *options).stdout)
    return {action for statement in policy["Statement"] for action in statement["Action"]}


WRITES = r"[\w-]+:(?!Describe|List|Get|BatchGet|Simulate).*"


def plan(world: World, *options: str) -> Result:
    """``apollo plan --verify`` as it is typed."""
    return apollo("plan", "-f", str(world.folder / "apollo.yaml"), "-e", "stage", "--verify", *options)


def statuses(answer: Result) -> dict[str, set[str]]:
    """By status the codes in a plan's JSON, but for what the local AWS cannot answer."""
    found: dict[str, set[str]] = {}
    for row in json.loads(answer.stdout)["preflight"]:
        if "to pass roles" not in row["message"]:
            found.setdefault(row["status"], set()).add(row["code"])
    return found


def test_a_whole_plan_with_its_checks_needs_no_write(world: World, stage: Stage) -> None:
    stage.write(stage.definition(), stage.service())
    world.aws.faults.add(WRITES, "access_denied")
    answer = plan(world, "-o", "json")
    assert statuses(answer) == {"note": {"APO-PRE-012"}}
    assert answer.exit_code == 0
    assert world.aws.mutations() == []


def test_with_the_permissions_of_planning_alone_what_cannot_be_checked_is_named(
    world: World, stage: Stage
) -> None:
    stage.write(stage.definition(), stage.service())
    only(world, granted("--mode", "read"))
    answer = plan(world, "-o", "json")
    assert answer.exit_code == 0
    rows = json.loads(answer.stdout)
    assert rows["errors"] == [] and rows["summary"]["create"] == 2
    assert statuses(answer) == {"unchecked": {"APO-PRE-001"}}
    denied = Counter(one.action for one in world.aws.requests if "Denied" in one.outcome)
    assert denied.pop("iam:GetRole") == 3  # each of the roles may be allowed
    assert set(denied.values()) == {1}, "what is denied for one is denied for all, and not asked again"
    text = plan(world).stdout
    assert "roles are not checked: the credentials lack iam:GetRole" in text
    assert "apollo iam-policy --mode read --verify" in text
    lacking = set(re.findall(r"the credentials lack ([\w:-]+)", text))
    assert lacking <= granted("--mode", "read", "--verify")
    assert len(lacking) >= 9
    assert world.aws.mutations() == []


def test_with_what_iam_policy_verify_prints_everything_is_checked(world: World, stage: Stage) -> None:
    rule = {
        "listenerArn": stage.listener,
        "priority": 7,
        "conditions": [{"field": "path-pattern", "pathPatternConfig": {"values": ["/x"]}}],
        "actions": [{"type": "forward", "targetGroupArn": stage.target_group}],
    }
    scaling = {"minCapacity": 1, "maxCapacity": 2000}
    stage.write(
        stage.definition(),
        stage.service(),
        document("ListenerRule", "web", rule),
        document("ScalingPolicy", "web", scaling),
    )
    only(world, granted("--mode", "read", "--verify"))
    answer = plan(world, "-o", "json")
    assert statuses(answer) == {"note": {"APO-PRE-012"}}
    assert answer.exit_code == 0
    assert not any(request.outcome.startswith("AccessDenied") for request in world.aws.requests)


# ── what is printed ──────────────────────────────────────────────────────────────────────────────────────


def test_a_failed_check_ends_with_1_and_says_where_and_what_to_do(world: World, stage: Stage) -> None:
    stage.write(stage.definition(container={"image": f"{REGISTRY}/web:9"}), stage.service())
    answer = plan(world, "-o", "json")
    assert answer.exit_code == 1
    (row,) = (row for row in json.loads(answer.stdout)["preflight"] if row["status"] == "failed")
    assert row == {
        "key": "TaskDefinition/web",
        "status": "failed",
        "code": "APO-PRE-010",
        "path": f"{CONTAINER}/image",
        "message": f"image {REGISTRY}/web:9: repository web has no tag 9",
        "hint": "push the image before the merge, or name one that is there",
        "file": "apps/web/web.yaml",
        "line": 1,
    }
    text = plan(world)
    assert text.exit_code == 1
    assert "Preflight (2 resources): 1 failed" in text.stdout
    assert f"TaskDefinition/web  {CONTAINER}/image  apps/web/web.yaml:1" in text.stdout
    assert "hint: push the image before the merge" in text.stdout
    comment = plan(world, "-o", "markdown")
    assert "**Preflight: 1 failed" in comment.stdout
    assert comment.stdout.index("Preflight") < comment.stdout.index("| resource |")


def test_without_the_flag_nothing_is_asked_and_nothing_is_said(world: World, stage: Stage) -> None:
    stage.write(stage.definition(container={"image": f"{REGISTRY}/web:9"}), stage.service())
    answer = apollo("plan", "-f", str(world.folder / "apollo.yaml"), "-e", "stage", "-o", "json")
    assert answer.exit_code == 0
    assert "preflight" not in json.loads(answer.stdout)
    asked = {request.service for request in world.aws.requests}
    assert not asked & {"ecr", "iam", "ec2", "secretsmanager", "ssm", "logs"}


def test_no_value_of_a_secret_is_read_or_told(world: World, stage: Stage) -> None:
    stage.write(stage.definition(), stage.service())
    for output in ("text", "json", "yaml", "markdown"):
        answer = plan(world, "-o", output)
        assert CANARY not in answer.stdout + answer.stderr
    reads = {request.operation for request in world.aws.requests}
    assert not reads & {"GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters"}
