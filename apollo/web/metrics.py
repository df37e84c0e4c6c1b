"""Counters and histograms, fed by what an operator tells. Nothing here waits or asks."""

from __future__ import annotations

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from apollo import __version__
from apollo.aws import CallRecord
from apollo.engine.events import Event
from apollo.operator import Operator
from apollo.operator.watch import CommitHealthy, Fetched, Measure, Reconciled
from apollo.web.bounded import Bounded
from apollo.web.gauges import Gauges

__all__ = ["Metrics"]

_WORK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_CALL = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_ROLLOUT = (15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0)
_RESULTS = ("success", "waiting", "error")
_SYNCS = {"Synced": "Succeeded", "Failed": "Failed", "RolledBack": "RolledBack", "Held": "Held"}


class Metrics:
    """All metrics of one operator, in a registry of their own.

    :ivar gauges: what is asked for at a scrape; `Gauges.refresh` it before.
    """

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.registry = registry = CollectorRegistry()
        self._apps = Bounded()
        self._codes = Bounded()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._about()
        where = ["environment"]
        self._reconciles = Counter(
            "apollo_reconcile_total",
            "Looks at a group of resources, with what was done about it, by result.",
            ["environment", "kind", "result"],
            registry=registry,
        )
        self._panics = Counter(
            "apollo_reconcile_panics_total", "Reconciles that an error of Apollo's own ended.", where,
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "apollo_reconcile_duration_seconds",
            "How long one reconcile takes.",
            ["environment", "kind"],
            buckets=_WORK,
            registry=registry,
        )
        self._queued = Histogram(
            "apollo_queue_duration_seconds",
            "How long a group waits after it was due, by the priority it had.",
            ["environment", "priority"],
            buckets=_WORK,
            registry=registry,
        )
        self._retries = Counter(
            "apollo_reconcile_retries_total",
            "Reconciles that are tried again because they failed.",
            ["environment", "kind"],
            registry=registry,
        )
        self._syncs = Counter(
            "apollo_sync_total",
            "How syncs of single resources ended, by app.",
            ["environment", "app", "phase"],
            registry=registry,
        )
        self._drifts = Counter(
            "apollo_drift_detected_total",
            "Times that something was found changed behind Apollo's back.",
            ["environment", "app", "kind"],
            registry=registry,
        )
        self._pruned = Counter(
            "apollo_prune_total", "Objects deleted because git does not hold them any more.",
            ["environment", "app"], registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "apollo_aws_requests_total",
            "Requests to AWS by service, operation and AWS's error code (OK when there is none).",
            ["service", "operation", "code"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "apollo_aws_request_duration_seconds",
            "How long AWS takes to answer, without the wait for its rate.",
            ["service", "operation"],
            buckets=_CALL,
            registry=registry,
        )
        self._rate_waits = Histogram(
            "apollo_aws_rate_wait_seconds",
            "How long requests wait so that AWS need not throttle them, by why they are made.",
            ["lane"],
            buckets=_WORK,
            registry=registry,
        )
        self._fetches = Counter(
            "apollo_git_fetch_total", "Times that git was asked where the branch is.",
            ["environment", "result"], registry=registry,
        )  # fmt: skip
        self._fetch_seconds = Histogram(
            "apollo_git_fetch_duration_seconds", "How long git takes to say where the branch is.", where,
            buckets=_CALL, registry=registry,
        )  # fmt: skip
        self._source_failures = Counter(
            "apollo_source_failures_total",
            "Commits, or parts of them, that could not be used.",
            ["environment", "reason"],
            registry=registry,
        )
        self._healthy = Histogram(
            "apollo_commit_to_healthy_seconds",
            "From the push of a commit until all of it is in AWS and healthy.",
            where,
            buckets=_ROLLOUT,
            registry=registry,
        )
        for name in self.operator.environments:  # what has not happened is 0, not absent
            self._panics.labels(name)
            self._healthy.labels(name)
            self._fetch_seconds.labels(name)
            for result in ("success", "error"):
                self._fetches.labels(name, result)
        self.gauges = Gauges(self.operator)
        registry.register(self.gauges)
        self.operator.subscribe(events=self.event, calls=self.call, measures=self.measure)

    def _about(self) -> None:
        version = Gauge(
            "apollo_build_info", "Which Apollo this is; always 1.", ["version", "python"],
            registry=self.registry,
        )  # fmt: skip
        version.labels(__version__, platform.python_version()).set(1)
        home = self.operator.home
        about = Gauge(
            "apollo_instance_info",
            "Which installation this is, and the ECS task it runs as (empty elsewhere); always 1.",
            ["installation", "cluster", "service", "task"],
            registry=self.registry,
        )
        about.labels(
            self.operator.settings.installation.name,
            home.cluster if home else "",
            home.service if home else "",
            home.task if home else "",
        ).set(1)

    def event(self, event: Event) -> None:
        """Count one event."""
        where = event.environment
        app = self._apps(where, event.app)
        if event.type in _SYNCS:
            self._syncs.labels(where, app, _SYNCS[event.type]).inc()
        if event.reason == "Drifted" and event.key is not None:  # healed, or left alone with a warning
            self._drifts.labels(where, app, event.key.kind).inc()
        if event.type == "Deleted":
            self._pruned.labels(where, app).inc()
        elif event.type == "SourceFailed":
            self._source_failures.labels(where, event.reason or "SourceFailed").inc()
        elif event.type == "Failed" and event.reason == "Internal":
            self._panics.labels(where).inc()

    def call(self, record: CallRecord) -> None:
        """Count one request to AWS."""
        code = self._codes("", record.code or "OK")
        self._requests.labels(record.service, record.operation, code).inc()
        self._request_seconds.labels(record.service, record.operation).observe(record.duration)
        self._rate_waits.labels(record.lane).observe(record.waited)

    def measure(self, measure: Measure) -> None:
        """Take in what was measured."""
        where = measure.environment
        if isinstance(measure, Reconciled):
            self._reconciles.labels(where, measure.kind, measure.result).inc()
            self._seconds.labels(where, measure.kind).observe(measure.seconds)
            self._queued.labels(where, measure.priority).observe(measure.waited)
            if measure.again == "retry":
                self._retries.labels(where, measure.kind).inc()
        elif isinstance(measure, Fetched):
            self._fetches.labels(where, "error" if measure.failed else "success").inc()
            self._fetch_seconds.labels(where).observe(measure.seconds)
        elif isinstance(measure, CommitHealthy):
            self._healthy.labels(where).observe(measure.seconds)
