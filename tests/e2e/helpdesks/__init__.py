"""Real help desks for tests: they are installed and started by the scripts beside this file."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytest.register_assert_rewrite("tests.e2e.helpdesks.journeys")


class RealDesk:
    """One help desk on a loopback port, with its data in a folder of the test."""

    def __init__(self, script: str, folder: Path, prefix: str, **more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        names = {f"{prefix}_PORT": str(self.port), f"{prefix}_DIR": str(folder)}
        self._script = script
        self._env = os.environ | names | more

    def call(self, action: str) -> str:
        """What the script said. Its server keeps no pipe of ours open."""
        said = self.folder / f"{action}.out"
        self.folder.mkdir(parents=True, exist_ok=True)
        with said.open("wb") as out:
            done = subprocess.run(
                ["bash", str(HERE / self._script), action], env=self._env, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, timeout=300,
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(said.read_text()[-2000:])
        return said.read_text()

    def install_or_skip(self) -> None:
        try:
            self.call("install")
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{self._script} cannot be installed here: {str(error)[-300:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
