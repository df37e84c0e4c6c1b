"""The kinds that are known here, loaded when first used."""

from __future__ import annotations

import contextlib
import importlib
import re
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from apollo.api import Controller, Terminal
from apollo.clock import Clock, SystemClock
from apollo.errors import ApolloError
from apollo.plugins.checks import Fault, State, load, wrong
from apollo.plugins.found import OURS, Claim, allowed, claims, not_installed, plain
from apollo.settings import Plugins

if TYPE_CHECKING:
    from apollo.plugins.cell import Cell

__all__ = ["GROUP", "PluginInfo", "Registry"]

GROUP: Final = "apollo.controllers"
COMPANIONS: Final[Mapping[str, str]] = {
    "Cluster": "apollo-ecs-cluster",
    "LogGroup": "apollo-ecs-log-group",
    "ScheduledTask": "apollo-ecs-scheduled-task",
    "TargetGroup": "apollo-ecs-target-group",
}
"""Kinds without a namespace that packages beside Apollo bring, and those packages alone."""
_NAMESPACED: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@frozen
class PluginInfo:
    """What is known of one claim on a kind.

    :ivar kind: empty when the package's list of entry points cannot be read.
    :ivar distribution: the installed package; empty for a controller handed in by the embedding program.
    :ivar state: ``available`` was not needed yet; ``blocked`` is not allowed to be loaded.
    :ivar error: why it is not usable.
    """

    kind: str
    distribution: str
    version: str
    state: State
    error: str = ""


