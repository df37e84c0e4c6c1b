"""Services of all four kinds in a local AWS of a process of its own, brought there by what Apollo plans.

``python -m benchmarks.fleet APOLLO_YAML ENDPOINT`` sends the planned calls, many at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from attrs import field, frozen

from apollo.api import Key, Ref, Step
from apollo.aws import LIMITS, Aws, Limit
from apollo.engine.substitute import substitute
from apollo.manifest import load_settings
from apollo.operator import Operator
from benchmarks.harness import BIN, ROOT
from benchmarks.world import ACCOUNT, Repo, configuration, fill, manifest

__all__ = ["PER_LISTENER", "Fleet", "client", "fleet"]

PER_LISTENER = 90
"""Rules that ELB allows on one listener by default are 100."""
_ORDER = ("TaskDefinition", "ListenerRule", "Service", "ScalingPolicy")


@frozen
class Fleet:
    """A repository that is true, and the local AWS in which it is.

    :ivar env: for a program that is to work in it. :ivar pid: of the local AWS.
    """

    folder: Path
    repo: Repo
    config: Path
    endpoint: str
    pid: int
    env: Mapping[str, str] = field(factory=dict)

    def ask(self, name: str, body: Mapping[str, Any] | None = None) -> Any:
        """The control API of the local AWS."""
        return control(self.endpoint, name, body)

    def calls(self) -> dict[str, int]:
        """How often each operation was called since `clear`."""
        return dict(self.ask("requests")["counts"])

    def clear(self) -> None:
        self.ask("requests", {"clear": True})

    def slow(self, seconds: float) -> None:
        """Every answer from now on takes so long."""
        self.ask("faults", {"clear": True})
        if seconds:
            self.ask("faults", {"action": "*", "kind": "latency", "seconds": seconds})

    def apollo(self, *argv: str) -> list[str | Path]:
        """A command line of Apollo about it."""
        return [BIN / "apollo", *argv, "-f", self.config]


def control(endpoint: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
    """One request to the control API."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{endpoint}/_apollo/{name}", data, timeout=600) as answer:
        return json.load(answer)


@contextmanager
def fleet(folder: Path, services: int, *, whole: bool = True) -> Iterator[Fleet]:
    """``services`` TaskDefinitions and Services, a file for each two, whose rollouts are over.

    :param whole: with a ListenerRule and a ScalingPolicy each.
    """
    process = subprocess.Popen(
        [BIN / "apollo", "simulate", "--speed", "1"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        env = dict(os.environ)
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "unset":
                for name in rest.split():
                    env.pop(name, None)
                break
            name, _, value = rest.partition("=")
            env[name] = value.strip("'")
        env["AWS_ACCESS_KEY_ID"] = ACCOUNT
        made = _filled(folder, services, whole, env, process.pid)
        argv = [sys.executable, "-m", "benchmarks.fleet", str(made.config), made.endpoint]
        subprocess.run(argv, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        made.ask("settle", {})
        made.clear()
        yield made
    finally:
        process.terminate()
        process.wait(30)


def _filled(folder: Path, services: int, whole: bool, env: dict[str, str], pid: int) -> Fleet:
    client(env).create_cluster(clusterName="green")
    repo, endpoint = Repo(folder / "config.git"), env["AWS_ENDPOINT_URL"]
    if not whole:
        fill(repo, services, lambda at: manifest(f"m-{at:05d}"))
        return Fleet(folder, repo, configuration(folder), endpoint, pid, env)
    of = {"account": ACCOUNT, "region": "eu-west-1"}
    listeners = [
        control(endpoint, "listeners", {"name": f"front-{at}", **of})["arn"]
        for at in range(-(-services // PER_LISTENER))
    ]
    groups = [
        control(endpoint, "target-groups", {"name": f"m-{at:05d}", "balanced": False, **of})["arn"]
        for at in range(services)
    ]
    fill(repo, services, lambda at: _whole(at, listeners[at // PER_LISTENER], groups[at]))
    return Fleet(folder, repo, configuration(folder), endpoint, pid, env)


def client(env: Mapping[str, str], service: str = "ecs") -> Any:
    """A client, as boto3 makes it."""
    import boto3

    return boto3.client(
        service, region_name="eu-west-1", endpoint_url=env["AWS_ENDPOINT_URL"],
        aws_access_key_id=ACCOUNT, aws_secret_access_key="local",
    )  # fmt: skip


def _whole(at: int, listener: str, group: str) -> bytes:
    name = f"m-{at:05d}"
    more = f"""\
  loadBalancers: [{{targetGroupArn: "{group}", containerName: app, containerPort: 8080}}]
---
apiVersion: apollo/v1
kind: ListenerRule
metadata: {{name: {name}}}
spec:
  listenerArn: "{listener}"
  priority: {at % PER_LISTENER + 1}
  conditions: [{{field: host-header, hostHeaderConfig: {{values: [{name}.example.com]}}}}]
  actions: [{{type: forward, forwardConfig: {{targetGroups: [{{targetGroupArn: "{group}", weight: 1}}]}}}}]
---
apiVersion: apollo/v1
kind: ScalingPolicy
metadata: {{name: {name}}}
spec:
  service: {name}
  minCapacity: 2
  maxCapacity: 5
  policies:
    - name: cpu
      policyType: TargetTrackingScaling
      targetTrackingScalingPolicyConfiguration:
        targetValue: 60
        predefinedMetricSpecification: {{predefinedMetricType: ECSServiceAverageCPUUtilization}}
"""
    return manifest(name) + more.encode()


async def main(config: Path, endpoint: str) -> None:
    """Send what Apollo plans, without its looks in between: nobody else is there."""
    from botocore import xform_name

    async with Operator(load_settings(config)) as operator:
        unlimited = {name: Limit(1e6, 1e6) for name in LIMITS}
        operator.aws = Aws(operator.settings.installation.name, clock=operator.clock, limits=unlimited)
        plan = await operator.plan("stage")
    if plan.failed or plan.stopped:
        bad = [item.failure for item in plan if item.failure is not None]
        raise RuntimeError(f"the plan failed: {bad[:3]} {plan.problems[:3]}")
    env = {"AWS_ENDPOINT_URL": endpoint}
    clients = {step.call.service: client(env, step.call.service) for step in plan.steps}
    outputs: dict[Ref, str] = {}

    def send(steps: list[Step]) -> None:
        for step in steps:
            call = step.call
            method = getattr(clients[call.service], xform_name(call.operation))
            answer = method(**substitute(call.params, outputs))
            if call.operation == "RegisterTaskDefinition":
                arn = answer["taskDefinition"]["taskDefinitionArn"]
                outputs[Ref("TaskDefinition", step.target.name, "arn")] = arn
            elif call.operation == "CreateService":
                outputs[Ref("Service", step.target.name, "name")] = call.params["serviceName"]
                outputs[Ref("Service", step.target.name, "cluster")] = call.params["cluster"]

    for kind in _ORDER:
        found: dict[Key, list[Step]] = {}
        for step in plan.steps:
            if step.target.kind == kind:
                found.setdefault(step.target, []).append(step)
        limiter = anyio.CapacityLimiter(8)
        async with anyio.create_task_group() as tasks:
            for steps in found.values():
                tasks.start_soon(partial(anyio.to_thread.run_sync, send, steps, limiter=limiter))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2])
