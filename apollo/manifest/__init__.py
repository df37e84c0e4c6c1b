"""The manifest room: YAML 1.2 and JSON with positions, and the desired state they say.

The only importer of yaml. Nothing here knows git, AWS or the network. Names are loaded when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.manifest.build import Builder, digest_of, env_of
    from apollo.manifest.codes import CODES
    from apollo.manifest.collector import bulk
    from apollo.manifest.config import environment_from_flags, load_settings
    from apollo.manifest.edit import set_image, spec_files
    from apollo.manifest.findings import did_you_mean
    from apollo.manifest.paths import Loaded, load_path
    from apollo.manifest.syntax import ParsedFile, parse
    from apollo.manifest.tree import Tree, wants
    from apollo.manifest.unit import Provenance
    from apollo.manifest.writer import emit

__all__ = [
    "CODES",
    "Builder",
    "Loaded",
    "ParsedFile",
    "Provenance",
    "Tree",
    "bulk",
    "did_you_mean",
    "digest_of",
    "emit",
    "env_of",
    "environment_from_flags",
    "load_path",
    "load_settings",
    "parse",
    "set_image",
    "spec_files",
    "wants",
]

_HOMES = {
    "CODES": "codes",
    "Builder": "build",
    "Loaded": "paths",
    "ParsedFile": "syntax",
    "Provenance": "unit",
    "Tree": "tree",
    "bulk": "collector",
    "did_you_mean": "findings",
    "digest_of": "build",
    "emit": "writer",
    "env_of": "build",
    "environment_from_flags": "config",
    "load_path": "paths",
    "load_settings": "config",
    "parse": "syntax",
    "set_image": "edit",
    "spec_files": "edit",
    "wants": "tree",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
