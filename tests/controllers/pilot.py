"""Drives controllers over boto3 and the local AWS, one step at a time, as the engine would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from apollo.api import Context, Controller, Env, Key, Lifecycle, Ref, Resource, Step
from apollo.aws import Aws
from apollo.compare import digest
from apollo.controllers.service import ServiceController
from apollo.controllers.task_definition import TaskDefinitionController
from apollo.engine.substitute import substitute
from apollo.settings import Aws as AwsSettings
from apollo.settings import Environment, EnvironmentSpec
from apollo.testing import LocalAws

PLAIN = Lifecycle()
TASKS = TaskDefinitionController()
SERVICES = ServiceController()
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-a"]}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def task(image: str = "web:1", **more: Any) -> dict[str, Any]:
    return {
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "app", "image": image, "portMappings": [{"containerPort": 8080}]}],
        **more,
    }


def service(**more: Any) -> dict[str, Any]:
    return {
        "launchType": "FARGATE",
        "desiredCount": 2,
        "networkConfiguration": NETWORK,
        "deploymentConfiguration": BREAKER,
        **more,
    }


def resource(
    kind: str,
    spec: Mapping[str, Any],
    *,
    name: str = "web",
    environment: str = "stage",
    lifecycle: Lifecycle = PLAIN,
) -> Resource[Any]:
    """A resource as the loader and the graph would make it."""
    env = Env(environment, region="eu-west-1", cluster="green")
    controller: Controller[Any, Any] = TASKS if kind == "TaskDefinition" else SERVICES
    completed = controller.spec_type.model_validate(spec).completed(name, env)
    text = digest(completed.declared())
    return Resource(
        Key(kind, environment, name),
        name,
        completed,
        env,
        generation=hashlib.sha256(text.encode()).hexdigest(),
        lifecycle=lifecycle,
    )


@frozen
class Look:
    """One observation, and what it leads to."""

    seen: Any
    steps: tuple[Step, ...]

    @property
    def calls(self) -> list[str]:
        return [step.call.operation for step in self.steps]

    @property
    def verbs(self) -> list[str]:
        return [step.verb for step in self.steps]

    @property
    def paths(self) -> set[str]:
        return {change.path for step in self.steps for change in step.changes}


class Pilot:
    """One process of Apollo for one environment."""

    def __init__(self, local: LocalAws, aws: Aws, environment: str = "stage") -> None:
        self.local = local
        self.env = Env(environment, region="eu-west-1", cluster="green")
        self._aws = aws
        spec = EnvironmentSpec(cluster="green", aws=AwsSettings(region="eu-west-1"))
        self._environment = Environment(name=environment, spec=spec)

    @property
    def ecs(self) -> Any:
        """Somebody else's hand in the same account."""
        return self.local.client("ecs", region="eu-west-1")

    def ctx(self, writable: bool = False) -> Context:
        return self._aws.context(self.env, self._environment, lane="act", writable=writable)

    @staticmethod
    def of(want: Resource[Any]) -> Controller[Any, Any]:
        return TASKS if want.key.kind == "TaskDefinition" else SERVICES

    async def look(self, want: Resource[Any]) -> Look:
        controller = self.of(want)
        seen = await controller.observe(self.ctx(), controller.identity(want.spec, self.env), want)
        return Look(seen, tuple(controller.diff(want, seen)))

    async def send(self, want: Resource[Any], step: Step) -> Any:
        ctx = self.ctx(writable=True)
        answer = await self.of(want).act(ctx, step)
        return self.of(want).acted(ctx, step, answer)

    async def apply(self, want: Resource[Any]) -> Any:
        """Send steps until there are none; what was seen last."""
        for _ in range(10):
            look = await self.look(want)
            if not look.steps:
                return look.seen
            wait = self.of(want).settled(want, look.seen)
            if wait is not None and wait.blocking:
                self.local.advance(wait.after)
                continue
            await self.send(want, look.steps[0])
        raise AssertionError("the steps do not come to an end")

    async def follow(self, want: Resource[Any]) -> Any:
        """Look again until AWS has settled; what was seen last."""
        for _ in range(300):
            look = await self.look(want)
            wait = self.of(want).settled(want, look.seen)
            if wait is None:
                return look.seen
            self.local.advance(wait.after)
        raise AssertionError("it never settles")

    async def arn(self, want: Resource[Any]) -> dict[Ref, str]:
        seen = await self.apply(want)
        outputs = TASKS.outputs(seen)
        return {Ref("TaskDefinition", want.key.name, name): value for name, value in outputs.items()}

    async def deploy(self, tasks: Resource[Any], services: Resource[Any]) -> tuple[Resource[Any], Any]:
        """Both, in order, followed to the end: the service as resolved, and as seen last."""
        resolved = resolve(services, await self.arn(tasks))
        await self.apply(resolved)
        return resolved, await self.follow(resolved)


def resolve(want: Resource[Any], outputs: Mapping[Ref, str]) -> Resource[Any]:
    spec = substitute(want.spec, outputs)
    return evolve(want, spec=spec, generation=hashlib.sha256(digest(spec.declared()).encode()).hexdigest())


async def deployed(pilot: Pilot, image: str = "web:1", **more: Any) -> Resource[Any]:
    """A service that runs; the requests so far are forgotten."""
    tasks, services = resource("TaskDefinition", task(image)), resource("Service", service(**more))
    want, _ = await pilot.deploy(tasks, services)
    pilot.local.clear()
    return want


async def changed(pilot: Pilot, image: str, **more: Any) -> Resource[Any]:
    """The service with another image, whose revision is registered already."""
    outputs = await pilot.arn(resource("TaskDefinition", task(image)))
    return resolve(resource("Service", service(**more)), outputs)
