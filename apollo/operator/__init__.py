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
from apollo.operator.tracing import Span, Tracer
from apollo.operator.watch import CommitHealthy, Fetched, Measure, Reconciled, Watch

__all__ = [
    "CommitHealthy",
    "EnvironmentStatus",
    "Event",
    "Fetched",
    "Handlers",
    "Measure",
    "Operator",
    "Outcome",
    "Plan",
    "Progress",
    "Reconciled",
    "ResourceStatus",
    "Result",
    "RunReport",
    "Span",
    "Tracer",
    "Watch",
    "apply",
    "plan",
    "status",
]
