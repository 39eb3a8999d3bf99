"""Open any embedder by its name. Chooses none."""

from __future__ import annotations

from support_bot.engine.e5 import E5Embedder
from support_bot.engine.embedder import Embedder, TextEmbedder
from support_bot.engine.fake import HashingEmbedder
from support_bot.engine.weights import WeightsStore


def load_embedder(store: WeightsStore, name: str, *, threads: int = 0) -> TextEmbedder:
    """An embedder of the catalogue, or the one without weights. Raises NotFound, or WeightsError where it is not pulled
    or cannot be loaded."""
    if name == HashingEmbedder.name:
        return HashingEmbedder()
    of_onnx = store.get(name).file.endswith(".onnx")
    return (Embedder if of_onnx else E5Embedder).load(store, name, threads=threads)
