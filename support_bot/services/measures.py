"""What Prometheus is told: turns as they end, and how things stand at the moment of asking. Numbers only."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from support_bot.engine.base import EngineFigures
from support_bot.engine.supervised import Incident
from support_bot.observability import Metrics
from support_bot.queue import JobQueue
from support_bot.services.health import HealthService
from support_bot.services.speed import Speed, SpeedWindow
from support_bot.storage.database import Database
from support_bot.values import DocumentStatus, Mode


@dataclass(frozen=True, slots=True)
class ModelState:
    """The model that writes: which one (`sha256` is `model+adapter`), why it does not, how it stands, how fast it was.

    `queue` drafts wait; `loading` while another is loaded and tried."""

    name: str
    sha256: str
    context_tokens: int
    trouble: str
    loading: bool
    queue: int
    figures: EngineFigures
    speed: Speed
    incidents: tuple[Incident, ...]


class MeasureService:
    """Feeds the counters of one app."""

    def __init__(self, db: Database, metrics: Metrics, health: HealthService, jobs: JobQueue) -> None:
        self._db = db
        self._metrics = metrics
        self._health = health
        self._jobs = jobs
        self._counting = threading.Lock()
        self._counted: dict[str, int] = {}
        self._speed = SpeedWindow()

    def turn_ended(self, turn_id: int) -> None:
        """Count a turn that is over: how it ended, how long it and its first text took, from the question on."""
        with self._db.reading() as tx:
            turn = tx.turns.find_ended(turn_id)
        if turn is None:
            return
        self._metrics.turns.labels(turn.status.value).inc()
        self._metrics.turn_seconds.observe((turn.ended_at - turn.asked_at).total_seconds())
        if turn.shown_at is not None:
            self._metrics.first_text_seconds.observe((turn.shown_at - turn.asked_at).total_seconds())
        if turn.tokens is None or turn.timings is None:
            return
        for kind, count in turn.tokens.items():
            self._metrics.tokens.labels(kind).inc(count)
        self._speed.add(turn.tokens, turn.timings)
        if first := turn.timings.get("first_token"):
            self._metrics.engine_first_token_seconds.observe(first)

    def model(self) -> ModelState:
        """How the model stands now, for an admin to look at."""
        health = self._health
        name, sha256, context_tokens = health.engine_identity()
        return ModelState(
            name, sha256, context_tokens, health.engine_trouble(), health.engine_loading(), health.queue_length(),
            health.engine_figures(), self._speed.look(), health.incidents(),
        )  # fmt: skip

    def text(self) -> bytes:
        """Everything in Prometheus' text format. A part that does not answer is 0 and leaves its numbers out."""
        metrics, checks = self._metrics, self._health.ready().checks
        for part, found in checks.items():
            metrics.part_up.labels(part).set(found == "ok")
        self._count_engine()
        if checks["jobs"] == "ok":
            metrics.jobs_pending.set(self._jobs.pending())
        if checks["database"] == "ok":
            self._count_rows()
        return metrics.text()

    def _count_engine(self) -> None:
        metrics = self._metrics
        metrics.engine_queue.set(self._health.queue_length())
        with self._counting:  # two readers at once must not count the same tokens twice
            figures = self._health.engine_figures()
            metrics.engine_slots.labels("running").set(figures.running)
            metrics.engine_slots.labels("free").set(figures.slots - figures.running)
            metrics.engine_cells.labels("used").set(figures.cells_used)
            metrics.engine_cells.labels("free").set(figures.cells - figures.cells_used)
            for kind in ("prompt", "reused", "answer", "drafted", "accepted"):
                total: int = getattr(figures, f"{kind}_tokens")
                metrics.engine_tokens.labels(kind).inc(self._new(kind, total))
            metrics.engine_fallbacks.inc(self._new("fallbacks", figures.fallbacks))
            for kind, total in self._health.incident_counts().items():
                metrics.engine_incidents.labels(kind).inc(self._new(kind, total))

    def _new(self, name: str, total: int) -> int:
        """By how much a total has grown since the last reading."""
        before, self._counted[name] = self._counted.get(name, 0), total
        return max(0, total - before)

    def _count_rows(self) -> None:
        with self._db.reading() as tx:
            documents = tx.documents.counts()
            conversations = {mode: tx.conversations.count(mode) for mode in Mode}
        for status in DocumentStatus:
            self._metrics.documents.labels(status.value).set(documents.get(status, 0))
        for mode, count in conversations.items():
            self._metrics.conversations.labels(mode.value).set(count)
