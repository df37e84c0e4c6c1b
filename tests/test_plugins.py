"""Installed kinds and gates: what is loaded, what is not and why; with packages laid out as pip does."""

from __future__ import annotations

import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apollo.api import Allowed, Call, Controller, Env, Held, Key, Proposal, Spec, Step, Terminal
from apollo.errors import ApolloError
from apollo.plugins import Registry, discover_gates
from apollo.settings import Allow, Plugins, Sync

GOOD = """
from apollo.api import Controller, Spec
class QueueSpec(Spec):
    size: int = 1
class {name}(Controller):
    kind = "{kind}"
    spec_type = QueueSpec
    def identity(self, spec, env): return None
    async def observe(self, ctx, at, want): return None
    def diff(self, want, seen): return ()
"""


class VirtualClock:
    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package with one module, ``mod_<package>``, and an entry in a group."""
    known = set(sys.modules)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def lay_out(
        package: str,
        kind: str = "acme.Queue",
        code: str | None = None,
        *,
        entries: str | None = None,
        group: str = "apollo.controllers",
        version: str = "1.0",
    ) -> Path:
        module = "mod_" + package.replace("-", "_")
        info = site / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entries or f"[{group}]\n{kind} = {module}:Thing\n")
        source = site / f"{module}.py"
        source.write_text(GOOD.format(name="Thing", kind=kind) if code is None else code)
        return source

    yield lay_out
    for name in set(sys.modules) - known:
        if name.startswith("mod_"):
            del sys.modules[name]


def state(registry: Registry, kind: str, package: str) -> tuple[str, str]:
    for info in registry.report():
        if (info.kind, info.distribution) == (kind, package):
            return info.state, info.error
    raise AssertionError(f"{kind} of {package} is not in the report")


def refused(registry: Registry, kind: str) -> Terminal:
    with pytest.raises(Terminal) as raised:
        registry.get(kind)
    assert raised.value.reason == "NoController"
    return raised.value


# ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_installed_kind_is_known_at_once_and_imported_when_it_is_used(install: Install) -> None:
    install("acme-queue")
    registry = Registry()
    assert "acme.Queue" in registry.names()
    assert state(registry, "acme.Queue", "acme-queue") == ("available", "")
    assert "mod_acme_queue" not in sys.modules
    controller = registry.get("acme.Queue")
    assert controller.kind == "acme.Queue"
    assert registry.get("acme.Queue") is controller
    assert state(registry, "acme.Queue", "acme-queue") == ("loaded", "")


def test_the_built_in_kinds_come_in_as_strangers_do() -> None:
    registry = Registry()
    assert registry.names() >= {"Service", "TaskDefinition"}
    assert state(registry, "Service", "apollo-ecs")[0] == "available"


def test_an_unknown_kind_is_told_with_what_was_meant() -> None:
    error = refused(Registry(), "Servcie")
    assert error.hint == "did you mean Service?"
    assert refused(Registry(), "service").hint == "did you mean Service?"
    assert "installed where Apollo runs" in refused(Registry(), "acme.Bucket").hint


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nothing_like_this", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("", "AttributeError"),
        ("class Thing:\n    pass", "no apollo.api.Controller"),
        ("Thing = None", "no apollo.api.Controller"),
        ("class Thing:\n    def __init__(self): raise ValueError('no config')", "ValueError: no config"),
        (GOOD.format(name="Thing", kind="acme.Other"), "its controller is of kind 'acme.Other'"),
        (GOOD.format(name="Thing", kind="acme.Queue").replace("QueueSpec\n", "dict\n"), "spec_type"),
        (GOOD.format(name="Thing", kind="acme.Queue").replace("identity", "x"), "implement identity"),
        (
            GOOD.partition("    def identity")[0].format(name="Thing", kind="acme.Queue"),
            "does not implement identity, observe, diff",
        ),
    ],
)
def test_a_broken_plugin_stops_its_own_kind_alone(install: Install, code: str, why: str) -> None:
    install("acme-queue", code=code)
    install("acme-topic", "acme.Topic")
    registry = Registry()
    error = refused(registry, "acme.Queue")
    assert why in error.message
    assert "acme-queue 1.0" in error.message
    assert state(registry, "acme.Queue", "acme-queue") == ("broken", error.message)
    assert registry.get("acme.Topic").kind == "acme.Topic"


def test_an_error_of_a_plugin_says_where(install: Install) -> None:
    source = install("acme-queue", code="\n\nraise KeyError('x')")
    assert f"({source}:3)" in refused(Registry(), "acme.Queue").message


def test_an_import_without_end_stops_its_own_kind_alone(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apollo.plugins.found.PATIENCE", 0.05)
    clock = VirtualClock()
    # It holds the lock of its module until this process ends: the name is used by no other test.
    install("acme-stuck", "acme.Stuck", code="import threading\nthreading.Event().wait()")
    install("acme-topic", "acme.Topic")
    registry = Registry(clock=clock)
    error = refused(registry, "acme.Stuck")
    assert "it is not loaded after" in error.message
    before = threading.active_count()
    clock.passed = 5
    refused(registry, "acme.Stuck")  # asked again, and nothing else begins to wait
    assert threading.active_count() == before
    assert registry.get("acme.Topic").kind == "acme.Topic"


def test_a_plugin_that_is_being_loaded_holds_up_no_other_kind(install: Install) -> None:
    hold = threading.Event()
    began = threading.Event()
    sys.modules["mod_hold"] = types.SimpleNamespace(hold=hold, began=began)  # type: ignore[assignment]
    install("acme-queue", code="import mod_hold\nmod_hold.began.set()\nmod_hold.hold.wait(20)")
    install("acme-topic", "acme.Topic")
    registry = Registry()
    waiting = threading.Thread(target=lambda: refused(registry, "acme.Queue"))
    waiting.start()
    assert began.wait(20)
    try:
        assert registry.get("acme.Topic").kind == "acme.Topic"
    finally:
        hold.set()
        waiting.join()


def test_what_a_plugin_prints_while_it_is_imported_is_no_data(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("acme-queue", code="print('hello')\n" + GOOD.format(name="Thing", kind="acme.Queue"))
    Registry().get("acme.Queue")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n")


def test_a_repaired_plugin_loads_without_a_restart(install: Install) -> None:
    clock = VirtualClock()
    source = install("acme-queue", code="runs = []\nraise ValueError")
    registry = Registry(clock=clock)
    refused(registry, "acme.Queue")
    source.write_text(GOOD.format(name="Thing", kind="acme.Queue"))
    clock.passed = 4.9
    refused(registry, "acme.Queue")  # one import per five seconds, however many resources ask
    clock.passed = 5
    assert registry.get("acme.Queue").kind == "acme.Queue"


def test_a_plugin_installed_later_is_found(install: Install) -> None:
    clock = VirtualClock()
    registry = Registry(clock=clock)
    refused(registry, "acme.Queue")
    install("acme-queue")
    clock.passed = 5
    assert registry.get("acme.Queue").kind == "acme.Queue"


@pytest.mark.parametrize(("declared", "fits"), [("", True), ("1", True), ("2", False), ("'one'", False)])
def test_a_plugin_for_another_version_of_the_contract_is_not_used(
    install: Install, declared: str, fits: bool
) -> None:
    code = GOOD.format(name="Thing", kind="acme.Queue")
    install("acme-queue", code=code + (f"    api_version = {declared}\n" if declared else ""))
    registry = Registry()
    if fits:
        registry.get("acme.Queue")
    else:
        assert "version" in refused(registry, "acme.Queue").message
        assert state(registry, "acme.Queue", "acme-queue")[0] == "incompatible"


def test_two_claims_on_a_kind_load_neither_until_one_is_chosen(install: Install) -> None:
    install("acme-queue")
    install("other-queue", "acme.Queue")
    registry = Registry()
    assert "acme-queue 1.0 and other-queue 1.0" in refused(registry, "acme.Queue").message
    assert state(registry, "acme.Queue", "acme-queue")[0] == "duplicate"
    assert state(registry, "acme.Queue", "other-queue")[0] == "duplicate"
    assert not {"mod_acme_queue", "mod_other_queue"} & set(sys.modules)
    chosen = Registry(choose={"acme.Queue": "Other_Queue"})
    assert chosen.get("acme.Queue").spec_type.__module__ == "mod_other_queue"
    assert state(chosen, "acme.Queue", "acme-queue")[0] == "blocked"


@pytest.mark.parametrize("kind", ["Service", "Queue", "acme/Queue", "acme."])
def test_a_plugin_cannot_take_a_kind_without_a_namespace(install: Install, kind: str) -> None:
    install("evil", kind)
    registry = Registry()
    assert state(registry, kind, "evil")[0] == "blocked"
    if kind == "Service":
        assert state(registry, "Service", "apollo-ecs") == ("available", "")
    else:
        assert "namespace" in refused(registry, kind).message
    assert "mod_evil" not in sys.modules


def test_only_allowed_packages_are_imported(install: Install) -> None:
    install("acme-queue")
    install("other-topic", "other.Topic")
    registry = Registry(allow=["Acme.Queue"])
    registry.get("acme.Queue")
    assert "other-topic" in refused(registry, "other.Topic").message
    assert state(registry, "other.Topic", "other-topic")[0] == "blocked"
    assert state(registry, "Service", "apollo-ecs")[0] == "available"
    assert "mod_other_topic" not in sys.modules


def test_a_package_with_damaged_metadata_hides_no_other(install: Install) -> None:
    install("damaged", entries="[apollo.controllers]\nthis is no entry\n")
    install("acme-queue")
    registry = Registry()
    assert registry.get("acme.Queue").kind == "acme.Queue"
    assert state(registry, "", "damaged")[0] == "broken"
    assert "" not in registry.names()


def test_the_report_can_try_everything(install: Install) -> None:
    install("acme-queue", code="raise ValueError")
    install("acme-topic", "acme.Topic", version="2.3")
    states = {info.kind: (info.state, info.version) for info in Registry().report(load=True)}
    assert states["acme.Queue"] == ("broken", "1.0")
    assert states["acme.Topic"] == ("loaded", "2.3")


class Mine(Controller[Spec, Any]):
    kind = "acme.Queue"
    spec_type = Spec

    def identity(self, spec: Spec, env: Env) -> None:
        return None

    async def observe(self, ctx: Any, at: Any, want: Any) -> None:
        return None

    def diff(self, want: Any, seen: Any) -> tuple[Step, ...]:
        return ()


class MyService(Mine):
    kind = "Service"


def test_an_embedding_program_brings_its_own_controllers(install: Install) -> None:
    install("acme-queue")
    mine, service = Mine(), MyService()
    registry = Registry([mine, service])
    assert registry.get("acme.Queue") is mine
    assert registry.get("Service") is service
    assert state(registry, "acme.Queue", "") == ("loaded", "")
    assert state(registry, "acme.Queue", "acme-queue")[0] == "blocked"
    assert "mod_acme_queue" not in sys.modules


def test_a_controller_handed_in_is_checked_at_once() -> None:
    class Unfinished(Controller[Spec, Any]):
        kind = "acme.Queue"
        spec_type = Spec

    with pytest.raises(ApolloError, match="does not implement"):
        Registry([Unfinished()])
    with pytest.raises(ApolloError, match="two controllers"):
        Registry([Mine(), Mine()])


def test_a_broken_built_in_kind_stops_the_start(install: Install) -> None:
    install("apollo-ecs", "Service", code="raise ImportError('half an upgrade')")
    registry = Registry()
    with pytest.raises(ApolloError, match="half an upgrade") as raised:
        registry.verify()
    assert not isinstance(raised.value, Terminal)
    assert "reinstall" in raised.value.hint


def test_without_its_own_metadata_apollo_says_what_is_missing(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:1])
    with pytest.raises(ApolloError, match="apollo-ecs is not installed"):
        Registry().verify()
    with pytest.raises(ApolloError, match="apollo-ecs is not installed"):
        discover_gates()


def test_finding_kinds_imports_no_heavy_library() -> None:
    script = (
        "import sys; from apollo.plugins import Registry; assert 'Service' in Registry().names()\n"
        "heavy = {'boto3', 'botocore', 'git', 'watchfiles', 'yaml', 'sqlite3', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ── gates ────────────────────────────────────────────────────────────────────────────────────────────────

KEY = Key("Service", "stage", "web")
PROPOSAL = Proposal(
    KEY,
    "web",
    Env("stage"),
    Sync(),
    Allow(),
    (Step("create", KEY, Call("ecs", "CreateService", {})),),
    want=None,
    seen=None,
)


def test_apollos_own_gates_come_first_and_strangers_add_theirs(install: Install) -> None:
    code = "class Thing:\n    name = 'windows'\n    def check(self, proposal): return None\n"
    install("acme-gate", "windows", code, group="apollo.gates")
    names = [gate.name for gate in discover_gates()]
    assert {"lifecycle", "ownership", "prune", "quarantine", "replace", "restrictions"} <= set(names[:-1])
    assert names[-1] == "windows"
    assert "windows" not in [gate.name for gate in discover_gates(allow=[])]


@pytest.mark.parametrize("code", ["import nothing_like_this", "class Thing:\n    pass", "raise SystemExit"])
def test_a_gate_that_does_not_load_lets_nothing_pass(install: Install, code: str) -> None:
    from attrs import evolve

    install("acme-gate", "windows", code, group="apollo.gates")
    gate = discover_gates()[-1]
    verdict = gate.check(PROPOSAL)
    assert isinstance(verdict, Held)
    assert verdict.reason == "GateBroken"
    assert "acme-gate 1.0" in verdict.message
    assert gate.check(evolve(PROPOSAL, steps=())) == Allowed()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return None", "None"),
        ("return True", "bool"),
        ("raise KeyError('window')", "KeyError"),
        ("raise SystemExit", "SystemExit"),
        ("import time; time.sleep(3600)", "does not answer"),
    ],
)
def test_a_gate_that_gives_no_verdict_lets_nothing_pass(
    install: Install, body: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apollo.plugins.cell.FIRST", 0.1)
    code = f"class Thing:\n    name = 'windows'\n    def check(self, proposal):\n        {body}\n"
    install("acme-gate", "windows", code, group="apollo.gates")
    gate = discover_gates()[-1]
    verdict = gate.check(PROPOSAL)
    assert isinstance(verdict, Held)
    assert verdict.reason == "GateFailed"
    assert why in verdict.message
    assert "acme-gate 1.0" in verdict.message


def test_a_broken_gate_of_apollos_own_stops_the_start(install: Install) -> None:
    install("apollo-ecs", "prune", "raise ImportError('x')", group="apollo.gates")
    with pytest.raises(ApolloError, match="own gate prune"):
        discover_gates()


def test_the_settings_say_which_packages_may_be_loaded(install: Install) -> None:
    install("acme-queue")
    install("other-queue", "other.Queue")
    registry = Registry.of(Plugins(allow=("Acme_Queue",)))
    assert registry.get("acme.Queue").kind == "acme.Queue"
    assert "not among the allowed plugins" in refused(registry, "other.Queue").message
    assert "mod_other_queue" not in sys.modules, "its code is not imported"


def test_a_kind_of_apollo_s_companions_comes_from_its_own_package_only(install: Install) -> None:
    assert "pip install apollo-ecs-target-group" in str(refused(Registry(), "TargetGroup").hint)
    install("evil", "TargetGroup")
    assert "has a namespace" in refused(Registry(), "TargetGroup").message
    install("apollo-ecs-target-group", "TargetGroup")
    assert Registry().get("TargetGroup").kind == "TargetGroup"
