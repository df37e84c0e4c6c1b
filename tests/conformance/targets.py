"""The endpoints a suite can run against, and how each of them lets time pass."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.config import Config

from apollo.testing import LocalAws
from tests.conformance.environments import Program

Json = dict[str, Any]
OTHER_ACCOUNT = "210987654321"
_IMAGE = "public.ecr.aws/docker/library/busybox:stable"


class Target(ABC):
    """One endpoint."""

    name: str
    version: str
    can: frozenset[str] = frozenset({"task", "tasks", "balancer", "account", "instance", "settings"})
    region = "eu-west-1"
    other_region = "eu-central-1"
    other_role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/apollo-conformance"
    vpc: str
    network: Json
    """An awsvpcConfiguration with at least two subnets and a security group."""

    def __init__(self) -> None:
        self._session = botocore.session.Session()
        self._clients: dict[object, Any] = {}

    def client(
        self, service: str, *, region: str | None = None, credentials: Json | None = None, **config: Any
    ) -> Any:
        """An SDK client that never retries; of the usual identity, or with the credentials of AssumeRole."""
        key = (service, region, (credentials or {}).get("AccessKeyId"), tuple(sorted(config.items())))
        if key not in self._clients:
            own = (
                self.credentials()
                if credentials is None
                else {
                    "aws_access_key_id": credentials["AccessKeyId"],
                    "aws_secret_access_key": credentials["SecretAccessKey"],
                    "aws_session_token": credentials["SessionToken"],
                }
            )
            settings = Config(retries={"mode": "standard", "total_max_attempts": self.attempts}, **config)
            self._clients[key] = self._session.create_client(
                service, region_name=region or self.region, endpoint_url=self.endpoint, config=settings, **own
            )
        return self._clients[key]

    endpoint: str | None = None
    attempts = 1

    def credentials(self) -> Json:
        return {"aws_access_key_id": "123456789012", "aws_secret_access_key": "local"}

    def container(self, behaviour: str) -> Json:
        """Members of a container that is `ok`, or that will `crash`, `nopull` or be `unhealthy`."""
        members: dict[str, Json] = {
            "ok": {"image": _IMAGE, "command": ["sh", "-c", "sleep 3600"]},
            "crash": {"image": _IMAGE, "command": ["false"]},
            "nopull": {"image": _IMAGE.replace("stable", "no-such-tag")},
            "unhealthy": {
                "image": _IMAGE,
                "command": ["sh", "-c", "sleep 3600"],
                "healthCheck": {"command": ["CMD", "false"], "interval": 5, "timeout": 2, "retries": 1},
            },
        }
        return members[behaviour]

    @abstractmethod
    def settle(self, until: Callable[[], object]) -> None: ...

    @abstractmethod
    def watch(self, seconds: float, step: float) -> Iterator[None]: ...

    @contextmanager
    def alarm(self, name: str) -> Iterator[Callable[[], object]]:
        """A CloudWatch alarm that is OK; what is yielded makes it go off."""
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="Errors",
            Namespace="conformance",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        try:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a check")
            yield lambda: cloudwatch.set_alarm_state(
                AlarmName=name, StateValue="ALARM", StateReason="a check"
            )
        finally:
            cloudwatch.delete_alarms(AlarmNames=[name])

    def cleanup(self, prefix: str) -> None:
        """Take away what a check with this prefix left behind; a simulator's process ends soon anyway."""
        del prefix

    def start(self) -> "Target":
        return self

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> "Target":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Ours(Target):
    """The local AWS, with a clock that moves by hand."""

    name = "ours"
    vpc = "vpc-0123456789abcdef0"

    def __init__(self) -> None:
        from apollo import __version__

        super().__init__()
        self.version = __version__
        self.aws = LocalAws(seed=1)
        self.network = {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}

    def start(self) -> Target:
        self.aws.start()
        self.endpoint = self.aws.endpoint
        return self

    def stop(self) -> None:
        super().stop()
        self.aws.stop()

    def container(self, behaviour: str) -> Json:
        if behaviour == "unhealthy":
            return {"image": "web:unhealthy", "healthCheck": {"command": ["CMD", "false"]}}
        return {"image": f"web:{behaviour}"}

    @contextmanager
    def alarm(self, name: str) -> Iterator[Callable[[], object]]:
        self.aws.alarm(name, "OK")
        yield lambda: self.aws.alarm(name, "ALARM")

    def settle(self, until: Callable[[], object]) -> None:
        self.aws.settle()

    def watch(self, seconds: float, step: float) -> Iterator[None]:
        for _ in range(int(seconds / step)):
            yield
            self.aws.advance(step)

    def cleanup(self, prefix: str) -> None:
        self.aws.reset()


class _InRealTime(Target):
    """Whatever has no clock of its own to move: look again until it holds, or patience ends."""

    patience: float
    pause: float

    def settle(self, until: Callable[[], object]) -> None:
        end = time.monotonic() + self.patience
        while not until() and time.monotonic() < end:
            time.sleep(self.pause)

    def watch(self, seconds: float, step: float) -> Iterator[None]:
        end = time.monotonic() + min(seconds, self.patience)
        while time.monotonic() < end:
            yield
            time.sleep(self.pause)


class Simulator(_InRealTime):
    """Another simulator, in an environment and a process of its own."""

    patience = 3.0
    pause = 0.1

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.name, self.version, self._program = program.name, program.version, program

    def start(self) -> Target:
        self.endpoint = self._program.start()
        self._use_default_network()
        return self

    def _use_default_network(self) -> None:
        ec2 = self.client("ec2")
        [vpc, *_] = ec2.describe_vpcs()["Vpcs"]
        found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])
        self.vpc = vpc["VpcId"]
        self.network = {
            "subnets": [subnet["SubnetId"] for subnet in found][:3],
            "securityGroups": [groups["SecurityGroups"][0]["GroupId"]],
        }

    def stop(self) -> None:
        super().stop()
        self._program.stop()


class Aws(_InRealTime):
    """A real account, with the credentials and the region of the environment. It costs money.

    Needs the default VPC, and the permissions of ECS, Elastic Load Balancing and Application Auto Scaling.
    """

    name = "aws"
    patience = 900.0
    pause = 5.0
    attempts = 6

    def __init__(self, allow: frozenset[str], other_role: str | None) -> None:
        super().__init__()
        self.can = allow | ({"account"} if other_role else set())
        self.other_role = other_role or ""
        self.version = time.strftime("%Y-%m-%d")
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self.region
        if self.region == self.other_region:
            self.other_region = "eu-west-1"

    def credentials(self) -> Json:
        return {}

    def start(self) -> Target:
        ec2 = self.client("ec2")
        [vpc] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        self.vpc = vpc["VpcId"]
        self.network = {
            "subnets": [s["SubnetId"] for s in ec2.describe_subnets(Filters=of_vpc)["Subnets"]][:3],
            "securityGroups": [
                group["GroupId"]
                for group in ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
                if group["GroupName"] == "default"
            ],
            "assignPublicIp": "ENABLED",
        }
        return self

    def cleanup(self, prefix: str) -> None:
        from tests.conformance.sweep import sweep

        sweep(self, prefix)
