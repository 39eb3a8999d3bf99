"""Which weights exist, which are on this machine, and which serve."""

from __future__ import annotations

from pathlib import Path

from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.opening import needs_weights
from support_bot.engine.serving import writes
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.errors import Conflict, Invalid
from support_bot.models import Deployment
from support_bot.services.embedders import EmbedderChoice
from support_bot.services.views import ModelRow
from support_bot.settings import Settings
from support_bot.storage.database import Database
from support_bot.storage.students import to_be_retrained


class ModelService:
    """The weights catalogue, and the choice of the writer. A new choice serves from the next start on."""

    def __init__(self, db: Database, store: WeightsStore, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._settings = settings
        self.embedder = EmbedderChoice(db, store, settings)

    def page(self) -> list[ModelRow]:
        used = set(self._used())
        return [self._row(entry, used) for entry in self._store.entries()]

    def current(self) -> ModelRow:
        """The writer that serves (or will, from the next start on)."""
        entry = self._store.get(self.writer_name())
        return self._row(entry, {entry.name})

    def writer_name(self) -> str:
        """The setting first, then what was chosen with `use`, then the catalogue's default."""
        if self._settings.engine.model:
            return self._settings.engine.model
        with self._db.reading() as tx:
            chosen = tx.installation.find_deployment(Kind.WRITER)
        return chosen.name if chosen is not None else self._default()

    def previous(self) -> str:
        """The writer that served before the one in use, going back one choice each time it is taken: choosing the one
        before is the same as rolling back to it. Raises Conflict where there was none."""
        with self._db.reading() as tx:
            chosen = [row.name for row in tx.installation.deployments(Kind.WRITER)]
        known = {entry.name for entry in self._store.entries()}
        line = [self._default()]
        for name in filter(known.__contains__, chosen):
            if name in line[-2:-1]:
                line.pop()
            elif name != line[-1]:
                line.append(name)
        if len(line) < 2:
            raise Conflict(f"{line[-1]} is the first model that serves here; there is none to go back to.")
        return line[-2]

    def needed(self) -> tuple[str, ...]:
        """The weights without which nothing is answered."""
        return () if self._settings.engine.kind == "fake" else self._used()

    def pull(self, name: str, progress: Progress | None = None) -> ModelRow:
        self._store.pull(name, progress)
        return self._row(self._store.get(name), {self.current().name})

    def verify(self, name: str) -> bool:
        """Read the file and compare its SHA-256 with the catalogue."""
        return self._store.verify(name)

    def import_file(self, path: Path, name: str | None = None, licence: str | None = None) -> ModelRow:
        entry = self._store.import_file(path, name=name, licence=licence)
        return self._row(entry, {self.current().name})

    def use(self, name: str) -> ModelRow:
        """Let this writer serve from the next start on; it has to be on this machine and whole."""
        return self.choose(self.require_usable(name))

    def choose(self, entry: CatalogueEntry) -> ModelRow:
        """Note that this writer serves, from the next start on at the latest; it was found usable."""
        with self._db.transaction() as tx:
            tx.installation.add_deployment(Deployment(kind=Kind.WRITER, name=entry.name, sha256=entry.sha256))
        return self._row(entry, {entry.name})

    def require_usable(self, name: str) -> CatalogueEntry:
        """Raise NotFound, Invalid or Conflict unless this writer is whole on this machine and may be chosen."""
        entry = self._store.get(name)
        if why := self.why_retrain(entry.sha256):
            raise Conflict(f"{name} {why}")
        if not writes(entry):
            raise Invalid(f"{name} does not write; choose one of the writers in the catalogue.")
        if not self._store.is_present(name) or not self._store.verify(name):
            raise Invalid(f"{name} is not on this machine (or damaged); run: support-bot models pull {name}")
        if self._settings.engine.model not in ("", name):
            raise Conflict(f"SUPPORT_BOT_ENGINE__MODEL names {self._settings.engine.model}; take it out first.")
        if entry.kind is Kind.ADAPTER and self._settings.engine.adapter:
            raise Conflict("SUPPORT_BOT_ENGINE__ADAPTER names the adapter; take it out first.")
        return entry

    def why_retrain(self, sha256: str) -> str:
        """That a student has to be made anew, and how; empty where nobody it learnt from was erased."""
        marked = to_be_retrained(self._settings.data_dir).get(sha256)
        return f"has learnt from a customer who was erased; make it anew: {marked.command}" if marked else ""

    def _default(self) -> str:
        return next(e.name for e in self._store.entries() if e.kind is Kind.WRITER and e.default)

    def _used(self) -> tuple[str, ...]:
        """The weights in use: none of a writer that runs elsewhere. The scripted engine stands for one of ours."""
        writes_here = self._settings.engine.kind == "fake" or needs_weights(self._settings.engine)
        return (*([self.writer_name()] if writes_here else []), *self.embedder.needed())

    def _row(self, entry: CatalogueEntry, used: set[str]) -> ModelRow:
        return ModelRow(
            name=entry.name,
            kind=entry.kind.value,
            present=self._store.is_present(entry.name),
            in_use=entry.name in used,
            default=entry.default,
            bytes=entry.bytes,
            licence=entry.licence,
            context_tokens=entry.context_tokens,
            sha256=entry.sha256,
        )
