"""A resource as a manifest again, with where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from apollo.api import Resource, marker, refs_in
from apollo.cli.text import Paint, clean
from apollo.cli.yaml_text import remarked_yaml
from apollo.compare import redact

if TYPE_CHECKING:
    from apollo.manifest import Provenance

__all__ = ["manifest", "remarks", "text"]


def manifest(resource: Resource[Any], *, values: bool = False) -> dict[str, Any]:
    """The whole manifest as plain data. Outputs of other resources stand as ``${{ Kind/name.output }}``.

    :param values: show values that may be secret, too; else they are masked as in a plan.
    """
    metadata: dict[str, Any] = {"name": resource.key.name}
    if resource.labels:
        labels = dict(resource.labels)
        metadata["labels"] = labels if values else redact(labels, "/labels")
    data: dict[str, Any] = {"apiVersion": "apollo/v1", "kind": resource.key.kind, "metadata": metadata}
    lifecycle = _lifecycle(resource)
    if lifecycle:
        data["lifecycle"] = lifecycle
    spec = _written(resource.spec.declared())
    data["spec"] = spec if values else redact(spec)
    return data


def _lifecycle(resource: Resource[Any]) -> dict[str, Any]:
    said = resource.lifecycle
    found: dict[str, Any] = {}
    if said.prune != "auto":
        found["prune"] = said.prune
    if said.adopt:
        found["adopt"] = {"from": said.adopt} if isinstance(said.adopt, str) else True
    if said.replace != "deny":
        found["replace"] = said.replace
    if said.suspend:
        found["suspend"] = True
    if said.ignore:
        found["ignore"] = list(said.ignore)
    if said.depends_on:
        found["dependsOn"] = [f"{ref.kind}/{ref.name}" for ref in said.depends_on]
    return found


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _written(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    if isinstance(value, str):
        text = value.replace("${{", "$${{")
        for ref in refs_in(value):
            held = marker(ref.kind, ref.name, ref.output)
            text = text.replace(held, "${{ " + f"{ref.kind}/{ref.name}.{ref.output}" + " }}")
        return text
    return value


def remarks(provenance: Mapping[str, Provenance]) -> dict[str, str]:
    """Pointer into the spec → ``file:line``, ``default``, ``var.x`` …"""
    return {path: str(one) for path, one in provenance.items()}


def text(
    resource: Resource[Any], provenance: Mapping[str, Provenance], paint: Paint, *, values: bool = False
) -> str:
    """The manifest as YAML; a value that was not written in the resource's own file says where it is from."""
    from apollo.manifest.pointers import named_pointer

    named = type(resource.spec).named_lists
    said = remarks(provenance)

    def remark(path: str) -> str:
        return place(said.get(path.removeprefix("/spec"), "")) if path.startswith("/spec") else ""

    def label(member: Any, index: int, steps: str) -> str:
        return named_pointer(member, index, named.get(steps.removeprefix("/spec"), "name"))

    def place(one: str) -> str:
        # Provenance names files from the top of the repository, the origin from where the command runs.
        file, _, rest = one.partition(":")
        return f"line {rest}" if rest and f"/{resource.origin.file}".endswith(f"/{file}") else one

    head = paint.dim(f"# {clean(resource.key)}, app {clean(resource.app)}, from {clean(resource.origin)}")
    return f"{head}\n{remarked_yaml(manifest(resource, values=values), remark, label)}"
