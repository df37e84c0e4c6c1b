"""Rules and their priorities.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

import itertools
from typing import Any

import pytest

from tests.testing.conftest import Refused
from tests.testing.elbv2.conftest import FIXED, Balancing


def test_the_default_rule_is_last_and_named_so(lb: Balancing) -> None:
    """API_Rule: "The priority"; the default rule's is `default`."""
    for priority in (50000, 7, 10):
        lb.rule(priority, f"/{priority}")
    assert lb.priorities() == ["7", "10", "50000", "default"]
    default = lb.default()
    assert (default["IsDefault"], default["Conditions"]) == (True, [])


def test_a_priority_is_taken_once(lb: Balancing, refused: Refused) -> None:
    """API_CreateRule: "A listener can't have multiple rules with the same priority." """
    lb.rule(26)
    with refused("PriorityInUse", "Priority '26' is currently in use"):
        lb.rule(26, "/other")
    assert lb.priorities() == ["26", "default"]


@pytest.mark.parametrize("priority", [0, 50001, -1])
def test_priorities_are_from_1_to_50000(lb: Balancing, refused: Refused, priority: int) -> None:
    """API_CreateRule, Priority: valid range."""
    lb.client = lb.aws.client("elbv2", parameter_validation=False)
    with refused("ValidationError"):
        lb.rule(priority)


def test_two_listeners_have_their_own_priorities(lb: Balancing) -> None:
    lb.rule(1)
    lb.rule(1, ListenerArn=lb.https())
    assert lb.priorities() == ["1", "default"]


def test_priorities_are_swapped_in_one_call(lb: Balancing) -> None:
    """API_SetRulePriorities: "You can reorder the rules as long as there are no priority conflicts in the
    new order." """
    one, two = lb.rule(1, "/1"), lb.rule(2, "/2")
    answer = lb.client.set_rule_priorities(
        RulePriorities=[{"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1}]
    )
    assert [(r["RuleArn"], r["Priority"]) for r in answer["Rules"]] == [(one, "2"), (two, "1")]
    assert [r["RuleArn"] for r in lb.client.describe_rules(ListenerArn=lb.listener)["Rules"]][:2] == [
        two,
        one,
    ]


def test_any_permutation_of_priorities_is_one_valid_call(lb: Balancing) -> None:
    arns = [lb.rule(n, f"/{n}") for n in (3, 5, 8, 13)]
    for order in itertools.permutations((3, 5, 8, 13)):
        lb.client.set_rule_priorities(
            RulePriorities=[{"RuleArn": a, "Priority": n} for a, n in zip(arns, order, strict=True)]
        )
        assert [int(lb.look(arn)["Priority"]) for arn in arns] == list(order)


def test_a_collision_in_the_new_order_is_refused_whole(lb: Balancing, refused: Refused) -> None:
    """API_SetRulePriorities: "Any existing rules that you do not specify retain their current priority." """
    one, two, three = (lb.rule(n, f"/{n}") for n in (1, 2, 3))
    with refused("PriorityInUse", "Priority '3'"):
        lb.client.set_rule_priorities(
            RulePriorities=[{"RuleArn": one, "Priority": 9}, {"RuleArn": two, "Priority": 3}]
        )
    with refused("PriorityInUse"):
        lb.client.set_rule_priorities(
            RulePriorities=[{"RuleArn": one, "Priority": 9}, {"RuleArn": three, "Priority": 9}]
        )
    assert lb.priorities() == ["1", "2", "3", "default"]


def test_the_default_rule_stays_where_it_is(lb: Balancing, refused: Refused) -> None:
    """API_DeleteRule: "You can't delete the default rule." API_ModifyRule and API_SetRulePriorities list
    OperationNotPermitted."""
    arn = lb.default()["RuleArn"]
    with refused("OperationNotPermitted", "cannot be deleted"):
        lb.client.delete_rule(RuleArn=arn)
    with refused("OperationNotPermitted", "cannot be modified"):
        lb.client.modify_rule(RuleArn=arn, Actions=[FIXED])
    with refused("OperationNotPermitted"):
        lb.client.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 1}])


def test_modify_replaces_what_is_given_and_lists_whole(lb: Balancing) -> None:
    """API_ModifyRule: "Any properties that you do not specify are unchanged." "you must provide the entire
    list"."""
    arn = lb.rule(1, Tags=[{"Key": "a", "Value": "b"}])
    methods = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}
    changed = lb.client.modify_rule(RuleArn=arn, Conditions=[methods])["Rules"][0]
    assert [item["Field"] for item in changed["Conditions"]] == ["http-request-method"]
    assert changed["Actions"] == [FIXED]
    assert (changed["RuleArn"], changed["Priority"]) == (arn, "1")
    forward = {"Type": "forward", "TargetGroupArn": lb.group}
    lb.client.modify_rule(RuleArn=arn, Actions=[forward])
    seen = lb.look(arn)
    assert [action["Type"] for action in seen["Actions"]] == ["forward"]
    assert [item["Field"] for item in seen["Conditions"]] == ["http-request-method"]


