"""A process that does jobs for servers elsewhere, until it is told to stop. Answers nobody and owns no folder."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from support_bot.assembly import build_worker
from support_bot.engine.weights import Progress
from support_bot.jobs.handlers import register_worker
from support_bot.settings import Settings


def work(settings: Settings, threads: int, progress: Progress, tell: Callable[[str], None]) -> None:
    """Do jobs in so many threads until SIGINT or SIGTERM; what is begun then has some seconds to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker = build_worker(settings, progress)
    try:
        register_worker(worker)
        worker.start(threads)
        tell(f"Ready: this worker reads articles with {threads} thread{'s' if threads > 1 else ''}.")
        stop.wait()
    finally:
        worker.close()
