"""What a backup holds: the database, the files it names, and what else an answer depends on, written down."""

from __future__ import annotations

from collections.abc import Generator
from importlib.metadata import version
from typing import Any

from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.models import utcnow
from support_bot.services.models import ModelService
from support_bot.settings import Settings
from support_bot.storage.archive import pack
from support_bot.storage.database import Database
from support_bot.storage.snapshot import Snapshot, snapshot

ANSWER_SETTINGS = frozenset({"engine", "retrieval", "answering", "ingestion"})
"""The settings that answers depend on; they travel with a backup to be compared, never to be changed."""


class BackupService:
    """Backups of a live product. Signing keys, password hashes and secrets of authenticators lie in the
    database, and so in every backup."""

    def __init__(self, db: Database, models: ModelService, store: WeightsStore, settings: Settings) -> None:
        self._db = db
        self._models = models
        self._store = store
        self._settings = settings

    def open(self) -> Generator[bytes]:
        """The bytes of a backup. The state that they hold is taken before this returns, errors are raised here.

        Close the generator where it is not read to its end."""
        pieces = self._pieces()
        next(pieces)
        return pieces

    def _pieces(self) -> Generator[bytes]:
        with snapshot(self._db, self._settings.data_dir) as taken:
            yield b""
            yield from pack(taken.files, self._about(taken))

    def _about(self, taken: Snapshot) -> dict[str, Any]:
        return {
            "product": version("support-bot"),
            "created_at": utcnow().isoformat(timespec="seconds"),
            "database": taken.kind,
            "revision": taken.revision,
            "counts": taken.counts,
            "documents": taken.documents,
            "weights": self._weights(),
            "settings": answer_settings(self._settings),
        }

    def _weights(self) -> dict[str, str]:
        """The weights in use by name, with their SHA-256; they are not in the backup themselves."""
        return {name: self._sha256(name) for name in self._models.needed()}

    def _sha256(self, name: str) -> str:
        try:
            return self._store.get(name).sha256
        except WeightsError:
            return ""


def answer_settings(settings: Settings) -> dict[str, Any]:
    """Settings that answers depend on, as JSON; no secret is among them."""
    return settings.model_dump(mode="json", include=set(ANSWER_SETTINGS))
