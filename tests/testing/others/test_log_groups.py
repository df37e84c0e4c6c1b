"""Log groups as CloudWatch has them, beyond what moto knows: key, class, protection, asked for by name."""

import pytest
from botocore.exceptions import ClientError

from apollo.testing import LocalAws

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


def test_a_key_is_associated_and_taken_away(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="web")
    logs.associate_kms_key(logGroupName="web", kmsKeyId=KEY)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == KEY
    logs.disassociate_kms_key(logGroupName="web")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    with pytest.raises(ClientError, match="does not exist"):
        logs.associate_kms_key(logGroupName="other", kmsKeyId=KEY)


def test_the_class_is_told(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="web")
    classes = {one["logGroupName"]: one["logGroupClass"] for one in logs.describe_log_groups()["logGroups"]}
    assert classes == {"rare": "INFREQUENT_ACCESS", "web": "STANDARD"}


def test_one_that_is_protected_is_not_deleted(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="web", deletionProtectionEnabled=True)
    with pytest.raises(ClientError, match="protected"):
        logs.delete_log_group(logGroupName="web")
    logs.put_log_group_deletion_protection(logGroupIdentifier="web", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="web")
    assert logs.describe_log_groups()["logGroups"] == []


def test_they_are_asked_for_by_name(aws: LocalAws) -> None:
    logs = aws.client("logs")
    for name in ("a", "b", "c"):
        logs.create_log_group(logGroupName=name)
    found = logs.describe_log_groups(logGroupIdentifiers=["c", "a", "none"])["logGroups"]
    assert [one["logGroupName"] for one in found] == ["a", "c"]
