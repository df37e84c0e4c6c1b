"""From what is wanted and seen to the calls that make them equal. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from apollo.api import OWNER_TAG, Change, Key, Resource, Step
from apollo.compare.service import STARTS_DEPLOYMENT
from apollo.controllers.service import calls
from apollo.controllers.service.fields import field_of, fixed_fields, in_words
from apollo.controllers.service.follow import pending_changes
from apollo.controllers.service.seen import ServiceSeen
from apollo.controllers.tags import tag_changes
from apollo.resources.service import ServiceSpec

__all__ = ["deletion", "steps"]

Want = Resource[ServiceSpec]


def steps(want: Want, seen: ServiceSeen | None) -> Sequence[Step]:
    """What makes AWS equal to ``want``. While the service drains, the plan is to create it; the wait for its
    end is `Controller.settled`'s."""
    if seen is None or seen.status != "ACTIVE":
        why = "there is no service of this name"
        if seen is not None and not seen.absent:
            why = "its predecessor of the same name is still draining"
        return [Step("create", want.key, calls.create(want, seen), why=why)]
    changes = pending_changes(want, seen)
    fixed = fixed_fields(changes, seen.fields)
    if fixed:
        return _replace(want, seen, changes, fixed)
    return [*_tags(want, seen), *_update(want, seen, changes)]


def deletion(seen: ServiceSeen | None) -> Sequence[Step]:
    """What removes a service that git does not hold any more; its tag says whose it was."""
    owner = (seen.tags.get(OWNER_TAG) or "").split("/", 3) if seen is not None else []
    if seen is None or seen.status != "ACTIVE" or len(owner) != 4:
        return []
    _, environment, kind, name = owner
    why = "it is not in git any more: its tasks are stopped"
    return [Step("delete", Key(kind, environment, name), calls.delete(seen), disruptive=True, why=why)]


def _replace(want: Want, seen: ServiceSeen, changes: Sequence[Change], fixed: Sequence[Change]) -> list[Step]:
    names = in_words(dict.fromkeys(field_of(change) for change in fixed))
    why = f"{names} cannot be changed in place: the service is deleted and created anew"
    return [
        Step("replace", want.key, calls.delete(seen), tuple(fixed), disruptive=True, why=why),
        Step(
            "create",
            want.key,
            calls.create(want, seen),
            tuple(change for change in changes if change not in fixed),
            disruptive=True,
        ),
    ]


def _tags(want: Want, seen: ServiceSeen) -> list[Step]:
    set_, removed, changes = tag_changes(want, seen.tags)
    found = []
    if set_:
        adopting = OWNER_TAG in set_
        theirs = seen.tags.get(OWNER_TAG)
        why = f"taken over from {theirs or 'nobody'}" if adopting else "tags change"
        found.append(
            Step(
                "adopt" if adopting else "update",
                want.key,
                calls.tag(seen, set_),
                tuple(change for change in changes if change.after is not None),
                why=why,
            )
        )
    if removed:
        gone = tuple(change for change in changes if change.after is None)
        found.append(Step("update", want.key, calls.untag(seen, removed), gone, why="tags change"))
    return found


def _update(want: Want, seen: ServiceSeen, changes: Sequence[Change]) -> list[Step]:
    if not changes:
        return []
    restarts, why = _consequence(changes)
    call = calls.update(want, seen, changes)
    return [
        Step(
            "update",
            want.key,
            call,
            tuple(changes),
            disruptive=bool(restarts),
            why=why,
            restarts=restarts,
        )
    ]


def _consequence(changes: Sequence[Change]) -> tuple[tuple[str, ...], str]:
    """The fields for which tasks are replaced or stopped, and what the reader of a plan should know."""
    names = dict.fromkeys(field_of(change) for change in changes)
    replacing: Collection[str] = [name for name in names if name in STARTS_DEPLOYMENT]
    if replacing:
        paths = tuple(change.path for change in changes if field_of(change) in STARTS_DEPLOYMENT)
        return paths, f"{_verb(replacing)}: tasks are replaced"
    for change in changes:
        if change.path == "/desiredCount" and (change.before or 0) > (change.after or 0):
            why = f"desiredCount goes from {change.before} to {change.after}: tasks are stopped"
            return (change.path,), why
    return (), f"{_verb(names)}; running tasks are kept"


def _verb(names: Collection[str]) -> str:
    return f"{in_words(names)} change{'s' if len(names) == 1 else ''}"
