"""The chapters. Each acts as a person would, waits, and holds what it says against the local AWS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from anyio import to_thread

from apollo.cli.demo.cloud import Site
from apollo.cli.demo.files import CLUSTER, MANIFEST, image, web
from apollo.cli.demo.world import Untrue, World
from apollo.cli.text import short
from apollo.testing import Request

__all__ = ["CHAPTERS"]

_README: Final = "What runs in the shop. A merge to stage deploys on stage, a merge to prod on production.\n"
_BAD: Final = "crash-1.1"
_ELSEWHERE: Final = "elsewhere.example.com"
_CREATE: Final = [
    "CreateRule",
    "RegisterTaskDefinition",
    "CreateService",
    "RegisterScalableTarget",
    "PutScalingPolicy",
]
_UPDATE: Final = ["RegisterTaskDefinition", "UpdateService"]


async def local_aws(world: World) -> None:
    for site in world.sites:
        await to_thread.run_sync(site.create_cluster)
        services = await to_thread.run_sync(site.services)
        target = site.target
        claim = f"{target.name:<5}  account {target.account}, {target.region}: cluster {CLUSTER} is empty"
        _hold(world, claim, not services, f"it holds {services}")
    claim = "each with a listener and a target group of the platform team; every request gets a 404"
    away = all(site.turned_away() for site in world.sites)
    _hold(world, claim, away, "some rule answers")


async def one_operator(world: World) -> None:
    marks = [site.mark() for site in world.sites]
    await world.repository.create(world.stage.target.name, {"apps/README.md": _README})
    await world.repository.branch(world.prod.target.name)
    await world.start()
    await world.until("Apollo says that there is nothing in git", partial(_told_nothing, world))
    assumed = {one.params.get("RoleArn") for one in world.aws.requests if one.operation == "AssumeRole"}
    wanted = {site.target.role for site in world.sites}
    _hold(
        world,
        "one process serves both branches, each through the role of its account",
        wanted <= assumed,
        f"it assumed {assumed}",
    )
    calls = [call for site, mark in zip(world.sites, marks, strict=True) for call in site.calls(mark)]
    _hold(
        world,
        "an empty folder may be a mistake: it is told, and changes nothing in AWS",
        not calls,
        _names(calls),
    )


async def merge_to_stage(world: World) -> None:
    stage, prod = world.stage, world.prod
    mark, since = stage.mark(), len(world.events)
    await world.repository.propose("add-web", {MANIFEST: web("1.0")}, "Add the web shop")
    commit = await world.repository.merge("add-web", into="stage")
    await _rolled_out(world, stage, "1.0", since)
    await world.heard("its scaling is set up", "Synced", stage, since, kind="ScalingPolicy")
    await _reached(world, stage)
    calls = stage.calls(mark)
    _exactly(world, calls, _CREATE, unordered=2)
    agents = [call.user_agent for call in calls]
    named = all(f"commit/{commit}" in agent for agent in agents)
    _hold(world, f"which name the commit that asked for them, {short(commit)}", named, "; ".join(agents))
    services = await to_thread.run_sync(prod.services)
    _hold(world, "prod is still empty", not services and not prod.calls(mark), f"it holds {services}")


async def promote(world: World) -> None:
    mark, since = world.prod.mark(), len(world.events)
    await world.repository.merge("stage", into="prod")
    await _rolled_out(world, world.prod, "1.0", since)
    await world.heard("its scaling is set up", "Synced", world.prod, since, kind="ScalingPolicy")
    await _reached(world, world.prod)
    calls = world.stage.calls(mark)
    _hold(world, "stage was not touched", not calls, _names(calls))


async def bad_image(world: World) -> None:
    stage = world.stage
    mark, since = stage.mark(), len(world.events)
    await world.repository.switch("stage")
    await world.repository.propose("web-1.1", {MANIFEST: web(_BAD)}, "Web 1.1")
    await world.repository.merge("web-1.1", into="stage")
    told = await world.heard("Apollo reports the rollback", "RolledBack", stage, since)
    await world.until(
        "ECS went back",
        lambda: stage.rollouts()[0] == "ROLLBACK_SUCCESSFUL",
        lambda: f"the rollouts are {stage.rollouts()}",
    )
    await _runs(world, stage, "1.0", f"ECS went back: stage runs web:1.0 on {stage.target.tasks} tasks")
    deaths = await to_thread.run_sync(stage.deaths, image(_BAD))
    reason = next((death for death in deaths if death and death in told.message), "")
    found = f"{told.message!r} names none of {deaths}"
    _hold(world, f"Apollo says why, in AWS's words: {reason}", bool(reason), found)
    calls = stage.calls(mark)
    _hold(world, "the bad image was tried once", _operations(calls) == _UPDATE, _names(calls))

    world.tell.note("Apollo is asked to look again; and once a minute it looks at everything anyway.")
    mark = stage.mark()
    world.refresh(stage)
    await world.until("Apollo looks at stage again", partial(_looked_twice, stage, mark))
    calls, reads = stage.calls(mark), len(stage.asked(mark))
    claim = f"and is not tried again: {reads} reads since, 0 calls that change anything"
    _hold(world, claim, not calls, _names(calls))


async def fix(world: World) -> None:
    stage, prod = world.stage, world.prod
    mark, since = stage.mark(), len(world.events)
    await world.repository.propose("web-1.2", {MANIFEST: web("1.2")}, "Web 1.2: start up properly")
    await world.repository.merge("web-1.2", into="stage")
    await _rolled_out(world, stage, "1.2", since)
    _exactly(world, stage.calls(mark), _UPDATE)
    mark, since = prod.mark(), len(world.events)
    await world.repository.merge("stage", into="prod")
    await _rolled_out(world, prod, "1.2", since)
    _exactly(world, prod.calls(mark), _UPDATE)
    images = await to_thread.run_sync(prod.images)
    _hold(world, "prod never heard of the bad image", image(_BAD) not in images, f"it has {sorted(images)}")


async def drift(world: World) -> None:
    prod = world.prod
    mark, since = prod.mark(), len(world.events)
    world.tell.command(f"aws elbv2 modify-rule … --conditions Field=host-header,Values={_ELSEWHERE}")
    await to_thread.run_sync(prod.rename_host, _ELSEWHERE)
    away = prod.turned_away()
    if not prod.calls(mark):  # else Apollo has looked in just this moment, and they are no longer
        _hold(world, f"requests for {prod.target.host} get a 404", away, "some rule answers")
    await world.heard("Apollo finds the change", "Drifted", prod, since, kind="ListenerRule")
    await _reached(
        world, prod, claim="found by a regular look, and undone: they reach {} healthy tasks again"
    )
    _exactly(world, prod.calls(mark), ["ModifyRule"])


async def load_rises(world: World) -> None:
    prod = world.prod
    mark, count = prod.mark(), prod.target.tasks + 2
    world.tell.note(f"So many customers come to prod that the CPU policy needs {count} tasks.")
    before = await to_thread.run_sync(prod.desired)
    after = await to_thread.run_sync(prod.load, count)
    claim = f"the autoscaler moves desiredCount from {prod.target.tasks} to {count}"
    _hold(world, claim, (before, after) == (prod.target.tasks, count), f"from {before} to {after}")
    await _reached(world, prod, count)
    look = prod.mark()
    world.refresh(prod)
    await world.until("Apollo looks at prod", partial(_looked_twice, prod, look))
    world.tell.command("apollo plan -e prod")
    async with world.operator() as operator:
        plan = await operator.plan(prod.target.name)
    planned = [f"{step.call.service}:{step.call.operation}" for step in plan.steps if step.call is not None]
    owners = [one.why for item in plan for one in item.ignored if one.path == "/desiredCount"]
    claim = f"nothing to do: desiredCount is {' and '.join(owners)}"
    _hold(world, claim, bool(owners) and not plan.steps and not plan.failed, f"the plan has {planned}")
    calls, reads = prod.calls(mark), len(prod.asked(look))
    claim = f"a look at everything and a plan: {reads} reads, 0 calls that change anything"
    _hold(world, claim, not calls, _names(calls))
    desired = await to_thread.run_sync(prod.desired)
    _hold(world, f"desiredCount is still {count}", desired == count, f"it is {desired}")


async def last_pass(world: World) -> None:
    await world.stop()
    world.tell.note("The operator was stopped; what it remembers is deleted.")
    world.tell.command("rm -r .apollo")
    world.forget()
    marks = [site.mark() for site in world.sites]
    world.tell.command("apollo run --once")
    async with world.operator() as operator:
        report = await operator.run(once=True)
    found = "; ".join(str(error) for error in report.errors.values()) or f"exit code {report.exit_code}"
    _hold(world, "a new process without any memory agrees with AWS", report.exit_code == 0, found)
    pairs = list(zip(world.sites, marks, strict=True))
    calls = [call for site, mark in pairs for call in site.calls(mark)]
    reads = sum(len(site.asked(mark)) for site, mark in pairs)
    claim = f"{reads} reads, 0 calls that change anything"
    _hold(world, claim, reads > 0 and not calls, _names(calls))


Chapter = Callable[[World], Awaitable[None]]

CHAPTERS: Final[Sequence[tuple[str, Chapter]]] = (
    ("A local AWS", local_aws),
    ("A git repository, where a branch is an environment, and one operator", one_operator),
    ("A merge to stage deploys on stage", merge_to_stage),
    ("A merge to prod deploys on production", promote),
    ("A bad image is rolled back, and not tried again", bad_image),
    ("The fix supersedes it, and is promoted", fix),
    ("A change behind Apollo's back is found and undone", drift),
    ("The load rises, and Apollo leaves the count to the autoscaler", load_rises),
    ("A last pass has nothing to do", last_pass),
)


# ── holding what is said against the local AWS ───────────────────────────────────────────────────────────


def _hold(world: World, claim: str, holds: bool, found: str) -> None:
    if not holds:
        raise Untrue(claim, found)
    world.tell.tick(claim)


def _exactly(world: World, calls: Sequence[Request], expected: Sequence[str], unordered: int = 0) -> None:
    """These calls and no others. The first ``unordered`` ones do not wait for each other."""
    number = {1: "one call", 2: "two calls", 5: "five calls"}[len(expected)]
    *most, last = expected
    claim = f"by {number}: " + " and ".join(filter(None, (", ".join(most), last)))
    made = _operations(calls)
    made[:unordered] = sorted(made[:unordered])
    _hold(world, claim, made == list(expected), _names(calls))


async def _rolled_out(world: World, site: Site, tag: str, since: int) -> None:
    """The rollout of a version has ended well, nothing else runs, and Apollo has told so."""
    name, count = site.target.name, site.target.tasks
    claim = f"{name} runs web:{tag} on {count} tasks"
    await world.until(
        claim,
        lambda: site.rollouts()[:1] == ["SUCCESSFUL"] and site.running() == {image(tag): count},
        lambda: f"{dict(site.running())} run, the rollouts are {site.rollouts()}",
    )
    await world.heard("Apollo says that it is done", "Synced", site, since)
    world.tell.tick(claim)


async def _runs(world: World, site: Site, tag: str, claim: str) -> None:
    wanted = {image(tag): site.target.tasks}
    await world.until(claim, lambda: site.running() == wanted, lambda: f"{dict(site.running())} run")
    world.tell.tick(claim)


async def _reached(world: World, site: Site, count: int = 0, claim: str = "") -> None:
    """A request for the host meets the service's rule, and behind that all of its tasks are healthy."""
    wanted = count or site.target.tasks
    claim = claim.format(wanted) or f"requests for {site.target.host} reach {wanted} healthy tasks"
    await world.until(claim, lambda: site.reached() == wanted, lambda: f"they reach {site.reached()}")
    world.tell.tick(claim)


def _told_nothing(world: World) -> bool:
    """Whether Apollo has said of each environment that it cannot be what is meant."""
    told = {event.environment for event in world.events if event.type == "SourceFailed"}
    return told >= {site.target.name for site in world.sites}


def _looked_twice(site: Site, mark: int) -> bool:
    """Whether Apollo has looked at the service since the mark, and then has listed all that is its own there
    and looked once more."""
    asked = [request.operation for request in site.asked(mark)]
    if "DescribeServices" not in asked:
        return False
    later = asked[asked.index("DescribeServices") :]
    return "ListServices" in later and "DescribeServices" in later[later.index("ListServices") :]


def _operations(calls: Sequence[Request]) -> list[str]:
    return [call.operation for call in calls]


def _names(calls: Sequence[Request]) -> str:
    return "Apollo called " + (", ".join(_operations(calls)) or "nothing")
