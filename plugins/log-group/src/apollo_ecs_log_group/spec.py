"""What users write below ``spec:`` of kind LogGroup.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from apollo.api import Env, Spec

KeyArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/.+$", max_length=256)]
RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The days for which AWS can keep log events."""


class LogGroupSpec(Spec):
    """A CloudWatch log group."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    logGroupName: Annotated[str, Field(pattern=r"^[.\-_/#A-Za-z0-9]{1,512}$")] | None = None
    """Its name in AWS. Left out: metadata.name."""
    retentionInDays: int | None = None
    """For how many days log events are kept, such as 30. Left out: they never expire."""
    kmsKeyId: KeyArn | None = None
    """The ARN of the key that encrypts log events. Left out: CloudWatch's own encryption."""
    logGroupClass: Literal["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"] | None = None
    """Cannot be changed in place. Left out: STANDARD for a new one, and as it is for one that is there."""
    deletionProtectionEnabled: bool | None = None
    """Whether AWS refuses to delete it. Left out: as it is."""
    tags: dict[str, str] | None = None
    """Tags beside Apollo's own. Tags of others stay."""

    def completed(self, name: str, env: Env) -> Self:
        """The log group is called as the resource is, unless it says otherwise."""
        if self.logGroupName is not None:
            return self
        return self.model_copy(update={"logGroupName": name})
