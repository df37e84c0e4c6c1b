"""Traffic of a blue/green deployment: ECS rewrites the weights in the listener rules it was given.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
"""

from typing import cast

from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import Json, Revision
from apollo.testing.services.elbv2.region import Region as Elb
from apollo.testing.services.elbv2.region import forwards_to
from apollo.testing.services.elbv2.state import Rule

PRODUCTION = "productionListenerRule"
TEST = "testListenerRule"


def elb_of(ecs: Region) -> Elb:
    return cast("Elb", ecs.world.backend("elbv2", ecs.account, ecs.region))


def find_rule(elb: Elb, arn: str | None) -> Rule | None:
    """A rule of an Application Load Balancer, or what a listener of a Network Load Balancer does."""
    if arn is None:
        return None
    listener = elb.listeners.get(arn)
    return listener.default if listener is not None else elb.rules.get(arn)


def route(ecs: Region, green: Revision, member: str, percent: float) -> None:
    """Send so much of the traffic to green, and the rest to the other target group of each pair."""
    elb = elb_of(ecs)
    tenths = round(percent * 10)
    # Weights reach from 0 to 999; tenths of a percent do not always fit into a hundred.
    mine, theirs = (tenths // 10, 100 - tenths // 10) if tenths % 10 == 0 else (tenths, 1000 - tenths)
    for balancer in green.config.get("loadBalancers", []):
        advanced = balancer.get("advancedConfiguration")
        rule = find_rule(elb, advanced.get(member)) if advanced else None
        if rule is None:
            continue
        pair = [balancer["targetGroupArn"], advanced["alternateTargetGroupArn"]]
        weights = [theirs, mine] if green.alternate else [mine, theirs]
        elb.act(rule, _rewritten(rule.actions, dict(zip(pair, weights, strict=True))))


def _rewritten(actions: list[Json], weights: dict[str, int]) -> list[Json]:
    """Only the target groups of the forward action change."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return [
        {**action, "ForwardConfig": {**action["ForwardConfig"], "TargetGroups": groups}}
        if action["Type"] == "forward"
        else action
        for action in actions
    ]


def _serving(rule: Rule) -> list[str]:
    return [
        str(item["TargetGroupArn"])
        for action in rule.actions
        if action["Type"] == "forward"
        for item in action["ForwardConfig"]["TargetGroups"]
        if item["Weight"] > 0
    ]


def serves_alternate(ecs: Region, config: Json) -> bool:
    """Whether production traffic goes to the alternate target group now."""
    elb = elb_of(ecs)
    for balancer in config.get("loadBalancers", []):
        advanced = balancer.get("advancedConfiguration")
        rule = find_rule(elb, advanced.get(PRODUCTION)) if advanced else None
        if rule is not None:
            return _serving(rule) == [advanced["alternateTargetGroupArn"]]
    return False


def problem(ecs: Region, config: Json) -> str | None:
    """Why no deployment can begin with the listener rules as they are.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html
    """
    elb = elb_of(ecs)
    start = "Service deployment rolled back because of invalid networking configuration"
    for balancer in config.get("loadBalancers", []):
        advanced = balancer.get("advancedConfiguration")
        if not advanced:
            continue
        arns = [advanced[name] for name in (PRODUCTION, TEST) if advanced.get(name)]
        rules = [find_rule(elb, arn) for arn in arns]
        if None in rules:
            return f"{start}. One or more rules not found"
        pair = (balancer["targetGroupArn"], advanced["alternateTargetGroupArn"])
        known = [arn for rule in rules if rule is not None for arn in forwards_to(rule.actions)]
        for arn in pair:
            if arn not in known:
                return (
                    f"{start}: Target group {arn} is not associated with either productionListenerRule or "
                    "testListenerRule."
                )
        production = rules[0] if advanced.get(PRODUCTION) else None
        serving = _serving(production) if production is not None else []
        if production is not None and len(serving) != 1:
            return (
                f"{start}. productionListenerRule {advanced[PRODUCTION]} should have exactly one target "
                f"group serving traffic but found {len(serving)} target groups which are serving traffic"
            )
        if serving and serving[0] not in pair:
            return (
                f"{start}. Production listener rule is forwarding traffic to unexpected target group "
                f"{serving[0]}. Expected traffic to be forwarded to either targetGroupArn: {pair[0]} or "
                f"alternateTargetGroupArn: {pair[1]}"
            )
    return None
