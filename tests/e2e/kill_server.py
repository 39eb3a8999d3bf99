"""A process that has imported the product and forks a server whenever it is asked, so that a restart takes no imports.

Each line on standard input is a data folder; each line on standard output the process id of `serve` on that folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import support_bot.commands.doctor
import support_bot.commands.local
import support_bot.server  # noqa: F401 - imported here so that no child has to
from support_bot import assembly, cli
from support_bot.engine.fake import FakeEngine

SETTINGS = {
    "ENGINE__KIND": "fake",
    "SAMPLE_DATA": "false",
    "OFFLINE": "true",
    "ANSWERING__ANSWER_THRESHOLD": "0.2",
    "ADMIN_PASSWORD": "correct-horse-battery",
    "SECURITY__MESSAGES_PER_MINUTE": "100000",
    "SECURITY__CONVERSATIONS_PER_MINUTE": "100000",
    "SECURITY__REQUESTS_PER_MINUTE": "1000000",
}
_WORD_S = 0.02  # so that a kill finds answers half said


class Nursery:
    """The forking process, as its owner sees it."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {f"SUPPORT_BOT_{name}": value for name, value in SETTINGS.items()}
        environment["SUPPORT_BOT_CACHE_DIR"] = str(folder / "cache")
        self._last: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._last is not None:
            with suppress(ProcessLookupError):
                os.kill(self._last, signal.SIGKILL)
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def start(self, data: Path) -> int:
        """Begin `serve` on this data folder; its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{data}\n")
        self._process.stdin.flush()
        self._last = int(self._process.stdout.readline())
        return self._last


def main() -> None:
    """Fork a server for each line."""
    assembly.FakeEngine = partial(FakeEngine, delay_s=_WORD_S)  # type: ignore[misc,assignment]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        data = Path(line.strip())
        data.parent.mkdir(parents=True, exist_ok=True)
        child = os.fork()
        if child == 0:
            _serve(data)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _serve(data: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(data.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for target in (1, 2):
        os.dup2(log, target)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["SUPPORT_BOT_DATA_DIR"] = str(data)
    os.chdir(data.parent)
    sys.argv = ["support-bot", "serve", "--port", "0"]
    try:
        cli.main()
    finally:
        sys.stdout.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
