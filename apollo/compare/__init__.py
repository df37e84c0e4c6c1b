"""What counts as equal between a manifest and AWS: tables of rules, and the comparison that uses them."""

from __future__ import annotations

from apollo.compare.canon import canonical, digest
from apollo.compare.diff import differences, ignored
from apollo.compare.names import aws_names, spec_names
from apollo.compare.pointers import keeping, resetting, without
from apollo.compare.redact import SENSITIVE, UNKNOWN, redact, redacted, secrets_in
from apollo.compare.rules import CLEARED, KEPT, MERGED, Absence, Cleared, Field, Rules
from apollo.compare.tags import declared_tags, ignored_tags, tag_changes, tag_list, tag_map
from apollo.compare.trim import trimmed

__all__ = [
    "CLEARED",
    "KEPT",
    "MERGED",
    "SENSITIVE",
    "UNKNOWN",
    "Absence",
    "Cleared",
    "Field",
    "Rules",
    "aws_names",
    "canonical",
    "declared_tags",
    "differences",
    "digest",
    "ignored",
    "ignored_tags",
    "keeping",
    "redact",
    "redacted",
    "resetting",
    "secrets_in",
    "spec_names",
    "tag_changes",
    "tag_list",
    "tag_map",
    "trimmed",
    "without",
]
