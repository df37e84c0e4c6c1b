"""The quotas of an account: those that are enforced here, with the numbers that are; and the usual others.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from apollo.testing.services.elbv2.actions import GROUPS_PER_ACTION, GROUPS_PER_BALANCER
from apollo.testing.services.elbv2.conditions import VALUES_PER_RULE, WILDCARDS_PER_RULE
from apollo.testing.services.elbv2.listeners import LISTENERS_PER_BALANCER
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.rules import RULES_PER_BALANCER
from apollo.testing.services.elbv2.state import Json
from apollo.testing.services.elbv2.targets import TARGETS_PER_GROUP
from apollo.testing.world import Call

_LIMITS = {
    "application-load-balancers": 50,
    "condition-values-per-alb-rule": VALUES_PER_RULE,
    "condition-wildcards-per-alb-rule": WILDCARDS_PER_RULE,
    "gateway-load-balancers": 100,
    "listeners-per-application-load-balancer": LISTENERS_PER_BALANCER,
    "listeners-per-network-load-balancer": LISTENERS_PER_BALANCER,
    "network-load-balancers": 50,
    "rules-per-application-load-balancer": RULES_PER_BALANCER,
    "target-groups": 3000,
    "target-groups-per-action-on-application-load-balancer": GROUPS_PER_ACTION,
    "target-groups-per-application-load-balancer": GROUPS_PER_BALANCER,
    "targets-per-application-load-balancer": TARGETS_PER_GROUP,
}


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html"""
    found = [{"Name": name, "Max": str(most)} for name, most in _LIMITS.items()]
    chunk, more = page(found, call.params)
    return {"Limits": chunk, **more}
