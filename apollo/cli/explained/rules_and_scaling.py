"""What the findings about listener rules and scaling mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apollo.cli.explained.entry import Explained

__all__ = ["CODES"]

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_AAS = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_"

CODES: Final[Mapping[str, Explained]] = {
    "APO-RULE-001": Explained(
        "The default rule of a listener has neither conditions nor transforms.",
        "Leave them out, or give the rule a priority.",
        "It applies when no other rule does.",
        f"{_ELB}Rule.html",
        "priority: default",
    ),
    "APO-RULE-002": Explained(
        "A rule says nothing about the requests it is for.",
        "Write conditions.",
        "CreateRule answers: A condition must be specified.",
        f"{_ELB}CreateRule.html",
        "conditions: [{field: host-header, hostHeaderConfig: {values: [web.example.com]}}]",
    ),
    "APO-RULE-003": Explained(
        "A condition does not say its field, or has the values of another one.",
        "Write field, and the values into the configuration of that field.",
        "CreateRule refuses it.",
        f"{_ELB}RuleCondition.html",
        "conditions: [{field: path-pattern, pathPatternConfig: {values: [/api/*]}}]",
    ),
    "APO-RULE-004": Explained(
        "Two conditions of a rule are about the same part of the request.",
        "Put the values into one condition: any of them may match.",
        "CreateRule answers: A rule can only have one such condition.",
        f"{_ALB}rule-condition-types.html",
        "conditions: [{field: host-header, hostHeaderConfig: {values: [a.example.com, b.example.com]}}]",
    ),
    "APO-RULE-005": Explained(
        "The actions of a rule do not end with exactly one that answers the request.",
        "Let forward, redirect or fixed-response be the last action.",
        "Before the answer there may be an authentication, and nothing behind it.",
        f"{_ELB}CreateRule.html",
        'actions: [{type: fixed-response, fixedResponseConfig: {statusCode: "404"}}]',
    ),
    "APO-RULE-006": Explained(
        "An action lacks what its type needs.",
        "Write the configuration of that type.",
        "CreateRule refuses it.",
        f"{_ELB}Action.html",
        "actions: [{type: forward, targetGroupArn: 'arn:…'}]",
    ),
    "APO-RULE-007": Explained(
        "A rule has two transforms of one type.",
        "Keep one of them.",
        "A request is rewritten once: its host, and its URL.",
        f"{_ELB}RuleTransform.html",
    ),
    "APO-RULE-008": Explained(
        "A condition without values, or with values in two places.",
        "Write them into the configuration of the field.",
        "CreateRule answers: A condition value must be specified.",
        f"{_ELB}RuleCondition.html",
        "conditions: [{field: path-pattern, pathPatternConfig: {values: [/api/*]}}]",
    ),
    "APO-RULE-009": Explained(
        "More values, or wildcards, than one rule may have.",
        "Make two rules of it, or fewer wildcards.",
        "A rule has at most five values, and five * and ?, in all its conditions together.",
        f"{_ALB}load-balancer-limits.html",
    ),
    "APO-RULE-010": Explained(
        "A value that a condition of this sort cannot have.",
        "Hosts without https://, paths that begin with /, methods in capital letters, addresses as CIDR.",
        "CreateRule refuses the value.",
        f"{_ALB}rule-condition-types.html",
        "conditions: [{field: source-ip, sourceIpConfig: {values: [10.0.0.0/16]}}]",
    ),
    "APO-RULE-011": Explained(
        "A forward action with too many target groups, one of them twice, or a weight outside of 0 to 999.",
        "At most five target groups, each once.",
        "CreateRule refuses it.",
        f"{_ELB}ForwardActionConfig.html",
        "actions: [{type: forward, forwardConfig: {targetGroups: [{targetGroupArn: 'arn:…', weight: 1}]}}]",
    ),
    "APO-RULE-012": Explained(
        "A redirect to itself, or to a port or path that is none.",
        "Change protocol, port, host or path; a path begins with /.",
        "CreateRule answers: The redirect configuration is not valid because it creates a loop.",
        f"{_ELB}RedirectActionConfig.html",
        'actions: [{type: redirect, redirectConfig: {protocol: HTTPS, port: "443", statusCode: HTTP_301}}]',
    ),
    "APO-RULE-013": Explained(
        "A fixed response that no load balancer gives.",
        "statusCode is 2XX, 4XX or 5XX, the body at most 1024 bytes.",
        "CreateRule refuses it.",
        f"{_ELB}FixedResponseActionConfig.html",
        'actions: [{type: fixed-response, fixedResponseConfig: {statusCode: "503", contentType: '
        "text/plain}}]",
    ),
    "APO-SCALE-001": Explained(
        "A resourceId that Application Auto Scaling would take, but never scale.",
        "Write service/CLUSTER/SERVICE with names, or service: NAME.",
        "Application Auto Scaling takes other text, and finds nothing to scale by it.",
        f"{_AAS}RegisterScalableTarget.html",
        "resourceId: service/green/web",
    ),
    "APO-SCALE-002": Explained(
        "The bounds contradict each other.",
        "Let minCapacity be at most maxCapacity.",
        "RegisterScalableTarget refuses it.",
        f"{_AAS}RegisterScalableTarget.html",
        "minCapacity: 2\nmaxCapacity: 10",
    ),
    "APO-SCALE-003": Explained(
        "Two policies or scheduled actions share a name.",
        "Give each a name of its own.",
        "The second would silently replace the first.",
        f"{_AAS}PutScalingPolicy.html",
    ),
    "APO-SCALE-004": Explained(
        "A policy has no configuration, several, or one of another type.",
        "Write the one configuration that belongs to policyType.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}PutScalingPolicy.html",
        "policyType: TargetTrackingScaling\ntargetTrackingScalingPolicyConfiguration: "
        "{targetValue: 60, predefinedMetricSpecification: {predefinedMetricType: "
        "ECSServiceAverageCPUUtilization}}",
    ),
    "APO-SCALE-005": Explained(
        "A target tracking policy does not say what it follows.",
        "Write predefinedMetricSpecification or customizedMetricSpecification.",
        "PutScalingPolicy answers: Exactly one of predefined metric and customized metric must be specified.",
        f"{_AAS}TargetTrackingScalingPolicyConfiguration.html",
        "predefinedMetricSpecification: {predefinedMetricType: ECSServiceAverageCPUUtilization}",
    ),
    "APO-SCALE-006": Explained(
        "The steps of a step scaling policy are incomplete.",
        "Give each step a bound.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}StepAdjustment.html",
        "stepAdjustments: [{metricIntervalLowerBound: 0, scalingAdjustment: 1}]",
    ),
    "APO-SCALE-007": Explained(
        "A scheduled action lacks a schedule that AWS knows, or what to do then.",
        "Write at(…), rate(…) or cron(…), and minCapacity, maxCapacity or both.",
        "PutScheduledAction refuses it. cron has six fields: minutes, hours, day of month, month, "
        "day of week, year; one of the two days is ?.",
        f"{_AAS}PutScheduledAction.html",
        "schedule: cron(0 8 ? * MON-FRI *)",
    ),
    "APO-SCALE-008": Explained(
        "Steps that overlap, leave a gap, or do not go with the adjustment type.",
        "Let each step begin where the one before it ends; the outermost have no bound.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}StepAdjustment.html",
        "stepAdjustments:\n  - {metricIntervalLowerBound: 0, metricIntervalUpperBound: 20, "
        "scalingAdjustment: 1}\n"
        "  - {metricIntervalLowerBound: 20, scalingAdjustment: 3}",
    ),
    "APO-SCALE-009": Explained(
        "A predictive policy that is incomplete.",
        "Write one metric specification, with a metric pair or with a scaling and a load metric.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}PredictiveScalingPolicyConfiguration.html",
    ),
}
