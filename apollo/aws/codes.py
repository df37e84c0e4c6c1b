"""The stable codes of this room's errors, and what each means and asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["CODES", "Explanation"]


class Explanation(NamedTuple):
    """What ``apollo explain CODE`` says: what happened, and what to do."""

    meaning: str
    remedy: str


CODES: Final[Mapping[str, Explanation]] = {
    "APO-AWS-001": Explanation(
        "AWS refused the parameters of a call.",
        "Read AWS's message, correct the manifest, commit.",
    ),
    "APO-AWS-002": Explanation(
        "AWS throttles this account and region.",
        "Nothing to do: Apollo slows down and tries again. If it lasts, find what else calls AWS there.",
    ),
    "APO-AWS-003": Explanation(
        "AWS answered with a server error, or with something that is no answer; nothing was changed.",
        "Nothing to do: Apollo tries again. If it lasts, look at the AWS Health Dashboard.",
    ),
    "APO-AWS-004": Explanation(
        "A changing call was sent and its answer was lost: it may or may not have been done.",
        "Nothing to do: Apollo looks at AWS again before it does anything more.",
    ),
    "APO-AWS-005": Explanation(
        "The endpoint cannot be reached.",
        "Check the region, the network, proxies and AWS_ENDPOINT_URL.",
    ),
    "APO-AWS-006": Explanation(
        "TLS to the endpoint failed.",
        "Check the machine's clock, the proxy, and AWS_CA_BUNDLE where a proxy signs itself.",
    ),
    "APO-AWS-010": Explanation(
        "No AWS credentials were found.",
        "Run `aws configure` or `aws sso login`, choose a profile with --profile or AWS_PROFILE, or give the "
        "task or instance a role.",
    ),
    "APO-AWS-011": Explanation(
        "The AWS credentials are incomplete or cannot be read.",
        "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or correct the profile.",
    ),
    "APO-AWS-012": Explanation(
        "The AWS credentials have expired.",
        "Run `aws sso login` or fetch new credentials; Apollo reads them again by itself.",
    ),
    "APO-AWS-013": Explanation(
        "AWS does not accept the credentials.",
        "Check the access key, the secret, the session token, and the machine's clock.",
    ),
    "APO-AWS-014": Explanation(
        "The credentials belong to another account than the environment.",
        "Use credentials of that account (--profile, AWS_PROFILE, spec.aws.roleArn), or correct "
        "spec.aws.accountId in apollo.yaml.",
    ),
    "APO-AWS-015": Explanation(
        "No region is known, or it is not one.",
        "Set spec.aws.region in apollo.yaml, or AWS_REGION, or pass --region.",
    ),
    "APO-AWS-016": Explanation(
        "The AWS profile does not exist.",
        "See `aws configure list-profiles`; correct --profile or AWS_PROFILE.",
    ),
    "APO-AWS-017": Explanation(
        "The sign-in to AWS has to be renewed.",
        "Run `aws sso login` (with --profile if you use one).",
    ),
    "APO-AWS-018": Explanation(
        "The role of the environment cannot be assumed.",
        "Let the role's trust policy name these credentials, with the same externalId, and allow them "
        "sts:AssumeRole on it.",
    ),
    "APO-AWS-020": Explanation(
        "The role lacks a permission.",
        "Grant it; `apollo iam-policy` prints the least policy that the enabled kinds need.",
    ),
    "APO-AWS-021": Explanation(
        "The role may not hand a role to ECS.",
        "Grant iam:PassRole on that role with the condition iam:PassedToService = ecs-tasks.amazonaws.com; "
        "`apollo iam-policy` prints it.",
    ),
    "APO-AWS-022": Explanation(
        "A policy denies the call outright.",
        "An explicit deny (service control policy, permissions boundary or session policy) wins over every "
        "grant: change that policy. `apollo iam-policy` prints what Apollo needs.",
    ),
    "APO-AWS-030": Explanation(
        "What the call names does not exist in AWS.",
        "Create it, or correct the name or the ARN in the manifest.",
    ),
    "APO-AWS-031": Explanation(
        "Somebody else holds the name, the priority or the lock, or changed the object at the same time.",
        "Apollo looks again and retries. If it lasts, look who else manages the object.",
    ),
    "APO-AWS-032": Explanation(
        "Something that the call depends on is not ready yet.",
        "Usually nothing: IAM and load balancers take up to a few minutes. If it lasts, read AWS's message.",
    ),
    "APO-AWS-033": Explanation(
        "A quota of the account is reached.",
        "Remove what is not needed, or ask for more under Service Quotas.",
    ),
    "APO-AWS-034": Explanation(
        "A parameter has the wrong shape; the call was not sent.",
        "Correct the field in the manifest. `apollo explain KIND.field` shows its type.",
    ),
    "APO-AWS-035": Explanation(
        "The installed boto3 does not know the service or the operation.",
        "Upgrade boto3, or correct the name in the plugin.",
    ),
    "APO-AWS-036": Explanation(
        "A controller used its context in a way that is not allowed.",
        "A changing call goes through `write` in `act` only, a reading call through `read`. Tell the author.",
    ),
    "APO-AWS-037": Explanation(
        "A secret cannot be used as a git credential.",
        "Store it in Secrets Manager as text.",
    ),
    "APO-AWS-038": Explanation(
        "AWS did not list something to the end.",
        "Nothing to do: Apollo asks again, and changes nothing before it knows.",
    ),
}
