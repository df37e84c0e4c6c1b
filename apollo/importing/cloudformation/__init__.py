"""CloudFormation templates: functions worked out as far as a template alone tells them."""

from __future__ import annotations

from apollo.importing.cloudformation.reader import CloudFormation

__all__ = ["CloudFormation"]
