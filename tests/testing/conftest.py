"""One local AWS for the whole run, forgotten between tests; its clock only moves by hand."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from apollo.testing import LocalAws

Json = dict[str, Any]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1", "sg-2"]}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    # strict: every answer in these tests is also held against botocore's model of the operation
    with LocalAws(strict=True) as aws:
        yield aws


@pytest.fixture
def aws(local_aws: LocalAws) -> LocalAws:
    local_aws.reset()
    return local_aws


@pytest.fixture
def ecs(aws: LocalAws) -> Any:
    client = aws.client("ecs")
    client.create_cluster(clusterName="green")
    return client


def plain(value: Any) -> Any:
    """Without what differs from look to look: the order of what are sets to AWS, and the request's id."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return sorted(map(repr, map(plain, value)))
    return value


class Stage:
    """The usual moves of a test: register, create, update, look."""

    def __init__(self, aws: LocalAws, ecs: Any) -> None:
        self.aws = aws
        self.ecs = ecs

    def register(
        self, tag: str = "1", family: str = "web", container: Json | None = None, **extra: Any
    ) -> str:
        body: Json = {"name": "app", "image": f"web:{tag}", "portMappings": [{"containerPort": 80}]}
        body |= container or {}
        given = {
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [body],
        } | extra
        answer = self.ecs.register_task_definition(family=family, **given)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, name: str = "web", *, settle: bool = True, **extra: Any) -> Json:
        given: Json = {
            "taskDefinition": "web",
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
        } | extra
        given = {k: v for k, v in given.items() if v is not None}
        service: Json = self.ecs.create_service(cluster="green", serviceName=name, **given)["service"]
        if settle:
            self.aws.settle()
            return self.look(name)
        return service

    def update(self, name: str = "web", **changes: Any) -> Json:
        service: Json = self.ecs.update_service(cluster="green", service=name, **changes)["service"]
        return service

    def look(self, name: str = "web", **extra: Any) -> Json:
        service: Json = self.ecs.describe_services(cluster="green", services=[name], **extra)["services"][0]
        return service

    def deployments(self, name: str = "web") -> list[tuple[str, str, str]]:
        return [
            (d["status"], d["rolloutState"], d["taskDefinition"].rpartition("/")[2])
            for d in self.look(name)["deployments"]
        ]

    def service_deployment(self, name: str = "web") -> Json:
        arn = self.look(name)["currentServiceDeployment"]
        answer: Json = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        found: Json = answer["serviceDeployments"][0]
        return found

    def events(self, name: str = "web") -> list[str]:
        return [event["message"] for event in reversed(self.look(name)["events"])]

    def tasks(self, desired: str = "RUNNING", name: str = "web") -> list[Json]:
        arns = self.ecs.list_tasks(cluster="green", serviceName=name, desiredStatus=desired)["taskArns"]
        if not arns:
            return []
        found: list[Json] = self.ecs.describe_tasks(cluster="green", tasks=arns)["tasks"]
        return found


@pytest.fixture
def stage(aws: LocalAws, ecs: Any) -> Stage:
    stage = Stage(aws, ecs)
    aws.target_group("web", identifier="0123456789abcdef")
    stage.register()
    return stage


Refused = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def refused() -> Refused:
    """`with refused("ClientException", "part of the message"):` around a call that AWS refuses."""

    @contextmanager
    def expect(code: str, message: str = "") -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        assert message in error["Message"]

    return expect
