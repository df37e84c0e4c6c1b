"""What is sent is what the manifest says: comparing canonical forms changes nothing on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from apollo.api import Controller, Env, Key, Resource
from apollo.compare import aws_names, differences
from apollo.compare.service import RULES, update_fields
from apollo.controllers.listener_rule import ListenerRuleController
from apollo.controllers.scaling_policy import ScalingPolicyController
from apollo.controllers.service import ServiceController
from apollo.controllers.task_definition import TaskDefinitionController
from apollo.resources.service import ServiceSpec
from tests.compare.test_properties import specs

several = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
ENV = Env("stage", region="eu-west-1", cluster="green")
CONTROLLERS: list[Controller[Any, Any]] = [
    TaskDefinitionController(),
    ServiceController(),
    ListenerRuleController(),
    ScalingPolicyController(),
]
OURS = {"tags", "clientToken", "desiredCount", "Tags"}
"""What Apollo adds, and the count that scaling may ask for."""


def resource(controller: Controller[Any, Any], drawn: Mapping[str, Any]) -> Resource[Any]:
    spec = controller.spec_type.model_validate(drawn).completed("web", ENV)
    return Resource(Key(controller.kind, "stage", "web"), "web", spec, ENV, generation="g")


def sent(controller: Controller[Any, Any], want: Resource[Any]) -> dict[str, Any]:
    """The parameters of the calls that create it, joined."""
    found: dict[str, Any] = {}
    for step in controller.diff(want, None):
        params = dict(step.call.params)
        if step.call.operation == "PutScalingPolicy":
            found.setdefault("Policies", []).append(params)
        elif step.call.operation == "PutScheduledAction":
            found.setdefault("ScheduledActions", []).append(params)
        else:
            found |= params
    return found


def says(declared: Any, params: Any, path: str = "") -> list[str]:
    """Where the parameters do not say what was declared; that they say more is fine."""
    if isinstance(declared, Mapping) and isinstance(params, Mapping):
        return [
            one for name, value in declared.items() for one in says(value, params.get(name), f"{path}/{name}")
        ]
    if isinstance(declared, list) and isinstance(params, list) and len(declared) == len(params):
        pairs = enumerate(zip(declared, params, strict=True))
        return [one for at, (value, other) in pairs for one in says(value, other, f"{path}/{at}")]
    return [] if declared == params or declared in (None, [], {}) else [path]


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda one: one.kind)
@several
@given(data=st.data())
def test_a_new_object_gets_what_is_declared(controller: Controller[Any, Any], data: st.DataObject) -> None:
    drawn = data.draw(specs(controller.spec_type))
    for part in ("policies", "scheduledActions"):
        names = [one["name"] for one in drawn.get(part) or ()]
        assume(len(names) == len(set(names)))
    try:
        want = resource(controller, drawn)
    except ValidationError:
        assume(False)
    declared = want.spec.declared()
    if controller.kind in ("ListenerRule", "ScalingPolicy"):
        declared = aws_names(declared, ("authenticationRequestExtraParams",))
        for part in (*(declared.get("Policies") or ()), *(declared.get("ScheduledActions") or ())):
            part.pop("Name")
    for name in (*OURS, "Service", "Cluster", "ResourceId", "ScalableDimension"):
        declared.pop(name, None)
    assert says(declared, sent(controller, want)) == []


@several
@given(one=specs(ServiceSpec), other=specs(ServiceSpec))
def test_an_update_sends_what_is_declared(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Beside it goes what clears a field that is not declared, and what AWS would reset."""
    params = update_fields(one, differences(one, other, RULES))
    assert says({name: value for name, value in one.items() if name in params}, params) == []


def test_texts_go_out_as_they_were_written() -> None:
    controller = CONTROLLERS[0]
    spec = {"cpu": ".25 vCPU", "memory": "1 GB", "containerDefinitions": [{"name": "b"}, {"name": "a"}]}
    params = sent(controller, resource(controller, spec))
    assert {name: params[name] for name in spec} == spec
