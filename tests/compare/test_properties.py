"""What holds for every spec: whatever AWS reorders, fills in or adds, nothing has to change."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from apollo.compare import Field, Rules, canonical, differences, digest, without
from apollo.compare.listener_rule import RULES as RULE
from apollo.compare.listener_rule import comparable
from apollo.compare.scaling_policy import RULES as SCALING
from apollo.compare.service import RULES as SERVICE
from apollo.compare.service import update_fields
from apollo.compare.task_definition import RULES as TASK
from apollo.resources.listener_rule import ListenerRuleSpec
from apollo.resources.scaling_policy import ScalingPolicySpec
from apollo.resources.service import ServiceSpec
from apollo.resources.shape import AwsShape
from apollo.resources.task_definition import TaskDefinitionSpec

KINDS = [
    pytest.param(TaskDefinitionSpec, TASK, id="task"),
    pytest.param(ServiceSpec, SERVICE, id="service"),
    pytest.param(ListenerRuleSpec, RULE, id="rule"),
    pytest.param(ScalingPolicySpec, SCALING, id="scaling"),
]
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FREE = {"authenticationRequestExtraParams", "dockerLabels", "driverOpts", "labels"}
"""Maps whose keys are the user's."""
WORDS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "web",
        "256",
        "1 vCPU",
        ".5 GB",
        "host",
        "LATEST",
        "/",
        "arn:aws:ecs:e:1:cluster/a",
        "d/e",
    ]
)


@cache
def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Data that a field takes, bounds of AWS aside: small, with many equal names."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values(args[0])
    if origin is types.UnionType or origin is Union:
        return values(args[0])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(values(args[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(WORDS, values(args[1]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return specs(annotation)
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.sampled_from([0, 1, 3, 5, 30, 50, 60, 80, 300])
    if annotation is float:
        return st.sampled_from([0.0, 5.0, 6, 10.0, 7.5])
    return WORDS


@cache
def specs(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Declared specs of a model, with few of the optional fields each."""
    fields = {name: values(info.annotation) for name, info in model.model_fields.items()}
    must = {name for name, info in model.model_fields.items() if info.is_required()}
    some = st.sets(st.sampled_from(sorted(fields)), max_size=6 if len(fields) > 15 else 3)
    return some.flatmap(
        lambda names: st.fixed_dictionaries({n: fields[n] for n in fields if n in must | names})
    )


@cache
def inside(rules: Rules, path: str) -> list[tuple[str, Field]]:
    """The rules of the fields of one block."""
    entries = ((pointer.rpartition("/"), rule) for pointer, rule in rules.table.items())
    return [(name, rule) for (block, _, name), rule in entries if block == path]


def echo(value: Any, rules: Rules, draw: Any, path: str = "") -> Any:
    """A spec as AWS might give it back: lists without an order shuffled, defaults filled in, empty lists for
    absent ones, and something new in every block."""
    if isinstance(value, dict):
        back = {name: echo(item, rules, draw, f"{path}/{name}") for name, item in value.items()}
        for name, rule in inside(rules, path):
            if name == "*" or name in back or rule.never:
                continue
            if rule.default is not None and draw(st.booleans()):
                back[name] = rule.default
            elif rule.unordered or rule.key:
                back[name] = draw(st.sampled_from([None, []]))
        if not path.endswith("options") and path.rpartition("/")[2] not in FREE:
            back["addedByAws"] = {"at": 1}
        return back
    if isinstance(value, list):
        items = [echo(item, rules, draw, f"{path}/*") for item in value]
        rule = rules.table.get(path, Field())
        return draw(st.permutations(items)) if rule.unordered or rule.key else items
    return value


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}/{name}")
    else:
        yield path


@pytest.mark.parametrize(("model", "rules"), KINDS)
@SLOW
@given(data=st.data())
def test_the_canonical_form_of_a_canonical_form_is_itself(
    model: type[AwsShape], rules: Rules, data: st.DataObject
) -> None:
    spec = data.draw(specs(model))
    before = json.dumps(spec)
    if rules is RULE:
        spec = comparable(spec)
        assert comparable(spec) == spec
        before = json.dumps(spec)
    once = canonical(spec, rules)
    assert canonical(once, rules) == once
    assert digest(canonical(once, rules)) == digest(once)
    assert json.dumps(spec) == before, "the spec itself is not changed"


@pytest.mark.parametrize(("model", "rules"), KINDS)
@SLOW
@given(data=st.data())
def test_a_spec_does_not_differ_from_its_echo(
    model: type[AwsShape], rules: Rules, data: st.DataObject
) -> None:
    spec = data.draw(specs(model))
    assert differences(spec, spec, rules) == []
    assert differences(spec, canonical(spec, rules), rules) == []
    assert differences(spec, echo(spec, rules, data.draw), rules) == []


@pytest.mark.parametrize(("model", "rules"), KINDS)
@SLOW
@given(data=st.data())
def test_two_specs_of_one_canonical_form_do_not_differ(
    model: type[AwsShape], rules: Rules, data: st.DataObject
) -> None:
    one, other = data.draw(specs(model)), data.draw(specs(model))
    if canonical(one, rules) == canonical(other, rules):
        assert differences(one, other, rules) == []
    if rules is TASK and not differences(one, other, rules) and not differences(other, one, rules):
        assert digest(canonical(one, rules)) == digest(canonical(other, rules))


@pytest.mark.parametrize(("model", "rules"), KINDS)
@SLOW
@given(data=st.data())
def test_ignoring_every_difference_leaves_none(
    model: type[AwsShape], rules: Rules, data: st.DataObject
) -> None:
    one, other = data.draw(specs(model)), data.draw(specs(model))
    pointers = [change.path for change in differences(one, other, rules)]
    assert differences(one, other, rules, pointers) == []
    assert all(rules.knows(pointer) for pointer in pointers)
    assert without(one, [], rules) == one


@SLOW
@given(one=specs(ServiceSpec), other=specs(ServiceSpec))
def test_what_is_sent_settles_every_difference_that_an_update_can_settle(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Applied as ECS applies it (a field that is sent replaces the one that was), no difference is left."""
    changes = differences(one, other, SERVICE)
    sent = update_fields(one, changes)
    sent.pop("forceNewDeployment", None)
    after = {**other, **sent}
    left = {change.path.split("/")[1] for change in differences(one, after, SERVICE)}
    assert left <= {"cluster", "launchType", "role", "schedulingStrategy", "serviceName", "tags"}
