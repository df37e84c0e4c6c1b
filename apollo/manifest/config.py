"""``apollo.yaml`` as `apollo.settings.Settings`, and settings from command-line flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from apollo.errors import ConfigError, Problem
from apollo.manifest.findings import did_you_mean, unknown_key, validated
from apollo.manifest.header import not_ours
from apollo.manifest.nodes import Leaf, MapNode, Node, Source, TextNode, data
from apollo.manifest.syntax import parse
from apollo.manifest.targets import check_notification
from apollo.settings import (
    Aws,
    Environment,
    EnvironmentSpec,
    Installation,
    InstallationSpec,
    Notification,
    NotificationSpec,
    Settings,
)

__all__ = ["check_document", "environment_from_flags", "load_settings"]

_SPECS: Mapping[str, type[BaseModel]] = {
    "Installation": InstallationSpec,
    "Environment": EnvironmentSpec,
    "Notification": NotificationSpec,
}
_MODELS: Mapping[str, Any] = {
    "Installation": Installation,
    "Environment": Environment,
    "Notification": Notification,
}
_RESERVED = ("\x00", "\ue000", "\ue001")


def load_settings(path: Path, *, content: bytes | None = None, directory: Path | None = None) -> Settings:
    """Read ``apollo.yaml``. ``Settings.directory`` is its folder: relative paths in it start there.

    :param content: what it holds, where it is no file; ``path`` is then only its name, for messages.
    :param directory: instead of the folder of ``path``.

    Variables and defaults keep their own text (`Leaf`), since the field that takes them decides their type.

    :raises ConfigError: with every problem found, each with its place.
    """
    try:
        content = path.read_bytes() if content is None else content
    except OSError as error:
        hint = "name it with -f, or create it"
        raise ConfigError(
            [Problem("APO-LOAD-053", f"cannot be read: {error.strerror}", file=str(path), hint=hint)]
        ) from None
    parsed = parse(content, str(path))
    problems = [problem for problem in parsed.problems if problem.severity == "error"]
    installation: Installation | None = None
    environments: dict[str, Environment] = {}
    notifications: dict[str, Notification] = {}
    for document in parsed.documents if not problems else ():
        found, wrong = _document(document)
        problems += wrong
        if isinstance(found, Installation):
            if installation is not None:
                problems.append(document.problem("APO-LOAD-061", "a second Installation; one is the most"))
            installation = found
        elif found is not None:
            named: dict[str, Any] = environments if isinstance(found, Environment) else notifications
            if found.name in named:
                message = f"a second {type(found).__name__} named '{found.name}'"
                problems.append(document.problem("APO-LOAD-061", message, path="/metadata/name"))
            named[found.name] = found
    if problems:
        raise ConfigError(problems)
    return Settings(
        installation=installation or Installation(),
        environments=tuple(environments.values()),
        notifications=tuple(notifications.values()),
        directory=str(directory or path.resolve().parent),
    )


def environment_from_flags(
    name: str = "default",
    *,
    cluster: str | None = None,
    region: str | None = None,
    variables: Iterable[str] = (),
    base: Environment | None = None,
) -> Environment:
    """An Environment without ``apollo.yaml``, or ``base`` with what the flags say instead.

    :param variables: ``K=V``. V is text that the field types, as if it were written there without quotes.
    :raises ConfigError: for a flag that is not of that form, or a bad name.
    """
    values: dict[str, Any] = dict(base.spec.variables) if base else {}
    for flag in variables:
        key, equals, text = flag.partition("=")
        if not equals or not key or any(char in text for char in _RESERVED):
            raise ConfigError([Problem("APO-LOAD-015", f"--var {key or flag}: K=V is expected")])
        values[key] = _flag_value(key, text)
    spec = base.spec if base else EnvironmentSpec()
    aws: Aws = spec.aws.model_copy(update={"region": region}) if region else spec.aws
    update = {"variables": values, "aws": aws, "cluster": cluster or spec.cluster}
    try:
        return Environment(name=base.name if base else name, spec=spec.model_copy(update=update))
    except ValueError:
        hint = "letters, digits, '.', '_' and '-', at most 63"
        raise ConfigError(
            [Problem("APO-LOAD-016", f"'{name}' is no name of an environment", hint=hint)]
        ) from None


def _flag_value(key: str, text: str) -> Any:
    """Text as it stands; a list or a mapping where it is written as one: ``[subnet-a, subnet-b]``."""
    file = f"--var {key}"
    if text[:1] in ("[", "{"):
        parsed = parse(text.encode(), file)
        if parsed.problems or len(parsed.documents) != 1:
            raise ConfigError(parsed.problems or [Problem("APO-LOAD-015", f"{file}: one value is expected")])
        return data(parsed.documents[0], leaves=True)
    return Leaf.of(TextNode(Source(file), 0, 0, text, plain=True))


def check_document(node: MapNode) -> list[Problem]:
    """What is wrong with an Installation or Environment that lies among manifests."""
    return _document(node)[1]


def _document(node: Node) -> tuple[Installation | Environment | Notification | None, list[Problem]]:
    wrong = not_ours(node)
    if wrong is not None:
        return None, [wrong]
    assert isinstance(node, MapNode)
    kind = node.text("kind") or ""
    if kind not in _SPECS:
        at = node.items.get("kind", node)
        hint = did_you_mean(kind, _SPECS) or "manifests belong in the folder that source.path names"
        names = "Installation, Environment and Notification"
        what = f"'{kind}' is none of {names}" if kind else "'kind' is missing"
        return None, [at.problem("APO-LOAD-060", what, path="/kind", hint=hint)]
    known = ("apiVersion", "kind", "metadata", "spec")
    problems = [unknown_key(node, name, "", known) for name in node.items if name not in known]
    metadata = node.items.get("metadata")
    name = metadata.text("name") if isinstance(metadata, MapNode) else None
    if isinstance(metadata, MapNode):
        extra = [one for one in metadata.items if one not in ("name", "labels")]
        problems += [unknown_key(metadata, one, "/metadata", ("name", "labels")) for one in extra]
    spec_node = node.items.get("spec")
    if spec_node is None or (isinstance(spec_node, TextNode) and spec_node.absent):
        spec_node = MapNode(node.source, node.line, node.column)
    if not isinstance(spec_node, MapNode):
        return None, [*problems, spec_node.problem("APO-LOAD-015", "a mapping is expected", path="/spec")]
    if kind != "Installation" and name is None:
        at = metadata if metadata is not None else node
        problems.append(at.problem("APO-LOAD-014", "'name' is missing", path="/metadata"))
    spec, wrongs = validated(_SPECS[kind], spec_node, "/spec", leaves=True)
    problems += wrongs
    if isinstance(spec, EnvironmentSpec):
        problems += _auth(spec, spec_node)
    elif isinstance(spec, NotificationSpec):
        problems += check_notification(spec, spec_node)
    if problems:
        return None, problems
    try:
        return _MODELS[kind](**({"name": name} if name is not None else {}), spec=spec), []
    except ValueError:
        assert isinstance(metadata, MapNode)
        message = "a name has 1 to 63 letters, digits, '.', '_' or '-', and begins with a letter or digit"
        return None, [metadata.items["name"].problem("APO-LOAD-016", message, path="/metadata/name")]


def _auth(spec: EnvironmentSpec, node: MapNode) -> list[Problem]:
    auth = spec.source.auth if spec.source else None
    if auth is None or len(auth.model_fields_set) == 1:
        return []
    source = node.items["source"]
    assert isinstance(source, MapNode)
    return [
        source.items["auth"].problem(
            "APO-LOAD-062",
            "exactly one of env, file and secretsManager is expected",
            path="/spec/source/auth",
        )
    ]
