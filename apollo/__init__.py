"""Apollo: GitOps for AWS ECS and Fargate.

The names a program needs that embeds Apollo. A kind of one's own imports `apollo.api`, `apollo.compare` and
`apollo.reads`; its tests import `apollo.testing`; `apollo.web` answers health checks and Prometheus.
Everything else is private. Names are loaded when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.api import Controller as Controller
    from apollo.api import Gate as Gate
    from apollo.api import Spec as Spec
    from apollo.errors import ApolloError as ApolloError
    from apollo.manifest import load_settings as load_settings
    from apollo.operator import EnvironmentStatus as EnvironmentStatus
    from apollo.operator import Event as Event
    from apollo.operator import Handlers as Handlers
    from apollo.operator import Operator as Operator
    from apollo.operator import Plan as Plan
    from apollo.operator import Result as Result
    from apollo.operator import apply as apply
    from apollo.operator import plan as plan
    from apollo.operator import status as status
    from apollo.settings import Environment as Environment
    from apollo.settings import Installation as Installation
    from apollo.settings import Settings as Settings

__version__ = "0.1.0"

_HOMES = {
    "ApolloError": "errors",
    "Controller": "api",
    "Environment": "settings",
    "EnvironmentStatus": "operator",
    "Event": "operator",
    "Gate": "api",
    "Handlers": "operator",
    "Installation": "settings",
    "Operator": "operator",
    "Plan": "operator",
    "Result": "operator",
    "Settings": "settings",
    "Spec": "api",
    "apply": "operator",
    "load_settings": "manifest",
    "plan": "operator",
    "status": "operator",
}

__all__ = [
    "ApolloError",
    "Controller",
    "Environment",
    "EnvironmentStatus",
    "Event",
    "Gate",
    "Handlers",
    "Installation",
    "Operator",
    "Plan",
    "Result",
    "Settings",
    "Spec",
    "__version__",
    "apply",
    "load_settings",
    "plan",
    "status",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
