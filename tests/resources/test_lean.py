"""Specs that share what is alike stay apart."""

from __future__ import annotations

from apollo.resources.service import ServiceSpec
from apollo.spec import lean


def test_a_copy_with_another_field_changes_no_other_spec() -> None:
    one = ServiceSpec.model_validate({"taskDefinition": "web", "desiredCount": 1})
    other = ServiceSpec.model_validate({"taskDefinition": "api", "desiredCount": 2})
    assert one.model_fields_set is other.model_fields_set
    more = lean(one.model_copy(update={"platformVersion": "1.4.0"}))
    assert more.declared() == {"taskDefinition": "web", "desiredCount": 1, "platformVersion": "1.4.0"}
    assert one.declared() == {"taskDefinition": "web", "desiredCount": 1}
    assert other.declared() == {"taskDefinition": "api", "desiredCount": 2}
    assert one == ServiceSpec.model_validate({"desiredCount": 1, "taskDefinition": "web"})
