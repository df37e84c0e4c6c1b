"""The simulated services, by botocore's name. A new service is a module and one line here."""

from collections.abc import Mapping

from apollo.testing.world import Backend


def registry() -> Mapping[str, type[Backend]]:
    from apollo.testing.services.autoscaling import ApplicationAutoScaling
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.services.elbv2 import Elbv2
    from apollo.testing.services.sts import Sts
    from apollo.testing.services.tagging import Tagging

    return {
        "application-autoscaling": ApplicationAutoScaling,
        "ecs": Ecs,
        "elbv2": Elbv2,
        "resourcegroupstaggingapi": Tagging,
        "sts": Sts,
    }
