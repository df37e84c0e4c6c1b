"""Rules: CreateRule, ModifyRule, SetRulePriorities, DeleteRule, DescribeRules."""

import random

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2 import actions, conditions, transforms
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import Json, Listener, LoadBalancer, Rule
from apollo.testing.services.elbv2.tags import checked
from apollo.testing.world import Call

RULES_PER_BALANCER = 100
"""Without default rules.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""


def view(rule: Rule, shuffle: random.Random | None) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Rule.html"""
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.is_default else str(rule.priority),
        "Conditions": conditions.shown(rule.conditions, shuffle),
        "Actions": actions.shown(rule.actions),
        "IsDefault": rule.is_default,
        "Transforms": rule.transforms,
    }


def new_arn(elb: Region, listener: Listener) -> str:
    path = listener.arn.split(":listener/", 1)[1]
    return elb.arn(f"listener-rule/{path}/{elb.world.ids.hex(16)}")


def create(elb: Region, call: Call) -> Json:
    """Not idempotent: a priority is taken once.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
    """
    p = call.params
    listener = elb.listener(p["ListenerArn"])
    kept_conditions = conditions.checked(p["Conditions"])
    if listener.balancer.type != "application":
        _check_network(kept_conditions)
    kept_actions = actions.checked(elb, p["Actions"], listener.balancer, actions.protocol_of(listener))
    kept_transforms = transforms.checked(p.get("Transforms", []))
    tags = checked(p.get("Tags"))
    priority = p["Priority"]
    if any(rule.priority == priority for rule in listener.rules.values()):
        raise _in_use(priority)
    if _count(listener.balancer) >= RULES_PER_BALANCER:
        raise ApiError(
            "TooManyRules",
            f"The maximum number of rules on load balancer '{listener.balancer.arn}' is reached",
        )
    rule = Rule(new_arn(elb, listener), listener, priority, kept_conditions, [], kept_transforms, tags)
    listener.rules[rule.arn] = rule
    elb.act(rule, kept_actions)
    return {"Rules": [view(rule, elb.world.shuffle)]}


def _count(balancer: LoadBalancer) -> int:
    return sum(len(listener.rules) for listener in balancer.listeners.values())


def _in_use(priority: int) -> ApiError:
    return ApiError("PriorityInUse", f"Priority '{priority}' is currently in use")


def _check_network(kept: list[Json]) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html"""
    if any(item["Field"] != "source-ip" or "IpAddressType" not in item["SourceIpConfig"] for item in kept):
        raise invalid(
            "For Network Load Balancers the only supported condition is source-ip with IpAddressType"
        )


def modify(elb: Region, call: Call) -> Json:
    """ "Replaces the specified properties"; lists are replaced whole.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
    """
    p = call.params
    rule = elb.rule(p["RuleArn"])
    if rule.is_default:
        raise ApiError("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified")
    if "Transforms" in p and "ResetTransforms" in p:
        raise invalid("You cannot specify both Transforms and ResetTransforms")
    listener = rule.listener
    kept_conditions, kept_actions, kept_transforms = rule.conditions, rule.actions, rule.transforms
    if "Conditions" in p:
        kept_conditions = conditions.checked(p["Conditions"])
    if "Actions" in p:
        kept_actions = actions.checked(
            elb, p["Actions"], listener.balancer, actions.protocol_of(listener), rule.actions
        )
    if "Transforms" in p:
        kept_transforms = transforms.checked(p["Transforms"])
    elif p.get("ResetTransforms"):
        kept_transforms = []
    rule.conditions, rule.transforms = kept_conditions, kept_transforms
    elb.act(rule, kept_actions)
    return {"Rules": [view(rule, elb.world.shuffle)]}


def set_priorities(elb: Region, call: Call) -> Json:
    """ "You can reorder the rules as long as there are no priority conflicts in the new order. Any existing
    rules that you do not specify retain their current priority."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html
    """
    wanted: dict[Rule, int] = {}
    for pair in call.params["RulePriorities"]:
        if "RuleArn" not in pair or "Priority" not in pair:
            raise invalid("A rule ARN and a priority must be specified")
        rule = elb.rule(pair["RuleArn"])
        if rule.is_default:
            raise ApiError(
                "OperationNotPermitted", f"The priority of default rule '{rule.arn}' cannot be set"
            )
        if rule in wanted:
            raise invalid(f"Rule '{rule.arn}' is specified more than once")
        wanted[rule] = pair["Priority"]
    if not wanted:
        raise invalid("A rule priority must be specified")
    for listener in dict.fromkeys(rule.listener for rule in wanted):
        taken: set[int] = set()
        for rule in listener.rules.values():
            priority = wanted.get(rule, rule.priority)
            if priority in taken:
                raise _in_use(priority)
            taken.add(priority)
    for rule, priority in wanted.items():
        rule.priority = priority
    return {"Rules": [view(rule, elb.world.shuffle) for rule in wanted]}


def delete(elb: Region, call: Call) -> Json:
    """ "You can't delete the default rule."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html
    """
    rule = elb.rule(call.params["RuleArn"])
    if rule.is_default:
        raise ApiError("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
    elb.drop(rule)
    del rule.listener.rules[rule.arn]
    return {}


def describe(elb: Region, call: Call) -> Json:
    """By priority, the default rule last.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
    """
    p = call.params
    arns = p.get("RuleArns", [])
    if bool(arns) == ("ListenerArn" in p):
        raise invalid("You must specify either listener rule ARNs or a listener ARN")
    if arns:
        found = [elb.rule(arn) for arn in dict.fromkeys(arns)]
    else:
        found = elb.listener(p["ListenerArn"]).ordered()
    chunk, more = page(found, p)
    return {"Rules": [view(rule, elb.world.shuffle) for rule in chunk], **more}
