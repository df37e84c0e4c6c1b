"""What is true at the moment of a scrape: queues, sync and health, rate budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import anyio.lowlevel
from attrs import define, field
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apollo.api import HealthStatus
from apollo.engine.status import resource_status, worst
from apollo.operator import Operator
from apollo.operator.watch import Watch
from apollo.web.bounded import Bounded

__all__ = ["Gauges"]

_TURN = 200
"""Resources after which others get their turn: a scrape must not hold up the loop."""

_SYNC = ("Synced", "OutOfSync", "Unknown")


@define(eq=False)
class Gauges(Collector):
    """Asks the operator. `refresh` does the part that grows with the number of resources."""

    operator: Operator
    _apps: Bounded = field(factory=Bounded, init=False)
    _resources: Counter[tuple[str, str, str, str, str]] = field(factory=Counter, init=False)
    _drift: Counter[tuple[str, str, str]] = field(factory=Counter, init=False)
    _rolled: dict[tuple[str, str], tuple[str, str]] = field(factory=dict, init=False)
    _depth: dict[str, int] = field(factory=dict, init=False)

    async def refresh(self) -> None:
        """Look through all resources, a few at a time."""
        resources: Counter[tuple[str, str, str, str, str]] = Counter()
        drift: Counter[tuple[str, str, str]] = Counter()
        apps: dict[tuple[str, str], set[tuple[str, HealthStatus]]] = {}
        depth: dict[str, int] = {}
        for name, watch in self.operator.watched().items():
            loop = watch.loop
            for number, (key, item) in enumerate([*loop.items.items(), *loop.gone.items()]):
                if number % _TURN == _TURN - 1:
                    await anyio.lowlevel.checkpoint()
                row = resource_status(item)
                app = self._apps(name, row.app)
                resources[name, app, key.kind, row.sync, row.health.status] += 1
                apps.setdefault((name, app), set()).add((row.sync, row.health.status))
                drift[name, app, key.kind] += row.reason == "Drifted"
            now, queue = watch.clock.monotonic(), loop.scheduler.queue
            groups = list(loop.engine.graph.groups)
            depth[name] = 0
            for number, group in enumerate(groups):
                if number % _TURN == _TURN - 1:
                    await anyio.lowlevel.checkpoint()
                due = queue.due(group)
                depth[name] += due is not None and due <= now and group not in watch.running
        self._resources, self._drift, self._depth = resources, drift, depth
        self._rolled = {where: _worst(rows) for where, rows in apps.items()}

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from self._of_environments()
        yield from self._of_apps()
        yield from self._of_budgets()

    def _of_environments(self) -> Iterator[Metric]:
        def gauge(name: str, text: str, *more: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(name, text, labels=["environment", *more])

        alive = gauge("apollo_loop_up", "Whether the environment's loop moves.")
        ready = gauge("apollo_ready", "Whether git was read and AWS answers.")
        commit = gauge("apollo_commit_info", "The commit in force; always 1.", "commit")
        depth = gauge("apollo_queue_depth", "Groups that are due and wait for a worker.")
        active = gauge("apollo_reconcile_active", "Groups that are worked on.")
        longest = gauge("apollo_reconcile_longest_running_seconds", "How long the oldest of them has run.")
        swept = gauge("apollo_last_sweep_timestamp_seconds", "When everything was looked at last.")
        for name, watch in self.operator.watched().items():
            alive.add_metric([name], float(watch.alive))
            ready.add_metric([name], float(not watch.why_not_ready))
            if watch.loop.engine.snapshot.commit:
                commit.add_metric([name, watch.loop.engine.snapshot.commit], 1)
            depth.add_metric([name], self._depth.get(name, 0))
            active.add_metric([name], len(watch.running))
            longest.add_metric([name], _oldest(watch))
            if watch.loop.swept >= 0:
                ago = watch.clock.monotonic() - watch.loop.swept
                swept.add_metric([name], watch.clock.now().timestamp() - ago)
        yield from (alive, ready, commit, depth, active, longest, swept)

    def _of_apps(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "apollo_app_info",
            "The worst sync and health state among an app's resources; always 1.",
            labels=["environment", "app", "sync_status", "health_status"],
        )
        for where, states in sorted(self._rolled.items()):
            info.add_metric([*where, *states], 1)
        resources = GaugeMetricFamily(
            "apollo_resources",
            "Resources by app, kind, sync and health state.",
            labels=["environment", "app", "kind", "sync_status", "health_status"],
        )
        for labels, count in sorted(self._resources.items()):
            resources.add_metric(labels, count)
        drift = GaugeMetricFamily(
            "apollo_drift",
            "Resources that were changed behind Apollo's back and are not healed.",
            labels=["environment", "app", "kind"],
        )
        for which, number in sorted(self._drift.items()):
            drift.add_metric(which, number)
        yield from (info, resources, drift)

    def _of_budgets(self) -> Iterator[Metric]:
        labels = ["account", "region", "bucket"]
        rate = GaugeMetricFamily(
            "apollo_aws_rate_limit_per_second", "Requests a second that Apollo allows itself.", labels=labels
        )
        share = GaugeMetricFamily(
            "apollo_aws_rate_share_ratio",
            "The part of AWS's rate that is used: 1 unless AWS throttled lately.",
            labels=labels,
        )
        left = GaugeMetricFamily(
            "apollo_aws_rate_available_ratio",
            "How full the bucket is: near 0, requests have to wait.",
            labels=labels,
        )
        waiting = GaugeMetricFamily(
            "apollo_aws_rate_waiting",
            "Requests that wait for AWS's rate, by why they are made.",
            labels=[*labels, "lane"],
        )
        granted = CounterMetricFamily(
            "apollo_aws_rate_granted", "Requests that were let through.", labels=labels
        )
        throttled = CounterMetricFamily(
            "apollo_aws_throttled", "Requests that AWS throttled all the same.", labels=labels
        )
        for state in self.operator.aws.budget():
            where = [state.account, state.region, state.name]
            rate.add_metric(where, state.rate)
            share.add_metric(where, state.factor)
            left.add_metric(where, state.tokens / state.burst if state.burst else 0.0)
            granted.add_metric(where, state.granted)
            throttled.add_metric(where, state.throttled)
            for lane in ("act", "wait", "changed", "sweep"):
                waiting.add_metric([*where, lane], state.waiting.get(lane, 0))
        yield from (rate, share, left, waiting, granted, throttled)


def _oldest(watch: Watch) -> float:
    return watch.clock.monotonic() - min(watch.running.values()) if watch.running else 0.0


def _worst(states: set[tuple[str, HealthStatus]]) -> tuple[str, str]:
    return max((sync for sync, _ in states), key=_SYNC.index), worst(health for _, health in states)
