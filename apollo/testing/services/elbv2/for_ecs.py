"""What ECS asks of the load balancers when a service names a target group."""

from typing import cast

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.state import Json
from apollo.testing.world import World


def check_target_groups(
    world: World, account: str, region: str, balancers: list[Json], network_mode: str
) -> None:
    """Refuse target groups that do not exist, that no listener or rule uses, or of the wrong target type.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
    """
    elb = cast("Region", world.backend("elbv2", account, region))
    for balancer in balancers:
        arn = balancer.get("targetGroupArn")
        if arn is None:
            continue
        group = elb.groups.get(arn)
        if group is None:
            raise ApiError("InvalidParameterException", f"The target group {arn} does not exist.")
        if not elb.balancers_of(group):
            raise ApiError(
                "InvalidParameterException",
                f"The target group with targetGroupArn {arn} does not have an associated load balancer.",
            )
        kind = group.target_type
        # "Tasks with the awsvpc network mode … must choose ip as the target type, not instance."
        if (kind == "ip") != (network_mode == "awsvpc") and kind in ("ip", "instance"):
            raise ApiError(
                "InvalidParameterException",
                f"The provided target group {arn} has target type {kind}, which is incompatible with the "
                f"{network_mode} network mode specified in the task definition.",
            )
