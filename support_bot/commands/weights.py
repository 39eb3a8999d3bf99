"""Weights for commands: listed and chosen through the server where one runs; fetched and checked right here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support_bot.answering import intent_weights
from support_bot.answering.intent import INTENTS
from support_bot.commands.forward import find_server, forward
from support_bot.commands.tuning import tune
from support_bot.engine.catalogue import Kind
from support_bot.engine.embedder import TextEmbedder
from support_bot.engine.embedders import load_embedder
from support_bot.engine.fake import HashingEmbedder
from support_bot.engine.serving import WRITING
from support_bot.engine.tuning import FULL, QUICK
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.services.models import ModelService
from support_bot.settings import Settings
from support_bot.storage.data_folder import DataFolder
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade


class Weights:
    """Needs no weights itself: the rest of the product could not start while they are missing."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._store = WeightsStore(settings.weights_dir, offline=settings.offline)
        self._folder = DataFolder(settings.data_dir)

    def page(self) -> list[dict[str, Any]]:
        """Every entry of the catalogue, with what is here and what serves."""
        if server := find_server(self._folder):
            with forward(server) as api:
                rows: list[dict[str, Any]] = api.get("/models")["models"]
                return rows
        with self._service() as service:
            return [asdict(row) for row in service.page()]

    def use(self, name: str) -> dict[str, Any]:
        """Let this writer serve: at once where a server runs, which tries it first, else from the next start on.

        Raises Invalid unless it is here and whole."""
        if server := find_server(self._folder):
            with forward(server) as api:
                row: dict[str, Any] = api.send("POST", f"/models/{name}/use")
                return row
        with self._service() as service:
            return asdict(service.use(name))

    def roll_back(self) -> dict[str, Any]:
        """Let the writer serve that served before, as `use` does. Raises Conflict where none did."""
        if server := find_server(self._folder):
            with forward(server) as api:
                row: dict[str, Any] = api.send("POST", "/models/rollback")
                return row
        with self._service() as service:
            return asdict(service.use(service.previous()))

    def serving(self) -> list[str]:
        """Names of what serving needs."""
        return [row["name"] for row in self.page() if row["in_use"]]

    def present(self) -> list[str]:
        """Names of what is on this machine."""
        return [entry.name for entry in self._store.entries() if self._store.is_present(entry.name)]

    def pull(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Fetch what is not here yet; where each file lies."""
        return [{"name": name, "path": str(self._store.pull(name, self._progress))} for name in names]

    def verify(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Hash each file; `ok` where it is what the catalogue says."""
        return [{"name": name, "ok": self._store.verify(name)} for name in names]

    def import_file(self, file: Path, name: str | None, licence: str | None) -> dict[str, Any]:
        """Take in a file; its name in the catalogue and its hash."""
        entry = self._store.import_file(file, name=name, licence=licence)
        return {"name": entry.name, "sha256": entry.sha256}

    def tune(self, name: str, quick: bool) -> list[dict[str, Any]]:
        """Tune a writer, or the one that serves; what was measured."""
        name = name or next(row["name"] for row in self.page() if row["in_use"] and row["kind"] in WRITING)
        return tune(self._settings, name, QUICK if quick else FULL, self._progress).rows

    def fit_intents(self, file: Path) -> list[dict[str, Any]]:
        """Fit the recogniser of what a message wants to every embedder that is here; write the weights to `file`."""
        here = [e.name for e in self._store.entries() if e.kind is Kind.EMBEDDER and self._store.is_present(e.name)]
        embedders: list[TextEmbedder] = [HashingEmbedder(), *(load_embedder(self._store, name) for name in here)]
        fitted = {embedder.model_hash: intent_weights.fit(embedder.embed, INTENTS) for embedder in embedders}
        intent_weights.save(fitted, file)
        return [{"name": e.name, "sha256": e.model_hash, "examples": intent_weights.count()} for e in embedders]

    @contextmanager
    def _service(self) -> Iterator[ModelService]:
        with self._folder.own():
            db = Database(self._settings.effective_database_url)
            try:
                upgrade(db.engine)
                yield ModelService(db, self._store, self._settings)
            finally:
                db.close()
