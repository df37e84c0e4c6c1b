"""What a check is, and the list of all of them."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.stage import Stage

Body = Callable[[Stage], None]
NEEDS = frozenset({"task", "tasks", "balancer", "account", "instance", "settings"})
"""What costs money or preparation on a real account: one small Fargate task at a time, several tasks, a load
balancer, a second account to assume a role in, a container instance that registers without being one (which
AWS does not have), settings that the whole account would feel. Simulators have all of it."""

_DOCS = "https://docs.aws.amazon.com/"
_CHECKS: dict[str, "Check"] = {}


@dataclass(frozen=True, slots=True)
class Check:
    """One behaviour. It holds for an endpoint when the body raises nothing."""

    id: str
    area: str
    source: str
    """The address of the AWS document that the behaviour is taken from."""
    says: str
    """A passage of that document as botocore's service model has it, where it does; else empty."""
    needs: frozenset[str]
    behaviour: str
    body: Body


def check(name: str, *, source: str, says: str = "", needs: tuple[str, ...] = ()) -> Callable[[Body], Body]:
    """Register a check. Its docstring states the behaviour, its module's AREA says where it is counted."""

    def register(body: Body) -> Body:
        if name in _CHECKS:
            raise ValueError(f"two checks are called {name}")
        if not source.startswith(_DOCS) or not set(needs) <= NEEDS or not body.__doc__:
            raise ValueError(f"{name} needs an AWS source, known needs and a docstring")
        area = importlib.import_module(body.__module__).AREA
        behaviour = " ".join(body.__doc__.split())
        _CHECKS[name] = Check(name, area, source, says, frozenset(needs), behaviour, body)
        return body

    return register


def checks() -> list[Check]:
    """Every check, in the order of the files and of the lines in them."""
    package = importlib.import_module("tests.conformance.checks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return list(_CHECKS.values())


def ecs(operation: str) -> str:
    """The page of an operation or a type in the Amazon ECS API reference."""
    return f"{_DOCS}AmazonECS/latest/APIReference/API_{operation}.html"


def ecs_guide(page: str) -> str:
    return f"{_DOCS}AmazonECS/latest/developerguide/{page}.html"


def elb(operation: str) -> str:
    return f"{_DOCS}elasticloadbalancing/latest/APIReference/API_{operation}.html"


def elb_guide(page: str) -> str:
    return f"{_DOCS}elasticloadbalancing/latest/application/{page}.html"


def scaling(operation: str) -> str:
    return f"{_DOCS}autoscaling/application/APIReference/API_{operation}.html"


def tagging(operation: str) -> str:
    return f"{_DOCS}resourcegroupstagging/latest/APIReference/API_{operation}.html"


def sts(operation: str) -> str:
    return f"{_DOCS}STS/latest/APIReference/API_{operation}.html"


def scheduler(operation: str) -> str:
    return f"{_DOCS}scheduler/latest/APIReference/API_{operation}.html"


def scheduler_guide(page: str) -> str:
    return f"{_DOCS}scheduler/latest/UserGuide/{page}.html"
