"""What is refused of blue/green, linear and canary deployments when they are asked for.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html (synchronous path)
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from collections import Counter

from apollo.testing.errors import NotSimulated
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Json
from apollo.testing.services.ecs.traffic import PRODUCTION, TEST, elb_of, find_rule
from apollo.testing.services.elbv2.region import forwards_to

_HOOKS = 10
""" "You can configure a maximum of 10 pause hooks and 10 Lambda hooks per service" (pause-lifecycle-hooks)"""
_LONGEST = {"PAUSE": 20160, "AWS_LAMBDA": 1440}
_NO_PAUSE = frozenset({"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"})


def check_strategy_settings(configuration: Json, scheduling: str) -> None:
    """Percentages, bake times, hooks; each member only with its strategy."""
    strategy = configuration["strategy"]
    if strategy != "ROLLING" and scheduling == "DAEMON":
        raise invalid(
            f"The {strategy} deployment strategy is not supported for the DAEMON scheduling strategy."
        )
    if strategy == "ROLLING" and configuration.get("lifecycleHooks"):
        raise NotSimulated("ecs lifecycleHooks of a ROLLING deployment")
    for member, owner in (("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")):
        if member in configuration and strategy != owner:
            raise invalid(f"{member} is only valid when the deployment strategy is {owner}.")
    if strategy == "LINEAR":
        linear = configuration["linearConfiguration"]
        _check_percent("stepPercent", linear["stepPercent"], 3.0)
        _check_minutes("stepBakeTimeInMinutes", linear["stepBakeTimeInMinutes"])
    if strategy == "CANARY":
        canary = configuration["canaryConfiguration"]
        _check_percent("canaryPercent", canary["canaryPercent"], 0.1)
        _check_minutes("canaryBakeTimeInMinutes", canary["canaryBakeTimeInMinutes"])
    _check_minutes("bakeTimeInMinutes", configuration["bakeTimeInMinutes"])
    _check_hooks(configuration.get("lifecycleHooks", []))


def _check_percent(name: str, value: float, least: float) -> None:
    if not least <= value <= 100 or abs(value * 10 - round(value * 10)) > 1e-6:
        raise invalid(f"{name} must be a multiple of 0.1 from {least} to 100.0.")


def _check_minutes(name: str, value: int) -> None:
    if not 0 <= value <= 1440:
        raise invalid(f"{name} must be between 0 and 1440.")


def _check_hooks(hooks: list[Json]) -> None:
    kinds = Counter(hook["targetType"] for hook in hooks)
    if any(count > _HOOKS for count in kinds.values()):
        raise invalid(f"A maximum of {_HOOKS} lifecycle hooks of each type can be configured.")
    for hook in hooks:
        kind = hook["targetType"]
        stages = hook.get("lifecycleStages", [])
        if not stages:
            raise invalid("lifecycleStages must be specified for a lifecycle hook.")
        if kind == "PAUSE":
            if _NO_PAUSE & set(stages):
                raise invalid("Invalid lifecycle stage provided for Pause Hook")
            if "hookTargetArn" in hook or "roleArn" in hook:
                raise invalid("hookTargetArn and roleArn are not applicable for PAUSE hooks.")
        elif not hook.get("hookTargetArn") or not hook.get("roleArn"):
            raise invalid("hookTargetArn and roleArn must be specified for AWS_LAMBDA hooks.")
        minutes = hook.get("timeoutConfiguration", {}).get("timeoutInMinutes", 1440)
        if not 1 <= minutes <= _LONGEST[kind]:
            raise invalid(f"timeoutInMinutes of {kind} hooks must be between 1 and {_LONGEST[kind]}.")


def check_balancers(ecs: Region, balancers: list[Json], strategy: str) -> None:
    """The advancedConfiguration of load balancers."""
    if not balancers:
        return
    classic = [bool(balancer.get("loadBalancerName")) for balancer in balancers]
    advanced = [balancer.get("advancedConfiguration") for balancer in balancers]
    if any(classic) and not all(classic):
        raise invalid(
            "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 "
            "(defining targetGroupArn)"
        )
    if any(classic) and any(advanced):
        raise invalid("advancedConfiguration field is not allowed with ELBv1 loadBalancers")
    if any(advanced) and not all(advanced):
        raise invalid(
            "Either all or none of the provided loadBalancers must have advancedConfiguration defined"
        )
    if strategy != "ROLLING" and not all(advanced):
        raise invalid(
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING "
            "deployment strategy"
        )
    seen: set[str] = set()
    for balancer, settings in zip(balancers, advanced, strict=True):
        for arn in (balancer.get("targetGroupArn"), (settings or {}).get("alternateTargetGroupArn")):
            if settings and arn in seen:
                raise invalid(f"Duplicate targetGroupArn found: {arn}")
            seen.add(str(arn))
        if settings:
            _check_rules(ecs, balancer["targetGroupArn"], settings)


def _check_rules(ecs: Region, primary: str, settings: Json) -> None:
    elb = elb_of(ecs)
    alternate = settings.get("alternateTargetGroupArn")
    if not alternate or not settings.get("roleArn"):
        raise invalid("alternateTargetGroupArn and roleArn must be specified in advancedConfiguration.")
    if alternate not in elb.groups:
        raise invalid(f"The target group {alternate} does not exist.")
    production, test = settings.get(PRODUCTION), settings.get(TEST)
    if not production:
        raise invalid("productionListenerRule must be specified in advancedConfiguration.")
    for name, arn in ((PRODUCTION, production), (TEST, test)):
        if arn and not (":listener-rule/app/" in arn or ":listener/net/" in arn):
            raise invalid(
                f"{name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. "
                f"Got: {arn}"
            )
    if production == test:
        raise invalid(
            f"The following rules cannot be used as both production and test listener rules: {production}"
        )
    rule = find_rule(elb, production)
    if test or rule is None or ":listener-rule/app/" not in production:
        return
    if not {primary, alternate} <= set(forwards_to(rule.actions)):
        raise invalid(
            "For Application LoadBalancer, testListenerRule is required when productionListenerRule is not "
            "associated with both targetGroup and alternateTargetGroup"
        )
