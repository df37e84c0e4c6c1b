"""Git as the desired state: which commit a branch is at, what changed between two commits, and when to look.

The only room that runs git or watches files. It reads the object database at one commit and never a work
tree, so what it hands out is never half of one commit and half of another.
"""

from __future__ import annotations

from apollo.source.checkout import toplevel, working_tree_commit
from apollo.source.git_source import GitSource
from apollo.source.model import Changes, Commit

__all__ = ["Changes", "Commit", "GitSource", "toplevel", "working_tree_commit"]
