"""G2 in small: the CPU of reading ten services with 100 events each, through Apollo and with plain boto3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import anyio

from apollo.api import Env
from apollo.aws import LIMITS, Aws, Limit
from apollo.clock import SystemClock
from apollo.controllers.service.loaders import SERVICES
from apollo.settings import Environment
from benchmarks.canned import EVENTS, canned
from benchmarks.harness import Row, Stopwatch, Usage, ratio
from benchmarks.world import ACCOUNT

__all__ = ["run"]

_NAMES = [f"s{at}" for at in range(10)]


def run(tiny: bool) -> Iterator[Row]:
    import boto3

    with canned() as endpoint:
        env = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        before = dict(os.environ)
        os.environ.update(env)
        try:
            client = boto3.client("ecs", region_name="eu-west-1")
            ours, plain = anyio.run(_measure, client, 2 if tiny else 30, 1 if tiny else 5)
        finally:
            os.environ.clear()
            os.environ.update(before)
    each = min(one.cpu for one in ours) / (2 if tiny else 30) * 1e3
    note = f"{each:.1f} ms; {EVENTS} events a service; a goal of a later issue"
    yield Row("G2", "CPU of a DescribeServices ÷ plain boto3", ratio(ours, plain, "cpu"), "x", None, note)


async def _measure(client: Any, calls: int, rounds: int) -> tuple[list[Usage], list[Usage]]:
    clock = SystemClock()
    taken: tuple[list[Usage], list[Usage]] = ([], [])
    async with Aws("bench", clock=clock, limits={name: Limit(1e6, 1e6) for name in LIMITS}) as aws:
        ctx = aws.context(Env("stage"), Environment(name="stage"), lane="changed")

        async def load(name: str) -> None:
            if await ctx.load(SERVICES, ("green", name)) is None:
                raise RuntimeError(f"{name} was not found")

        async def batch() -> None:
            async with anyio.create_task_group() as tasks:
                for name in _NAMES:
                    tasks.start_soon(load, name)

        await batch()
        for _ in range(rounds):
            watch = Stopwatch()
            for _ in range(calls):
                await batch()
            taken[0].append(watch.stop())
            watch = Stopwatch()
            for _ in range(calls):
                client.describe_services(cluster="green", services=_NAMES, include=["TAGS"])
            taken[1].append(watch.stop())
    return taken
