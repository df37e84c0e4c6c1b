"""The course of a blue/green, linear or canary deployment as data: its steps, and its hooks.

Blue is the service revision that served before, green the one being deployed.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/canary-deployment.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from apollo.testing.services.ecs.state import Deployment, Revision

Json = dict[str, Any]
INF = float("inf")


@dataclass(slots=True, frozen=True)
class Step:
    """One step of the course. Several can belong to one lifecycle stage."""

    stage: str
    """lifecycleStage, as it is described."""
    hooks: str | None = None
    """The stage whose hooks run; it goes on when all of them are through."""
    production: float | None = None
    """The percentage of production traffic that green gets when the step begins."""
    test: float | None = None
    wait: float = 0.0
    """How long it lasts at least, in seconds."""
    until: Literal["", "reconciled", "scaled", "cleaned"] = ""
    """What has to be true of the tasks before it goes on."""


@dataclass(slots=True, eq=False)
class Hook:
    """One run of a lifecycle hook."""

    id: str
    stage: str
    kind: str
    """AWS_LAMBDA or PAUSE."""
    target: str | None
    details: Any
    status: str
    expires_at: float
    timeout_action: str
    poll_at: float = INF
    """When the function is asked again."""

    @property
    def open(self) -> bool:
        return self.status in ("AWAITING_ACTION", "IN_PROGRESS")


@dataclass(slots=True, eq=False)
class Shift:
    """Where a deployment is on its course."""

    green: "Revision"
    blue: "Deployment | None"
    """The deployment that served before, and that is gone back to; None for a new service."""
    steps: list[Step]
    index: int = 0
    entered_at: float | None = None
    """When the current step began; None before."""
    hooks: list[Hook] = field(default_factory=list)
    """All runs so far."""
    production: float = 0.0
    """The percentage of production traffic that green has."""
    test: float = 0.0
    back: bool = False
    """It is being rolled back."""
    next_at: float = INF
    """When it has to be looked at again, even if no task changes."""

    @property
    def step(self) -> Step:
        return self.steps[self.index]

    def turn_back(self) -> None:
        """From now on it goes back to blue. What waits for an answer waits no more."""
        self.steps, self.index, self.entered_at, self.back = backward(self), 0, None, True
        self.hooks = [hook for hook in self.hooks if not hook.open]


def percentages(configuration: Json) -> Iterator[float]:
    """Of production traffic, step by step, up to 100."""
    tenths = 1000
    if configuration["strategy"] == "LINEAR":
        tenths = round(configuration["linearConfiguration"]["stepPercent"] * 10)
    elif configuration["strategy"] == "CANARY":
        tenths = round(configuration["canaryConfiguration"]["canaryPercent"] * 10)
        if tenths < 1000:
            yield tenths / 10
            tenths = 1000
    for share in range(tenths, 1000, tenths):
        yield share / 10
    yield 100.0


def forward(configuration: Json, *, reconcile: bool) -> list[Step]:
    """The way to green. reconcile: more than one service revision was active when it began."""
    between = 0.0
    if configuration["strategy"] == "LINEAR":
        between = configuration["linearConfiguration"]["stepBakeTimeInMinutes"] * 60.0
    elif configuration["strategy"] == "CANARY":
        between = configuration["canaryConfiguration"]["canaryBakeTimeInMinutes"] * 60.0
    steps = []
    if reconcile:
        steps.append(Step("RECONCILE_SERVICE", "RECONCILE_SERVICE", production=0, test=0, until="reconciled"))
    steps += [
        Step("PRE_SCALE_UP", "PRE_SCALE_UP"),
        Step("SCALE_UP", until="scaled"),
        Step("POST_SCALE_UP", "POST_SCALE_UP"),
        Step("TEST_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", test=100.0),
        Step("POST_TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"),
    ]
    stage = "PRODUCTION_TRAFFIC_SHIFT"
    for percent in percentages(configuration):
        # "For linear and canary deployments, this stage is invoked before every traffic shift step." It is
        # none of the described stages.
        steps.append(Step(stage, "PRE_PRODUCTION_TRAFFIC_SHIFT"))
        # "This bake time is not applied after reaching 100 percent traffic." (LinearConfiguration)
        steps.append(Step(stage, stage, production=percent, wait=between if percent < 100 else 0.0))
    return [
        *steps,
        Step("POST_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"),
        Step("BAKE_TIME", wait=configuration["bakeTimeInMinutes"] * 60.0),
        Step("CLEAN_UP", until="cleaned"),
    ]


def backward(shift: Shift) -> list[Step]:
    """The way back to blue.

    "There is no dedicated ROLLBACK lifecycle stage. When a rollback occurs, Amazon ECS re-invokes hooks
    registered at the PRODUCTION_TRAFFIC_SHIFT and TEST_TRAFFIC_SHIFT stages."
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
    """
    steps = []
    if shift.step.stage == "RECONCILE_SERVICE":
        # Traffic can still be where the deployment before left it.
        steps.append(Step("RECONCILE_SERVICE", production=0.0, test=0.0, until="reconciled"))
    if shift.step.stage == "CLEAN_UP":
        steps.append(Step("SCALE_UP", until="scaled"))
    if shift.production > 0:
        steps.append(Step("PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", production=0.0))
    if shift.test > 0:
        steps.append(Step("TEST_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", test=0.0))
    return [*steps, Step("CLEAN_UP", until="cleaned")]
