"""TaskDefinition: content-addressed revisions of a family.

AWS never changes a revision, has no token that would make registering idempotent, and lets only one per
second through. So a revision is looked for by content before one is registered: the same content is
registered once, and going back to an older commit uses the older revision again.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from apollo.api import (
    Around,
    Context,
    Controller,
    Env,
    Health,
    Identity,
    Ignored,
    Owned,
    Problem,
    Resource,
    Step,
)
from apollo.controllers.task_definition_check import problems
from apollo.resources.task_definition import TaskDefinitionSpec

if TYPE_CHECKING:
    from apollo.controllers.revisions import Pool

__all__ = ["TaskDefinitionController"]

Want = Resource[TaskDefinitionSpec]


class TaskDefinitionController(Controller[TaskDefinitionSpec, "Pool"]):
    """A family is a pool that only grows: nothing is ever changed but tags, and nothing is deleted.

    A revision is used when it carries our owner tag and its content equals the wanted one. Revisions of
    other owners, such as another environment that shares the family, are neither used nor touched.
    """

    kind = "TaskDefinition"
    spec_type = TaskDefinitionSpec
    permissions = frozenset(
        {
            "ecs:DescribeTaskDefinition",
            "ecs:ListTaskDefinitions",
            "ecs:RegisterTaskDefinition",
            "ecs:TagResource",
            "tag:GetResources",
            "iam:PassRole",  # of taskRoleArn and executionRoleArn
        }
    )
    write_permissions = frozenset({"ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"})
    output_names = frozenset({"arn", "family", "revision"})
    # Another content is another revision.
    stable_outputs = frozenset({"family"})
    immutable = True
    rank = 90

    def identity(self, spec: TaskDefinitionSpec, env: Env) -> Identity:
        return Identity("ecs:task-definition", spec.family or "")

    def group(self, spec: TaskDefinitionSpec, env: Env) -> str:
        return f"ecs:task-definition/{spec.family}"

    def check(self, want: Want) -> Iterable[Problem]:
        return problems(want.spec.declared())

    @cached_property
    def verify_permissions(self) -> frozenset[str]:  # type: ignore[override]
        from apollo.controllers import verify_task_definition

        return verify_task_definition.ACTIONS

    async def verify(
        self, ctx: Context, want: Want, seen: Pool | None, around: Around
    ) -> AsyncIterator[Problem]:
        from apollo.controllers import verify_task_definition  # many modules, for `plan --verify` alone

        for problem in await verify_task_definition.problems(ctx, want.spec.declared(), around):
            yield problem

    async def observe(self, ctx: Context, at: Identity | None, want: Want | None) -> Pool | None:
        from apollo.controllers import revisions  # late, as below: to check manifests it is not needed

        return await revisions.observe(ctx, want) if want is not None else None

    def diff(self, want: Want | None, seen: Pool | None) -> Sequence[Step]:
        from apollo.controllers import revisions

        # An append-only pool: what nobody uses any more costs nothing.
        return revisions.steps(want, seen) if want is not None else ()

    def outputs(self, seen: Pool) -> Mapping[str, str]:
        if seen.match is None:
            return {}
        return {"arn": seen.match.arn, "family": seen.match.family, "revision": str(seen.match.number)}

    def lasting(self, seen: Pool, steps: Sequence[Step]) -> Mapping[str, str]:
        """Tags are all that changes on a revision; a new one has other outputs, known when it is there."""
        return self.outputs(seen)

    def health(self, want: Want, seen: Pool | None) -> Health:
        if seen is None or seen.match is None:
            return Health("Missing", "", "no revision of ours has this content yet")
        return Health("Healthy", "", f"{seen.match.family}:{seen.match.number}")

    def ignored(self, want: Want, seen: Pool | None) -> Sequence[Ignored]:
        """Against the revision that is used; a new one takes over what is ignored from our newest."""
        from apollo.controllers import revisions

        return revisions.ignored_in(want, seen)

    async def owned(self, ctx: Context, want: Collection[Want]) -> AsyncIterator[Owned]:
        """Nothing: unused revisions are kept, so that going back finds them. Cleaning up a family is a job
        of its own, outside the plan."""
        nothing: tuple[Owned, ...] = ()
        for one in nothing:
            yield one

    def acted(self, ctx: Context, step: Step, answer: Mapping[str, Any]) -> Pool | None:
        from apollo.controllers import revisions

        return revisions.acted(ctx, step, answer)
