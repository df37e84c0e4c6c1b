"""Which environment a command line means: the configuration file, flags, or both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from apollo.cli.elsewhere import Elsewhere
from apollo.errors import ApolloError
from apollo.settings import Environment, Settings

__all__ = ["DEFAULT_CONFIG", "Place", "chosen", "configured", "flagged", "load", "one", "place", "with_flags"]

DEFAULT_CONFIG = Path("apollo.yaml")


@frozen
class Place:
    """One environment and the settings it stands in."""

    settings: Settings
    environment: Environment
    config: Path | None = None


def find_config(config: Path | None) -> Path:
    """The configuration file.

    :raises ApolloError: there is none.
    """
    path = config or DEFAULT_CONFIG
    if isinstance(path, Elsewhere):
        return path
    if not path.is_file():
        raise ApolloError(
            f"there is no configuration file {path}",
            code="APO-CLI-030",
            hint="name it with -f FILE; a command that takes a PATH also works without one: "
            "-e NAME --cluster C --region R --var K=V",
        )
    return path


def load(config: Path | None) -> tuple[Settings, Path]:
    """The configuration.

    :raises ApolloError: there is none. :raises ConfigError: it cannot be used.
    """
    from apollo.manifest import load_settings

    path = find_config(config)
    if isinstance(path, Elsewhere):
        return path.load(), path
    return load_settings(path), path


def one(settings: Settings, name: str | None) -> Environment:
    """The environment called ``name``, or the only one there is.

    :raises ApolloError: no such environment, or several and none was named.
    """
    known = {environment.name: environment for environment in settings.environments}
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    names = ", ".join(known) or "none"
    if name is None:
        raise ApolloError(
            "which environment?", code="APO-CLI-031", hint=f"name one with -e; the configuration has: {names}"
        )
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the configuration has: {names}"
        raise ApolloError(f"there is no environment {name!r}", code="APO-CLI-032", hint=hint)
    return known[name]


def chosen(settings: Settings, names: Iterable[str]) -> tuple[Environment, ...]:
    """The environments named, or all."""
    wanted = tuple(dict.fromkeys(names))
    return tuple(one(settings, name) for name in wanted) if wanted else settings.environments


def configured(config: Path | None, names: tuple[str, ...]) -> tuple[Environment, ...]:
    """The environments of the configuration; none where there is no file and nobody asked for one."""
    if config is None and not names and not DEFAULT_CONFIG.is_file():
        return ()
    return chosen(load(config)[0], names)


def place(
    config: Path | None,
    name: str | None,
    *,
    with_path: bool,
    cluster: str | None = None,
    region: str | None = None,
    variables: Iterable[str] = (),
) -> Place:
    """The environment that a command acts on.

    With ``-f`` it comes from that file. Without, a command that was given a PATH is described by its flags,
    unless ``./apollo.yaml`` holds the environment that ``-e`` names: then that one is meant, with the account
    and the restrictions it declares. Flags win over the file.

    :param variables: ``K=V``.
    """
    if config is None and with_path:
        settings = load(None)[0] if name is not None and DEFAULT_CONFIG.is_file() else None
        if settings is None or all(environment.name != name for environment in settings.environments):
            return flagged(name or "default", cluster=cluster, region=region, variables=variables)
    settings, path = load(config)
    return with_flags(
        settings, path, one(settings, name), cluster=cluster, region=region, variables=variables
    )


def with_flags(
    settings: Settings,
    path: Path,
    environment: Environment,
    *,
    cluster: str | None = None,
    region: str | None = None,
    variables: Iterable[str] = (),
) -> Place:
    """An environment of a configuration, with what the flags say instead."""
    from apollo.manifest import environment_from_flags

    given = tuple(variables)
    if cluster is None and region is None and not given:
        return Place(settings, environment, path)
    new = environment_from_flags(
        environment.name, cluster=cluster, region=region, variables=given, base=environment
    )
    others = tuple(new if old.name == new.name else old for old in settings.environments)
    return Place(settings.model_copy(update={"environments": others}), new, path)


def flagged(name: str, *, cluster: str | None, region: str | None, variables: Iterable[str]) -> Place:
    """An environment that flags alone describe."""
    from apollo.manifest import environment_from_flags

    environment = environment_from_flags(name, cluster=cluster, region=region, variables=variables)
    return Place(Settings(environments=(environment,)), environment)
