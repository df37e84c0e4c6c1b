"""Services as people run them: one of each shape, made through AWS's own interface."""

from __future__ import annotations

from typing import Any

from apollo.testing import LocalAws
from tests.integration.world import ACCOUNT

__all__ = ["Shapes"]

CLUSTER = "green"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructure"
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-b", "sg-a"]}}


class Shapes:
    """Makes services in the cluster ``green``."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.ecs: Any = aws.client("ecs", account=ACCOUNT)
        self.elb: Any = aws.client("elbv2", account=ACCOUNT)
        self.scaling: Any = aws.client("application-autoscaling", account=ACCOUNT)

    def all(self) -> list[str]:
        """One of each; their names."""
        made = [name for name in dir(self) if name.startswith("make_")]
        for name in made:
            getattr(self, name)(name.removeprefix("make_"))
        self.aws.settle()
        return [name.removeprefix("make_") for name in made]

    def task(self, family: str, *, fargate: bool = True, **more: Any) -> str:
        container = {
            "name": "app",
            "image": f"repo/{family}:1",
            "portMappings": [{"containerPort": 8080, "name": "http"}],
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "${NOT_OURS}"}],
            "secrets": [{"name": "KEY", "valueFrom": f"/{family}/key"}],
            "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}],
            **more.pop("container", {}),
        }
        role = f"arn:aws:iam::{ACCOUNT}:role/exec"
        size: dict[str, Any] = {"containerDefinitions": [container], "executionRoleArn": role, **more}
        if fargate:
            size |= {
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "cpu": ".25 vCPU",
                "memory": "0.5 GB",
            }
        else:
            container.setdefault("memory", 128)
        answer = self.ecs.register_task_definition(family=family, **size)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def service(self, name: str, **more: Any) -> None:
        if more.get("networkConfiguration", 0) is None:
            del more["networkConfiguration"]
        else:
            more.setdefault("networkConfiguration", SUBNETS)
        more.setdefault("taskDefinition", name)
        more.setdefault("desiredCount", 2)
        self.ecs.create_service(cluster=CLUSTER, serviceName=name, **more)

    def make_fargate(self, name: str) -> None:
        self.task(name, tags=[{"key": "team", "value": "green"}])
        tags = [{"key": "team", "value": "green"}, {"key": "cost", "value": ""}]
        self.service(
            name, launchType="FARGATE", tags=tags, propagateTags="SERVICE", enableECSManagedTags=True
        )

    def make_ec2(self, name: str) -> None:
        self.task(name, fargate=False, container={"portMappings": [{"containerPort": 80, "hostPort": 0}]})
        self.aws.container_instances(CLUSTER, 4, account=ACCOUNT)
        self.service(
            name,
            launchType="EC2",
            networkConfiguration=None,
            placementStrategy=[
                {"type": "spread", "field": "instanceId"},
                {"type": "binpack", "field": "cpu"},
            ],
            placementConstraints=[{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
            deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50},
        )

    def make_daemon(self, name: str) -> None:
        self.task(name, fargate=False, container={"portMappings": []})
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=name,
            launchType="EC2",
            schedulingStrategy="DAEMON",
        )

    def make_spot(self, name: str) -> None:
        self.task(name)
        self.ecs.put_cluster_capacity_providers(
            cluster=CLUSTER,
            capacityProviders=["FARGATE", "FARGATE_SPOT"],
            defaultCapacityProviderStrategy=[],
        )
        strategy = [
            {"capacityProvider": "FARGATE_SPOT", "weight": 3},
            {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        ]
        self.service(name, capacityProviderStrategy=strategy, platformVersion="1.4.0")

    def make_careful(self, name: str) -> None:
        self.task(name, container={"healthCheck": {"command": ["CMD-SHELL", "true"]}})
        self.aws.alarm("errors", "OK", account=ACCOUNT)
        deployment = {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True},
        }
        self.service(
            name, launchType="FARGATE", deploymentConfiguration=deployment, enableExecuteCommand=True
        )

    def make_connected(self, name: str) -> None:
        self.task(name)
        connect = {
            "enabled": True,
            "namespace": "shop",
            "services": [{"portName": "http", "clientAliases": [{"port": 8080}]}],
        }
        self.service(name, launchType="FARGATE", serviceConnectConfiguration=connect)

    def make_disk(self, name: str) -> None:
        mount = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
        self.task(name, container=mount, volumes=[{"name": "data", "configuredAtLaunch": True}])
        volume = {"name": "data", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 20}}
        self.service(name, launchType="FARGATE", volumeConfigurations=[volume])

    def make_balanced(self, name: str) -> None:
        self.task(name)
        listener = self.aws.listener(name, account=ACCOUNT)
        groups = [self.aws.target_group(f"{name}-{i}", balanced=False, account=ACCOUNT) for i in (1, 2)]
        for index, group in enumerate(groups):
            self.elb.create_rule(
                ListenerArn=listener,
                Priority=10 + index,
                Conditions=[{"Field": "host-header", "Values": [f"{name}{index}.Example.com"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": group}],
                Tags=[{"Key": "team", "Value": "green"}],
            )
        balancers = [
            {"targetGroupArn": group, "containerName": "app", "containerPort": 8080} for group in groups
        ]
        self.service(name, launchType="FARGATE", loadBalancers=balancers, healthCheckGracePeriodSeconds=30)

    def make_default_rule(self, name: str) -> None:
        self.task(name)
        group = self.aws.target_group(name.replace("_", "-"), account=ACCOUNT)
        balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
        self.service(name, launchType="FARGATE", loadBalancers=[balancer])

    def make_blue_green(self, name: str) -> None:
        self.task(name)
        listener = self.aws.listener("bg", account=ACCOUNT)
        blue, green = (self.aws.target_group(f"bg-{c}", balanced=False, account=ACCOUNT) for c in "12")
        groups = [{"TargetGroupArn": blue, "Weight": 100}, {"TargetGroupArn": green, "Weight": 0}]
        rule = self.elb.create_rule(
            ListenerArn=listener,
            Priority=20,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )["Rules"][0]["RuleArn"]
        advanced = {"alternateTargetGroupArn": green, "productionListenerRule": rule, "roleArn": ROLE}
        balancer = {
            "targetGroupArn": blue,
            "containerName": "app",
            "containerPort": 8080,
            "advancedConfiguration": advanced,
        }
        deployment = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
        self.service(name, launchType="FARGATE", loadBalancers=[balancer], deploymentConfiguration=deployment)

    def make_scaled(self, name: str) -> None:
        self.task(name)
        self.service(name, launchType="FARGATE")
        place = {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{CLUSTER}/{name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        self.scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=5)
        metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        self.scaling.put_scaling_policy(
            **place,
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": metric,
            },
        )
        self.scaling.put_scaling_policy(
            **place,
            PolicyName="burst",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [
                    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
                    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2},
                ],
            },
        )
        self.scaling.put_scheduled_action(
            **place,
            ScheduledActionName="night",
            Schedule="cron(0 22 * * ? *)",
            ScalableTargetAction={"MinCapacity": 1},
        )

    def make_nothing(self, name: str) -> None:
        self.task(name)
        self.service(name, launchType="FARGATE", desiredCount=0)
