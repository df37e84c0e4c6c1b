"""A local AWS for tests, demos and your own CI: ECS with time, scenarios and faults, over real HTTP.

    from apollo.testing import LocalAws

    with LocalAws(seed=0) as aws:
        ecs = aws.client("ecs")
        ecs.create_cluster(clusterName="green")
        ...
        aws.settle()

Nothing was compared with real AWS at run time: each behaviour cites the AWS document that it follows.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apollo.testing.clock import VirtualClock as VirtualClock
    from apollo.testing.errors import ApiError as ApiError
    from apollo.testing.faults import Fault as Fault
    from apollo.testing.faults import Faults as Faults
    from apollo.testing.local import LocalAws as LocalAws
    from apollo.testing.local import serve as serve
    from apollo.testing.log import Request as Request
    from apollo.testing.scenarios import Scenario as Scenario
    from apollo.testing.scenarios import Scenarios as Scenarios
    from apollo.testing.timings import Timings as Timings

_HOME = {
    "ApiError": "errors",
    "Fault": "faults",
    "Faults": "faults",
    "LocalAws": "local",
    "Request": "log",
    "Scenario": "scenarios",
    "Scenarios": "scenarios",
    "Timings": "timings",
    "VirtualClock": "clock",
    "serve": "local",
}

__all__ = [
    "ApiError",
    "Fault",
    "Faults",
    "LocalAws",
    "Request",
    "Scenario",
    "Scenarios",
    "Timings",
    "VirtualClock",
    "serve",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"apollo.testing.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