class Registry:
    """The kinds known here; an `apollo.api.Kinds`.

    Bare kinds (``Service``) are Apollo's own; a plugin's are namespaced (``acme.Queue``). A kind that two
    packages claim loads from neither until ``choose`` names one. A failure concerns its kind alone; it is
    told by `get` and tried again ``retry`` seconds later, so that a repaired plugin needs no restart and a
    broken one does not cost an import per resource.

    :param controllers: of an embedding program; they come before anything installed.
    :param allow: the packages whose code may be imported beside Apollo's own; None: every installed one.
    :param choose: kind → package, where several claim it.
    """

    def __init__(
        self,
        controllers: Iterable[Controller[Any, Any]] = (),
        *,
        allow: Collection[str] | None = None,
        choose: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        retry: float = 5.0,
    ) -> None:
        self._given: dict[str, Controller[Any, Any]] = {}
        for controller in controllers:
            kind = getattr(controller, "kind", "")
            fault = wrong(controller, kind, "the embedding program")
            if fault is not None:
                raise fault.error()
            if kind in self._given:
                raise ApolloError(f"two controllers for kind {kind} were handed in", code="APO-PLUGIN-004")
            self._given[kind] = controller
        self._allow = None if allow is None else frozenset(map(plain, allow))
        self._choose = {kind: plain(name) for kind, name in (choose or {}).items()}
        self._clock = clock or SystemClock()
        self._retry = retry
        self._lock = threading.RLock()
        self._turns: dict[str, threading.RLock] = {}
        self._found: tuple[Claim, ...] | None = None
        self._found_at = 0.0
        self._loaded: dict[str, Controller[Any, Any]] = {}
        self._failed: dict[str, tuple[float, Fault]] = {}
        self._cells: dict[str, Cell] = {}

    @classmethod
    def of(
        cls,
        plugins: Plugins,
        controllers: Iterable[Controller[Any, Any]] = (),
        *,
        clock: Clock | None = None,
    ) -> Registry:
        """What the settings of an installation allow."""
        return cls(controllers, allow=plugins.allow, choose=plugins.choose, clock=clock)

    @property
    def allowed(self) -> frozenset[str] | None:
        """The packages that may be loaded beside Apollo's own; None: every installed one."""
        return self._allow

    def names(self) -> frozenset[str]:
        """Every kind, loaded or not, broken or not."""
        return frozenset(self._given) | {claim.kind for claim in self._installed() if claim.kind}

    def get(self, kind: str) -> Controller[Any, Any]:
        """The controller, imported when it is first asked for.

        :raises Terminal: reason ``NoController`` when the kind is unknown or its plugin cannot be used.
        """
        given = self._given.get(kind)
        if given is not None:
            return given
        loaded = self._loaded.get(kind)
        if loaded is not None:
            return loaded
        with self._lock:
            turn = self._turns.setdefault(kind, threading.RLock())
        with turn:  # an import may take long: whoever asks for another kind does not wait for it
            return self._load(kind)

    def _load(self, kind: str) -> Controller[Any, Any]:
        with self._lock:
            if kind in self._loaded:
                return self._loaded[kind]
            now = self._clock.monotonic()
            if kind in self._failed:
                failed_at, fault = self._failed[kind]
                if now < failed_at + self._retry:
                    raise fault.error()
                importlib.invalidate_caches()  # it may have been repaired since
            claim = self._claim(kind, now)
        found = load(claim)
        with self._lock:
            if isinstance(found, Fault):
                self._failed[kind] = (self._clock.monotonic(), found)
                raise found.error()
            self._failed.pop(kind, None)
            self._loaded[kind] = found = self._walled(claim, found)
            return found

    def _walled(self, claim: Claim, controller: Controller[Any, Any]) -> Controller[Any, Any]:
        """A plugin's controller behind a wall; one cell for each package."""
        if claim.builtin:
            return controller
        from apollo.plugins.cell import Cell
        from apollo.plugins.isolated import Isolated

        cell = self._cells.setdefault(claim.origin, Cell(f"plugin {claim.origin}"))
        return Isolated(controller, claim.origin, cell)

    def close(self) -> None:
        """End the threads that plugins run in, as soon as they can."""
        with self._lock:
            for cell in self._cells.values():
                cell.close()

    def verify(self) -> None:
        """Load every built-in kind. Called once at start-up.

        :raises ApolloError: when one is broken: then Apollo itself is, and nothing should be started.
        """
        builtin = [claim.kind for claim in self._installed() if claim.builtin and claim.kind]
        if not builtin:
            raise not_installed("kinds")
        for kind in builtin:
            try:
                self.get(kind)
            except Terminal as error:
                raise ApolloError(
                    f"Apollo's own kind {kind} does not load: {error}",
                    code="APO-PLUGIN-006",
                    hint=f"pip install --force-reinstall {OURS}",
                ) from error

    def report(self, *, load: bool = False) -> tuple[PluginInfo, ...]:
        """Every claim on a kind and what became of it, by kind. ``load`` tries what was not needed yet."""
        if load:
            for kind in self.names():
                with contextlib.suppress(Terminal):  # it is in the report
                    self.get(kind)
        infos = [PluginInfo(kind, "", "", "loaded") for kind in self._given]
        for kind in {claim.kind for claim in self._installed()}:
            infos.extend(self._info(claim, fault) for claim, fault in self._judged(kind))
        return tuple(sorted(infos, key=lambda info: (info.kind, info.distribution)))

    def _info(self, claim: Claim, fault: Fault | None) -> PluginInfo:
        if fault is None and claim.kind in self._failed:
            fault = self._failed[claim.kind][1]
        if fault is not None:
            return PluginInfo(claim.kind, claim.distribution, claim.version, fault.state, fault.message)
        state: State = "loaded" if claim.kind in self._loaded else "available"
        return PluginInfo(claim.kind, claim.distribution, claim.version, state)

    def _installed(self) -> tuple[Claim, ...]:
        with self._lock:
            if self._found is None:
                self._found = tuple(claims(GROUP))
                self._found_at = self._clock.monotonic()
            return self._found

    def _claim(self, kind: str, now: float) -> Claim:
        """The one claim on a kind that may be loaded."""
        judged = self._judged(kind)
        if not any(fault is None for _, fault in judged) and now >= self._found_at + self._retry:
            importlib.invalidate_caches()
            self._found = None  # it may have been installed since
            judged = self._judged(kind)
        for claim, fault in judged:
            if fault is None:
                return claim
        for _, fault in judged:
            if fault is not None:
                raise fault.error()
        raise self._unknown(kind).error()

    def _judged(self, kind: str) -> list[tuple[Claim, Fault | None]]:
        """Every claim on a kind, with what speaks against loading it."""
        judged = [(claim, self._against(claim)) for claim in self._installed() if claim.kind == kind]
        rivals = [claim for claim, fault in judged if fault is None]
        if len(rivals) < 2:
            return judged
        names = " and ".join(sorted(claim.origin for claim in rivals))
        duplicate = Fault(
            "duplicate",
            f"kind {kind} is claimed by {names}; it is loaded from neither",
            "APO-PLUGIN-004",
            "uninstall one of them",
        )
        return [(claim, fault or duplicate) for claim, fault in judged]

    def _against(self, claim: Claim) -> Fault | None:
        kind, package = claim.kind, claim.distribution
        if claim.entry is None:
            return Fault("broken", f"{package or 'a package'}: {claim.error}", "APO-PLUGIN-002")
        if kind in self._given:
            return Fault("blocked", f"the embedding program brings its own {kind}", "APO-PLUGIN-005")
        if not allowed(claim, self._allow):
            return Fault(
                "blocked",
                f"kind {kind} comes from {package}, which is not among the allowed plugins",
                "APO-PLUGIN-005",
                f"allow {package}, or take {kind} out of the manifests",
            )
        chosen = self._choose.get(kind)
        if chosen is not None and chosen != plain(package):
            return Fault("blocked", f"{chosen} was chosen for kind {kind}, not {package}", "APO-PLUGIN-005")
        if COMPANIONS.get(kind) == plain(package):
            return None
        if chosen is None and not claim.builtin and not _NAMESPACED.fullmatch(kind):
            return Fault(
                "blocked",
                f"{package} claims the kind {kind!r}; a plugin's kind has a namespace, such as acme.Queue",
                "APO-PLUGIN-005",
                f"tell the author of {package}",
            )
        return None

    def _unknown(self, kind: str) -> Fault:
        import difflib

        names = sorted(self.names())
        near = difflib.get_close_matches(kind.lower(), [name.lower() for name in names], 1)
        meant = next((name for name in names if near and name.lower() == near[0]), None)
        hint = f"did you mean {meant}?" if meant else f"kinds known here: {', '.join(names) or 'none'}"
        if kind in COMPANIONS:
            hint = f"pip install {COMPANIONS[kind]}"
        elif "." in kind and not meant:
            hint += "; the plugin that brings it has to be installed where Apollo runs"
        return Fault("broken", f"there is no kind {kind!r}", "APO-PLUGIN-001", hint)
