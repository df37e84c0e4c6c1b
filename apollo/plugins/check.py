"""An installed kind held against the contract, as far as it can be seen without running it."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from apollo.api import API_VERSION, Controller, Terminal
from apollo.plugins.check_findings import Finding, judged
from apollo.plugins.found import OURS, plain
from apollo.plugins.isolated import Isolated
from apollo.plugins.kinds import COMPANIONS, PluginInfo, Registry

__all__ = ["inner", "installed", "static"]

_ACTION: Final = re.compile(r"[a-z0-9-]+:(\*|[A-Za-z0-9]+\*?)")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3,}")
_REQUIRED: Final = re.compile(r"[A-Za-z0-9._-]+")


def installed(registry: Registry) -> tuple[str, ...]:
    """The kinds that packages beside Apollo bring, usable or not."""
    return tuple(
        sorted(
            {one.kind for one in registry.report() if one.kind and plain(one.distribution) not in ("", OURS)}
        )
    )


def inner(controller: Controller[Any, Any]) -> Controller[Any, Any]:
    """The author's own object, without the wall around it."""
    return controller.inner if isinstance(controller, Isolated) else controller


def static(registry: Registry, kind: str) -> tuple[list[Finding], Controller[Any, Any] | None]:
    """The checks that need nothing but the installed package, and the controller if it can be used."""
    try:
        controller = inner(registry.get(kind))
    except Terminal as error:
        remedy = error.hint or "apollo plugins list says more"
        return [Finding(kind, "loads", "fail", error.message, remedy)], None
    info = next((one for one in registry.report() if one.kind == kind and one.state == "loaded"), None)
    findings = [Finding(kind, "loads", "pass", _origin(info))]
    findings += _package(kind, info)
    findings += _version(kind, controller)
    findings += _spec(kind, controller)
    findings += _permissions(kind, controller)
    findings += _codes(kind, controller, ours=kind in COMPANIONS)
    outputs = controller.stable_outputs - controller.output_names
    findings.append(
        judged(
            kind,
            "stable outputs are outputs",
            sorted(outputs),
            "name them in output_names, too",
            ", ".join(sorted(controller.output_names)) or "no outputs",
        )
    )
    return findings, controller


def _origin(info: PluginInfo | None) -> str:
    return f"{info.distribution} {info.version}".strip() if info is not None else ""


def _package(kind: str, info: PluginInfo | None) -> Iterator[Finding]:
    """Whether pip would refuse an Apollo that the package was not made for."""
    if info is None or not info.distribution or plain(info.distribution) == OURS:
        return
    wanted = importlib.metadata.requires(info.distribution) or ()
    names = {plain(found.group()) for one in wanted if (found := _REQUIRED.match(one))}
    wrong = () if OURS in names else (f"{info.distribution} does not say that it needs {OURS}",)
    yield judged(
        kind,
        "package",
        wrong,
        f'dependencies = ["{OURS}>=…"] in pyproject.toml',
        f"needs {OURS}",
        verdict="warning",
    )


def _version(kind: str, controller: Controller[Any, Any]) -> Iterator[Finding]:
    written = getattr(controller, "api_version", None)
    said = f"written for version {1 if written is None else written}, this is {API_VERSION}"
    yield Finding(kind, "api_version", "pass", said)  # another one does not load


def _spec(kind: str, controller: Controller[Any, Any]) -> Iterator[Finding]:
    try:
        schema: Mapping[str, Any] = controller.spec_type.model_json_schema()
        json.dumps(schema)
    except Exception as error:  # a stranger's code, and pydantic's
        remedy = "use types that JSON has; apollo schema and editors need them"
        yield Finding(kind, "JSON schema", "fail", f"{type(error).__name__}: {error}", remedy)
        return
    objects = {"spec": schema} | {f"{name}": one for name, one in (schema.get("$defs") or {}).items()}
    yield Finding(kind, "JSON schema", "pass", f"{sum(len(_fields(one)) for one in objects.values())} fields")
    open_ones = [
        name for name, one in objects.items() if _fields(one) and one.get("additionalProperties") is not False
    ]
    yield judged(
        kind,
        "spec is strict",
        (f"{name} takes unknown keys" for name in open_ones),
        "derive it from apollo.api.Spec, or set extra='forbid'",
        "unknown keys are refused",
    )
    bare = [
        field if name == "spec" else f"{name}.{field}"
        for name, one in objects.items()
        for field, shape in _fields(one).items()
        if not _described(shape, schema)
    ]
    yield judged(
        kind,
        "fields are described",
        bare,
        'Field(description="…"): apollo explain and editors show it',
        "every field",
        verdict="warning",
    )


def _codes(kind: str, controller: Controller[Any, Any], ours: bool) -> Iterator[Finding]:
    """Only told when something is wrong: most kinds have no codes of their own."""
    codes: object = controller.codes
    if isinstance(codes, Mapping):
        wrong = [f"{code} has no meaning and remedy" for code, said in codes.items() if not _is_said(said)]
        wrong += [f"{code!r} is no code" for code in codes if not _CODE.fullmatch(str(code))]
        wrong += [f"{code} looks like Apollo's own" for code in codes if str(code)[:4] == "APO-" and not ours]
    else:
        wrong = [f"codes is an object of type {type(codes).__name__}"]
    if wrong:
        yield judged(kind, "codes", wrong, 'codes = {"ACME-QUEUE-001": ("What is wrong.", "What to do.")}')


def _is_said(said: object) -> bool:
    match said:
        case (str(), str()):
            return True
    return False


def _fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("properties") or {}
    return found


def _described(shape: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    if shape.get("description"):
        return True
    names = [one["$ref"].rsplit("/", 1)[-1] for one in (shape, *shape.get("anyOf", ())) if "$ref" in one]
    return any((schema.get("$defs") or {}).get(name, {}).get("description") for name in names)


def _permissions(kind: str, controller: Controller[Any, Any]) -> Iterator[Finding]:
    every = {*controller.permissions, *controller.write_permissions, *controller.verify_permissions}
    wrong = [f"{one!r} is no IAM action" for one in sorted(map(str, every)) if not _ACTION.fullmatch(one)]
    if not controller.permissions:
        wrong.append("there are none: apollo iam-policy would grant nothing")
    wide = [f"{one} allows more than is needed" for one in sorted(map(str, every)) if "*" in one]
    remedy = "name each as service:Action, such as sqs:CreateQueue"
    if wrong or not wide:
        yield judged(kind, "permissions", wrong, remedy, f"{len(controller.permissions)} IAM actions")
    else:
        yield judged(kind, "permissions", wide, remedy, verdict="warning")
    only = sorted(controller.write_permissions - controller.permissions)
    yield judged(
        kind,
        "write permissions are permissions",
        only,
        "name them in permissions, too",
        f"{len(controller.write_permissions)} are for writing only",
    )
