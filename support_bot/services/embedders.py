"""Which embedder serves: the one that a setting names, or the one that reads the languages of the articles."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property

from support_bot.engine.embedder import TextEmbedder
from support_bot.engine.embedders import load_embedder
from support_bot.engine.fake import HashingEmbedder
from support_bot.engine.weights import WeightsStore
from support_bot.settings import Settings
from support_bot.storage.database import Database

AUTO = "auto"
ENGLISH, MULTILINGUAL = "minilm", "multilingual-e5-small"
_READS_ONLY = "en"
_log = logging.getLogger(__name__)
_FEW = 0.1
"""The largest share of articles in other languages that the English embedder is kept with."""


class EmbedderChoice:
    """Decided when `name` is first asked for and kept until the process ends: an index has vectors of one embedder."""

    def __init__(self, db: Database, store: WeightsStore, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._settings = settings

    @cached_property
    def name(self) -> str:
        """The catalogue name of the embedder that serves."""
        return self.upcoming()

    def upcoming(self) -> str:
        """The name of the one that a start would choose now.

        Without a setting the multilingual one is taken where articles are in other languages and it has been fetched,
        and never where several processes share the vectors: they could decide differently."""
        named = self._settings.retrieval.embedder
        if self._settings.engine.kind == "fake":
            return HashingEmbedder.name
        if named != AUTO:
            return named
        can_change = self._reads_best() == MULTILINGUAL and not self._shared and self._store.is_present(MULTILINGUAL)
        return MULTILINGUAL if can_change else ENGLISH

    def needed(self) -> tuple[str, ...]:
        """Every embedder that serving needs: what messages want is told by the English one, whatever serves."""
        return tuple(dict.fromkeys((self.name, ENGLISH)))

    def open(self) -> tuple[TextEmbedder, TextEmbedder]:
        """The embedder that serves, and the one that tells what a message wants; the log says what would be better.

        Raises WeightsError."""
        _log.info("the articles are read by %s", self.name)
        if advice := self.advice():
            _log.warning("%s", advice)
        serving = load_embedder(self._store, self.name)
        if self.name in (ENGLISH, HashingEmbedder.name):
            return serving, serving
        return serving, load_embedder(self._store, ENGLISH)

    def advice(self) -> str:
        """What to do so that the articles are read as well as they can be; empty where there is nothing to do."""
        if self._settings.retrieval.embedder != AUTO or self.name not in (ENGLISH, MULTILINGUAL):
            return ""
        best = self._reads_best()
        if best == self.name:
            return ""
        if best == ENGLISH:
            return (
                f"Nearly all articles are in English now. Restart the server: it goes back to the English embedder "
                f"({ENGLISH}) and reads the articles anew, which may take minutes."
            )
        found = self._languages()
        others = ", ".join(code for code in found if code != _READS_ONLY)
        why = (
            f"{_foreign(found)} of {sum(found.values())} articles are in other languages than English ({others}), "
            f"which {self.name} reads poorly."
        )
        pull = "" if self._store.is_present(MULTILINGUAL) else f"run `support-bot models pull {MULTILINGUAL}`, then "
        if self._shared:
            name = f"SUPPORT_BOT_RETRIEVAL__EMBEDDER={MULTILINGUAL}"
            return f"{why} To change that, {pull}set {name} for every server and worker, and restart them."
        return f"{why} To change that, {pull}restart the server: it reads the articles anew, which may take minutes."

    @property
    def _shared(self) -> bool:
        return bool(self._settings.chroma_url)

    def _reads_best(self) -> str:
        found = self._languages()
        return MULTILINGUAL if _foreign(found) > _FEW * sum(found.values()) else ENGLISH

    def _languages(self) -> dict[str, int]:
        with self._db.reading() as tx:
            return tx.documents.languages()


def _foreign(languages: Mapping[str, int]) -> int:
    return sum(count for code, count in languages.items() if code != _READS_ONLY)
