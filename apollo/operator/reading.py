"""Reading what git asks for: by following a branch, once at a revision, or from files as they lie there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from anyio import from_thread, to_thread
from attrs import evolve, frozen

from apollo.api import Snapshot
from apollo.clock import Clock
from apollo.operator.desired import Desired
from apollo.plugins import Registry
from apollo.settings import Environment, Installation, SourceAuth

__all__ = ["Reading"]


@frozen
class Reading:
    """The sources of one configuration.

    :ivar base: where its relative paths start.
    :ivar secret: reads a secret, by its ARN or name, with an environment's credentials.
    """

    installation: Installation
    registry: Registry
    clock: Clock
    base: Path
    secret: Callable[[Environment, str], Coroutine[Any, Any, str]]

    def desired(self, environment: Environment) -> Desired:
        """What follows the branch of an environment."""

        def secret(auth: SourceAuth) -> str:
            assert auth.secretsManager is not None
            return from_thread.run(self.secret, environment, auth.secretsManager)

        store = self.installation.spec.store
        folder = (
            Path(store.removeprefix("sqlite:")).parent if store.startswith("sqlite:") else Path(".apollo")
        )
        return Desired(
            environment,
            self.installation.name,
            self.registry,
            self.clock,
            base=self.base,
            state=self.base / folder / "git",
            secret=secret,
        )

    async def snapshot(
        self, environment: Environment, paths: Sequence[Path] = (), rev: str | None = None
    ) -> Snapshot:
        """The desired state now: of the branch, of a revision, or of files on disk.

        :raises ApolloError: git, or the files, cannot be read at all.
        """
        if paths:
            from apollo.manifest import load_path
            from apollo.source import working_tree_commit

            loaded = await to_thread.run_sync(
                lambda: load_path(
                    paths, environment, installation=self.installation.name, kinds=self.registry
                )
            )
            sha = await to_thread.run_sync(working_tree_commit, paths[0])
            partial = await to_thread.run_sync(self._partial, environment, paths)
            return _at(evolve(loaded.snapshot, partial=partial), sha or "")
        desired = self.desired(environment)
        source = desired.source
        commit = await source.info(await source.resolve(rev)) if rev else await source.refresh()
        found = await desired.at(commit)
        assert found is not None
        return found

    def _partial(self, environment: Environment, paths: Sequence[Path]) -> str:
        """Whether files on disk are visibly less than what the environment's source holds; why."""
        from apollo.source import toplevel

        source = environment.spec.source
        for path in paths:
            top = toplevel(path)
            if source is None or top is None:
                return ""
            own = self.base / source.repo
            if own.is_dir() and own.resolve() != top.resolve():
                return ""
            inside = path.resolve().relative_to(top.resolve())
            if Path(source.path or ".") not in inside.parents:
                return ""
        return f"only {', '.join(map(str, paths))} was read"


def _at(snapshot: Snapshot, commit: str) -> Snapshot:
    """Files on disk carry the commit of their work tree."""
    resources = {key: evolve(one, commit=commit) for key, one in snapshot.resources.items()}
    apps = {name: evolve(app, commit=commit) for name, app in snapshot.apps.items()}
    return evolve(snapshot, commit=commit, resources=resources, apps=apps)
