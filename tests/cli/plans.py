"""Plans made by hand, for the tests of what they look like."""

from __future__ import annotations

from attrs import evolve

from apollo.api import Call, Change, Ignored, Key, Step, marker
from apollo.engine.plan import Failure, Finding, Plan, ResourcePlan

__all__ = ["SHA", "created", "failed", "held", "key", "resource", "rollout", "step"]

SHA = "0123456789abcdef0123456789abcdef01234567"


def key(name: str = "web", kind: str = "Service") -> Key:
    return Key(kind, "stage", name)


def step(verb: str = "update", target: Key | None = None, *changes: Change, **more: object) -> Step:
    operation = {"create": "CreateService", "delete": "DeleteService"}.get(verb, "UpdateService")
    made = Step(verb, target or key(), Call("ecs", operation, {}), changes)  # type: ignore[arg-type]
    return evolve(made, **more)


def resource(*steps: Step, **more: object) -> ResourcePlan:
    target = steps[0].target if steps else key()
    return evolve(ResourcePlan(target, "web", generation="g1", steps=steps, reason="PendingChange"), **more)


def rollout() -> Plan:
    """A new image: one revision, one update of the service, and a service beside it that stays."""
    task = key(kind="TaskDefinition")
    registered = step(
        "create",
        task,
        Change("/containerDefinitions/app/image", "repo/web:1.8.0", "repo/web:1.9.0"),
        call=Call("ecs", "RegisterTaskDefinition", {}),
        why="new revision of family web",
    )
    updated = step(
        "update",
        key(),
        Change("/taskDefinition", "web:41", marker("TaskDefinition", "web", "arn")),
        disruptive=True,
        why="taskDefinition changes: tasks are replaced",
    )
    return Plan(
        "stage",
        SHA,
        "c0ffee",
        (
            resource(registered),
            resource(updated, ignored=(Ignored("/desiredCount", "owned by ScalingPolicy/web"),)),
            ResourcePlan(key("api"), "api"),
        ),
    )


def held(decision: str = "hold", **more: object) -> Plan:
    finding = Finding("window", decision, key(), "Window", "closed until Monday")  # type: ignore[arg-type]
    one = resource(step("update", key(), Change("/desiredCount", 2, 3)), findings=(evolve(finding, **more),))
    return Plan("stage", SHA, "c0ffee", (one,))


def failed() -> Plan:
    failure = Failure("AccessDenied", "the role lacks ecs:DescribeServices", "APO-AWS-011", "allow it")
    waiting = ResourcePlan(key("api"), "api", blocked_by=(key(),))
    return Plan("stage", SHA, "c0ffee", (resource(failure=failure), waiting))


def created(name: str = "web", **environment: str) -> Plan:
    """A task definition that is made, and nothing to compare it with."""
    from apollo.resources.task_definition import TaskDefinitionSpec

    spec = TaskDefinitionSpec.model_validate(
        {
            "family": name,
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": "repo/web:1",
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": one, "value": value} for one, value in environment.items()],
                    "secrets": [
                        {"name": "DB", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}
                    ],
                }
            ],
        }
    )
    target = key(name, "TaskDefinition")
    made = step("create", target, call=Call("ecs", "RegisterTaskDefinition", {}), why="there is none")
    return Plan("stage", SHA, "c0ffee", (resource(made, spec=spec),))
