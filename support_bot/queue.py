"""The only home of huey: the names of jobs, and a queue that takes a name and an id. Knows no handler."""

from __future__ import annotations

import enum
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from huey import SqliteHuey, crontab
from huey.consumer import Consumer

_PATIENCE_S = 8
_log = logging.getLogger(__name__)


class Job(enum.StrEnum):
    """Work that happens later. A job is one of these names and the id of the row it works on."""

    PROCESS_DOCUMENT = "process_document"
    SWEEP = "sweep"


class _QuietConsumer(Consumer):  # type: ignore[misc]  # huey ships no types
    """A consumer inside the server process: signals are the server's business."""

    def _set_signal_handlers(self) -> None:
        return None


def _open(path: Path) -> SqliteHuey:
    """The queue in this file; one that is damaged is begun anew, for what waits is known to the rows themselves."""
    try:
        return SqliteHuey("support-bot", filename=str(path), immediate=False)
    except sqlite3.DatabaseError:
        _log.warning("the job queue %s cannot be read and is begun anew", path, exc_info=True)
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return SqliteHuey("support-bot", filename=str(path), immediate=False)


class JobQueue:
    """Jobs in a SQLite file of their own, so that queueing never waits for the product's database."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._huey = _open(path)
        self._handlers: dict[Job, Callable[[int], None]] = {}
        self._consumer: _QuietConsumer | None = None
        self._run = self._huey.task(retries=2, retry_delay=5, name="run_job")(self._dispatch)

    def handle(self, job: Job, handler: Callable[[int], None]) -> None:
        """Say who does this job; done once, by assembly, before the consumer starts."""
        self._handlers[job] = handler

    def every_minute(self, job: Job) -> None:
        """Run a job each minute with id 0."""
        self._huey.periodic_task(crontab(minute="*"), name=f"each_minute_{job}")(lambda: self._dispatch(job.value, 0))

    def enqueue(self, job: Job, row_id: int) -> None:
        """Queue a job. Where the queue cannot be written the row still waits, and the sweep queues it again."""
        try:
            self._run(job.value, row_id)
        except sqlite3.Error:
            _log.warning("%s of %s could not be queued", job.value, row_id, exc_info=True)

    def pending(self) -> int:
        return int(self._huey.pending_count())

    def start(self, workers: int) -> None:
        """Begin working in threads of this process; nothing happens where nobody said who does the jobs."""
        if not self._handlers:
            return
        self._consumer = _QuietConsumer(
            self._huey, workers=workers, worker_type="thread", initial_delay=0.05, backoff=1.15, max_delay=0.5,
            check_worker_health=True, scheduler_interval=1, shutdown_timeout=_PATIENCE_S,
        )  # fmt: skip
        self._consumer.start()

    def close(self) -> None:
        """Start no more jobs, let those that run end within seconds; one that is cut off is queued again later."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._consumer = None

    def _dispatch(self, name: str, row_id: int) -> None:
        self._handlers[Job(name)](row_id)
