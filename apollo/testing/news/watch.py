"""Looks at ECS whenever somebody might ask, and tells what has happened since."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from apollo.testing.ids import Ids
from apollo.testing.news import shapes
from apollo.testing.news.delivery import deliver, write_logs
from apollo.testing.news.shapes import Event
from apollo.testing.services.ecs.state import INF, Service, Task

if TYPE_CHECKING:
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.world import World


class News:
    """Of one world. It costs nothing until a subscriber, EventBridge or CloudWatch Logs listens."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.ids = Ids(world.seed, "news")
        self.recent: deque[tuple[int, Event]] = deque(maxlen=1000)
        """The last thousand events, numbered from 1, oldest first."""
        self._number = 1
        self._subscribers: list[Callable[[Event], None]] = []
        self.on = False
        self._told: dict[str, float] = {}
        """By task: the moment until which its changes were told; INF when it has stopped."""
        self._said: dict[str, int] = {}
        """By service: how many of its messages were told."""
        self._states: dict[str, str] = {}
        """By deployment: its rollout state that was told."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event from now on; what is returned ends it."""
        self.start()
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def clear(self) -> None:
        """Forget what was told; subscribers stay."""
        self._told.clear()
        self._said.clear()
        self._states.clear()
        self.recent.clear()
        self.ids = Ids(self._world.seed, "news")
        self.on = bool(self._subscribers)

    def start(self) -> None:
        """Begin to watch: nothing from before is told."""
        if not self.on:
            self.on = True
            self._collect()

    def look(self) -> None:
        """Tell what has happened since the last look, in the order in which it happened."""
        if not self.on:
            return
        found = self._collect()
        found.sort(key=lambda item: item[0])
        for at, tell in found:
            event = tell()
            if event is not None:
                self.recent.append((self._number, event))
                self._number += 1
                deliver(self._world, event, at)
                for callback in list(self._subscribers):
                    callback(event)

    def _collect(self) -> list[tuple[float, Callable[[], Event | None]]]:
        found: list[tuple[float, Callable[[], Event | None]]] = []
        now = self._world.clock.now()
        for (name, _, _), backend in sorted(self._world.backends.items()):
            if name != "ecs":
                continue
            backend.step()
            ecs = cast("Ecs", backend)
            for task in list(ecs.tasks.values()):
                self._task(ecs, task, now, found)
            for cluster in ecs.clusters.values():
                for service in cluster.services.values():
                    self._service(ecs, service, found)
            if len(self._told) > 2 * len(ecs.tasks) + 1000:
                self._told = {key: at for key, at in self._told.items() if key in ecs.tasks}
        return found

    def _task(
        self, ecs: "Ecs", task: Task, now: float, found: list[tuple[float, Callable[[], Event | None]]]
    ) -> None:
        told = self._told.get(task.arn, -INF)
        if told == INF:
            return
        for at, status in shapes.moments(task):
            if told < at <= now:

                def tell(at: float = at, status: str = status) -> Event:
                    write_logs(self._world, ecs, task, at, status)
                    return shapes.task_change(ecs, task, at, self.ids)

                found.append((at, tell))
        self._told[task.arn] = INF if task.stopped_at <= now else now

    def _service(
        self, ecs: "Ecs", service: Service, found: list[tuple[float, Callable[[], Event | None]]]
    ) -> None:
        key = f"{service.arn}@{service.created_at}"
        told = self._said.get(key, 0)
        if service.said > told:
            for at, number, message in service.events:
                if number > told:
                    found.append((at, partial(shapes.service_action, ecs, service, at, message, self.ids)))
            self._said[key] = service.said
        for deployment in reversed(service.deployments):
            if self._states.get(deployment.id) != deployment.rollout_state:
                self._states[deployment.id] = deployment.rollout_state
                event = shapes.deployment_change(ecs, service, deployment, deployment.updated_at, self.ids)
                found.append((deployment.updated_at, partial(_told, event)))


def _told(event: Event) -> Event:
    """One that had to be put into words at once, before the deployment moved on."""
    return event
