"""The plan file: a plan that somebody reviewed, and all that is needed to find out whether it still holds."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from apollo.errors import ApolloError

if TYPE_CHECKING:
    from apollo.cli.boundary import State
    from apollo.cli.wish import Wish
    from apollo.engine.plan import Plan

__all__ = ["PlanFile", "write"]


def write(path: Path, plan: Plan, wish: Wish) -> None:
    """Write ``plan`` to ``path``, whole or not at all, readable by its owner only.

    It holds no secret: values are masked as everywhere, and variables whose name or value looks like a secret
    are named only; apply asks for them again.
    """
    from apollo import __version__

    place = wish.place
    config = place.config
    kept, left_out = _variables(wish.variables, plan)
    data = plan.to_dict() | {
        "planFile": {
            "version": 1,
            "apollo": __version__,
            "environment": plan.environment,
            "config": str(config.resolve()) if config is not None else None,
            "paths": [str(item.resolve()) for item in wish.paths],
            "rev": wish.rev,
            "prune": wish.prune,
            "cluster": wish.cluster,
            "region": wish.state.region,
            "variables": kept,
            "variablesLeftOut": left_out,
        }
    }
    data["planFile"]["seal"] = _seal(data)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _seal(data: Mapping[str, Any]) -> str:
    """Tells whether somebody edited the file, such as the reasons that nothing else is compared with. It
    protects against accidents: what is done is found out anew in any case."""
    origin = {name: value for name, value in data["planFile"].items() if name != "seal"}
    text = json.dumps({**data, "planFile": origin}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _variables(given: Sequence[str], plan: Plan) -> tuple[list[str], list[str]]:
    """``K=V`` that may be kept, and the names of those that may not: what looks like a secret, and what goes
    where a plan masks what stands there."""
    from apollo.compare import secrets_in
    from apollo.telemetry import redact

    specs = [item.spec.declared() for item in plan.resources if item.spec is not None] if given else []
    secret = {text for spec in specs for text in secrets_in(spec)}

    def may_be_kept(pair: str) -> bool:
        value = pair.partition("=")[2]
        return redact(pair) == pair and not (value and any(value in text for text in secret))

    kept = [pair for pair in given if may_be_kept(pair)]
    return kept, sorted({pair.partition("=")[0] for pair in given if pair not in kept})


def _sound(origin: Mapping[str, Any]) -> bool:
    """Whether everything that is needed to plan again has its form."""

    def texts(value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)

    return (
        isinstance(origin.get("environment"), str)
        and all(isinstance(origin.get(name), str | None) for name in ("config", "rev", "cluster", "region"))
        and all(texts(origin.get(name)) for name in ("paths", "variables", "variablesLeftOut"))
        and isinstance(origin.get("prune"), bool | None)
    )


def _sound_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


_NAMED = 5


def _which(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What is planned otherwise than it was, resource by resource."""
    then, now = _rows(before), _rows(after)
    differing = [key for key in dict.fromkeys((*then, *now)) if then.get(key) != now.get(key)]
    for key in differing[:_NAMED]:
        if key not in then or key not in now:
            yield f"{key} {'was not in the plan' if key not in then else 'is in the plan no more'}"
            continue
        fields = list(dict.fromkeys((*then[key][1], *now[key][1])))
        paths = [path for path in fields if then[key][1].get(path) != now[key][1].get(path)]
        if paths:
            yield f"{key} now differs in {', '.join(paths[:_NAMED])}"
        elif then[key][0] != now[key][0]:
            yield f"{key} was to {then[key][0]}, and is to {now[key][0]} now".replace("to none", "to stay")
    if len(differing) > _NAMED:
        yield f"and {len(differing) - _NAMED} more"


def _rows(plan: Mapping[str, Any]) -> dict[str, tuple[Any, dict[str, Any]]]:
    """By key, the action and the changes by path."""
    found = {}
    for row in plan.get("resources") or ():
        changes = row.get("changes")
        by_path = {
            str(one.get("path")): (one.get("before"), one.get("after"))
            for one in (changes if isinstance(changes, list) else ())
            if isinstance(one, dict)
        }
        found[str(row.get("key"))] = (row.get("action"), by_path)
    return found


