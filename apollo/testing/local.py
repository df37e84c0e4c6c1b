"""The local AWS as one object: start it, look into it, steer it, stop it."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

import botocore.session
from botocore.config import Config

from apollo.testing.clock import VirtualClock
from apollo.testing.control import Control
from apollo.testing.dispatch import Dispatcher
from apollo.testing.dump import dump
from apollo.testing.faults import Faults
from apollo.testing.hooks import LambdaHooks
from apollo.testing.log import Request
from apollo.testing.news.watch import News
from apollo.testing.scenarios import Scenarios
from apollo.testing.server import Server
from apollo.testing.services import registry
from apollo.testing.services.autoscaling import ApplicationAutoScaling
from apollo.testing.services.autoscaling.load import load_needs
from apollo.testing.services.ecs import Ecs
from apollo.testing.services.ecs.alarms import set_alarm
from apollo.testing.services.ecs.capacity import instance_arn
from apollo.testing.services.ecs.instances import set_instances
from apollo.testing.services.elbv2 import Elbv2, stage
from apollo.testing.services.elbv2.routing import Probe, match
from apollo.testing.services.elbv2.rules import view
from apollo.testing.timings import Timings
from apollo.testing.world import DEFAULT_ACCOUNT, DEFAULT_REGION, World

_LOADERS: dict[Any, Any] = {}
_ASTRAY = frozenset(
    {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
)


def strays(environment: Iterable[str]) -> list[str]:
    """The variables of an environment that would lead an SDK elsewhere, or to a profile that is not there."""
    return sorted(name for name in environment if name in _ASTRAY or name.startswith("AWS_ENDPOINT_URL_"))


class LocalAws:
    """AWS on 127.0.0.1, for one process or for anything else that gets its endpoint.

    speed 0 (the default): time moves only through `advance` and `settle`. 1: real time. N: N times faster.
    strict: hold every answer against the service model, for testing the local AWS itself.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        speed: float = 0.0,
        port: int = 0,
        timings: Timings | None = None,
        start: float | None = None,
        strict: bool = False,
    ) -> None:
        self.clock = VirtualClock(speed, start)
        self.world = World(seed, self.clock, timings or Timings(), registry())
        self.news = self.world.news = News(self.world)
        dispatcher = Dispatcher(self.world, strict=strict)
        self._server = Server(Control(self, dispatcher.handle).handle, port)
        self._clients: dict[tuple[str, str, str, tuple[tuple[str, Any], ...]], Any] = {}
        self._session: Any = None

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    # steering

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def scenarios(self) -> Scenarios:
        """How images behave from now on: what has already happened is lived through first."""
        with self.world.lock:
            self.world.catch_up()
            for backend in list(self.world.backends.values()):
                backend.step()
            return self.world.scenarios

    def advance(self, seconds: float) -> float:
        """Let virtual time pass."""
        with self.world.lock:
            return self.world.advance(seconds)

    def settle(self, limit: float = 7200.0) -> float:
        """Let time pass until nothing is going to happen by itself, at most `limit` seconds; what passed."""
        with self.world.lock:
            begin = self.clock.now()
            while True:
                at = self.world.next_event()
                now = self.clock.now()
                if at is None or at - begin > limit:
                    return now - begin
                self.clock.advance(max(0.0, at - now))

    def reset(self) -> None:
        """Forget all state, faults, scenarios and requests; the clock goes on."""
        with self.world.lock:
            self.world.reset()

    def subscribe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call back with every event that ECS sends to EventBridge from now on; what is returned ends it.

        It is called while time or a request makes the event happen, in that thread, and must not ask the
        local AWS anything itself; `seen = []; aws.subscribe(seen.append)` is the usual way.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
        """
        with self.world.lock:
            return self.news.subscribe(callback)

    @property
    def hooks(self) -> LambdaHooks:
        """What the Lambda functions of lifecycle hooks answer from now on, and how they were called."""
        return self.scenarios.hooks

    # a stage to play on, built without calls in the request log

    def listener(
        self,
        name: str = "web",
        port: int = 80,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> str:
        """The ARN of an HTTP listener on the load balancer `name`, made if need be; it answers 404."""
        with self.world.lock:
            return stage.listener(self._elbv2(account, region), name, port)

    def target_group(
        self,
        name: str = "web",
        *,
        port: int = 80,
        balanced: bool = True,
        identifier: str | None = None,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> str:
        """The ARN of a target group for Fargate tasks.

        balanced: a load balancer of the same name forwards to it, as ECS demands of a service's target group.
        identifier: the sixteen digits at the end of the ARN, for an ARN known beforehand.
        """
        with self.world.lock:
            return stage.target_group(self._elbv2(account, region), name, port, balanced, identifier)

    def _elbv2(self, account: str, region: str) -> Elbv2:
        return cast("Elbv2", self.world.backend("elbv2", account, region))

    def load_rises(
        self,
        service: str,
        tasks: int,
        *,
        cluster: str = "default",
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> int:
        """The load of a service needs so many tasks now, more or fewer: its scaling policies follow.

        They keep within the bounds of its scalable target and move nothing that is suspended; without a
        policy nothing moves. Nothing of it is in the request log. The desired count afterwards.
        LookupError: the service has no scalable target.
        """
        with self.world.lock:
            self.world.catch_up()
            scaling = cast(
                "ApplicationAutoScaling", self.world.backend("application-autoscaling", account, region)
            )
            return load_needs(scaling, f"service/{cluster}/{service}", tasks)

    def alarm(
        self,
        name: str,
        state: str = "ALARM",
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> None:
        """A CloudWatch alarm goes into a state: OK, ALARM or INSUFFICIENT_DATA. Unsaid, it is in none.

        ECS deployments with this alarm in their `alarms` see it. ValueError: another state.
        """
        with self.world.lock:
            self.world.catch_up()
            set_alarm(self._ecs(account, region), name, state, self.clock.now())
            self._changed(account, region)

    def container_instances(
        self,
        cluster: str,
        count: int,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> list[str]:
        """From now on a cluster has so many container instances for tasks on EC2; their ARNs.

        Until this was said, or RegisterContainerInstance called, a cluster has none, as on AWS: no task finds
        a place on EC2. Each runs any number of tasks. LookupError: no such cluster.
        """
        with self.world.lock:
            self.world.catch_up()
            ecs = self._ecs(account, region)
            found = ecs.clusters.get(cluster)
            if found is None:
                raise LookupError(f"no cluster {cluster}")
            set_instances(ecs, found, count, self.clock.now())
            self._changed(account, region)
            return [instance_arn(ecs, found, instance) for instance in found.instances]

    def _changed(self, account: str, region: str) -> None:
        """What a hand did counts as a change like that of a call."""
        self.world.version += 1
        self.world.changed(account, region)

    def _ecs(self, account: str, region: str) -> Ecs:
        return cast("Ecs", self.world.backend("ecs", account, region))

    # looking

    def route(
        self,
        listener: str,
        *,
        host: str = "example.com",
        path: str = "/",
        method: str = "GET",
        headers: Mapping[str, str | Sequence[str]] | None = None,
        query: Mapping[str, str] | None = None,
        source_ip: str = "203.0.113.1",
    ) -> dict[str, Any]:
        """The rule that such a request to a listener (its ARN) would match, as DescribeRules shows it."""
        probe = Probe(host, path, method, headers or {}, tuple((query or {}).items()), source_ip)
        _, _, _, region, account, _ = listener.split(":", 5)
        with self.world.lock:
            return view(match(self._elbv2(account, region).listener(listener), probe), None)

    @property
    def requests(self) -> list[Request]:
        """Every call since the last clear, in order."""
        with self.world.lock:
            return list(self.world.log)

    def mutations(self) -> list[Request]:
        """The calls that could change something."""
        return [request for request in self.requests if request.mutating]

    def counts(self) -> dict[str, int]:
        """How often each `service:Operation` was called."""
        with self.world.lock:
            return self.world.log.counts()

    def clear(self) -> None:
        """Forget the requests so far; the state stays."""
        with self.world.lock:
            self.world.log.clear()

    def snapshot(self) -> dict[str, Any]:
        """The whole state without AWS-drawn identifiers and timestamps, to compare end states."""
        with self.world.lock:
            self.world.catch_up()
            result: dict[str, Any] = {}
            for (service, account, region), backend in sorted(self.world.backends.items()):
                backend.step()
                state = backend.snapshot()
                if any(state.values()):
                    result[f"{account}/{region}/{service}"] = state
            return result

    def state(self) -> dict[str, Any]:
        """The whole state with identifiers and times, as JSON has it, to compare two runs with one seed.

        `aws`: ours, by account/region/service; `moto`: what moto holds for the other services. Its shape is
        that of the inside and may change from version to version.
        """
        with self.world.lock:
            self.world.catch_up()
            self.world.news.look()
            return dump(self.world)

    def events(self) -> list[dict[str, Any]]:
        """The last thousand events that ECS sent to EventBridge, oldest first.

        They are kept from the moment on at which somebody listens: `subscribe`, a call of EventBridge or
        CloudWatch Logs, or this method.
        """
        with self.world.lock:
            self.world.news.start()
            self.world.news.look()
            return [event for _, event in self.news.recent]

    # the human's hand

    def env(self, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> dict[str, str]:
        """Environment variables with which any AWS SDK or the aws CLI comes here, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(
        self,
        service: str,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        retries: int = 0,
        **config: Any,
    ) -> Any:
        """An SDK client for somebody in that account. It retries only if told to, so that faults show."""
        config["retries"] = {"mode": "standard", "total_max_attempts": retries + 1}
        key = (service, account, region, tuple(sorted((k, repr(v)) for k, v in config.items())))
        found = self._clients.get(key)
        if found is None:
            if self._session is None:
                self._session = botocore.session.Session()
                # To parse AWS's models takes longer than many a test: once for a process is enough.
                path = self._session.get_config_variable("data_path")
                loader = _LOADERS.setdefault(path, self._session.get_component("data_loader"))
                self._session.register_component("data_loader", loader)
            found = self._clients[key] = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=account,
                aws_secret_access_key="local",
                config=Config(**config),
            )
        return found


def serve(
    port: int = 0,
    speed: float = 1.0,
    seed: int = 0,
    *,
    stop: threading.Event | None = None,
    started: threading.Event | None = None,
    timings: Timings | None = None,
) -> None:
    """Serve until `stop` is set (or for ever); raises OSError when the port is taken."""
    with LocalAws(seed=seed, speed=speed, port=port, timings=timings):
        if started is not None:
            started.set()
        (stop or threading.Event()).wait()
