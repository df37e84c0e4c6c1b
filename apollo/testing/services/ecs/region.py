"""ECS in one account and region: its state, and how names and ARNs find their way into it."""

from collections import deque

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.state import (
    INF,
    CapacityProvider,
    Cluster,
    Json,
    Service,
    Task,
    TaskDefinition,
)
from apollo.testing.wire.json_rpc import Rendered
from apollo.testing.world import World


def invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)


def client_error(message: str) -> ApiError:
    return ApiError("ClientException", message)


class Region:
    """The state, with the lookups that every operation shares."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world
        self.account = account
        self.region = region
        self.clusters: dict[str, Cluster] = {}
        self.families: dict[str, dict[int, TaskDefinition]] = {}
        self.last_revision: dict[str, int] = {}
        self.tasks: dict[str, Task] = {}
        """By task id, with those that stopped within the last hour."""
        self.stopped: deque[Task] = deque()
        self.standalone: dict[str, Task] = {}
        """Tasks that no service started."""
        self.described: dict[tuple[Service, bool], tuple[tuple[int, int], list[Rendered]]] = {}
        """With tags or without: the versions that the answers are of, and the answers."""
        self.run_tokens: dict[str, tuple[Json, list[Task], list[Json]]] = {}
        """By clientToken: the request, its tasks, its failures."""
        self.settings: dict[str, dict[str, str]] = {}
        """Account settings, by principal and name."""
        self.alarms: dict[str, str] = {}
        """The states of CloudWatch alarms, as far as somebody said them."""
        self.providers: dict[str, CapacityProvider] = {}
        """Those of the account; the two of Fargate are everywhere."""

    @property
    def now(self) -> float:
        return self.world.clock.now()

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{name}"

    # lookups

    def cluster(self, given: str | None) -> Cluster:
        """By name or ARN; nothing means the cluster `default`."""
        name = (given or "default").rsplit("/", 1)[-1]
        found = self.clusters.get(name)
        if found is None or found.status != "ACTIVE" or (given and ":" in given and given != found.arn):
            raise ApiError("ClusterNotFoundException", "Cluster not found.")
        return found

    def find_service(self, cluster: Cluster, given: str) -> Service | None:
        """By name, long ARN or the old short ARN; brought up to now."""
        name = given.rsplit("/", 1)[-1]
        found = cluster.services.get(name)
        if found is None:
            return None
        if given.startswith("arn:") and given not in (found.arn, self.arn("service", name)):
            return None
        self.step_service(found)
        return found

    def service(self, cluster: Cluster, given: str) -> Service:
        found = self.find_service(cluster, given)
        if found is None:
            raise ApiError("ServiceNotFoundException", "Service not found.")
        return found

    def find_definition(self, given: str) -> TaskDefinition | None:
        """`family` is its newest ACTIVE revision; `family:revision` and ARNs are exact."""
        name = given
        if given.startswith("arn:"):
            prefix = self.arn("task-definition", "")
            if not given.startswith(prefix):
                return None
            name = given[len(prefix) :]
        family, colon, revision = name.partition(":")
        revisions = self.families.get(family, {})
        if not colon:
            return next(
                (td for _, td in sorted(revisions.items(), reverse=True) if td.status == "ACTIVE"), None
            )
        if not revision.isdigit():
            raise client_error(f"Invalid revision number. Number: {revision}")
        return revisions.get(int(revision))

    def usable_definition(self, given: str) -> TaskDefinition:
        """For new tasks and services: it has to be ACTIVE.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
        """
        found = self.find_definition(given)
        if found is None:
            raise client_error("TaskDefinition not found.")
        if found.status != "ACTIVE":
            raise client_error("TaskDefinition is inactive")
        return found

    # time

    def step_service(self, service: Service, until: float | None = None) -> None:
        """Let the service's scheduler live through everything until a moment; unsaid, until now."""
        raise NotImplementedError

    def step_cluster(self, cluster: Cluster) -> None:
        for service in list(cluster.services.values()):
            self.step_service(service)

    def step_standalone(self) -> None:
        """Notice the ends of tasks that no service started."""
        raise NotImplementedError

    def step(self) -> None:
        for cluster in self.clusters.values():
            self.step_cluster(cluster)
        self.step_standalone()

    def next_event(self) -> float | None:
        times = [s.next_at for c in self.clusters.values() for s in c.services.values()]
        now = self.now
        times += [t.next_change(now) for t in self.standalone.values()]
        soonest = min(times, default=INF)
        return None if soonest == INF else soonest

    def retire(self, task: Task) -> None:
        """A task has stopped: it is remembered for an hour."""
        self.stopped.append(task)
        self.forget(task.stopped_at)

    def forget(self, now: float) -> None:
        horizon = now - self.world.timings.stopped_retention
        while self.stopped and self.stopped[0].stopped_at < horizon:
            old = self.stopped.popleft()
            self.tasks.pop(old.id, None)

    def remembered(self, task: Task) -> bool:
        """Whether DescribeTasks still knows it."""
        return task.stopped_at + self.world.timings.stopped_retention > self.now
