"""What is certainly wrong with a task definition, found without AWS."""

from __future__ import annotations

from apollo.resources.checks.task_definition import problems

__all__ = ["problems"]
