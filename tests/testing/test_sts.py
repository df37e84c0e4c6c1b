"""STS: whose credentials they are that it hands out."""

from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

from apollo.testing import LocalAws

ROLE = "arn:aws:iam::111122223333:role/deploy"


def who(aws: LocalAws, credentials: dict[str, Any]) -> str:
    sts = aws.client("sts", account=credentials["AccessKeyId"])
    return str(sts.get_caller_identity()["Arn"])


def test_a_web_identity_needs_no_credentials(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
    nobody = botocore.session.Session().create_client(
        "sts", region_name="eu-west-1", endpoint_url=aws.endpoint, config=Config(signature_version=UNSIGNED)
    )
    answer = nobody.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="ci", WebIdentityToken="header.payload.signature"
    )
    nobody.close()
    assert who(aws, answer["Credentials"]) == "arn:aws:sts::111122223333:assumed-role/deploy/ci"


def test_sessions_and_federated_users(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    sts = aws.client("sts", account="444455556666")
    same = sts.get_session_token()["Credentials"]
    assert who(aws, same) == sts.get_caller_identity()["Arn"]
    federated = sts.get_federation_token(Name="guest")
    assert who(aws, federated["Credentials"]) == "arn:aws:sts::444455556666:federated-user/guest"
    key = federated["Credentials"]["AccessKeyId"]
    assert aws.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == "444455556666"
