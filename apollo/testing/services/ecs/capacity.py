"""Capacity: which provider the next task goes to, which container instance, and whether there is room.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
"""

from collections.abc import Iterable

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import Cluster, Instance, Json, Tags, Task


class Placer:
    """Hands out one place after the other for tasks of one configuration.

    "The base value designates how many tasks, at a minimum, to run on the specified capacity provider …
    satisfied first before weight distribution."
    """

    def __init__(self, config: Json, running: Iterable[Task] = ()) -> None:
        self._strategy: list[Json] = config.get("capacityProviderStrategy") or []
        self._launch_type: str = config.get("launchType", "EC2")
        self._placed = dict.fromkeys((item["capacityProvider"] for item in self._strategy), 0)
        if self._strategy:
            for task in running:
                name = task.launch.get("capacityProviderName")
                if name in self._placed:
                    self._placed[name] += 1

    def next(self) -> Json:
        """launchType, and capacityProviderName where a strategy decides."""
        if not self._strategy:
            return {"launchType": self._launch_type}
        name = self._choose()
        self._placed[name] += 1
        return {
            "capacityProviderName": name,
            "launchType": "FARGATE" if name.startswith("FARGATE") else "EC2",
        }

    def _choose(self) -> str:
        for item in self._strategy:
            if self._placed[item["capacityProvider"]] < item["base"]:
                return str(item["capacityProvider"])
        weighted = [item for item in self._strategy if item["weight"]] or self._strategy[:1]
        chosen = min(
            weighted,
            key=lambda item: (self._placed[item["capacityProvider"]] - item["base"]) / max(1, item["weight"]),
        )
        return str(chosen["capacityProvider"])


def lacking(ecs: Region, cluster: Cluster, launch: Json, behaviour: str) -> str | None:
    """Why there is no room for a task, as service events say it; None when there is.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
    """
    if launch["launchType"] != "EC2":
        return text.NO_FARGATE if behaviour == "nocapacity" else None
    provider = launch.get("capacityProviderName")
    if provider is not None and not any(i.provider == provider for i in cluster.active()):
        _scale_out(ecs, cluster, provider)
    if not cluster.active():
        return text.NO_INSTANCES
    return text.NO_INSTANCE_FITS if behaviour == "nocapacity" else None


def _scale_out(ecs: Region, cluster: Cluster, provider: str) -> None:
    """ "When managed scaling is turned on, Amazon ECS manages the scale-in and scale-out actions of the Auto
    Scaling group" (API_ManagedScaling): the first task finds an instance."""
    if ecs.providers[provider].group["managedScaling"]["status"] == "ENABLED":
        add_instance(ecs, cluster, provider)


def add_instance(
    ecs: Region, cluster: Cluster, provider: str | None = None, tags: Tags | None = None
) -> Instance:
    made = Instance(ecs.world.ids.hex(32), ecs.now, provider, tags or {})
    cluster.instances[made.id] = made
    return made


def failure(ecs: Region, cluster: Cluster, lack: str) -> Json:
    """The same as an entry of RunTask's failures[].

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    if lack == text.NO_FARGATE:
        return {"reason": text.NO_CAPACITY}
    return {"arn": instance_arn(ecs, cluster, next(iter(cluster.instances))), "reason": "RESOURCE:MEMORY"}


def instance_arn(ecs: Region, cluster: Cluster, instance: str) -> str:
    return ecs.arn("container-instance", f"{cluster.name}/{instance}")


def instance_for(
    cluster: Cluster, launch: Json, taken: frozenset[str] | set[str] = frozenset()
) -> str | None:
    """The container instance that a task on EC2 gets, in turn; `taken` are those of a daemon's tasks."""
    if launch["launchType"] != "EC2" or not (active := cluster.active()):
        return None
    provider = launch.get("capacityProviderName")
    known = [found.id for found in active if provider in (None, found.provider)]
    known = known or [found.id for found in active]
    free = [name for name in known if name not in taken] or known
    cluster.placements += 1
    return free[(cluster.placements - 1) % len(free)]
