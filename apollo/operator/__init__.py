"""The one composition root: settings → sources → engine → controllers → AWS.

Embedding::

    async with Operator(settings, controllers=[MyController()]) as operator:
        async with anyio.create_task_group() as tasks:
            await tasks.start(operator.run)      # returns when every first snapshot is loaded
"""

from apollo.engine.apply import Result
from apollo.engine.events import Event
from apollo.engine.plan import Plan
from apollo.engine.status import EnvironmentStatus, Outcome, ResourceStatus
from apollo.operator.facade import apply, plan, status
from apollo.operator.handlers import Handlers
from apollo.operator.operator import Operator, Progress, RunReport

__all__ = [
    "EnvironmentStatus",
    "Event",
    "Handlers",
    "Operator",
    "Outcome",
    "Plan",
    "Progress",
    "ResourceStatus",
    "Result",
    "RunReport",
    "apply",
    "plan",
    "status",
]
