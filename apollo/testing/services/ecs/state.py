"""What an ECS region remembers."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from apollo.testing.services.ecs.shifts import Shift

Json = dict[str, Any]
Tags = dict[str, str]

INF = float("inf")


@dataclass(slots=True)
class Cluster:
    name: str
    arn: str
    status: str = "ACTIVE"
    settings: list[Json] = field(default_factory=list)
    configuration: Json | None = None
    service_connect_defaults: Json | None = None
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Json] = field(default_factory=list)
    tags: Tags = field(default_factory=dict)
    services: dict[str, "Service"] = field(default_factory=dict)
    instances: dict[str, "Instance"] = field(default_factory=dict)
    """By id."""
    placements: int = 0
    """Tasks placed on instances so far, to take them in turn."""

    def active(self) -> list["Instance"]:
        """The container instances that take tasks."""
        return [instance for instance in self.instances.values() if instance.status == "ACTIVE"]

    def draining(self) -> frozenset[str]:
        """The ids of those that are being emptied."""
        return frozenset(name for name, found in self.instances.items() if found.status == "DRAINING")


@dataclass(slots=True)
class Instance:
    """A container instance. Each runs any number of tasks."""

    id: str
    registered_at: float
    provider: str | None = None
    """The capacity provider that launched it."""
    tags: Tags = field(default_factory=dict)
    status: str = "ACTIVE"
    """Or DRAINING: it gets no tasks any more, and those of services move."""
    version: int = 1
    attributes: dict[str, str | None] = field(default_factory=dict)
    """Those that somebody gave it."""


@dataclass(slots=True)
class CapacityProvider:
    """One that somebody created; FARGATE and FARGATE_SPOT need no creation."""

    name: str
    arn: str
    group: Json
    """autoScalingGroupProvider."""
    tags: Tags
    status: str = "ACTIVE"
    update_status: str = "CREATE_COMPLETE"


@dataclass(slots=True)
class TaskDefinition:
    arn: str
    family: str
    revision: int
    content: Json
    """As registered, with AWS's defaults filled in and no computed members."""
    registered_at: float
    registered_by: str
    compatibilities: list[str]
    requires_attributes: list[Json]
    status: str = "ACTIVE"
    deregistered_at: float | None = None
    delete_requested_at: float | None = None
    tags: Tags = field(default_factory=dict)

    @property
    def containers(self) -> list[Json]:
        found: list[Json] = self.content["containerDefinitions"]
        return found

    @property
    def network_mode(self) -> str:
        return str(self.content.get("networkMode", "bridge"))


@dataclass(slots=True)
class Revision:
    """A service revision: everything about a service that needs new tasks to change."""

    arn: str
    created_at: float
    config: Json
    """Never changed."""
    task_definition: TaskDefinition
    alternate: bool = False
    """Its tasks are in the alternate target groups of its load balancers."""
    shown: tuple[Json, Json] | None = None
    """What of it is seen in a service and in an entry of `deployments[]`, once it was."""

    @property
    def targets(self) -> list[tuple[str, int]]:
        """The target groups that its tasks are registered in, with the container's port."""
        found = []
        for balancer in self.config.get("loadBalancers", []):
            arn = balancer.get("targetGroupArn")
            if arn is not None and self.alternate:
                arn = balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn", arn)
            if arn is not None:
                found.append((arn, balancer["containerPort"]))
        return found


@dataclass(slots=True)
class Deployment:
    """An entry of `deployments[]`: the tasks of one revision."""

    id: str
    revision: Revision
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0
    desired: int = 0


@dataclass(slots=True, eq=False)
class TaskSet:
    """Of a service that something else than ECS deploys."""

    arn: str
    deployment: Deployment
    """What its tasks belong to: its id is the task set's, and so is its status."""
    scale: float
    """In percent of the service's desired count."""
    tags: Tags
    external_id: str | None
    request: Json
    """Of CreateTaskSet, to recognise the same one by its clientToken."""
    stable: bool = False
    stable_since: float = 0.0
    """Since when it is stable, or is not."""


@dataclass(slots=True)
class ServiceDeployment:
    """A service deployment: one attempt to bring a service to a revision, with its end."""

    arn: str
    created_at: float
    target: Revision
    sources: list[Revision]
    configuration: Json
    status: str = "PENDING"
    reason: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    stopped_at: float | None = None
    updated_at: float = 0.0
    rollback: Json | None = None
    breaker: str = "DISABLED"
    failures: int = 0
    threshold: int = 0
    alarms: str = "DISABLED"
    alarmed: list[str] = field(default_factory=list)
    """The alarms that failed it."""
    baked_at: float = INF
    """When the time is over in which alarms are still watched; INF while it has not begun."""
    counts: dict[str, tuple[int, int, int]] | None = None
    """By service revision, tasks requested, running and pending at the end, where that is kept."""
    shift: Shift | None = None
    """Of a blue/green, linear or canary deployment: where it is on its course."""

    @property
    def shifting(self) -> bool:
        """It is one of those, and under way."""
        return self.shift is not None and self.status in (
            "PENDING",
            "IN_PROGRESS",
            "ROLLBACK_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
        )


