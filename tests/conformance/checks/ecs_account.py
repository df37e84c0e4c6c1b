"""Account settings, and the services of a namespace."""

from typing import Any

from tests.conformance.registry import check, ecs, ecs_guide
from tests.conformance.stage import Stage

AREA = "ECS account settings and namespaces"
FAULT = ("InvalidParameterException", "ClientException")
CONNECT: Any = {"enabled": True, "namespace": "local"}


def _settings(s: Stage, **asked: Any) -> dict[str, str]:
    pages = s.ecs.get_paginator("list_account_settings").paginate(**asked)
    return {item["name"]: item["value"] for page in pages for item in page["settings"]}


@check(
    "ecs.account.put",
    source=ecs("PutAccountSetting"),
    says="Account settings are set on a per-Region basis.",
    needs=("settings",),
)
def put(s: Stage) -> None:
    """A setting is the caller's own, and of this region."""
    made = s.ecs.put_account_setting(name="awsvpcTrunking", value="enabled")["setting"]
    assert made["principalArn"] == s.sts.get_caller_identity()["Arn"]
    assert _settings(s) == {"awsvpcTrunking": "enabled"}
    elsewhere = s.target.client("ecs", region=s.target.other_region)
    assert elsewhere.list_account_settings()["settings"] == []


@check(
    "ecs.account.effective",
    source=ecs("ListAccountSettings"),
    says="Determines whether to return the effective settings.",
)
def effective(s: Stage) -> None:
    """The effective settings are all of them, ten to a page; the long ARNs are on."""
    first = s.ecs.list_account_settings(effectiveSettings=True)
    assert len(first["settings"]) == 10
    assert "nextToken" in first
    found = _settings(s, effectiveSettings=True)
    assert (found["serviceLongArnFormat"], found["taskLongArnFormat"]) == ("enabled", "enabled")
    assert {"containerInsights", "fargateTaskRetirementWaitPeriod", "guardDutyActivate"} <= set(found)


@check(
    "ecs.account.default",
    source=ecs("PutAccountSettingDefault"),
    says="for whom no individual account setting has been specified",
    needs=("settings",),
)
def default(s: Stage) -> None:
    """The account's default holds for who said nothing, and not for who did."""
    name: Any = "awsvpcTrunking"
    s.ecs.put_account_setting_default(name=name, value="enabled")
    assert _settings(s, name=name) == {}
    assert _settings(s, name=name, effectiveSettings=True) == {name: "enabled"}
    s.ecs.put_account_setting(name=name, value="disabled")
    assert _settings(s, name=name, effectiveSettings=True) == {name: "disabled"}


@check(
    "ecs.account.delete",
    source=ecs("DeleteAccountSetting"),
    says="Disables an account setting for a specified user, role, or the root user for an account.",
    needs=("settings",),
)
def delete(s: Stage) -> None:
    """Deleting one's own setting leaves what the account says."""
    name: Any = "fargateFIPSMode"
    s.ecs.put_account_setting(name=name, value="enabled")
    s.ecs.delete_account_setting(name=name)
    assert _settings(s, name=name) == {}
    assert _settings(s, name=name, effectiveSettings=True) == {name: "disabled"}


@check(
    "ecs.account.value",
    source=ecs("PutAccountSetting"),
    says="Accepted values are enabled, disabled, enhanced, on, and off.",
)
def value(s: Stage) -> None:
    """A value that the setting does not have is refused; so is a filter by value without a name."""
    with s.refused(*FAULT):
        s.ecs.put_account_setting(name="fargateTaskRetirementWaitPeriod", value="3")
    with s.refused(*FAULT):
        s.ecs.list_account_settings(value="enabled")


@check("ecs.account.managed", source=ecs("Setting"), says="aws_managed account settings are read-only")
def managed(s: Stage) -> None:
    """The setting of GuardDuty is AWS's, and read-only."""
    [found] = s.ecs.list_account_settings(name="guardDutyActivate", effectiveSettings=True)["settings"]
    assert found["type"] == "aws_managed"
    with s.refused(*FAULT):
        s.ecs.put_account_setting(name="guardDutyActivate", value="on")


@check("ecs.account.insights", source=ecs_guide("ecs-account-settings"), needs=("settings",))
def insights(s: Stage) -> None:
    """New clusters have Container Insights as the account setting says."""
    s.ecs.put_account_setting(name="containerInsights", value="enhanced")
    made = s.ecs.create_cluster(clusterName=s.name("c"))["cluster"]
    assert {"name": "containerInsights", "value": "enhanced"} in made["settings"]


@check(
    "ecs.namespace.services",
    source=ecs("ListServicesByNamespace"),
    says="This list might include services in different clusters.",
    needs=("tasks",),
)
def namespace(s: Stage) -> None:
    """The services with Service Connect in a namespace are listed, whatever their cluster."""
    one = s.service("one", serviceConnectConfiguration=CONNECT)["serviceArn"]
    s.service("none")
    s.ecs.create_cluster(clusterName=s.name("d"))
    two = s.service("two", cluster=s.name("d"), serviceConnectConfiguration=CONNECT)["serviceArn"]
    found = s.ecs.list_services_by_namespace(namespace="local")["serviceArns"]
    assert sorted(found) == sorted([one, two])


@check("ecs.namespace.missing", source=ecs("ListServicesByNamespace"))
def namespace_missing(s: Stage) -> None:
    """A namespace that nobody knows is NamespaceNotFoundException."""
    with s.refused("NamespaceNotFoundException"):
        s.ecs.list_services_by_namespace(namespace=s.name("nowhere"))
