"""CloudWatch alarms that fail a deployment. Their states are said by the test, not measured.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
"""

from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.scheduler import wake
from apollo.testing.services.ecs.state import Json, Service

STATES = frozenset({"OK", "ALARM", "INSUFFICIENT_DATA"})


def set_alarm(ecs: Region, name: str, state: str, now: float) -> None:
    """The alarm is in this state from now on; the deployments that watch it notice it soon."""
    if state not in STATES:
        raise ValueError(f"unknown alarm state {state!r}; one of {', '.join(sorted(STATES))}")
    ecs.step()
    ecs.alarms[name] = state
    for cluster in ecs.clusters.values():
        for service in cluster.services.values():
            if (
                service.history
                and service.current.alarms == "MONITORING"
                and name in settings(service)["alarmNames"]
            ):
                wake(ecs, service, now)


def settings(service: Service) -> Json:
    """As they were when the service deployment began."""
    found: Json = service.current.configuration["alarms"]
    return found
