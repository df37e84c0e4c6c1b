"""Every rule of every table has examples: things that are equal, and a real change that shows.

A rule without both fails here, and so does a field of a model whose change would go unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from attrs import frozen

from apollo.compare import Rules, canonical, differences
from apollo.compare.listener_rule import RULES as LISTENER_RULE
from apollo.compare.listener_rule import comparable
from apollo.compare.scaling_policy import RULES as SCALING_POLICY
from apollo.compare.service import RULES as SERVICE
from apollo.compare.task_definition import RULES as TASK_DEFINITION
from tests.compare.cases import Case, Data
from tests.compare.cases.listener_rule import CASES as OF_LISTENER_RULE
from tests.compare.cases.scaling_policy import CASES as OF_SCALING_POLICY
from tests.compare.cases.service import CASES as OF_SERVICE
from tests.compare.cases.task_definition import CASES as OF_TASK_DEFINITION
from tests.compare.fields import fields, spec_with


@frozen
class Kind:
    rules: Rules
    cases: Sequence[Case]
    form: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda spec: spec
    """What both sides are brought into before they are compared."""

    def paths(self, declared: Data, live: Data) -> list[str]:
        return [one.path for one in differences(self.form(declared), self.form(live), self.rules)]


KINDS = {
    "TaskDefinition": Kind(TASK_DEFINITION, OF_TASK_DEFINITION),
    "Service": Kind(SERVICE, OF_SERVICE),
    "ListenerRule": Kind(LISTENER_RULE, OF_LISTENER_RULE, comparable),
    "ScalingPolicy": Kind(SCALING_POLICY, OF_SCALING_POLICY),
}
ALL = [pytest.param(kind, case, id=f"{name}{case[0]}") for name, kind in KINDS.items() for case in kind.cases]
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
NEVER: Mapping[str, str] = {
    "TaskDefinition": """compatibilities deleteRequestedAt deregisteredAt registeredAt registeredBy
        requiresAttributes revision status tags taskDefinitionArn""",
    "Service": "",
    "ListenerRule": """listenerArn priority tags actions/*/authenticateOidcConfig/clientSecret
        actions/*/authenticateOidcConfig/useExistingClientSecret""",
    "ScalingPolicy": "service cluster resourceId scalableDimension tags roleARN",
}
"""What no difference is made of: AWS computes it, or calls of its own look after it."""

MEANINGLESS: Mapping[str, str] = {
    "TaskDefinition": "containerDefinitions/*/linuxParameters/swappiness",  # without maxSwap
}
"""What means nothing by itself."""

LEFT_ALONE: Mapping[str, str] = {
    # A driver and what goes with it are filled in.
    "TaskDefinition": """volumes/*/dockerVolumeConfiguration/scope
        volumes/*/dockerVolumeConfiguration/autoprovision volumes/*/dockerVolumeConfiguration/driver""",
    "Service": """
        cluster serviceName taskDefinition availabilityZoneRebalancing desiredCount launchType platformVersion
        role tags/*/value
        deploymentConfiguration/maximumPercent deploymentConfiguration/minimumHealthyPercent
        deploymentConfiguration/linearConfiguration/stepPercent
        deploymentConfiguration/linearConfiguration/stepBakeTimeInMinutes
        deploymentConfiguration/canaryConfiguration/canaryPercent
        deploymentConfiguration/canaryConfiguration/canaryBakeTimeInMinutes
        deploymentConfiguration/earlySuccessCriteria/healthyPercent
        deploymentConfiguration/earlySuccessCriteria/sourceServiceRevisionCleanup
        networkConfiguration/awsvpcConfiguration/subnets/*
        networkConfiguration/awsvpcConfiguration/securityGroups/*
        networkConfiguration/awsvpcConfiguration/assignPublicIp
        serviceConnectConfiguration/services/*/discoveryName
        serviceConnectConfiguration/services/*/clientAliases/*/dnsName
        serviceConnectConfiguration/services/*/ingressPortOverride
        volumeConfigurations/*/managedEBSVolume/encrypted volumeConfigurations/*/managedEBSVolume/kmsKeyId
        volumeConfigurations/*/managedEBSVolume/volumeType volumeConfigurations/*/managedEBSVolume/sizeInGiB
        volumeConfigurations/*/managedEBSVolume/iops volumeConfigurations/*/managedEBSVolume/throughput
        volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/propagateTags
        volumeConfigurations/*/managedEBSVolume/roleArn
        volumeConfigurations/*/managedEBSVolume/filesystemType
        monitoring/metricConfigurations/*/metricNames/*""",
    "ListenerRule": "",
    # Scaling may be suspended by hand; which type of policy it is follows from its configuration.
    "ScalingPolicy": """suspendedState/dynamicScalingInSuspended suspendedState/dynamicScalingOutSuspended
        suspendedState/scheduledScalingSuspended policies/*/policyType""",
}
"""What stays as it is in AWS when a manifest does not say it: AWS fills it in, or it cannot be taken away."""


def listed(table: Mapping[str, str], name: str) -> set[str]:
    return {f"/{path}" for path in table.get(name, "").split()}


@pytest.mark.parametrize(("kind", "case"), ALL)
def test_what_means_the_same_is_no_difference_and_a_real_change_is(kind: Kind, case: Case) -> None:
    _, declared, same, other, path = case
    assert kind.paths(declared, same) == []
    found = kind.paths(declared, other)
    assert any(one == path or one.startswith(f"{path}/") for one in found) or path in " ".join(found), found


@EACH
def test_every_rule_has_an_example_of_each(kind: Kind) -> None:
    never = {pointer for pointer, rule in kind.rules.table.items() if rule.never is True}
    said = {case[0] for case in kind.cases if case[0].startswith("/")}
    assert said == kind.rules.table.keys() - never
    vacuous = said - {rule for rule, declared, same, _, _ in kind.cases if declared != same}
    assert vacuous == set(), "the equal things are the same text"
    unseen = said - {rule for rule, *_, path in kind.cases if _leads(rule, path)}
    assert unseen == set(), "the change that shows is of another field"


def _leads(rule: str, path: str) -> bool:
    """Whether a difference at this path is one of the rule's field, of something in it, or of the list that
    it is in."""
    parts = [re.escape(part) if part != "*" else "[^/]+" for part in rule.split("/")[1:]]
    return any(
        re.fullmatch("".join(f"/{part}" for part in parts[:size]) + "(/.*)?" * (size == len(parts)), path)
        for size in range(1, len(parts) + 1)
    )


@EACH
def test_the_canonical_form_of_an_example_is_canonical(kind: Kind) -> None:
    for _, *specs, _ in kind.cases:
        for spec in specs:
            once = canonical(kind.form(spec), kind.rules)
            assert canonical(once, kind.rules) == once


def of_never(name: str, pointer: str) -> bool:
    return any(pointer == one or pointer.startswith(f"{one}/") for one in listed(NEVER, name))


@pytest.mark.parametrize("name", KINDS)
def test_what_is_never_compared_is_listed(name: str) -> None:
    table = KINDS[name].rules.table
    assert {pointer for pointer, rule in table.items() if rule.never is True} == listed(NEVER, name)
    for pointer in listed(NEVER, name):
        if "*" not in pointer:
            assert KINDS[name].paths({"x": 1}, {"x": 1, pointer[1:]: ["something"]}) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_change_of_any_field_shows(name: str) -> None:
    rules = KINDS[name].rules
    found = set()
    for pointer, one, other in fields(rules.model):
        for declared, live in ((one, other), (other, one)):
            changes = differences(
                spec_with(rules.model, pointer, declared), spec_with(rules.model, pointer, live), rules
            )
            if not any(_leads(pointer, change.path) or _leads(change.path, pointer) for change in changes):
                found.add(pointer)
    assert {pointer for pointer in found if not of_never(name, pointer)} == listed(MEANINGLESS, name)


@pytest.mark.parametrize("name", KINDS)
def test_what_the_manifest_leaves_out_is_taken_away_but_for_what_is_aws_s(name: str) -> None:
    rules = KINDS[name].rules
    found = {
        pointer
        for pointer, *values in fields(rules.model)
        if not any(
            differences(spec_with(rules.model, pointer), spec_with(rules.model, pointer, value), rules)
            for value in values
        )
    }
    expected = listed(LEFT_ALONE, name) | listed(MEANINGLESS, name)
    assert {pointer for pointer in found if not of_never(name, pointer)} == expected
