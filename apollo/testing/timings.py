"""How long things take, in virtual seconds."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Timings:
    """Durations of what ECS and Fargate do: plausible, not measured; only the order of states is AWS's."""

    scheduler: float = 1.0
    """From a change to the service scheduler's reaction."""
    provisioning: float = 2.0
    """PROVISIONING: the network interface is attached."""
    pulling: float = 4.0
    """PENDING: the images are pulled."""
    activating: float = 1.0
    """ACTIVATING: what has to happen between the start of the containers and RUNNING."""
    slow: float = 120.0
    """PENDING of an image whose behaviour is slow."""
    pull_failure: float = 3.0
    """Until a pull is given up."""
    container_healthy: float = 10.0
    """From RUNNING to the first passed container health check."""
    target_healthy: float = 10.0
    """From RUNNING to a healthy target in the load balancer."""
    target_unhealthy: float = 60.0
    """From RUNNING, or the end of the grace period, until the load balancer gives a target up."""
    unchecked: float = 40.0
    """A task without health checks counts towards minimumHealthyPercent only this long after RUNNING
    (API reference, DeploymentConfiguration.minimumHealthyPercent)."""
    deregistration: float = 5.0
    """DEACTIVATING of a task behind a load balancer."""
    deactivating: float = 1.0
    stopping: float = 2.0
    deprovisioning: float = 2.0
    draining: float = 3.0
    """The least time a deleted service stays DRAINING."""
    stopped_retention: float = 3600.0
    """Stopped tasks are described for about an hour
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html)."""
    stage: float = 2.0
    """The least time of a step of a blue/green, linear or canary deployment."""
    alarm_bake: float = 120.0
    """How long a rolling deployment with alarms is watched after its last step. AWS "computes this time
    period based on the alarm configuration"
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html)."""
    placement_retry: float = 60.0
    """Between two tries to place a task for which there is no capacity."""
    tagging_lag: float = 0.0
    """Until the Resource Groups Tagging API shows what changed: tags, and what is new or gone."""
    throttle_rounds: int = 5
    """Rounds of failed starts before the scheduler slows down."""
    throttle_first: float = 10.0
    throttle_most: float = 1620.0
    """27 minutes (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html)."""
