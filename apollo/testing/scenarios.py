"""How containers behave, decided by their image: nothing really runs here."""

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from apollo.testing.hooks import LambdaHooks

Behaviour = Literal["ok", "crash", "unhealthy", "nopull", "slow", "exit", "nocapacity"]
BEHAVIOURS: frozenset[str] = frozenset(get_args(Behaviour))
_TAG_PREFIXES: tuple[Behaviour, ...] = ("crash", "unhealthy", "nopull", "slow")


@dataclass(slots=True, eq=False)
class Scenario:
    """One rule: images that match `image` behave so."""

    image: str
    """A glob over the whole image reference, such as `*/web:1.*`."""
    behaviour: Behaviour
    after: float | None = None
    """For crash and exit: seconds from RUNNING to the exit. None for crash: it never gets to RUNNING."""
    exit_code: int | None = None
    """Default: 1 for crash, 0 for exit."""
    times: int | None = None
    probability: float = 1.0
    hits: int = 0


OK = Scenario("*", "ok")
_BY_TAG: dict[str, Scenario] = {name: Scenario(f"*:{name}*", name) for name in _TAG_PREFIXES}


def tag_of(image: str) -> str:
    """The tag of an image reference; empty when there is none."""
    name = image.split("@", 1)[0].rsplit("/", 1)[-1]
    return name.partition(":")[2]


class Scenarios:
    """The rules in force. The newest rule wins; without one, the prefix of the image's tag decides."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._random = random.Random(f"scenarios:{seed}")
        self.rules: list[Scenario] = []
        self.hooks = LambdaHooks()
        """What the functions behind deployment lifecycle hooks answer."""

    def add(
        self,
        image: str,
        behaviour: Behaviour,
        *,
        after: float | None = None,
        exit_code: int | None = None,
        times: int | None = None,
        probability: float = 1.0,
    ) -> Scenario:
        """From now on, tasks that start with a matching image behave so; running tasks are left alone."""
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {behaviour!r}; one of {', '.join(sorted(BEHAVIOURS))}")
        rule = Scenario(image, behaviour, after, exit_code, times, probability)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        self.rules.clear()
        self.hooks.clear()
        self._random = random.Random(f"scenarios:{self._seed}")

    def of(self, image: str) -> Scenario:
        """How a container of this image behaves, this time."""
        for rule in reversed(self.rules):
            if rule.times is not None and rule.hits >= rule.times:
                continue
            if fnmatchcase(image, rule.image) and (
                rule.probability >= 1 or self._random.random() < rule.probability
            ):
                rule.hits += 1
                return rule
        tag = tag_of(image)
        for name, rule in _BY_TAG.items():
            if tag.startswith(name):
                return rule
        return OK


def as_dict(rule: Scenario) -> dict[str, Any]:
    """A rule as the control API shows it."""
    return {name: getattr(rule, name) for name in Scenario.__dataclass_fields__}
