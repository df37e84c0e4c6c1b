"""What the configuration itself names: secrets that are read, topics and buses that are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from apollo.settings import Environment, Notification, Settings, SourceAuth

__all__ = ["named"]


def named(settings: Settings, environments: Iterable[Environment], *, notify: bool) -> Mapping[str, set[str]]:
    """Action → the ARNs that it is needed for.

    :param notify: also what a running operator tells; a plan tells nobody anything.
    """
    found: dict[str, set[str]] = {}
    chosen = tuple(environments)
    for environment in chosen:
        source = environment.spec.source
        if source is not None and source.auth is not None:
            _secret(source.auth, environment, found)
    for notification in settings.notifications if notify else ():
        wanted = notification.spec.environments
        about = [one for one in chosen if wanted is None or one.name in wanted]
        if not about:
            continue
        for auth in _secrets(notification):
            _secret(auth, settings.environments[0], found)
        if notification.spec.sns is not None:
            found.setdefault("sns:Publish", set()).add(notification.spec.sns.topicArn)
        if notification.spec.eventBridge is not None:
            for environment in about:
                bus = _arn(notification.spec.eventBridge.bus, "events", "event-bus/", environment)
                found.setdefault("events:PutEvents", set()).add(bus)
    return found


def _secrets(notification: Notification) -> Iterator[SourceAuth]:
    spec = notification.spec
    if spec.slack is not None:
        yield spec.slack.webhook
    if spec.webhook is not None:
        yield from (auth for auth in (spec.webhook.urlFrom, spec.webhook.secret) if auth is not None)
    for host in (spec.github, spec.gitlab):
        if host is not None:
            yield host.token


def _secret(auth: SourceAuth, environment: Environment, found: dict[str, set[str]]) -> None:
    if auth.secretsManager is None:
        return
    arn = _arn(auth.secretsManager, "secretsmanager", "secret:", environment)
    # AWS adds six characters to a name.
    found.setdefault("secretsmanager:GetSecretValue", set()).add(
        arn if auth.secretsManager.startswith("arn:") else f"{arn}-??????"
    )


def _arn(name: str, service: str, path: str, environment: Environment) -> str:
    if name.startswith("arn:"):
        return name
    aws = environment.spec.aws
    partition, account = "aws", aws.accountId or "*"
    if aws.roleArn:
        partition, account = aws.roleArn.split(":")[1], aws.accountId or aws.roleArn.split(":")[4]
    return f"arn:{partition}:{service}:{aws.region or '*'}:{account}:{path}{name}"
