"""The steps of the Dockerfile, done in a virtual environment: what is copied is enough to build, and what is
built starts, answers, and ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import CONFIG, MANIFEST
from tests.house.test_wheel import _call, _isolation, _pip
from tests.image.dockerfile import ROOT, copied, stages

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``/opt/apollo`` as the first stage leaves it, but with lent dependencies: no network is needed."""
    folder = tmp_path_factory.mktemp("image")
    context, opt = folder / "src", folder / "opt"
    context.mkdir()
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, context)
    here = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    done = []
    for step in (one.text for one in stages()[0] if one.name == "RUN"):
        words = step.replace('"', "").replace("/opt/apollo", str(opt)).split()
        words[0] = sys.executable if words[0] == "python" else words[0]
        if "install" in words:
            (site,) = (opt / "lib").glob("python*/site-packages")
            (site / "lent.pth").write_text(f"{here}\n", "utf-8")
            words += ["--no-index", "--no-deps", "--quiet", "--ignore-installed", *_isolation()]
        if "compileall" in words:
            words[-1] = str(next((opt / "lib").glob("python*/site-packages/apollo")))
        _call(words, context, **_pip())
        done.append(words)
    assert len(done) == 3
    shutil.rmtree(context)
    return opt / "bin"


def test_its_command_serves_and_its_healthcheck_finds_out(image: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / "apps/web").mkdir(parents=True)
    (config / "apps/web/web.yaml").write_text(MANIFEST)
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *words], cwd=config, check=True)
    state = tmp_path / "state"
    state.mkdir()
    entry, command, health = (
        next(one for one in stages()[-1] if one.name == name) for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK")
    )
    with LocalAws(speed=120) as aws:
        aws.client("ecs").create_cluster(clusterName="green")
        environment = {
            "PATH": f"{image}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(state),
            "APOLLO_CONFIG": CONFIG.replace("repo: .", f"repo: {config}"),
            "APOLLO_LISTEN": "127.0.0.1:0",
            **aws.env(),
        }
        process = subprocess.Popen(
            [*entry.words(), *command.words()], cwd=state, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "answering on http://" in line)
            environment["APOLLO_LISTEN"] = line.split("http://")[1].split('"')[0]
            probe = health.text.split("CMD ")[1].strip('[]"').split('", "')
            end = time.monotonic() + 30
            while subprocess.run([*probe, "--ready"], env=environment, capture_output=True).returncode:
                assert time.monotonic() < end, "it does not become ready"
            assert subprocess.run(probe, env=environment, capture_output=True).returncode == 0
            while not (state / ".apollo/state.db").exists():  # made with the first thing to remember
                assert time.monotonic() < end, "it remembers nothing"
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=25)
            assert process.returncode == 0
            assert subprocess.run(probe, env=environment, capture_output=True).returncode == 1
        finally:
            process.kill()
            process.communicate()
