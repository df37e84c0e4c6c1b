"""Availability Zones: tasks are spread over them, and those that are too many go where most are.

"By default, the service scheduler spreads tasks across Availability Zones."
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
"""

from collections import Counter
from collections.abc import Iterable

from apollo.testing.services.ecs.state import Json, Task

_LETTERS = "abc"


class Spread:
    """Hands out one zone after the other; each subnet is in one of its own, as far as there are zones."""

    def __init__(self, launch: Json, running: Iterable[Task] = ()) -> None:
        vpc = (launch.get("networkConfiguration") or {}).get("awsvpcConfiguration")
        subnets = sorted(vpc["subnets"]) if vpc is not None else [""] * len(_LETTERS)
        self._places = [(_LETTERS[n % len(_LETTERS)], subnet) for n, subnet in enumerate(subnets)]
        self._taken = Counter((task.zone, task.subnet) for task in running)

    def next(self) -> tuple[str, str]:
        """The letter of the zone, and the subnet, empty without awsvpc."""
        place = min(self._places, key=self._taken.__getitem__)
        self._taken[place] += 1
        return place


def surplus(tasks: list[Task], count: int) -> list[Task]:
    """Which of these tasks of one deployment stop, when so many are too many: first those that are not
    healthy, then of the zone that has most, the newest first."""
    if count >= len(tasks):
        return tasks
    chosen: list[Task] = []
    rest = sorted(tasks, key=lambda task: -task.created_at)
    zones = Counter(task.zone for task in tasks)
    for _ in range(min(count, len(rest))):
        goes = min(rest, key=lambda task: (task.well, -zones[task.zone]))
        rest.remove(goes)
        zones[goes.zone] -= 1
        chosen.append(goes)
    return chosen
