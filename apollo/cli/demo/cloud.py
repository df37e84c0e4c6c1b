"""The local AWS, and what can be seen in it from outside: every claim of the demo is held against this."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from apollo.cli.demo.files import CLUSTER, Balancer, Target
from apollo.testing import LocalAws, Request

__all__ = ["Site", "by_apollo", "environment"]

_HAND: Final = "demo-by-hand"
"""In the User-Agent of every call that the demo itself makes."""


@contextmanager
def environment(aws: LocalAws) -> Iterator[None]:
    """This process's environment with the local AWS in it and no other: neither credentials, profiles,
    endpoints nor proxies of the reader count, and afterwards all of them are back."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(aws.env())
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (before.get(name), "127.0.0.1")))
    try:
        yield
    finally:
        for name in [name for name in os.environ if name not in before]:
            del os.environ[name]
        os.environ.update(before)


def by_apollo(request: Request) -> bool:
    """Whether a call changes something and was not made by the demo's own hand."""
    return request.mutating and _HAND not in request.user_agent


class Site:
    """One account and region of the local AWS, seen and touched as with the AWS CLI. Every method makes
    calls and waits for them: not for the event loop's thread."""

    def __init__(self, aws: LocalAws, target: Target) -> None:
        self.target = target
        self._aws = aws
        account, region = target.account, target.region
        self._ecs, self._elb = (
            aws.client(name, account=account, region=region, retries=2, user_agent_extra=_HAND)
            for name in ("ecs", "elbv2")
        )
        self.balancer = Balancer(
            aws.listener("shop", account=account, region=region),
            aws.target_group("web", port=8080, balanced=False, account=account, region=region),
        )

    # ── what a hand does ─────────────────────────────────────────────────────────────────────────────────

    def create_cluster(self) -> None:
        self._ecs.create_cluster(clusterName=CLUSTER)

    def rename_host(self, host: str) -> None:
        """What somebody does in the console at night: the service's rule is for another host now."""
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
        self._elb.modify_rule(RuleArn=self.rule(), Conditions=conditions)

    def load(self, tasks: int) -> int:
        """The load needs so many tasks; the desired count after the autoscaler has seen it."""
        target = self.target
        return self._aws.load_rises(
            "web", tasks, cluster=CLUSTER, account=target.account, region=target.region
        )

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────

    def services(self) -> list[str]:
        return [arn.rsplit("/", 1)[-1] for arn in self._ecs.list_services(cluster=CLUSTER)["serviceArns"]]

    def rule(self) -> str:
        """The ARN of the rule that a request for the environment's host meets."""
        return str(self._met()["RuleArn"])

    def reached(self) -> int:
        """How many healthy tasks a request for the environment's host can reach; 0 as well when it meets
        another rule than the service's."""
        forward = self._met()["Actions"][0].get("ForwardConfig", {})
        if [group["TargetGroupArn"] for group in forward.get("TargetGroups", ())] != [self.balancer.group]:
            return 0
        found = self._elb.describe_target_health(TargetGroupArn=self.balancer.group)
        return sum(one["TargetHealth"]["State"] == "healthy" for one in found["TargetHealthDescriptions"])

    def turned_away(self) -> bool:
        """Whether the listener itself answers a request for the environment's host, with 404."""
        action = self._met()["Actions"][0]
        return str(action.get("FixedResponseConfig", {}).get("StatusCode")) == "404"

    def _met(self) -> Mapping[str, Any]:
        return self._aws.route(self.balancer.listener, host=self.target.host)

    def desired(self) -> int:
        found = self._ecs.describe_services(cluster=CLUSTER, services=["web"])["services"]
        return int(found[0]["desiredCount"]) if found else 0

    def running(self) -> Counter[str]:
        """How many tasks run which image."""
        tasks = [task for task in self._tasks("RUNNING") if task["lastStatus"] == "RUNNING"]
        return Counter(container["image"] for task in tasks for container in task["containers"])

    def deaths(self, image: str) -> list[str]:
        """Why the tasks of an image stopped."""
        return [
            str(task.get("stoppedReason", ""))
            for task in self._tasks("STOPPED")
            if any(container["image"] == image for container in task["containers"])
        ]

    def rollouts(self) -> list[str]:
        """The status of each deployment of the service, newest first."""
        if not self.services():
            return []
        page = self._ecs.list_service_deployments(cluster=CLUSTER, service="web", maxResults=100)
        return [str(one["status"]) for one in page["serviceDeployments"]]

    def images(self) -> set[str]:
        """Every image that a task definition of this account names."""
        found: set[str] = set()
        for arn in self._ecs.list_task_definitions()["taskDefinitionArns"]:
            definition = self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            found |= {str(container["image"]) for container in definition["containerDefinitions"]}
        return found

    def _tasks(self, status: str) -> list[Mapping[str, Any]]:
        if not self.services():
            return []
        arns = self._ecs.list_tasks(cluster=CLUSTER, serviceName="web", desiredStatus=status)["taskArns"]
        if not arns:
            return []
        tasks: list[Mapping[str, Any]] = self._ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
        return tasks

    # ── what was asked ───────────────────────────────────────────────────────────────────────────────────

    def mark(self) -> int:
        """A place in the log of requests, for `calls` and `looks`."""
        return max((request.seq for request in self._aws.requests), default=0)

    def asked(self, mark: int) -> list[Request]:
        """Apollo's requests to this account since the mark, in order."""
        mine = (self.target.account, self.target.region)
        return [
            request
            for request in self._aws.requests
            if request.seq > mark
            and (request.account, request.region) == mine
            and _HAND not in request.user_agent
        ]

    def calls(self, mark: int) -> list[Request]:
        """Those that could change something."""
        return [request for request in self.asked(mark) if request.mutating]