def test_transforms_stay_until_they_are_reset(lb: Balancing, refused: Refused) -> None:
    """API_ModifyRule: "If you specify ResetTransforms, you can't specify Transforms." """
    rewrite = {"Regex": "^/old/(.*)$", "Replace": "/new/$1"}
    transforms = [
        {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [rewrite]}},
        {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [rewrite]}},
    ]
    arn = lb.rule(1, Transforms=transforms)
    assert lb.look(arn)["Transforms"] == transforms
    lb.client.modify_rule(RuleArn=arn, Actions=[FIXED])
    assert lb.look(arn)["Transforms"] == transforms
    with refused("ValidationError"):
        lb.client.modify_rule(RuleArn=arn, Transforms=transforms[:1], ResetTransforms=True)
    lb.client.modify_rule(RuleArn=arn, Transforms=transforms[:1])
    assert lb.look(arn)["Transforms"] == transforms[:1]
    lb.client.modify_rule(RuleArn=arn, ResetTransforms=True)
    assert lb.look(arn)["Transforms"] == []


def test_one_transform_of_each_type(lb: Balancing, refused: Refused) -> None:
    """API_CreateRule: "You can add one host header rewrite transform and one URL rewrite transform." """
    one = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "a", "Replace": "b"}]}}
    with refused("ValidationError"):
        lb.rule(1, Transforms=[one, one])
    with refused("ValidationError"):
        lb.rule(1, Transforms=[{"Type": "url-rewrite"}])


def test_rules_that_are_not_there(lb: Balancing, refused: Refused) -> None:
    arn = lb.rule(1)
    lb.client.delete_rule(RuleArn=arn)
    for call, params in (
        ("describe_rules", {"RuleArns": [arn]}),
        ("modify_rule", {"RuleArn": arn, "Actions": [FIXED]}),
        ("delete_rule", {"RuleArn": arn}),
        ("set_rule_priorities", {"RulePriorities": [{"RuleArn": arn, "Priority": 2}]}),
    ):
        with refused("RuleNotFound"):
            getattr(lb.client, call)(**params)
    gone = lb.listener[:-4] + "0000"
    with refused("ListenerNotFound"):
        lb.client.describe_rules(ListenerArn=gone)
    with refused("ListenerNotFound"):
        lb.rule(1, ListenerArn=gone)


def test_describe_by_listener_or_by_rules_but_not_both(lb: Balancing, refused: Refused) -> None:
    """API_DescribeRules: "You must specify either a listener or rules." """
    arn = lb.rule(1)
    assert [rule["RuleArn"] for rule in lb.client.describe_rules(RuleArns=[arn, arn])["Rules"]] == [arn]
    with refused("ValidationError"):
        lb.client.describe_rules()
    with refused("ValidationError"):
        lb.client.describe_rules(ListenerArn=lb.listener, RuleArns=[arn])


def test_pages(lb: Balancing, refused: Refused) -> None:
    """API_DescribeRules, PageSize 1-400 and Marker."""
    for n in range(1, 8):
        lb.rule(n, f"/{n}")
    pages = lb.client.get_paginator("describe_rules").paginate(
        ListenerArn=lb.listener, PaginationConfig={"PageSize": 3}
    )
    found = [[rule["Priority"] for rule in page["Rules"]] for page in pages]
    assert found == [["1", "2", "3"], ["4", "5", "6"], ["7", "default"]]
    with refused("ValidationError"):
        lb.client.describe_rules(ListenerArn=lb.listener, PageSize=401)
    with refused("ValidationError"):
        lb.client.describe_rules(ListenerArn=lb.listener, Marker="nonsense")


def test_a_hundred_rules_per_load_balancer(lb: Balancing, refused: Refused) -> None:
    """load-balancer-limits: "Rules per Application Load Balancer (not counting default rules) 100"."""
    other = lb.https()
    for n in range(1, 101):
        lb.rule(n, ListenerArn=lb.listener if n % 2 else other)
    with refused("TooManyRules"):
        lb.rule(1000)


def test_a_refused_call_changes_nothing(lb: Balancing, refused: Refused) -> None:
    arn = lb.rule(1)
    before = lb.aws.snapshot()
    with refused("TargetGroupNotFound"):
        lb.client.modify_rule(
            RuleArn=arn,
            Conditions=[{"Field": "path-pattern", "Values": ["/y"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": lb.group[:-4] + "0000"}],
        )
    assert lb.aws.snapshot() == before


def test_the_snapshot_names_rules_by_priority_and_groups_by_name(lb: Balancing) -> None:
    lb.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": lb.group}])
    state: dict[str, Any] = lb.aws.snapshot()["123456789012/eu-west-1/elbv2"]
    rule = state["loadBalancers"]["web"]["listeners"]["80"]["rules"]["1"]
    assert rule["actions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": "tg", "Weight": 1}]
    assert "arn:" not in repr(state).replace("arn:aws:acm", "")
