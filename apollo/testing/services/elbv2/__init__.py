"""Elastic Load Balancing (version 2): load balancers, listeners, rules, target groups and target health."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from apollo.testing.services.elbv2 import (
    attributes,
    certificates,
    limits,
    listeners,
    load_balancers,
    rules,
    settings,
    tags,
    target_groups,
    targets,
)
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.snapshot import snapshot
from apollo.testing.services.elbv2.state import Json, Tags
from apollo.testing.world import Handler


class Elbv2(Region):
    """Elastic Load Balancing in one account and region."""

    model: ClassVar[str] = "elbv2"
    validation_code: ClassVar[str] = "ValidationError"
    operations: ClassVar[Mapping[str, Handler]] = {
        "CreateLoadBalancer": load_balancers.create,
        "DescribeLoadBalancers": load_balancers.describe,
        "DeleteLoadBalancer": load_balancers.delete,
        "DescribeLoadBalancerAttributes": attributes.describe_balancer,
        "ModifyLoadBalancerAttributes": attributes.modify_balancer,
        "SetSubnets": settings.set_subnets,
        "SetSecurityGroups": settings.set_security_groups,
        "SetIpAddressType": settings.set_addresses,
        "DescribeAccountLimits": limits.describe,
        "CreateListener": listeners.create,
        "DescribeListeners": listeners.describe,
        "ModifyListener": listeners.modify,
        "DeleteListener": listeners.delete,
        "DescribeListenerAttributes": attributes.describe_listener,
        "ModifyListenerAttributes": attributes.modify_listener,
        "AddListenerCertificates": certificates.add,
        "RemoveListenerCertificates": certificates.remove,
        "DescribeListenerCertificates": certificates.describe,
        "CreateRule": rules.create,
        "DescribeRules": rules.describe,
        "ModifyRule": rules.modify,
        "SetRulePriorities": rules.set_priorities,
        "DeleteRule": rules.delete,
        "CreateTargetGroup": target_groups.create,
        "DescribeTargetGroups": target_groups.describe,
        "ModifyTargetGroup": target_groups.modify,
        "DeleteTargetGroup": target_groups.delete,
        "DescribeTargetGroupAttributes": attributes.describe_group,
        "ModifyTargetGroupAttributes": attributes.modify_group,
        "RegisterTargets": targets.register,
        "DeregisterTargets": targets.deregister,
        "DescribeTargetHealth": targets.describe,
        "AddTags": tags.add,
        "RemoveTags": tags.remove,
        "DescribeTags": tags.describe,
    }

    def snapshot(self) -> Json:
        return snapshot(self)

    def tagged_resources(self) -> Iterator[tuple[str, str, Tags]]:
        return tags.resources(self)

    def next_event(self) -> float | None:
        """Targets change by themselves only as their tasks do, which ECS announces, and for a while after
        they were registered or taken out by hand."""
        wait = self.world.timings.target_healthy
        now = self.now
        times = [
            at
            for group in self.groups.values()
            for target in group.targets.values()
            for at in (target.registered_at + wait, target.drained_at)
            if now < at < float("inf")
        ]
        return min(times, default=None)

    def step(self) -> None:
        return None
