"""The plan file: a plan that somebody reviewed, and all that is needed to find out whether it still holds."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
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
    kept, left_out = _variables(wish.variables)
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
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _variables(given: Iterable[str]) -> tuple[list[str], list[str]]:
    """``K=V`` that may be kept, and the names of those that may not."""
    from apollo.telemetry import redact

    kept = [pair for pair in given if redact(pair) == pair]
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
        if not moved and _shown(self.plan) != _shown(json.loads(json.dumps(now.to_dict()))):
            moved = [("what the file shows", "what was planned", "something else")]
        if moved:
            what, then, current = moved[0]
            raise ApolloError(
                f"{self.path} does not hold any more: {what} moved "
                f"from {then} to {current}; nothing was written",
                code="APO-CLI-054",
                hint="plan again, and review again",
            )
