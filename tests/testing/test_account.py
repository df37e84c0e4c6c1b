"""Account settings belong to a principal, a region and an account."""

from typing import Any

from tests.testing.conftest import LocalAws, Refused, Stage


def _effective(client: Any, **asked: Any) -> dict[str, str]:
    pages = client.get_paginator("list_account_settings").paginate(effectiveSettings=True, **asked)
    return {item["name"]: item["value"] for page in pages for item in page["settings"]}


def test_what_is_not_said_is_said_by_the_account_or_by_aws(aws: LocalAws) -> None:
    ecs = aws.client("ecs")
    assert _effective(ecs)["awsvpcTrunking"] == "disabled"
    ecs.put_account_setting_default(name="awsvpcTrunking", value="enabled")
    assert _effective(ecs)["awsvpcTrunking"] == "enabled"
    assert _effective(aws.client("ecs", region="eu-central-1"))["awsvpcTrunking"] == "disabled"
    assert _effective(aws.client("ecs", account="210987654321"))["awsvpcTrunking"] == "disabled"
    other = "arn:aws:iam::123456789012:role/other"
    ecs.put_account_setting(name="awsvpcTrunking", value="disabled", principalArn=other)
    assert _effective(ecs)["awsvpcTrunking"] == "enabled"
    assert _effective(ecs, principalArn=other)["awsvpcTrunking"] == "disabled"
    ecs.delete_account_setting(name="awsvpcTrunking", principalArn=other)
    assert _effective(ecs, principalArn=other)["awsvpcTrunking"] == "enabled"


def test_new_clusters_have_the_insights_of_the_account(aws: LocalAws) -> None:
    ecs = aws.client("ecs")
    ecs.put_account_setting_default(name="containerInsights", value="enabled")
    made = ecs.create_cluster(clusterName="blue")["cluster"]
    assert made["settings"] == [{"name": "containerInsights", "value": "enabled"}]


def test_a_principal_of_another_account_is_refused(stage: Stage, refused: Refused) -> None:
    with refused("InvalidParameterException"):
        stage.ecs.list_account_settings(principalArn="arn:aws:iam::210987654321:root")
