"""``apollo iam-policy``: the least policy, from what the controllers say they call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from apollo.cli.iam_actions import BY_CLUSTER, COMPANIONS, RESOURCES
from apollo.cli.options import config_option, debug_option, environments_option
from apollo.cli.text import tell

if TYPE_CHECKING:
    from pathlib import Path

    from apollo.settings import Environment

__all__ = ["iam_policy", "policy"]

_PASSES_ROLES = frozenset(
    {"ecs:RegisterTaskDefinition", "ecs:CreateService", "ecs:UpdateService", "ecs:RunTask"}
)
_PASSED_TO = {
    "scheduler:CreateSchedule": "scheduler.amazonaws.com",
    "scheduler:UpdateSchedule": "scheduler.amazonaws.com",
}
"""Calls that pass a role to another service than ECS.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
"""


def policy(
    actions: Iterable[str],
    environments: Iterable[Environment] = (),
    named: Mapping[str, Iterable[str]] | None = None,
    beyond: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Any]:
    """An IAM policy document that allows exactly ``actions``, each limited as far as AWS lets it be.

    ``environments`` name accounts, regions, clusters and roles; without any, these stay open. ``named`` are
    further actions, each with the ARNs it is for. ``beyond`` are templates of ARNs that kinds which do not
    come with Apollo add to those of an action.
    """
    beyond = beyond or {}
    places = [_Place(environment) for environment in environments] or [_Place(None)]
    grouped: dict[tuple[tuple[str, ...], str], list[str]] = {}
    conditions: dict[str, Mapping[str, Any]] = {"": {}}
    wanted = set(actions)
    # What is passed is decided by the calls, whether or not a controller thought of saying so.
    if wanted & _PASSES_ROLES:
        wanted.add("iam:PassRole")
    for action in sorted(wanted):
        condition = ""
        if action == "iam:PassRole":
            resources = _merged(place.roles() for place in places)
            if not resources:  # the configuration allows no role at all
                continue
            condition = "PassRole"
            services = sorted(
                {"ecs-tasks.amazonaws.com", *(_PASSED_TO[one] for one in wanted & _PASSED_TO.keys())}
            )
            conditions[condition] = {"StringEquals": {"iam:PassedToService": _one_or_many(tuple(services))}}
        elif action in RESOURCES or action in beyond:
            templates = (*RESOURCES.get(action, ()), *beyond.get(action, ()))
            resources = ("*",) if "*" in templates else _merged(place.fill(templates) for place in places)
        else:
            resources = ("*",)
            if action in BY_CLUSTER:
                condition = "InCluster"
                clusters = _merged(place.fill(RESOURCES["ecs:DescribeClusters"]) for place in places)
                conditions[condition] = {"ArnLike": {"ecs:cluster": _one_or_many(clusters)}}
        grouped.setdefault((resources, condition), []).append(action)
    for action, arns in (named or {}).items():
        grouped.setdefault((tuple(sorted(arns)), ""), []).append(action)
    statements: list[dict[str, Any]] = []
    for (resources, condition), names in sorted(grouped.items(), key=lambda item: item[1]):
        statement: dict[str, Any] = {
            "Sid": f"Apollo{_sid(names)}{len(statements) + 1}",
            "Effect": "Allow",
            "Action": names,
            "Resource": _one_or_many(resources),
        }
        if conditions[condition]:
            statement["Condition"] = conditions[condition]
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


class _Place:
    """The account, region, clusters and roles of one environment; ``*`` where it does not say."""

    def __init__(self, environment: Environment | None) -> None:
        spec = environment.spec if environment is not None else None
        self.region = (spec.aws.region if spec else None) or "*"
        role = spec.aws.roleArn if spec else None
        self.account = (spec.aws.accountId if spec else None) or (role.split(":")[4] if role else "*")
        china, government = self.region.startswith("cn-"), self.region.startswith("us-gov-")
        self.partition = (
            role.split(":")[1] if role else "aws-cn" if china else "aws-us-gov" if government else "aws"
        )
        named = [*(spec.allow.clusters or ())] if spec else []
        if spec and spec.cluster:
            named.append(spec.cluster)
        self.clusters = sorted({name.rsplit("/", 1)[-1] for name in named}) or ["*"]
        self.allowed_roles = spec.allow.roles if spec else None

    def fill(self, templates: tuple[str, ...]) -> list[str]:
        return [
            template.format(
                partition=self.partition, region=self.region, account=self.account, cluster=cluster
            )
            for template in templates
            for cluster in (self.clusters if "{cluster}" in template else ("",))
        ]

    def roles(self) -> list[str]:
        base = f"arn:{self.partition}:iam::{self.account}:role/"
        named = self.allowed_roles if self.allowed_roles is not None else ("*",)
        return [name if name.startswith("arn:") else base + name for name in named]


def _merged(lists: Iterable[list[str]]) -> tuple[str, ...]:
    return tuple(sorted({item for items in lists for item in items}))


def _one_or_many(items: tuple[str, ...]) -> str | list[str]:
    return items[0] if len(items) == 1 else list(items)


def _sid(actions: list[str]) -> str:
    """Letters and digits only, as IAM wants it."""
    service = actions[0].split(":")[0]
    return "".join(part.capitalize() for part in service.split("-"))


@click.command(
    "iam-policy",
    epilog="Example: apollo iam-policy -e stage --mode deploy > policy.json",
)
@config_option
@environments_option
@click.option(
    "--mode",
    type=click.Choice(["read", "deploy"]),
    default="deploy",
    show_default=True,
    help="read: plan and status only. deploy: all that Apollo ever calls.",
)
@click.option("--verify", is_flag=True, help="Also what plan --verify reads.")
@debug_option
def iam_policy(config: Path | None, environments: tuple[str, ...], mode: str, verify: bool) -> None:
    """Print the least IAM policy for the kinds that are loaded here.

    Accounts, regions, clusters and roles come from the environments of the configuration, where there is
    one. Attach it to the environment's role.
    """
    from apollo.cli.iam_named import named
    from apollo.cli.kinds import controllers, registry
    from apollo.cli.output import print_data
    from apollo.cli.where import DEFAULT_CONFIG, configured, load
    from apollo.plugins.found import OURS, plain

    chosen = configured(config, environments)
    settings = load(config)[0] if config is not None or DEFAULT_CONFIG.is_file() else None
    actions: set[str] = set()
    beyond: dict[str, set[str]] = {}
    found = registry(settings)
    own = {info.kind for info in found.report() if plain(info.distribution) == OURS}
    for kind, controller in controllers(found).items():
        if any(_enabled(kind, environment) for environment in chosen) or not chosen:
            asked = controller.permissions - (controller.write_permissions if mode == "read" else set())
            if verify:
                asked |= controller.verify_permissions
            actions |= asked
            for action in asked if kind not in own else ():
                if action in COMPANIONS.get(kind, {}) or action in RESOURCES:
                    beyond.setdefault(action, set()).update(COMPANIONS.get(kind, {}).get(action, ("*",)))
    if mode == "read":
        actions.discard("iam:PassRole")
    for environment in chosen:
        if environment.spec.aws.roleArn:
            tell(
                f"environment {environment.name}: attach this to {environment.spec.aws.roleArn}; "
                "whoever runs Apollo needs sts:AssumeRole on it"
            )
    further = named(settings, chosen, notify=mode == "deploy") if settings is not None else None
    print_data(policy(actions, chosen, further, beyond), "json")


def _enabled(kind: str, environment: Environment) -> bool:
    from fnmatch import fnmatchcase

    allowed = environment.spec.allow.kinds
    return allowed is None or any(fnmatchcase(kind, pattern) for pattern in allowed)
