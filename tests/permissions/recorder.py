"""Notes which IAM actions Apollo uses in a test run; holds them against what ``apollo iam-policy`` prints.

Every local AWS of the run is listened to, in every worker; requests that carry Apollo's User-Agent count. At
the end: what was used must be printed. When the whole suite ran and passed, what is printed must have been
used, too; that this was looked at is told, and a run fails whose workers did not tell what they saw.
`tests.permissions.known` names the exceptions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

__all__ = ["Recorder", "register"]

_APOLLO: Final = re.compile(r"\bapollo/[^/\s]+/[^/\s]+")
_SENT: Final = "apollo_calls"


def register(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config), "apollo-permissions")


class Recorder:
    """The plugin. In a worker it collects and hands over; in the controller it judges."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker = hasattr(config, "workerinput")
        self.calls: dict[tuple[str, str], set[str]] = {}
        """Service and operation → the tests that asked for it."""
        self._whole = not self._worker and _is_whole(config)
        self._silent: list[str] = []
        """Workers that ended without handing over what they noted."""
        self._verdict: list[str] = []
        self._judged = False
        _listen(self._note)

    def _note(self, service: str, operation: str, user_agent: str) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        if test and _APOLLO.search(user_agent):
            self.calls.setdefault((service, operation), set()).add(test)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        sent = getattr(node, "workeroutput", {}).get(_SENT)
        if sent is None:
            self._silent.append(str(getattr(getattr(node, "gateway", None), "id", node)))
        for service, operation, tests in sent or ():
            self.calls.setdefault((service, operation), set()).update(tests)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._worker:
            # As many names as are needed to find out who it was.
            self._config.workeroutput[_SENT] = [  # type: ignore[attr-defined]
                (service, operation, sorted(tests)) for (service, operation), tests in self.calls.items()
            ]
            return
        if hasattr(self._config, "cache") and self.calls:
            # For whoever wants to know who asks for what: .pytest_cache/v/apollo/calls
            rows = {f"{service}:{name}": sorted(tests) for (service, name), tests in self.calls.items()}
            self._config.cache.set("apollo/calls", dict(sorted(rows.items())))
        self._judged = self._whole and exitstatus == 0 and not self._config.option.collectonly
        self._verdict = list(_judge(self.calls, whole=self._judged))
        if self._judged and self._silent:
            self._verdict.append(f"{', '.join(self._silent)} ended without telling what was used")
        if self._verdict and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._verdict:
            terminalreporter.section("permissions", red=True)
            for line in self._verdict:
                terminalreporter.write_line(line)
        elif self._judged:
            terminalreporter.write_line("permissions: every action that apollo iam-policy prints is used")


def _is_whole(config: pytest.Config) -> bool:
    """Whether nothing was left out of the suite."""
    option = config.option
    narrowed = (
        option.keyword,
        option.markexpr,
        option.deselect,
        getattr(option, "lf", False),  # pytest may run without its cache
        option.ignore,
        option.ignore_glob,
    )
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(narrowed)


def _judge(calls: Mapping[tuple[str, str], set[str]], *, whole: bool) -> Iterator[str]:
    if not calls and not whole:
        return
    from tests.permissions.known import NOT_ASKED_FOR, action_of, allowed, counted, own

    used: set[str] = set()
    for (service, operation), tests in sorted(calls.items()):
        action = action_of(service, operation)
        counting = {test for test in tests if counted(test)}
        used |= {action} if counting else set()
        lacking = {test for test in counting if action not in allowed(test)}
        if lacking:
            yield f"{action} is used and not printed by apollo iam-policy, in {min(lacking)}"
    if whole:
        for action in sorted(own() - used - set(NOT_ASKED_FOR)):
            yield f"{action} is printed by apollo iam-policy, and no test uses it"


def _listen(note: Any) -> None:
    """Hear of every request that any local AWS of this process gets."""
    from apollo.testing.log import RequestLog

    add = RequestLog.add

    def noted(self: RequestLog, time: float, service: str, operation: str, *more: Any, **named: Any) -> Any:
        entry = add(self, time, service, operation, *more, **named)
        note(service, operation, entry.user_agent)
        return entry

    RequestLog.add = noted  # type: ignore[method-assign]
