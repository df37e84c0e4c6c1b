"""The state without what AWS draws: for comparing where two runs ended.

Everything is named by its name and place instead of its ARN; sets are sorted.
"""

import hashlib
from typing import Any

from apollo.testing.services.elbv2.conditions import shown
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.state import Json, Listener, Rule, TargetGroup
from apollo.testing.services.elbv2.targets import health


def snapshot(elb: Region) -> Json:
    return {
        "loadBalancers": {
            balancer.name: {
                "type": balancer.type,
                "scheme": balancer.fields["Scheme"],
                "subnets": sorted(zone["SubnetId"] for zone in balancer.fields["AvailabilityZones"]),
                "securityGroups": sorted(balancer.fields["SecurityGroups"]),
                "ipAddressType": balancer.fields["IpAddressType"],
                "attributes": dict(sorted(balancer.attributes.items())),
                "tags": dict(sorted(balancer.tags.items())),
                "listeners": {
                    str(listener.fields.get("Port", "")): _listener(elb, listener)
                    for listener in sorted(balancer.listeners.values(), key=lambda x: x.fields.get("Port", 0))
                },
            }
            for balancer in sorted(elb.balancers.values(), key=lambda x: x.name)
        },
        "targetGroups": {
            group.name: _group(elb, group) for group in sorted(elb.groups.values(), key=lambda x: x.name)
        },
    }


def _listener(elb: Region, listener: Listener) -> Json:
    return {
        **listener.fields,
        "certificates": sorted(listener.certificates),
        "tags": dict(sorted(listener.tags.items())),
        "rules": {
            "default" if rule.is_default else str(rule.priority): _rule(elb, rule)
            for rule in listener.ordered()
        },
    }


def _rule(elb: Region, rule: Rule) -> Json:
    return {
        "conditions": _sorted(shown(rule.conditions, None)),
        "actions": _named(elb, rule.actions),
        "transforms": _sorted(rule.transforms),
        "tags": dict(sorted(rule.tags.items())),
    }


def _group(elb: Region, group: TargetGroup) -> Json:
    states: dict[str, int] = {}
    for _, state in health(elb, group).values():
        states[state["State"]] = states.get(state["State"], 0) + 1
    return {
        **group.fields,
        "attributes": dict(sorted(group.attributes.items())),
        "tags": dict(sorted(group.tags.items())),
        "targets": dict(sorted(states.items())),
    }


def _sorted(value: Any) -> Any:
    """Every list in one order."""
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=repr)
    return value


def _named(elb: Region, value: Any) -> Any:
    """Actions with target groups by name instead of ARN, and secrets by digest."""
    if isinstance(value, dict):
        return {key: _leaf(elb, key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(elb, item) for item in value]
    return value


def _leaf(elb: Region, key: str, value: Any) -> Any:
    if key == "TargetGroupArn" and value in elb.groups:
        return elb.groups[value].name
    if key == "ClientSecret":
        return hashlib.sha256(value.encode()).hexdigest()[:16]
    return _named(elb, value)
