"""Telling people and other systems what changed: on transitions, never on conditions, and once.

A `Notice` is what is told; a `Transitions` knows which of them is news; a target sends it; an `Outbox` tries
until it is sent, in order and without holding up anything.
"""

from apollo.notify.aws import EventBridge, Sns
from apollo.notify.commit import CommitState, CommitStatus, Github, Gitlab, repository_of
from apollo.notify.http import Http, Rejected, Unsent
from apollo.notify.notice import BAD, Notice, sentence
from apollo.notify.outbox import Outbox, Target
from apollo.notify.slack import Slack
from apollo.notify.transitions import Filter, Transitions
from apollo.notify.webhook import Webhook

__all__ = [
    "BAD",
    "CommitState",
    "CommitStatus",
    "EventBridge",
    "Filter",
    "Github",
    "Gitlab",
    "Http",
    "Notice",
    "Outbox",
    "Rejected",
    "Slack",
    "Sns",
    "Target",
    "Transitions",
    "Unsent",
    "Webhook",
    "repository_of",
    "sentence",
]
