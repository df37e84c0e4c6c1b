"""moto, imported when it is first needed, with a state for each local AWS.

moto keeps its state in variables of its modules, one for the whole process. Each local AWS has a state of its
own all the same: it is put in place for the length of one request and taken out again, under one lock. What
`moto.mock_aws` holds in the same process is put aside meanwhile.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from threading import RLock
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders

from apollo.testing.errors import NotSimulated

_lock = RLock()
"""Of moto as a whole: one local AWS at a time is in it. Whoever holds it never waits for a world's lock."""
_now: Callable[[], float] | None = None
"""The clock of the local AWS that is in moto at the moment."""
_rebound = 0
_served = 0
_HOUSEKEEPING = 1000
"""moto remembers every object it ever made, for a page of its server; forgotten after so many requests."""

_HOSTS = {
    "cloudwatch": "monitoring",
    "dynamodbstreams": "streams.dynamodb",
    "efs": "elasticfilesystem",
    "amp": "aps",
    "sesv2": "email",
    "stepfunctions": "states",
    "emr": "elasticmapreduce",
}
_NOWHERE = frozenset({"budgets", "cloudfront", "iam", "organizations", "route53"})
"""Services of the whole world, whose host names no region."""


class MotoMissing(NotSimulated):
    """moto is not installed: a 400 that names the operation and the remedy."""

    def __init__(self, what: str, lacking: str = "") -> None:
        super().__init__(what)
        remedy = "pip install 'apollo-ecs[testing]'"
        if lacking:
            remedy = f"with all it needs for this service ({lacking}): pip install 'moto[all]'"
        self.message = (
            f"{what} is not simulated by the local AWS itself, and moto, which would answer, is not "
            f"installed: {remedy}"
        )


