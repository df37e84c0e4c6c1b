"""What is told about every call: the account's place in AWS and one record per attempt."""

from __future__ import annotations

from attrs import frozen

from apollo.aws.buckets import Lane

__all__ = ["Account", "CallRecord"]


@frozen
class Account:
    """Where calls go. ``arn`` is who we are there, as sts:GetCallerIdentity says."""

    account_id: str
    region: str
    arn: str


@frozen
class CallRecord:
    """One request that was sent to AWS.

    :ivar duration: seconds between sending and answer, without the wait for AWS's rate.
    :ivar code: AWS's error code or the name of the transport's error; empty when it succeeded.
    :ivar attempt: counts from 1; a changing call has only one.
    :ivar category: how the failure is classed (`apollo.errors.AwsError.category`); empty when it succeeded.
    :ivar waited: seconds of waiting for AWS's rate before it was sent.
    :ivar commit, env: the commit and the environment that asked.
    """

    service: str
    operation: str
    mutating: bool
    account: str
    region: str
    lane: Lane
    duration: float
    code: str
    request_id: str
    attempt: int
    commit: str
    env: str
    category: str = ""
    waited: float = 0.0
