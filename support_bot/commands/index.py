"""The search index of a data folder, opened by a command that owns the folder; the rest of the product is not built."""

from __future__ import annotations

from support_bot.engine.embedders import load_embedder
from support_bot.engine.weights import WeightsStore
from support_bot.index.keyword import KeywordIndex
from support_bot.index.search_index import SearchIndex
from support_bot.index.vector import VectorIndex
from support_bot.services.embedders import EmbedderChoice
from support_bot.settings import Settings
from support_bot.storage.database import Database


def open_index(settings: Settings, store: WeightsStore, db: Database, *, begin_anew: bool = True) -> SearchIndex:
    """Both searches over `db`. Raises WeightsError where the embedder is missing or damaged, and IndexBroken where
    the vectors are and may not be thrown away."""
    model = load_embedder(store, EmbedderChoice(db, store, settings).name)
    vectors = VectorIndex(settings.vector_place, model, begin_anew=begin_anew)
    return SearchIndex(vectors, KeywordIndex(), model, db.read_connection)
