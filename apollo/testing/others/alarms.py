"""What CloudWatch's alarms mean to ECS: a state that was set is one that deployments see."""

from typing import TYPE_CHECKING, Any, cast

from apollo.testing.services.ecs.alarms import set_alarm

if TYPE_CHECKING:
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.world import Call, World


def heard(world: "World", call: "Call", payload: Any) -> None:
    """SetAlarmState was called: deployments with this alarm in their `alarms` see the state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    """
    if (call.service, call.operation) != ("cloudwatch", "SetAlarmState"):
        return
    name, state = payload.get("AlarmName"), payload.get("StateValue")
    if isinstance(name, str) and isinstance(state, str):
        ecs = cast("Ecs", world.backend("ecs", call.account, call.region))
        set_alarm(ecs, name, state, call.now)
        world.changed(call.account, call.region)
