"""Planning never writes, and never needs the permission to: for every kind, whatever there is to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.cli.running import apollo

from .conftest import Shop

pytestmark = pytest.mark.anyio

_NAMES = {"elasticloadbalancing": "elbv2", "tag": "resourcegroupstaggingapi"}


def only_reads(shop: Shop) -> None:
    """From now on the account allows what ``iam-policy --mode read`` lists, and nothing else."""
    policy = json.loads(apollo("iam-policy", "--mode", "read").stdout)
    allowed = {"sts:GetCallerIdentity"}
    for action in (action for statement in policy["Statement"] for action in statement["Action"]):
        service, _, operation = action.partition(":")
        allowed |= {action, f"{_NAMES.get(service, service)}:{operation}"}
    names = "|".join(map(re.escape, sorted(allowed)))
    shop.world.aws.faults.add(f"(?!(?:{names})$).*", "access_denied")


def nothing(shop: Shop) -> None:
    pass


def drifted(shop: Shop) -> None:
    shop.move_by_hand()


def edited(shop: Shop) -> None:
    shop.set("TaskDefinition", cpu=512, memory=1024)
    shop.set("ListenerRule", priority=20)
    shop.set("ScalingPolicy", minCapacity=2)
    shop.commit()


def pruned(shop: Shop) -> None:
    for kind in ("Service", "ListenerRule", "ScalingPolicy"):
        del shop.documents[kind]
    shop.commit()


def adopting(shop: Shop) -> None:
    """What runs is nobody's, and git wants it as it is."""
    ecs, elb, scaling = map(shop.client, ("ecs", "elbv2", "application-autoscaling"))
    service, rule, target = shop.service(), shop.rule(), shop.target()
    marks = ["apollo:owner", "apollo:hash"]
    for arn in (service["serviceArn"], service["taskDefinition"]):
        ecs.untag_resource(resourceArn=arn, tagKeys=marks)
    elb.remove_tags(ResourceArns=[rule["RuleArn"]], TagKeys=marks)
    scaling.untag_resource(ResourceARN=target["ScalableTargetARN"], TagKeys=marks)
    for kind in shop.documents:
        shop.set(kind, {"adopt": True})
    shop.commit()


KINDS = {"TaskDefinition", "Service", "ListenerRule", "ScalingPolicy"}


@pytest.mark.parametrize(
    ("happens", "action", "kinds"),
    [
        (nothing, "none", KINDS),
        (drifted, "update", {"Service", "ListenerRule", "ScalingPolicy"}),
        (edited, "update", {"Service", "ListenerRule", "ScalingPolicy"}),
        (edited, "create", {"TaskDefinition"}),
        (pruned, "delete", {"Service", "ListenerRule", "ScalingPolicy"}),
        (adopting, "adopt", KINDS),
    ],
)
async def test_a_plan_needs_no_permission_to_write(
    shop: Shop, happens: Callable[[Shop], None], action: str, kinds: set[str]
) -> None:
    await shop.apply()
    happens(shop)
    shop.world.aws.clear()
    shop.world.forget()
    only_reads(shop)
    plan = await shop.plan(prune=True)
    assert {kind for kind, one in plan.items() if one["action"] == action} == kinds
    assert shop.world.aws.mutations() == []
    assert [one for one in shop.world.aws.requests if "Denied" in one.outcome] == []


async def test_nor_does_the_plan_of_what_is_not_there_yet(shop: Shop) -> None:
    shop.commit()
    only_reads(shop)
    plan = await shop.plan()
    assert {one["action"] for one in plan.values()} == {"create"} and plan.keys() == KINDS
    assert shop.world.aws.mutations() == []
    assert [one for one in shop.world.aws.requests if "Denied" in one.outcome] == []
