"""Everything that talks to AWS; the only room that knows boto3.

boto3 is imported when the first call is made, in a worker thread.
"""

from apollo.aws.buckets import LANES, BucketState, Lane
from apollo.aws.classify import classify
from apollo.aws.codes import CODES
from apollo.aws.operations import LIMITS, Limit, bucket_of, is_mutating
from apollo.aws.records import Account, CallRecord
from apollo.aws.redact import redact
from apollo.aws.room import Aws
from apollo.aws.sessions import Timeouts

__all__ = [
    "CODES",
    "LANES",
    "LIMITS",
    "Account",
    "Aws",
    "BucketState",
    "CallRecord",
    "Lane",
    "Limit",
    "Timeouts",
    "bucket_of",
    "classify",
    "is_mutating",
    "redact",
]
