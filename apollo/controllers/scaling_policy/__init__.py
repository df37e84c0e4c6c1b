"""ScalingPolicy: the scalable target of a service, with its policies and scheduled actions."""

from apollo.controllers.scaling_policy.controller import ScalingPolicyController
from apollo.controllers.scaling_policy.seen import ScalingSeen

__all__ = ["ScalingPolicyController", "ScalingSeen"]
