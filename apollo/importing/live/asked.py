"""ARNs as a person copies them from the console, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from attrs import define, field

from apollo.errors import ApolloError

__all__ = ["Asked", "asked", "place_of"]

_ARN: Final = re.compile(r"arn:[^:]+:(?P<service>[^:]+):(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)")


@define
class Asked:
    """What is to be imported.

    :ivar services: (cluster, name). :ivar tasks: ARNs. :ivar rules: ARNs. :ivar targets: scalable targets by
        ARN, or by resource id.
    """

    clusters: list[str] = field(factory=list)
    services: list[tuple[str, str]] = field(factory=list)
    tasks: list[str] = field(factory=list)
    rules: list[str] = field(factory=list)
    targets: list[str] = field(factory=list)


def asked(arns: Iterable[str], cluster: str | None) -> Asked:
    """What ARNs and ``--cluster`` mean.

    With ARNs, the cluster is that of service ARNs of the old form, which name none.

    :raises ApolloError: for an ARN of something else.
    """
    given = list(dict.fromkeys(arns))
    found = Asked(clusters=[_short(cluster)] if cluster and not given else [])
    for arn in given:
        parts = _ARN.fullmatch(arn)
        kind = (
            (parts["service"], parts["rest"].split("/")[0].split(":")[0]) if parts is not None else ("", "")
        )
        rest = parts["rest"] if parts is not None else ""
        names = rest.split("/")
        if kind == ("ecs", "service") and len(names) in (2, 3):
            home = names[1] if len(names) == 3 else _short(cluster or "default")
            found.services.append((home, names[-1]))
        elif kind == ("ecs", "cluster") and len(names) == 2:
            found.clusters.append(names[1])
        elif kind == ("ecs", "task-definition"):
            found.tasks.append(arn)
        elif kind == ("elasticloadbalancing", "listener-rule"):
            found.rules.append(arn)
        elif kind == ("application-autoscaling", "scalable-target"):
            found.targets.append(arn)
        else:
            raise ApolloError(
                f"{arn} is no service, cluster, task definition, listener rule or scalable target",
                code="APO-IMP-008",
                hint="for example arn:aws:ecs:eu-west-1:123456789012:service/green/web",
            )
    return found


def place_of(
    arns: Iterable[str], region: str | None = None, account: str | None = None
) -> tuple[str | None, str | None]:
    """The region and account that ARNs are in; None where they do not say.

    :param region, account: where they have to be.
    :raises ApolloError: when they are not there, or in several places.
    """
    for arn in arns:
        parts = _ARN.fullmatch(arn)
        if parts is None:
            continue
        for what, said, known in (
            ("region", parts["region"], region),
            ("account", parts["account"], account),
        ):
            if said and known and said != known:
                raise ApolloError(
                    f"{arn} is in the {what} {said}, not in {known}",
                    code="APO-IMP-009",
                    hint="one import is of one account and region: check --region, --profile and -e",
                )
        region, account = region or parts["region"] or None, account or parts["account"] or None
    return region, account


def _short(cluster: str) -> str:
    return cluster.rsplit("/", 1)[-1]
