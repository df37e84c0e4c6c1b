"""Services with all that belongs to them, from AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import evolve

from apollo.api import OWNER_TAG, AwsError, Context, Key
from apollo.controllers.listener_rule.seen import Listener, LiveRule
from apollo.controllers.revisions import REVISIONS as TASKS
from apollo.controllers.revisions import Revision
from apollo.controllers.scaling_policy.seen import (
    ACTIONS,
    POLICIES,
    TAGS,
    TARGETS,
    ScalingSeen,
    every,
    project,
)
from apollo.controllers.service.loaders import REVISIONS
from apollo.controllers.service.observe import look
from apollo.controllers.service.places import identity_of
from apollo.controllers.service.seen import ServiceSeen
from apollo.errors import ApolloError
from apollo.importing.live.asked import Asked, asked
from apollo.importing.live.balancers import rule_of, rules_to, target_groups_of
from apollo.importing.live.defaults import despite
from apollo.importing.live.specs import (
    fitted,
    live_service,
    rule_spec,
    same_content,
    scaling_spec,
    service_spec,
    task_spec,
)
from apollo.importing.model import Imported, Note, Report
from apollo.importing.names import manifest_name, unique
from apollo.importing.secrets import warn_of_secrets
from apollo.reads import listed, pages, together

__all__ = ["import_live"]


async def import_live(
    ctx: Context,
    arns: Sequence[str],
    cluster: str | None,
    own_cluster: str | None,
    *,
    adopt: bool = True,
    defaults: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[list[Imported], Report]:
    """Manifests of what is named. Reads only.

    :param cluster: with no ARNs, all of its services. :param own_cluster: the environment's, which
        manifests leave out; None: that of ``cluster``.
    :param defaults: the environment's, by kind: where they would change what runs, manifests say otherwise.
    :raises ApolloError: for an ARN of something else, or of something that is not there.
    :raises AwsError: when AWS cannot be read.
    """
    wish = asked(arns, cluster)
    work = _Work(ctx, own_cluster or cluster, adopt, defaults or {})
    for name in wish.clusters:
        wish.services += [(name, service) for service in await _services_of(ctx, name)]
    await work.read(wish)
    work.write()
    warn_of_secrets(work.imported, work.report)
    return work.imported, work.report


class _Work:
    def __init__(
        self, ctx: Context, cluster: str | None, adopt: bool, defaults: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.defaults = defaults
        self.ctx = ctx
        self.cluster = cluster
        self.adopt = adopt
        self.report = Report()
        self.imported: list[Imported] = []
        self.services: list[ServiceSeen] = []
        self.tasks: dict[str, Revision] = {}
        self.alone: list[Revision] = []
        self.twins: dict[str, Revision] = {}
        self.scaling: dict[str, ScalingSeen] = {}
        self.rules: list[tuple[Listener, LiveRule, set[str]]] = []
        self.names: dict[str, set[str]] = {}

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────

    async def read(self, wish: Asked) -> None:
        found = await together(self._service, list(dict.fromkeys(wish.services)))
        self.services = [one for one in found if one is not None]
        used = {
            str(one.fields["taskDefinition"]) for one in self.services if one.fields.get("taskDefinition")
        }
        revisions = await together(self._task, sorted(used | set(wish.tasks)))
        self.tasks = {one.arn: one for one in revisions}
        self.twins = {
            one.arn: twin
            for one, twin in zip(revisions, await together(self._twin, revisions), strict=True)
            if twin is not None
        }
        self.alone = [one for one in revisions if one.arn not in used and _asked_for(one, wish.tasks)]
        places = [f"service/{one.cluster}/{one.name}" for one in self.services]
        places += await self._places(wish.targets)
        for seen in await together(self._scaling, list(dict.fromkeys(places))):
            if seen is not None:
                self.scaling[seen.place] = seen
        groups = {group for one in self.services for group in target_groups_of(one.fields)}
        self.rules = await rules_to(self.ctx, groups) if groups else []
        for arn in wish.rules:
            if any(rule.arn == arn for _, rule, _ in self.rules):
                continue
            single = await rule_of(self.ctx, arn)
            if single is None:
                raise _missing(arn)
            self.rules.append((*single, set()))

    async def _service(self, place: tuple[str, str]) -> ServiceSeen | None:
        seen = await look(self.ctx, identity_of(*place))
        if seen is None or seen.absent:
            raise _missing(f"service {place[1]} in cluster {place[0]}")
        if seen.status != "ACTIVE":
            self._note("dropped", f"service {seen.name} is being deleted")
            return None
        if seen.rollout == "IN_PROGRESS":
            self._note("asks", f"service {seen.name} is being deployed: import it again once that has ended")
        current: list[Mapping[str, Any]] = list(seen.live.get("currentServiceRevisions") or ())
        if len(current) == 1:
            revision = await self.ctx.load(REVISIONS, str(current[0].get("arn")))
            told = {name: revision[name] for name in seen.unread if revision and revision.get(name)}
            seen = evolve(seen, fields={**seen.fields, **told})
        return seen

    async def _task(self, arn: str) -> Revision:
        try:
            found = await self.ctx.load(TASKS, arn)
            if found is None:  # asked for without its number, AWS answers with the newest
                answer = await TASKS.fetch(self.ctx, [arn])
                found = next(iter(answer.values()), None)
        except AwsError as error:
            if error.category not in ("not-found", "invalid"):
                raise
            found = None
        if found is None:
            raise _missing(arn)
        return found

    async def _twin(self, revision: Revision) -> Revision | None:
        """A newer revision with the same content, which a TaskDefinition would take over instead."""
        own = revision.arn.rpartition(":")[0]
        params = {"familyPrefix": revision.family, "sort": "DESC", "maxResults": 100}
        async for page in pages(self.ctx, "ecs", "ListTaskDefinitions", "taskDefinitionArns", **params):
            arns = [arn for arn in page if arn.rpartition(":")[0] == own]
            newer = [arn for arn in arns if int(arn.rpartition(":")[2]) > revision.number]
            for other in await together(self._task, newer):
                if same_content(other.content, revision.content):
                    return other
            if len(newer) < len(arns):
                break
        return None

    async def _places(self, arns: Collection[str]) -> list[str]:
        """The resource ids of scalable targets."""
        if not arns:
            return []
        targets = await every(self.ctx, "DescribeScalableTargets", "ScalableTargets", 50) or []
        by_arn = {str(one.get("ScalableTargetARN")): str(one["ResourceId"]) for one in targets}
        for arn in arns:
            if arn not in by_arn:
                raise _missing(arn)
        return [by_arn[arn] for arn in arns]

    async def _scaling(self, place: str) -> ScalingSeen | None:
        target = await self.ctx.load(TARGETS, place)
        if target is None:
            return None
        policies = await self.ctx.load(POLICIES, place) or ()
        actions = await self.ctx.load(ACTIONS, place) or ()
        tags = await self.ctx.load(TAGS, str(target["ScalableTargetARN"])) or {}
        return project(target, policies, actions, tags)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────

    def write(self) -> None:
        by_family: dict[str, Revision] = {}
        for revision in self.tasks.values():
            newest = by_family.get(revision.family)
            if newest is None or revision.number > newest.number:
                by_family[revision.family] = revision
        service_names: dict[str, str] = {}
        for seen in sorted(self.services, key=lambda one: (one.cluster, one.name)):
            service_names[f"service/{seen.cluster}/{seen.name}"] = self._write_service(seen, by_family)
        for revision in self.alone:
            self._write_task(revision, by_family)
        for place, scaling in sorted(self.scaling.items()):
            self._write_scaling(place, scaling, service_names)
        groups = {
            group: service_names[f"service/{seen.cluster}/{seen.name}"]
            for seen in sorted(self.services, key=lambda one: one.name, reverse=True)
            for group in target_groups_of(seen.fields)
        }
        for listener, rule, its in sorted(
            self.rules, key=lambda one: (one[0].arn, one[1].priority or 1 << 30)
        ):
            self._write_rule(listener, rule, sorted(groups[group] for group in its if group in groups))

    def _write_service(self, seen: ServiceSeen, by_family: Mapping[str, Revision]) -> str:
        ours = self._ours(seen.tags)
        name = self._name("Service", ours.name if ours else manifest_name(seen.name))
        place = f"service/{seen.cluster}/{seen.name}"
        revision = self.tasks.get(str(seen.fields.get("taskDefinition", "")))
        task: str | None = None
        if revision is not None and (why := self._by_number(revision, by_family)):
            task = f"{revision.family}:{revision.number}"
            self._note(
                "asks",
                f"Service/{name} keeps {task} by number, so that nothing restarts: {why}",
                hint="once its tasks may be replaced, name a TaskDefinition instead",
            )
        elif revision is not None:
            task = self._write_task(revision, by_family, name)
        controller = (seen.fields.get("deploymentController") or {}).get("type", "ECS")
        if controller != "ECS":
            self._note("asks", f"Service/{name} is deployed by {controller}, not by ECS")
        spec = service_spec(seen, cluster=self.cluster, scaled=place in self.scaling, task=task)
        if name == seen.name:
            spec.pop("serviceName", None)
        self._add("Service", name, spec, seen.arn, name, seen.tags, live_service(seen))
        return name

    def _by_number(self, revision: Revision, by_family: Mapping[str, Revision]) -> str:
        """Why a revision cannot be had through a TaskDefinition; empty when it can."""
        newest = by_family[revision.family]
        if revision.content.get("status", "ACTIVE") != "ACTIVE":
            return "it is deregistered"
        if newest is not revision:
            return f"another service runs {newest.family}:{newest.number}"
        twin = self.twins.get(revision.arn)
        return f"{twin.family}:{twin.number} is newer and has the same content" if twin is not None else ""

    def _write_task(self, revision: Revision, by_family: Mapping[str, Revision], group: str = "") -> str:
        known = next((one for one in self.imported if one.origin == revision.arn), None)
        if known is not None:
            return known.name
        ours = self._ours(revision.tags)
        name = self._name("TaskDefinition", ours.name if ours else manifest_name(revision.family))
        spec = task_spec(revision.content, revision.tags)
        if name == revision.family:
            spec.pop("family", None)
        self._add("TaskDefinition", name, spec, revision.arn, group or name, revision.tags, revision.content)
        return name

    def _write_scaling(self, place: str, seen: ScalingSeen, services: Mapping[str, str]) -> None:
        service = services.get(place)
        _, _, rest = place.partition("/")
        cluster, _, live = rest.partition("/")
        name = self._name("ScalingPolicy", service or manifest_name(live))
        where = {"service": service} if service is not None else {"cluster": cluster, "service": live}
        spec = scaling_spec(seen, where)
        self._add("ScalingPolicy", name, spec, seen.arn, service or name, seen.tags, seen.fields)

    def _write_rule(self, listener: Listener, rule: LiveRule, services: Sequence[str]) -> None:
        if rule.is_stand_in:
            return
        about = services[0] if services else "rule"
        place = "default" if rule.priority is None else str(rule.priority)
        taken = self.names.get("ListenerRule", set())
        name = about if services and about not in taken else f"{about}-{place}"
        name = self._name("ListenerRule", name)
        spec = rule_spec(listener, rule)
        if len(services) > 1:
            self._note("warning", f"ListenerRule/{name} leads to several services: {', '.join(services)}")
        group = services[0] if services else name
        self._add("ListenerRule", name, spec, rule.arn, group, rule.tags, rule.fields)

    def _name(self, kind: str, name: str) -> str:
        taken = self.names.setdefault(kind, set())
        name = unique(name, taken)
        taken.add(name)
        return name

    def _add(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        origin: str,
        group: str,
        tags: Mapping[str, str],
        live: Mapping[str, Any],
    ) -> None:
        if kind in self.defaults:
            spec, added = despite(spec, fitted(kind, live), self.defaults[kind])
            for path in added:
                self._note(
                    "asks",
                    f"{kind}/{name}: the environment's defaults add members to {path}",
                    hint="apollo plan shows whether they change anything",
                )
        owner = tags.get(OWNER_TAG)
        if (ours := self._ours(tags)) is not None:
            self._note("dropped", f"{kind}/{name} is {ours.kind}/{ours.name} of this environment already")
            return
        adopt: bool | str | None = True if self.adopt else None
        if owner and self.adopt:
            adopt = owner
            self._note(
                "asks",
                f"{kind}/{name} belongs to {owner} already; this manifest takes it from there",
                hint="remove it there in the same commit, or leave this manifest out",
            )
        self.imported.append(Imported(kind, name, spec, origin, group, adopt))

    def _ours(self, tags: Mapping[str, str]) -> Key | None:
        """The manifest of this environment that an object belongs to already."""
        owner = tags.get(OWNER_TAG)
        return self.ctx.env.key_of(owner) if owner else None

    def _note(self, level: Any, what: str, hint: str = "") -> None:
        self.report.notes.append(Note(level, what, hint=hint))


def _asked_for(revision: Revision, tasks: Collection[str]) -> bool:
    family = revision.arn.rpartition(":")[0]
    return revision.arn in tasks or family in tasks


def _missing(what: str) -> ApolloError:
    return ApolloError(
        f"{what} is not there",
        code="APO-IMP-009",
        hint="check the name, and --region and --profile",
    )


async def _services_of(ctx: Context, cluster: str) -> list[str]:
    """The names of all services of a cluster."""
    try:
        arns = await listed(ctx, "ecs", "ListServices", "serviceArns", cluster=cluster, maxResults=100)
    except AwsError as error:
        if error.aws_code == "ClusterNotFoundException":
            raise _missing(f"cluster {cluster}") from None
        raise
    return sorted(str(arn).rsplit("/", 1)[-1] for arn in arns)