def _shown(plan: Mapping[str, Any]) -> list[Any]:
    """What a reviewer decides by; not counts, nor words that depend on what is remembered."""
    rows = plan.get("resources")
    return [
        plan.get("summary"),
        plan.get("calls"),
        [{name: row.get(name) for name in ("key", "action", "disruptive", "changes")} for row in rows or ()],
    ]


@frozen
class PlanFile:
    """A plan file that was read back."""

    path: Path
    plan: Mapping[str, Any]
    origin: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> PlanFile:
        """:raises ApolloError: it is no plan file, or one of another version."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            data = None
        origin = data.get("planFile") if isinstance(data, dict) else None
        unlike = ApolloError(
            f"{path} is not a plan file", code="APO-CLI-050", hint="apollo plan … --out FILE writes one"
        )
        if not isinstance(data, dict) or not isinstance(origin, dict):
            raise unlike
        if origin.get("version") == 1 and not (_sound(origin) and _sound_rows(data.get("resources"))):
            raise unlike
        if origin.get("version") != 1:
            raise ApolloError(
                f"{path} was written by Apollo {origin.get('apollo')}, and cannot be read by this one",
                code="APO-CLI-051",
                hint="plan again with this version",
            )
        return cls(path, data, origin)

    def wish(
        self,
        state: State,
        config: Path | None,
        environment: str | None,
        cluster: str | None,
        variables: tuple[str, ...],
    ) -> Wish:
        """What was planned then, to be planned again now.

        :raises ApolloError: the command line names another environment than the file.
        """
        from apollo.cli import where
        from apollo.cli.wish import Wish

        name = str(self.origin["environment"])
        if environment is not None and environment != name:
            raise ApolloError(
                f"{self.path} is a plan for {name}, not for {environment}",
                code="APO-CLI-052",
                hint="leave -e out, or plan for that environment",
            )
        said = {pair.partition("=")[0] for pair in variables}
        missing = [one for one in self.origin.get("variablesLeftOut", ()) if one not in said]
        if missing:
            raise ApolloError(
                f"{self.path} does not keep secret variables",
                code="APO-CLI-053",
                hint="give them again: " + " ".join(f"--var {one}=…" for one in missing),
            )
        if state.region is None:
            state.region = self.origin.get("region")
        written = self.origin.get("config")
        given = (*self.origin.get("variables", ()), *variables)
        paths = tuple(Path(item) for item in self.origin.get("paths", ()))
        cluster = cluster if cluster is not None else self.origin.get("cluster")
        if config is None and written is not None:
            config = Path(written)
        if config is None:
            place = where.flagged(name, cluster=cluster, region=state.region, variables=given)
        else:
            place = where.place(
                config, name, with_path=False, cluster=cluster, region=state.region, variables=given
            )
        return Wish(place, state, paths, self.origin.get("rev"), self.origin.get("prune"), given, cluster)

    def check(self, now: Plan) -> None:
        """:raises ApolloError: commit, configuration or AWS moved since the plan was reviewed."""
        before, after = str(self.plan.get("commit")), now.commit
        if self.origin.get("paths"):
            # The files themselves are in the digest; the plan file alone may have made the work tree dirty.
            before, after = before.removesuffix("-dirty"), after.removesuffix("-dirty")
        moved = [
            (what, then, current)
            for what, then, current in (
                ("the commit", before, after),
                ("the configuration", self.plan.get("configDigest"), now.config_digest),
                ("the plan, by what was seen in AWS or in the files,", self.plan.get("digest"), now.digest),
            )
            if then != current
        ]
        which = "; ".join(_which(self.plan, now.to_dict())) if moved else ""
        if not moved and _shown(self.plan) != _shown(json.loads(json.dumps(now.to_dict()))):
            moved = [("what the file shows", "what was planned", "something else")]
        if not moved and self.origin.get("seal") != _seal(self.plan):
            raise ApolloError(
                f"{self.path} was changed after it was written; nothing was written to AWS",
                code="APO-CLI-054",
                hint="plan again, and review again",
            )
        if moved:
            what, then, current = moved[0]
            raise ApolloError(
                f"{self.path} does not hold any more: {what} moved "
                f"from {then} to {current}{f' ({which})' if which else ''}; nothing was written",
                code="APO-CLI-054",
                hint="plan again, and review again",
            )
