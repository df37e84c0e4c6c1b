"""The image is built by rules that can be checked without an engine."""

from __future__ import annotations

import re

from tests.image.dockerfile import ROOT, copied, instructions, stages

KNOWN = {
    "FROM", "ENV", "WORKDIR", "COPY", "RUN", "VOLUME", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
    "ENTRYPOINT", "CMD",
}  # fmt: skip


def _last(name: str) -> str:
    return [one.text for one in stages()[-1] if one.name == name][-1]


def test_it_says_nothing_that_is_not_known() -> None:
    assert {one.name for one in instructions()} <= KNOWN  # no ADD, no ARG, no SHELL


def test_every_base_is_pinned_to_a_release_and_slim() -> None:
    assert len(stages()) == 2
    for stage in stages():
        image = stage[0].text.split(" AS ")[0]
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", image), image


def test_the_builder_stays_behind() -> None:
    assert [one.text for one in stages()[-1] if one.name == "COPY"] == [
        "--from=build /opt/apollo /opt/apollo"
    ]


def test_it_does_not_run_as_root() -> None:
    user = _last("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "a number: Kubernetes and ECS can check it"
    names = [one.name for one in stages()[-1]]
    assert "RUN" not in names[names.index("USER") :]


def test_packages_leave_no_lists_and_no_extras() -> None:
    (run,) = [one.text for one in stages()[-1] if one.name == "RUN"]
    assert "--no-install-recommends" in run
    assert "rm -rf /var/lib/apt/lists/*" in run
    assert run.startswith("apt-get update && ")
    assert {"git", "openssh-client", "ca-certificates"} <= set(run.split())
    assert "sudo" not in run
    assert "curl" not in run


def test_signals_reach_apollo_itself() -> None:
    """The exec form: no shell in between that keeps a signal to itself."""
    entry, command = _last("ENTRYPOINT"), _last("CMD")
    assert entry == '["apollo"]'
    assert command.startswith('["run"')
    assert _last("STOPSIGNAL") == "SIGTERM"


def test_its_health_is_asked_of_apollo() -> None:
    text = _last("HEALTHCHECK")
    assert text.endswith('CMD ["apollo", "healthcheck"]')
    assert "APOLLO_LISTEN=127.0.0.1:8080" in _last("ENV")
    assert _last("EXPOSE") == "8080"


def test_what_is_written_is_a_volume_that_belongs_to_the_user() -> None:
    (run,) = [one.text for one in stages()[-1] if one.name == "RUN"]
    assert _last("VOLUME") == '["/var/lib/apollo", "/tmp"]'
    assert _last("WORKDIR") == "/var/lib/apollo"
    assert "install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/apollo" in run
    names = [one.name for one in stages()[-1]]
    assert names.index("VOLUME") > names.index("RUN"), "else the volume would belong to root"


def test_no_secret_is_baked_in() -> None:
    assert not re.search(r"(?i)secret|password|token|_key\b|AKIA", (ROOT / "Dockerfile").read_text("utf-8"))
    assert copied() == ["apollo", "pyproject.toml", "README.md", "LICENSE"]


def test_nothing_is_copied_that_the_builder_does_not_get() -> None:
    for one in stages()[0]:
        if one.name == "COPY":
            *sources, _ = one.text.split()
            assert {name.removeprefix("./").rstrip("*") for name in sources} <= set(copied())
