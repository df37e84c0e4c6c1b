"""What the error codes of this kind mean, for ``apollo explain CODE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-SCHEDULED-TASK-010": (
        "The text is no schedule.",
        "Write rate(15 minutes), cron(0 3 * * ? *) or at(2027-01-31T22:30:00). AWS's cron has six fields.",
    ),
    "APO-SCHEDULED-TASK-011": (
        "There is no time zone of that name.",
        "Write an IANA name such as Europe/Berlin.",
    ),
    "APO-SCHEDULED-TASK-012": (
        "A FLEXIBLE time window needs maximumWindowInMinutes, and one that is OFF takes none.",
        "Add it, or leave it out.",
    ),
    "APO-SCHEDULED-TASK-013": ("A date is no point in time.", "Write it as 2027-01-31T22:30:00Z."),
    "APO-SCHEDULED-TASK-014": (
        "AWS would delete the schedule after its last run, and git would ask for it again.",
        "Leave actionAfterCompletion out: a schedule that is over starts nothing.",
    ),
    "APO-SCHEDULED-TASK-015": (
        "The schedule group default is everybody's; ownership is told by a group of one's own.",
        "Leave groupName out, or name a group that holds nothing else.",
    ),
    "APO-SCHEDULED-TASK-016": (
        "launchType and capacityProviderStrategy exclude each other.",
        "Leave one of them out.",
    ),
    "APO-SCHEDULED-TASK-017": (
        "Tasks with a network interface of their own, such as those on Fargate, need networkConfiguration.",
        "networkConfiguration: {awsvpcConfiguration: {subnets: […]}}",
    ),
    "APO-SCHEDULED-TASK-018": ("A placement constraint memberOf needs an expression.", "Write one."),
    "APO-SCHEDULED-TASK-020": (
        "An override names a container that the task definition does not have.",
        "Name one of those in the message.",
    ),
    "APO-SCHEDULED-TASK-030": (
        "Whether a schedule of that name stands in the group default could not be looked up.",
        "Grant scheduler:GetSchedule to whoever runs apollo plan --verify.",
    ),
    "APO-SCHEDULED-TASK-031": (
        "A schedule of that name stands in the group default already: both would start tasks.",
        "AWS cannot move it: switch it off or delete it once this one is there.",
    ),
    "APO-SCHEDULED-TASK-040": (
        "EventBridge Scheduler may not assume the role of the target yet.",
        "target.roleArn must trust scheduler.amazonaws.com. A new role is known after some seconds.",
    ),
}