class Moto:
    """moto as one local AWS sees it: its own accounts, its own random numbers, its own time."""

    def __init__(self, seed: int, now: Callable[[], float]) -> None:
        self._seed = seed
        self._now = now
        self._contents: dict[Any, tuple[dict[str, Any], dict[str, Any]]] = {}
        """By moto's dictionary of a service: its accounts, and what else it holds."""
        self._random = random.Random(f"moto:{seed}").getstate()
        self.used: set[str] = set()
        """The services that were asked for."""

    def reset(self) -> None:
        """Forget all state."""
        self._contents = {}
        self._random = random.Random(f"moto:{self._seed}").getstate()
        self.used = set()

    def send(
        self,
        service: str,
        operation: str,
        account: str,
        region: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[int, dict[str, str], bytes]:
        """moto's answer to a request: status, headers, body.

        NotSimulated: moto has no such service or operation. MotoMissing: there is no moto.
        """
        what = f"{service}:{operation}"
        _import(what)
        host = _HOSTS.get(service, service)
        url = f"http://{host}{'' if service in _NOWHERE else f'.{region}'}.amazonaws.com{path}"
        sent = HTTPHeaders()
        for name, value in headers.items():
            sent[name] = value
        sent["x-moto-account-id"] = account
        with self.inside():
            self.used.add(service)
            from moto.core.botocore_stubber import BotocoreStubber

            try:
                _load(url)
                answer = BotocoreStubber().process_request(AWSPreparedRequest(method, url, sent, body, False))
            except NotImplementedError:
                answer = None
            except ImportError as error:
                raise MotoMissing(what, str(error)) from None
            except Exception as error:
                # Its models may be older than the SDK's; all else is a bug of moto's and is told as one.
                if type(error).__name__ in ("OperationNotFoundError", "UnknownServiceError"):
                    answer = None
                else:
                    raise
        if answer is None or answer[2] == "Not yet implemented":
            raise NotSimulated(what)
        status, answered, content = answer
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        return int(status), {str(k).lower(): str(v) for k, v in answered.items()}, raw

    def backend(self, service: str, account: str, region: str) -> Any:
        """moto's object for a service, by moto's name of it; only to be touched `inside`."""
        from moto.backends import get_backend

        found: Any = get_backend(service)  # type: ignore[call-overload,unused-ignore]
        return found[account][region]

    def tagged(self, account: str, region: str) -> list[tuple[str, str, dict[str, str]]]:
        """What carries tags: its ARN, its type such as `sqs:queue`, its tags."""
        ours = [
            (name, backend)
            for name, its_account, its_region, backend in self.held()
            if its_account == account and its_region == region
        ]
        found = [
            (str(one.arn), str(one.resource_type), dict(one.tags))
            for _, backend in ours
            for one in getattr(backend, "iter_tagged_resources", tuple)()
        ]
        # The tagging API knows schedule groups, and moto does not tell it of them.
        found += [
            (str(group.arn), "scheduler:schedule-group", backend.tagger.get_tag_dict_for_resource(group.arn))
            for name, backend in ours
            if name == "scheduler"
            for group in backend.schedule_groups.values()
        ]
        return found

    def held(self) -> list[tuple[str, str, str, Any]]:
        """moto's objects that hold this local AWS's state: service, account, region, object."""
        found = [
            (services.service_name, account, region, backend)
            for services, (accounts, _) in self._contents.items()
            for account, regions in accounts.items()
            for region, backend in regions.items()
        ]
        return sorted(found, key=lambda item: item[:3])

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This local AWS's state is moto's until the end of the block."""
        global _now, _served
        _import("moto")
        from moto.core.base_backend import BackendDict
        from moto.core.config import default_user_config
        from moto.moto_api._internal import mock_random

        with _lock:
            outside = _take(BackendDict)
            outer_random, outer_now, outer_lambda = (
                mock_random.getstate(),
                _now,
                default_user_config["lambda"],
            )
            _put(BackendDict, self._contents)
            mock_random.setstate(self._random)
            default_user_config["lambda"] = {"use_docker": False}
            _now = self._now
            _rebind()
            try:
                yield
            finally:
                _rebind()
                self._contents = _take(BackendDict)
                self._random = mock_random.getstate()
                _put(BackendDict, outside)
                mock_random.setstate(outer_random)
                default_user_config["lambda"] = outer_lambda
                _now = outer_now
                _served += 1
                if _served % _HOUSEKEEPING == 0 and not outside:
                    from moto.core.model_instances import reset_model_data

                    reset_model_data()


def _import(what: str) -> None:
    try:
        import_module("moto.core.botocore_stubber")
    except ImportError:
        raise MotoMissing(what) from None


def _load(url: str) -> None:
    """Import what answers an address before it is asked, so that it finds our clock."""
    from moto.backend_index import backend_url_patterns
    from moto.backends import get_backend

    for name, pattern in backend_url_patterns:
        if pattern.match(url):
            get_backend(name)  # type: ignore[call-overload,unused-ignore]
            _rebind()
            return


def _take(kind: Any) -> dict[Any, tuple[dict[str, Any], dict[str, Any]]]:
    """Take everything out of moto."""
    held = {}
    for services in list(kind._instances):
        held[services] = (dict(services), {"bucket_accounts": getattr(services, "bucket_accounts", None)})
        services.clear()
        if hasattr(services, "bucket_accounts"):
            services.bucket_accounts = {}
    kind._instances.clear()
    return held


def _put(kind: Any, held: dict[Any, tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for services, (accounts, more) in held.items():
        dict.update(services, accounts)
        if more["bucket_accounts"] is not None:
            services.bucket_accounts = more["bucket_accounts"]
        kind._instances.append(services)


def _utcnow() -> datetime:
    """moto's `utcnow`: naive, in the time of whoever is in it."""
    return datetime.fromtimestamp(time.time() if _now is None else _now(), UTC).replace(tzinfo=None)


class _Time:
    """The module `time`, with that time."""

    @staticmethod
    def time() -> float:
        return time.time() if _now is None else _now()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def _rebind() -> None:
    """Give moto's modules our clock; those that came since the last time."""
    global _rebound
    if len(sys.modules) == _rebound:
        return
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and callable(getattr(module, "__dict__", {}).get("utcnow")):
            module.__dict__["utcnow"] = _utcnow
    secrets = sys.modules.get("moto.secretsmanager.models")
    if secrets is not None:
        secrets.__dict__["time"] = _Time()
    _rebound = len(sys.modules)