@dataclass(slots=True, eq=False)
class Task:
    """A task is its timeline: the status at any moment follows from these times."""

    id: str
    arn: str
    cluster: Cluster
    definition: TaskDefinition
    group: str
    created_at: float
    pending_at: float
    activating_at: float
    running_at: float
    """INF when it is going to fail before."""
    healthy_at: float
    """When its checks have passed; INF when they never will. Without checks: when it runs."""
    counted_at: float
    """When it starts to count towards minimumHealthyPercent."""
    fail_at: float
    """When it is going to stop by itself; INF for a good one."""
    fail: tuple[str, str, str | None, int | None] | None
    """Of that stop: stop code, stopped reason, container reason, exit code."""
    culprit: str
    """The container whose image decides how the task behaves."""
    checked: bool
    """Whether there is a container health check."""
    unhealthy: bool
    started_by: str = ""
    service: "Service | None" = None
    deployment: Deployment | None = None
    launch: Json = field(default_factory=dict)
    """launchType or capacityProviderName, platformVersion, networkConfiguration, overrides …"""
    instance: str = ""
    """The id of its container instance, where the cluster's are known."""
    zone: str = "a"
    """The letter of its Availability Zone."""
    subnet: str = ""
    """In which its network interface is, with awsvpc."""
    tags: Tags = field(default_factory=dict)
    stop_at: float = INF
    stopping_at: float = INF
    deprovisioning_at: float = INF
    stopped_at: float = INF
    stop_code: str | None = None
    stopped_reason: str | None = None
    container_reason: str | None = None
    exit_code: int | None = None
    protected_until: float = 0.0
    """Scale-in protection: until then neither a deployment nor a smaller desired count stops it."""
    ran: bool = False
    """The scheduler has noticed that it runs."""
    well: bool = False
    """The scheduler has noticed that it is healthy."""

    def status(self, now: float) -> str:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""
        if now >= self.stop_at:
            if now >= self.stopped_at:
                return "STOPPED"
            if now >= self.deprovisioning_at:
                return "DEPROVISIONING"
            return "STOPPING" if now >= self.stopping_at else "DEACTIVATING"
        if now >= self.running_at:
            return "RUNNING"
        if now >= self.activating_at:
            return "ACTIVATING"
        return "PENDING" if now >= self.pending_at else "PROVISIONING"

    @property
    def live(self) -> bool:
        """Not told to stop, and not stopped by itself."""
        return self.stop_at == INF

    @property
    def private_ip(self) -> str:
        """Of its network interface; it is also the target's id in a load balancer."""
        number = int(self.id[:6], 16)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def next_change(self, now: float) -> float:
        """The next moment after now at which the scheduler has to look at it."""
        if self.stop_at != INF:
            return min(t for t in (self.stopping_at, self.stopped_at, INF) if t > now)
        return min(
            t
            for t in (
                self.running_at,
                self.healthy_at,
                self.counted_at,
                self.fail_at,
                self.protected_until,
                INF,
            )
            if t > now
        )


@dataclass(slots=True, eq=False)
class Service:
    name: str
    arn: str
    cluster: Cluster
    created_at: float
    created_by: str
    fields: Json
    """The members of the API's Service that only change by a call."""
    desired: int
    tags: Tags
    create_request: Json
    """Of CreateService with a clientToken, to recognise the same one; empty without."""
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    """Newest first; the first is PRIMARY. None where something else than ECS deploys; there it has …"""
    task_sets: list[TaskSet] = field(default_factory=list)
    """… these, oldest first."""
    history: list[ServiceDeployment] = field(default_factory=list)
    """Newest first."""
    revisions: dict[str, Revision] = field(default_factory=dict)
    last_good: tuple[str, Revision] | None = None
    """The id and revision of the last COMPLETED deployment; None while a rollback to it runs."""
    tasks: list[Task] = field(default_factory=list)
    """Everything that is not STOPPED."""
    events: deque[tuple[float, int, str]] = field(default_factory=lambda: deque(maxlen=100))
    """The last hundred, newest last: time, number, message."""
    event_suffix: str = ""
    """What makes an event's number an id."""
    said: int = 0
    steady: bool = False
    stuck: bool = False
    wake_at: float = INF
    """When the scheduler looks even if no task changes."""
    next_at: float = INF
    """When the scheduler looks next."""
    planned_at: float = INF
    """The last moment for which the world was asked to let it happen, for a service whose traffic shifts."""
    failed_rounds: int = 0
    throttled_until: float = 0.0
    blocked_until: float = 0.0
    """There was no capacity for a task: when it is tried again."""
    blocked: tuple[str, float] | None = None
    """What was said about that, and when; None once a task was placed."""
    unhealthy: int = 0
    """Tasks that were stopped because they were, and that nothing stands in for yet."""
    drained_at: float = INF
    version: int = 0
    """Grows whenever the scheduler looks or is told to: what is shown of the service may differ then."""

    @property
    def external(self) -> bool:
        """Something else than ECS deploys it."""
        return str(self.fields["deploymentController"]["type"]) != "ECS"

    @property
    def serving(self) -> Deployment | None:
        """What the service shows as its own: the primary deployment, or that of the primary task set."""
        if self.deployments:
            return self.deployments[0]
        return next((t.deployment for t in self.task_sets if t.deployment.status == "PRIMARY"), None)

    @property
    def primary(self) -> Deployment:
        """Of a service that ECS itself deploys."""
        return self.deployments[0]

    def ask_for(self, count: int) -> None:
        """From now on so many tasks are wanted."""
        self.desired = count
        if self.deployments:
            self.primary.desired = count

    @property
    def current(self) -> ServiceDeployment:
        return self.history[0]

    def say(self, at: float, message: str) -> None:
        """Add a service event."""
        self.said += 1
        self.events.append((at, self.said, message))
