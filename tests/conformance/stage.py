"""What a check works with: clients, names of its own, time, and the moves that many checks begin with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.targets import Target

Json = dict[str, Any]
FIXED: Json = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
BREAKER: Json = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
DESIRED = "ecs:service:DesiredCount"
CPU: Json = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


class Stage:
    """One check's view of an endpoint. Whatever it makes bears its prefix, by which it is cleaned up."""

    def __init__(self, target: Target, prefix: str) -> None:
        self.target = target
        self.prefix = prefix
        self.ecs = target.client("ecs")
        self.elb = target.client("elbv2")
        self.scaling = target.client("application-autoscaling")
        self.tagging = target.client("resourcegroupstaggingapi")
        self.sts = target.client("sts")

    def name(self, rest: str) -> str:
        return f"{self.prefix}{rest}"

    def raw(self, service: str) -> Any:
        """A client that sends what the SDK itself would refuse to send."""
        return self.target.client(service, parameter_validation=False)

    @contextmanager
    def refused(self, *codes: str) -> Iterator[Json]:
        """The calls inside are refused, as a client's fault and with one of these codes; the error's members.

        AWS documents the codes of an operation, and often not which of two a fault gets: then both will do.
        Without codes any will.
        """
        seen: Json = {}
        try:
            yield seen
        except ClientError as error:
            seen.update(error.response["Error"], status=error.response["ResponseMetadata"]["HTTPStatusCode"])
            assert not codes or seen["Code"] in codes, f"refused with {seen['Code']}: {seen.get('Message')}"
            assert 400 <= seen["status"] < 500, f"refused with HTTP status {seen['status']}"
        else:
            raise AssertionError(f"accepted, not refused {' or '.join(codes)}".rstrip())

    # time

    def settle(self, until: Callable[[], object] | None = None) -> None:
        """Let time pass until nothing more happens, or, where that cannot be seen, until this holds."""
        self.target.settle(until or (lambda: True))

    def watch(self, seconds: float = 300.0, step: float = 1.0) -> Iterator[None]:
        """Time passes in steps, virtual ones where time is virtual; a check looks after each."""
        return self.target.watch(seconds, step)

    # ECS

    @cached_property
    def cluster(self) -> str:
        """The name of a cluster, made when it is asked for first."""
        name = self.name("c")
        self.ecs.create_cluster(clusterName=name)
        return name

    def register(self, family: str = "web", behaviour: str = "ok", **extra: Any) -> Json:
        """A Fargate task definition of one container `app` with port 80, changed by `container`."""
        container = extra.pop("container", {})
        given: Json = {
            "family": self.name(family),
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "app", "memory": 256, "portMappings": [{"containerPort": 80}]}
                | self.target.container(behaviour)
                | container
            ],
        } | extra
        answer = self.ecs.register_task_definition(**{k: v for k, v in given.items() if v is not None})
        found: Json = answer["taskDefinition"]
        return found

    def plain(self, family: str = "ec2", **container: Any) -> Json:
        """A task definition for EC2, in bridge mode."""
        body = {"name": "app", "memory": 128} | self.target.container("ok") | container
        answer = self.ecs.register_task_definition(family=self.name(family), containerDefinitions=[body])
        found: Json = answer["taskDefinition"]
        return found

    def definition(self, given: str = "web") -> Json:
        answer = self.ecs.describe_task_definition(taskDefinition=self.name(given))
        found: Json = answer["taskDefinition"]
        return found

    @cached_property
    def web(self) -> Json:
        """A registered task definition, made when it is asked for first."""
        return self.register()

    def service(self, name: str = "web", **extra: Any) -> Json:
        """CreateService, of a Fargate service without tasks by default; None leaves a member out."""
        given: Json = {
            "cluster": self.cluster,
            "serviceName": self.name(name),
            "desiredCount": 0,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": self.target.network},
        } | extra
        if "taskDefinition" not in given:
            given["taskDefinition"] = self.web["taskDefinitionArn"]
        answer = self.ecs.create_service(**{k: v for k, v in given.items() if v is not None})
        found: Json = answer["service"]
        return found

    def running(self, count: int = 1, name: str = "web", **extra: Any) -> Json:
        """A service of so many tasks that has reached its steady state."""
        self.service(name, desiredCount=count, **extra)
        return self.steady(name)

    def update(self, name: str = "web", **changes: Any) -> Json:
        found: Json = self.ecs.update_service(cluster=self.cluster, service=self.name(name), **changes)[
            "service"
        ]
        return found

    def look(self, name: str = "web", **extra: Any) -> Json:
        answer = self.ecs.describe_services(cluster=self.cluster, services=[self.name(name)], **extra)
        assert answer["services"], f"service not found: {answer['failures']}"
        found: Json = answer["services"][0]
        return found

    def delete(self, name: str = "web", **extra: Any) -> Json:
        found: Json = self.ecs.delete_service(cluster=self.cluster, service=self.name(name), **extra)[
            "service"
        ]
        return found

    def is_steady(self, name: str = "web") -> bool:
        return is_steady(self.look(name))

    def steady(self, name: str = "web") -> Json:
        """Wait until a service is steady; the service."""
        self.settle(lambda: self.is_steady(name))
        service = self.look(name)
        [deployment] = service["deployments"]
        assert deployment.get("rolloutState") == "COMPLETED", deployment.get("rolloutState")
        assert service["runningCount"] == service["desiredCount"]
        return service

    def deployment(self, name: str = "web") -> Json:
        """The newest service deployment."""
        [first, *_] = self.ecs.list_service_deployments(cluster=self.cluster, service=self.name(name))[
            "serviceDeployments"
        ]
        [found] = self.ecs.describe_service_deployments(
            serviceDeploymentArns=[first["serviceDeploymentArn"]]
        )["serviceDeployments"]
        result: Json = found
        return result

    def tasks(self, desired: str = "RUNNING", **extra: Any) -> list[Json]:
        arns = self.ecs.list_tasks(cluster=self.cluster, desiredStatus=desired, **extra)["taskArns"]
        if not arns:
            return []
        found: list[Json] = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"]
        return found

    def run(self, **extra: Any) -> Json:
        """RunTask on Fargate; the whole answer."""
        given: Json = {
            "cluster": self.cluster,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": self.target.network},
        } | extra
        if "taskDefinition" not in given:
            given["taskDefinition"] = self.web["taskDefinitionArn"]
        answer: Json = self.ecs.run_task(**{k: v for k, v in given.items() if v is not None})
        return answer

    def task(self, arn: str, **extra: Any) -> Json:
        [found] = self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn], **extra)["tasks"]
        result: Json = found
        return result

    def until_status(self, arn: str, status: str) -> Json:
        """Wait for a task's last status; the task."""
        for _ in self.watch():
            if self.task(arn)["lastStatus"] == status:
                break
        found = self.task(arn)
        assert found["lastStatus"] == status, found["lastStatus"]
        return found

    # Elastic Load Balancing

    def balancer(self, name: str = "lb", **extra: Any) -> Json:
        given: Json = {"Name": self.name(name), "Subnets": self.target.network["subnets"][:2]} | extra
        found: Json = self.elb.create_load_balancer(**given)["LoadBalancers"][0]
        return found

    @cached_property
    def lb(self) -> str:
        """The ARN of a load balancer, made when it is asked for first."""
        return str(self.balancer()["LoadBalancerArn"])

    def listener(self, port: int = 80, **extra: Any) -> str:
        """The ARN of an HTTP listener that answers 404."""
        given: Json = {
            "LoadBalancerArn": self.lb,
            "Protocol": "HTTP",
            "Port": port,
            "DefaultActions": [FIXED],
        } | extra
        return str(self.elb.create_listener(**given)["Listeners"][0]["ListenerArn"])

    @cached_property
    def port80(self) -> str:
        return self.listener()

    def group(self, name: str = "tg", /, **extra: Any) -> str:
        """The ARN of a target group for Fargate tasks."""
        return str(self.group_of(name, **extra)["TargetGroupArn"])

    def group_of(self, name: str = "tg", /, **extra: Any) -> Json:
        given: Json = {
            "Name": self.name(name),
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": self.target.vpc,
            "TargetType": "ip",
        } | extra
        answer = self.elb.create_target_group(**{k: v for k, v in given.items() if v is not None})
        found: Json = answer["TargetGroups"][0]
        return found

    def used_group(self, name: str = "tg") -> str:
        """The ARN of a target group that a listener of its own forwards to."""
        arn = self.group(name)
        port = 8000 + len(self.elb.describe_listeners(LoadBalancerArn=self.lb)["Listeners"])
        self.listener(port, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
        return arn

    def balanced(self, arn: str) -> list[Json]:
        """The `loadBalancers` of a service behind this target group."""
        return [{"targetGroupArn": arn, "containerName": "app", "containerPort": 80}]

    def rule(self, priority: int, path: str = "/x", **extra: Any) -> str:
        given: Json = {
            "ListenerArn": self.port80,
            "Priority": priority,
            "Conditions": [{"Field": "path-pattern", "Values": [path]}],
            "Actions": [FIXED],
        } | extra
        return str(self.elb.create_rule(**given)["Rules"][0]["RuleArn"])

    def rule_of(self, arn: str) -> Json:
        found: Json = self.elb.describe_rules(RuleArns=[arn])["Rules"][0]
        return found

    def rules(self) -> list[Json]:
        found: list[Json] = self.elb.describe_rules(ListenerArn=self.port80)["Rules"]
        return found

    def health(self, arn: str) -> list[Json]:
        found: list[Json] = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return found

    # Application Auto Scaling

    def scalable(self, name: str = "web") -> Json:
        """The three members by which every operation names the desired count of a service."""
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{self.cluster}/{self.name(name)}",
            "ScalableDimension": DESIRED,
        }

    def scale(self, low: int = 0, high: int = 4, name: str = "web", **extra: Any) -> Json:
        """RegisterScalableTarget; its answer."""
        answer: Json = self.scaling.register_scalable_target(
            **self.scalable(name), MinCapacity=low, MaxCapacity=high, **extra
        )
        return answer

    def scaling_target(self, name: str = "web") -> Json | None:
        found = self.scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[self.scalable(name)["ResourceId"]]
        )["ScalableTargets"]
        return found[0] if found else None

    def put_policy(self, policy: str = "cpu", configuration: Json | None = None, **extra: Any) -> Json:
        given: Json = extra or {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": configuration or CPU,
        }
        answer: Json = self.scaling.put_scaling_policy(PolicyName=policy, **self.scalable(), **given)
        return answer

    def policies(self) -> list[Json]:
        found: list[Json] = self.scaling.describe_scaling_policies(
            ServiceNamespace="ecs", ResourceId=self.scalable()["ResourceId"]
        )["ScalingPolicies"]
        return found

    def schedule(self, action: str = "night", **extra: Any) -> None:
        given = {"Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}} | extra
        self.scaling.put_scheduled_action(ScheduledActionName=action, **self.scalable(), **given)

    def actions(self) -> list[Json]:
        found: list[Json] = self.scaling.describe_scheduled_actions(
            ServiceNamespace="ecs", ResourceId=self.scalable()["ResourceId"]
        )["ScheduledActions"]
        return found


def is_steady(service: Json) -> bool:
    """One deployment, COMPLETED, with all its tasks running."""
    return (
        len(service["deployments"]) == 1
        and service["deployments"][0].get("rolloutState") == "COMPLETED"
        and service["runningCount"] == service["desiredCount"]
    )


def tags(**given: str) -> list[Json]:
    """Tags as ECS wants them."""
    return [{"key": key, "value": value} for key, value in given.items()]


def elb_tags(**given: str) -> list[Json]:
    """Tags as Elastic Load Balancing wants them."""
    return [{"Key": key, "Value": value} for key, value in given.items()]


def as_dict(given: list[Json]) -> dict[str, str]:
    """Tags of either spelling, to compare without their order."""
    return {str(tag.get("key", tag.get("Key"))): str(tag.get("value", tag.get("Value"))) for tag in given}
