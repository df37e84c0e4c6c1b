"""What users write below ``spec:`` of kind LogGroup.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from apollo.api import Env, Spec

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The days for which AWS can keep log events."""


class LogGroupSpec(Spec):
    """A CloudWatch log group.

    :ivar retentionInDays: left out: log events never expire.
    :ivar kmsKeyId: the ARN of a key; left out: CloudWatch encrypts with a key of its own.
    :ivar logGroupClass: cannot be changed later. Left out: ``STANDARD``, or as it is.
    :ivar deletionProtectionEnabled: left out: as it is.
    """

    logGroupName: Annotated[str, Field(pattern=r"^[.\-_/#A-Za-z0-9]{1,512}$")] | None = None
    retentionInDays: int | None = None
    kmsKeyId: (
        Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/.+$", max_length=256)] | None
    ) = None
    logGroupClass: Literal["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"] | None = None
    deletionProtectionEnabled: bool | None = None
    tags: dict[str, str] | None = None

    def completed(self, name: str, env: Env) -> Self:
        """The log group is called as the resource is, unless it says otherwise."""
        if self.logGroupName is not None:
            return self
        return self.model_copy(update={"logGroupName": name})
