"""No check raises, whatever the spec: also one that no model would let through."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.api import Env, marker
from apollo.controllers.listener_rule.check import problems as of_rule
from apollo.controllers.scaling_policy.check import problems as of_scaling
from apollo.resources.checks import pair
from apollo.resources.checks.service import problems as of_service
from apollo.resources.checks.task_definition import problems as of_task
from apollo.resources.listener_rule import ListenerRuleSpec
from apollo.resources.scaling_policy import ScalingPolicySpec
from apollo.resources.service import ServiceSpec
from apollo.resources.task_definition import TaskDefinitionSpec

ENV = Env("stage", region="eu-west-1", account="123456789012")
TEXTS = [
    "",
    "a",
    "FARGATE",
    "awsvpc",
    "256",
    "1 GB",
    "awslogs",
    "arn:aws:secretsmanager:a:1:secret:x:y",
    "arn:",
    "CMD-SHELL",
    "http-header",
    "cron(* * * * *)",
    "rate(0 days)",
    "80-90",
    marker("Service", "web", "arn"),
]
SEEDS = st.integers(0, 2**32)


def made(rng: random.Random, schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
    """Data with members of a model, of the right type and within its enums, in any combination."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if options:
        return made(rng, rng.choice(options), root, depth)
    if "enum" in schema or "const" in schema:
        return rng.choice(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "object" if "properties" in schema:
            share = rng.choice([0.1, 0.4, 0.8]) if depth < 7 else 0
            members = schema["properties"].items()
            return {name: made(rng, one, root, depth + 1) for name, one in members if rng.random() < share}
        case "object":
            return {rng.choice(TEXTS): rng.choice(TEXTS) for _ in range(rng.randrange(3))}
        case "array":
            return [made(rng, schema.get("items", {}), root, depth + 1) for _ in range(rng.randrange(4))]
        case "integer":
            return rng.choice([-1, 0, 1, 5, 100, 256, 70000])
        case "number":
            return rng.choice([-1.0, 0.0, 0.5, 1e308])
        case "boolean":
            return rng.random() < 0.5
    return rng.choice(TEXTS)


def generator(model: Any) -> Callable[[random.Random], Any]:
    schema = model.model_json_schema()
    return lambda rng: made(rng, schema, schema)


task, service = generator(TaskDefinitionSpec), generator(ServiceSpec)
rule, scaling = generator(ListenerRuleSpec), generator(ScalingPolicySpec)


def check(found: Any) -> None:
    for problem in found:
        assert re.fullmatch(r"APO-(TD|SVC|RULE|SCALE|TAG)-\d{3}", problem.code)
        assert problem.path == "" or problem.path.startswith("/")
        assert problem.message
        assert "\ue000" not in problem.path


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_of_generated_specs(seed: int) -> None:
    rng = random.Random(seed)
    one = task(rng)
    check(of_task(one))
    check(of_service(other := service(rng), ENV))
    check(pair.problems(other, one, "web"))
    check(of_rule(rule(rng)))
    check(of_scaling(scaling(rng)))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_of_anything(data: st.DataObject) -> None:
    """The checks of task definitions and services read no type for granted."""
    names = [*TaskDefinitionSpec.model_fields, *ServiceSpec.model_fields]
    spec = data.draw(st.dictionaries(st.sampled_from(names), JUNK, max_size=6))
    spec["containerDefinitions"] = data.draw(
        st.lists(
            st.dictionaries(
                st.sampled_from(["name", "image", "secrets", "healthCheck", "portMappings"]), JUNK, max_size=3
            ),
            max_size=3,
        )
    )
    list(of_task(spec))
    list(of_service(spec, ENV))
    list(pair.problems(spec, spec, "web"))
