"""Other simulators: each in a virtual environment in the temporary folder, each a process on loopback."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Program:
    """A simulator from PyPI."""

    name: str
    version: str
    package: str
    command: tuple[str, ...]
    """`{port}` is filled in; the first word is a program of the environment."""
    settings: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return Path(tempfile.gettempdir()) / "apollo-conformance" / f"{self.name}-{self.version}"

    def install(self) -> None:
        """Make the environment, unless it is there."""
        done = self.folder / "installed"
        if done.exists():
            return
        subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
        pip = [str(self.folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", f"{self.package}=={self.version}"], check=True)
        done.touch()

    def start(self) -> str:
        """Start the process; the endpoint, once it answers."""
        self.install()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        program, *arguments = (word.format(port=port) for word in self.command)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
        settings = {name: value.format(port=port) for name, value in self.settings.items()}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self.folder / "bin" / program), *arguments],
                env=kept | settings,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        endpoint = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(endpoint, timeout=1).close()
                return endpoint
            except urllib.error.HTTPError:
                return endpoint
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"{self.name} did not start; see {self.folder / 'log'}")

    @property
    def pid(self) -> int | None:
        """Of its process, while it runs."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def moto() -> Program:
    return Program("moto", "5.2.5", "moto[server]", ("moto_server", "-H", "127.0.0.1", "-p", "{port}"))


def ministack() -> Program:
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "{port}", "HOME": tempfile.gettempdir()}
    return Program("ministack", "1.5.33", "ministack", ("ministack",), settings)
