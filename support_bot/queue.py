"""The only home of huey: the names of jobs, and a queue that takes a name and an id. Knows no handler."""

from __future__ import annotations

import enum
import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from huey import Huey, MemoryHuey, PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer

_NAME = "support-bot"
_PATIENCE_S = 8
_log = logging.getLogger(__name__)


class Job(enum.StrEnum):
    """Work that happens later. A job is one of these names and the id of the row it works on."""

    PROCESS_DOCUMENT = "process_document"
    SWEEP = "sweep"
    TICKETS = "tickets"
    WATCH = "watch"
    MAIL = "mail"
    NOTICES = "notices"
    ERASE = "erase"


class _QuietConsumer(Consumer):  # type: ignore[misc]  # huey ships no types
    """A consumer inside the server process: signals are the server's business."""

    def _set_signal_handlers(self) -> None:
        return None


def _open(path: Path) -> SqliteHuey:
    """The queue in this file; one that is damaged is begun anew, for what waits is known to the rows themselves."""
    try:
        return SqliteHuey(_NAME, filename=str(path), immediate=False)
    except sqlite3.DatabaseError:
        _log.warning("the job queue %s cannot be read and is begun anew", path, exc_info=True)
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return SqliteHuey(_NAME, filename=str(path), immediate=False)


class JobQueue:
    """Jobs by name and row id, done by this process and by every other that works on the same queue.

    What happens by the clock stays in the process that asked for it, and does not wait behind other jobs."""

    def __init__(self, jobs: Huey, clock: Huey) -> None:
        self._huey = jobs
        self._clock = clock
        self._ticks = False
        self._handlers: dict[Job, Callable[[int], None]] = {}
        self._consumers: list[_QuietConsumer] = []
        self._run = jobs.task(retries=2, retry_delay=5, name="run_job")(self._dispatch)

    @classmethod
    def in_file(cls, path: Path) -> JobQueue:
        """A queue in a SQLite file of its own, so that queueing never waits for the product's database."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(_open(path), clock=MemoryHuey(f"{_NAME}-clock", immediate=False))

    @classmethod
    def in_postgresql(cls, parameters: Mapping[str, Any]) -> JobQueue:
        """A queue in tables `huey_…` of a PostgreSQL database, which several processes share; `parameters` say how
        to connect. Call it from one process at a time: the first makes the tables."""
        # Workers look instead of being called: a call would cost each of them a second connection.
        given = {**parameters, "application_name": f"{_NAME} jobs", "connect_timeout": 10}
        jobs = PostgresHuey(_NAME, blocking=False, immediate=False, **given)
        return cls(jobs, clock=MemoryHuey(f"{_NAME}-clock", immediate=False))

    def handle(self, job: Job, handler: Callable[[int], None]) -> None:
        """Say who does this job; done once, by assembly, before the consumer starts."""
        self._handlers[job] = handler

    def every_minute(self, job: Job) -> None:
        """Run a job each minute with id 0."""
        self._ticks = True
        self._clock.periodic_task(crontab(minute="*"), name=f"each_minute_{job}")(lambda: self._dispatch(job.value, 0))

    def enqueue(self, job: Job, row_id: int) -> None:
        """Queue a job. Where the queue cannot be written the row still waits, and the sweep queues it again."""
        for _ in range(2):  # a connection may have died, perhaps while the server restarted; the next one is a new one
            try:
                self._run(job.value, row_id)
            except (sqlite3.Error, psycopg.Error):
                _log.warning("%s of %s could not be queued", job.value, row_id, exc_info=True)
            else:
                return

    def pending(self) -> int:
        return int(self._huey.pending_count())

    def start(self, workers: int) -> None:
        """Begin working in threads of this process; nothing happens where nobody said who does the jobs."""
        if not self._handlers:
            return
        self._consumers.append(_consumer(self._huey, workers, periodic=False))
        if self._ticks:  # three, so that a mail server that is slow with replies and notices does not hold up the rest
            self._consumers.append(_consumer(self._clock, 3, periodic=True))
        for consumer in self._consumers:
            consumer.start()

    def close(self) -> None:
        """Start no more jobs, let those that run end within seconds; one that is cut off is queued again later."""
        while self._consumers:
            self._consumers.pop().stop(graceful=True)
        self._huey.storage.close()

    def _dispatch(self, name: str, row_id: int) -> None:
        self._handlers[Job(name)](row_id)


def _consumer(huey: Huey, workers: int, *, periodic: bool) -> _QuietConsumer:
    return _QuietConsumer(
        huey, workers=workers, periodic=periodic, worker_type="thread", initial_delay=0.05, backoff=1.15,
        max_delay=0.5, check_worker_health=True, scheduler_interval=1, shutdown_timeout=_PATIENCE_S,
    )  # fmt: skip
