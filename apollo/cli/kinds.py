"""The kinds that are known here, as the offline commands want them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from apollo.api import Controller
    from apollo.plugins import Registry
    from apollo.settings import Settings

__all__ = ["OWN_KINDS", "controllers", "kind_named", "own_model", "registry", "spec_model"]

OWN_KINDS = ("Installation", "Environment", "Notification")


def registry(settings: Settings | None = None) -> Registry:
    """The kinds that may be used.

    :param settings: say which packages may be loaded; default: those of ``./apollo.yaml``, if it can be read.
    """
    from apollo.cli.where import DEFAULT_CONFIG
    from apollo.errors import ApolloError
    from apollo.plugins import Registry

    if settings is None and DEFAULT_CONFIG.is_file():
        from apollo.manifest import load_settings

        with contextlib.suppress(ApolloError):  # the command at hand is not about the configuration
            settings = load_settings(DEFAULT_CONFIG)
    return Registry.of(settings.installation.spec.plugins) if settings is not None else Registry()


def controllers(registry: Registry) -> dict[str, Controller[Any, Any]]:
    """Every kind that can be loaded, by name; `apollo plugins list` says what is wrong with the others."""
    from apollo.errors import Terminal

    found: dict[str, Controller[Any, Any]] = {}
    for kind in sorted(registry.names()):
        try:
            found[kind] = registry.get(kind)
        except Terminal:
            continue
    return found


def own_model(kind: str) -> type[BaseModel]:
    """The model of the ``spec`` of Apollo's own configuration."""
    from apollo.settings import EnvironmentSpec, InstallationSpec, NotificationSpec

    specs: dict[str, type[BaseModel]] = {
        "Installation": InstallationSpec,
        "Environment": EnvironmentSpec,
        "Notification": NotificationSpec,
    }
    return specs[kind]


def kind_named(registry: Registry, kind: str, others: Iterable[str] = ()) -> str:
    """The name of a kind that somebody typed, whatever its case.

    :raises ApolloError: there is no such kind, with a suggestion.
    """
    from apollo.errors import ApolloError

    known = {name.lower(): name for name in (*sorted(registry.names()), *others)}
    name = known.get(kind.lower())
    if name is None:
        import difflib

        near = difflib.get_close_matches(kind.lower(), known, n=1)
        meant = f"did you mean {known[near[0]]}?" if near else f"known are {', '.join(known.values())}"
        raise ApolloError(f"there is no kind {kind!r}", code="APO-CLI-010", hint=meant)
    return name


def spec_model(registry: Registry, kind: str) -> type[BaseModel]:
    """The model of a kind's spec. Kinds are found whatever their case.

    :raises ApolloError: there is no such kind, with a suggestion.
    """
    name = kind_named(registry, kind, OWN_KINDS)
    if name in OWN_KINDS:
        return own_model(name)
    model = registry.get(name).spec_type
    assert issubclass(model, BaseModel)
    return model
