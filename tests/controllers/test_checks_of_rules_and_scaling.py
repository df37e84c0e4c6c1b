"""What validation finds in rules and scaling without AWS: only what AWS would refuse for certain."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.controllers.listener_rule.check import problems as of_rule
from apollo.controllers.scaling_policy.check import problems as of_scaling

HOST = {"field": "host-header", "hostHeaderConfig": {"values": ["a.x"]}}
FORWARD = {"type": "forward", "targetGroupArn": "arn"}
RULE: dict[str, Any] = {"listenerArn": "arn", "priority": 1, "conditions": [HOST], "actions": [FORWARD]}
CPU = {
    "name": "cpu",
    "targetTrackingScalingPolicyConfiguration": {
        "targetValue": 60,
        "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}
STEP = {
    "name": "burst",
    "policyType": "StepScaling",
    "stepScalingPolicyConfiguration": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
    },
}
NIGHT = {"name": "night", "schedule": "cron(0 8 ? * MON-FRI *)", "scalableTargetAction": {"minCapacity": 1}}
SCALING: dict[str, Any] = {
    "minCapacity": 1,
    "maxCapacity": 2,
    "policies": [CPU, STEP],
    "scheduledActions": [NIGHT],
}


def test_what_is_fine_is_fine() -> None:
    assert list(of_rule(RULE)) == []
    assert list(of_rule({"listenerArn": "arn", "priority": "default", "actions": [FORWARD]})) == []
    assert list(of_scaling(SCALING)) == []


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"priority": "default"}, "APO-RULE-001", "/conditions"),
        ({"conditions": []}, "APO-RULE-002", "/conditions"),
        ({"conditions": [{"values": ["a"]}]}, "APO-RULE-003", "/conditions/0"),
        (
            {"conditions": [{"field": "host-header", "pathPatternConfig": {}}]},
            "APO-RULE-003",
            "/conditions/0/pathPatternConfig",
        ),
        ({"conditions": [HOST, HOST]}, "APO-RULE-004", "/conditions"),
        ({"actions": [FORWARD, FORWARD]}, "APO-RULE-005", "/actions"),
        (
            {"actions": [{"type": "authenticate-oidc", "authenticateOidcConfig": {"issuer": "i"}}]},
            "APO-RULE-005",
            "/actions",
        ),
        ({"actions": [{"type": "redirect"}]}, "APO-RULE-006", "/actions/0"),
        ({"actions": [{"type": "forward"}]}, "APO-RULE-006", "/actions/0"),
        (
            {
                "actions": [
                    {
                        "type": "forward",
                        "forwardConfig": {"targetGroups": [{"targetGroupArn": "a"}, {"targetGroupArn": "b"}]},
                    }
                ]
            },
            "APO-RULE-006",
            "/actions/0/forwardConfig/targetGroups",
        ),
        ({"transforms": [{"type": "url-rewrite"}, {"type": "url-rewrite"}]}, "APO-RULE-007", "/transforms"),
    ],
)
def test_rules(wrong: dict[str, Any], code: str, path: str) -> None:
    assert [(problem.code, problem.path) for problem in of_rule({**RULE, **wrong})] == [(code, path)]


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"resourceId": "arn:aws:ecs:e:1:service/web"}, "APO-SCALE-001", "/resourceId"),
        ({"minCapacity": 3}, "APO-SCALE-002", "/maxCapacity"),
        ({"minCapacity": -1}, "APO-SCALE-002", "/minCapacity"),
        ({"policies": [CPU, CPU]}, "APO-SCALE-003", "/policies"),
        ({"policies": [{"name": "x"}]}, "APO-SCALE-004", "/policies/0"),
        ({"policies": [{**CPU, "policyType": "StepScaling"}]}, "APO-SCALE-004", "/policies/0"),
        (
            {"policies": [{"name": "x", "targetTrackingScalingPolicyConfiguration": {"targetValue": 1}}]},
            "APO-SCALE-005",
            "/policies/0/targetTrackingScalingPolicyConfiguration",
        ),
        (
            {
                "policies": [
                    {"name": "x", "stepScalingPolicyConfiguration": {"adjustmentType": "ExactCapacity"}}
                ]
            },
            "APO-SCALE-006",
            "/policies/0/stepScalingPolicyConfiguration",
        ),
        (
            {"scheduledActions": [{**NIGHT, "schedule": "every day"}]},
            "APO-SCALE-007",
            "/scheduledActions/0/schedule",
        ),
        (
            {"scheduledActions": [{**NIGHT, "scalableTargetAction": {}}]},
            "APO-SCALE-007",
            "/scheduledActions/0/scalableTargetAction",
        ),
    ],
)
def test_scaling(wrong: dict[str, Any], code: str, path: str) -> None:
    assert [(problem.code, problem.path) for problem in of_scaling({**SCALING, **wrong})] == [(code, path)]
