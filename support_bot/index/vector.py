"""The vector index in Chroma, through langchain-chroma. Knows ids and vectors, not their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from support_bot.errors import IndexUnavailable

_COLLECTION = "chunks"
_BATCH = 256


class EmbeddingModel(Protocol):
    """What the index needs of an embedder: unit vectors, float32 [n, dimension]."""

    name: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class LangChainEmbeddings(Embeddings):
    """Our embedder in LangChain's words."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._model.embed(texts).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self._model.embed([text])[0].tolist()  # type: ignore[no-any-return]


class VectorIndex:
    """Chunk vectors by cosine. Derived from SQL: it can be thrown away and rebuilt at any time."""

    def __init__(self, place: Path | str, model: EmbeddingModel) -> None:
        """`place` is a folder, which only one process may open, or the URL of a Chroma server, which many share.

        Raises IndexUnavailable where the server does not answer."""
        self._shared = isinstance(place, str)
        self._client = _server(place) if isinstance(place, str) else _embedded(place)
        self._model = model
        self._store = self._open()

    def _open(self) -> Chroma:
        # One collection per embedder: vectors of two models must never be compared.
        return Chroma(
            collection_name=f"{_COLLECTION}-{self._model.name}",
            client=self._client,
            embedding_function=LangChainEmbeddings(self._model),
            collection_metadata={"hnsw:space": "cosine"},
        )

    def put(self, ids: Sequence[int], texts: Sequence[str], metadatas: Sequence[Mapping[str, int | str]]) -> None:
        """Add or replace chunks by id; doing it twice is doing it once."""
        for begin in range(0, len(ids), _BATCH):
            part = slice(begin, begin + _BATCH)
            self._store.add_texts(
                list(texts[part]), [dict(m) for m in metadatas[part]], [str(chunk_id) for chunk_id in ids[part]]
            )

    def remove_document(self, document_id: int, *, before: int | None = None) -> None:
        """Drop the vectors of a document; with `before`, only those of chunks with a smaller id.

        Chunk ids only grow, so a worker that lags behind can never drop what a later version has stored."""
        stored = self._store.get(where={"document_id": document_id}, include=[])["ids"]
        if stale := [vector_id for vector_id in stored if before is None or int(vector_id) < before]:
            self._store.delete(stale)

    def search(self, vector: NDArray[np.float32], limit: int, audience: str | None) -> list[tuple[int, float]]:
        """Nearest chunks as (chunk id, cosine similarity), best first; `audience` None searches all."""
        where: dict[str, str] | None = {"audience": audience} if audience else None
        found = self._store.similarity_search_by_vector_with_relevance_scores(vector.tolist(), k=limit, filter=where)
        return [(int(document.metadata["chunk_id"]), 1.0 - distance) for document, distance in found]

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Cosine similarity of `vector` to the chunks with these ids, as far as they are stored."""
        if not ids:
            return {}
        stored = self._store.get([str(chunk_id) for chunk_id in ids], include=["embeddings"])
        return {
            int(vector_id): float(np.asarray(embedding, dtype=np.float32) @ vector)
            for vector_id, embedding in zip(stored["ids"], stored["embeddings"], strict=True)
        }

    def ids(self) -> set[int]:
        return {int(vector_id) for vector_id in self._store.get(include=[])["ids"]}

    def remove(self, ids: Sequence[int]) -> None:
        if ids:
            self._store.delete([str(chunk_id) for chunk_id in ids])

    def reset(self) -> None:
        """Throw everything away. A shared collection stays and is emptied: other processes hold on to it."""
        if not self._shared:
            self._store.delete_collection()
            self._store = self._open()
            return
        while ids := self._store.get(limit=_BATCH, include=[])["ids"]:
            self._store.delete(ids)


def _embedded(folder: Path) -> ClientAPI:
    folder.mkdir(parents=True, exist_ok=True)
    settings = ChromaSettings(anonymized_telemetry=False, allow_reset=True)
    return chromadb.PersistentClient(path=str(folder), settings=settings)


def _server(url: str) -> ClientAPI:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https"
    try:
        return chromadb.HttpClient(
            host=parts.hostname or "", port=parts.port or (443 if is_safe else 80), ssl=is_safe,
            settings=ChromaSettings(anonymized_telemetry=False),
        )  # fmt: skip
    except (ValueError, ChromaError) as error:
        where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise IndexUnavailable(
            f"The Chroma server at {where} does not answer: {error} Look whether it runs (`chroma run`) and whether "
            "SUPPORT_BOT_CHROMA_URL is right."
        ) from error
