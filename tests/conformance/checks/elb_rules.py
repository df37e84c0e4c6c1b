"""Listener rules: priorities, order, modification."""

from collections.abc import Callable
from typing import Any

from tests.conformance.registry import check, elb, elb_guide
from tests.conformance.stage import FIXED, Stage, elb_tags

AREA = "ELB listener rules"
NEEDS = ("balancer",)
LIMITS = elb_guide("load-balancer-limits")


def _priorities(s: Stage) -> list[str]:
    return [rule["Priority"] for rule in s.rules()]


@check(
    "elb.rule.order",
    source=elb("CreateRule"),
    says="Rules are evaluated in priority order, from the lowest value to the highest value.",
    needs=NEEDS,
)
def order(s: Stage) -> None:
    """Rules are described by priority, the default rule last."""
    for priority in (50000, 7, 10):
        s.rule(priority)
    assert _priorities(s) == ["7", "10", "50000", "default"]


@check(
    "elb.rule.in-use",
    source=elb("CreateRule"),
    says="A listener can't have multiple rules with the same priority.",
    needs=NEEDS,
)
def in_use(s: Stage) -> None:
    """A priority that is taken is PriorityInUse."""
    s.rule(5)
    with s.refused("PriorityInUse"):
        s.rule(5, "/other")
    assert _priorities(s) == ["5", "default"]


@check("elb.rule.range", source=elb("CreateRule"), needs=NEEDS)
def priority_range(s: Stage) -> None:
    """Priorities are from 1 to 50000."""
    client = s.raw("elbv2")
    for priority in (0, 50001):
        with s.refused("ValidationError"):
            client.create_rule(
                ListenerArn=s.port80,
                Priority=priority,
                Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
                Actions=[FIXED],
            )


@check("elb.rule.per-listener", source=elb("CreateRule"), needs=NEEDS)
def per_listener(s: Stage) -> None:
    """Two listeners have priorities of their own."""
    s.rule(1)
    s.rule(1, ListenerArn=s.listener(81))
    assert _priorities(s) == ["1", "default"]


@check(
    "elb.rule.swap",
    source=elb("SetRulePriorities"),
    says="You can reorder the rules as long as there are no priority conflicts in the new order.",
    needs=NEEDS,
)
def swap(s: Stage) -> None:
    """Two rules swap their priorities in one call."""
    one, two = s.rule(1), s.rule(2)
    pairs = [{"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1}]
    s.elb.set_rule_priorities(RulePriorities=pairs)
    assert [rule["RuleArn"] for rule in s.rules()][:2] == [two, one]


@check(
    "elb.rule.collision",
    source=elb("SetRulePriorities"),
    says="Any existing rules that you do not specify retain their current priority.",
    needs=NEEDS,
)
def collision(s: Stage) -> None:
    """A new order with a conflict is PriorityInUse, and nothing changes."""
    one, _, three = s.rule(1), s.rule(2), s.rule(3)
    pairs = [{"RuleArn": one, "Priority": 9}, {"RuleArn": three, "Priority": 2}]
    with s.refused("PriorityInUse"):
        s.elb.set_rule_priorities(RulePriorities=pairs)
    assert _priorities(s) == ["1", "2", "3", "default"]


@check(
    "elb.rule.default-fixed", source=elb("DeleteRule"), says="You can't delete the default rule.", needs=NEEDS
)
def default_rule(s: Stage) -> None:
    """The default rule is neither deleted nor given a priority: OperationNotPermitted."""
    [default] = s.rules()
    with s.refused("OperationNotPermitted"):
        s.elb.delete_rule(RuleArn=default["RuleArn"])
    with s.refused("OperationNotPermitted"):
        s.elb.set_rule_priorities(RulePriorities=[{"RuleArn": default["RuleArn"], "Priority": 1}])


@check("elb.rule.missing", source=elb("DescribeRules"), needs=NEEDS)
def missing(s: Stage) -> None:
    """One that is not there is RuleNotFound, for whatever is wanted of it."""
    arn = s.rule(1)
    s.elb.delete_rule(RuleArn=arn)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: s.elb.describe_rules(RuleArns=[arn]),
        lambda: s.elb.modify_rule(RuleArn=arn, Actions=[FIXED]),
        lambda: s.elb.delete_rule(RuleArn=arn),
        lambda: s.elb.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 2}]),
    )
    for call in calls:
        with s.refused("RuleNotFound"):
            call()


@check(
    "elb.rule.describe-by",
    source=elb("DescribeRules"),
    says="You must specify either a listener or rules.",
    needs=NEEDS,
)
def describe_by(s: Stage) -> None:
    """DescribeRules wants a listener or rules."""
    s.rule(1)
    with s.refused("ValidationError"):
        s.elb.describe_rules()


@check(
    "elb.rule.pages",
    source=elb("DescribeRules"),
    says="The maximum number of results to return with this call.",
    needs=NEEDS,
)
def pages(s: Stage) -> None:
    """PageSize and Marker lead through the rules."""
    for n in range(1, 5):
        s.rule(n)
    found = s.elb.get_paginator("describe_rules").paginate(
        ListenerArn=s.port80, PaginationConfig={"PageSize": 2}
    )
    assert [[rule["Priority"] for rule in page["Rules"]] for page in found] == [
        ["1", "2"],
        ["3", "4"],
        ["default"],
    ]


@check(
    "elb.rule.modify",
    source=elb("ModifyRule"),
    says="Any properties that you do not specify are unchanged.",
    needs=NEEDS,
)
def modify(s: Stage) -> None:
    """ModifyRule replaces what it is given and leaves the rest, the ARN and the priority."""
    arn = s.rule(3)
    methods = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}
    s.elb.modify_rule(RuleArn=arn, Conditions=[methods])
    found = s.rule_of(arn)
    assert [one["Field"] for one in found["Conditions"]] == ["http-request-method"]
    assert found["Actions"][0]["Type"] == "fixed-response"
    assert found["Priority"] == "3"


@check("elb.rule.hundred", source=LIMITS, needs=NEEDS)
def hundred(s: Stage) -> None:
    """A load balancer has at most a hundred rules: TooManyRules."""
    for n in range(1, 101):
        s.rule(n)
    with s.refused("TooManyRules"):
        s.rule(101)


@check("elb.rule.tags", source=elb("CreateRule"), says="The tags to assign to the rule.", needs=NEEDS)
def tags(s: Stage) -> None:
    """A rule can be tagged at birth."""
    arn = s.rule(1, Tags=elb_tags(a="1"))
    [found] = s.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert found["Tags"] == elb_tags(a="1")
