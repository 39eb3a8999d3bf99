"""The vector index in Chroma, through langchain-chroma. Knows ids and vectors, not their use."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from support_bot.errors import IndexBroken, IndexUnavailable

_COLLECTION = "chunks"
_BATCH = 256
_log = logging.getLogger(__name__)


class EmbeddingModel(Protocol):
    """What the index needs of an embedder: unit vectors, float32 [n, dimension], of what is found and what is asked."""

    name: str
    reads_unspaced: bool

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]: ...


class LangChainEmbeddings(Embeddings):
    """Our embedder in LangChain's words."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._model.embed(texts).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self._model.embed_questions([text])[0].tolist()  # type: ignore[no-any-return]


class VectorIndex:
    """Chunk vectors by cosine. Derived from SQL: it can be thrown away and rebuilt at any time.

    Every method raises IndexBroken where Chroma cannot work on its folder, or its server does not answer."""

    def __init__(self, place: Path | str, model: EmbeddingModel, *, begin_anew: bool = True) -> None:
        """`place` is a folder, which only one process may open, or the URL of a Chroma server, which many share.

        A folder that cannot be opened is thrown away, unless `begin_anew` is off. Raises IndexUnavailable where the
        server does not answer."""
        self._place = place
        self._model = model
        try:
            self._open()
        except IndexUnavailable:
            raise
        except IndexBroken:
            SharedSystemClient.clear_system_cache()  # Chroma remembers the client that it could not open
            if not begin_anew:
                raise
            _log.warning("the vector index in %s cannot be opened and is begun anew", place, exc_info=True)
            self._clear_folder()
            self._open()

    def close(self) -> None:
        """Let go of the folder or of the connections to the server. Closing twice is closing once."""
        if isinstance(self._place, str):
            for client in (self._client, self._client._admin_client):
                client._server._session.close()  # chromadb 1 leaves them open: its HTTP client has no `stop`
        self._client.close()

    def is_usable(self) -> bool:
        """Whether the folder is still there, and can be read and searched."""
        if isinstance(self._place, Path) and not (self._place / "chroma.sqlite3").exists():
            return False
        try:
            self._get(limit=1)
            # A search reads what listing does not: the graph of the vectors.
            self.search(self._model.embed_questions(["anything"])[0], 1, None)
        except IndexBroken:
            return False
        return True

    def start_over(self) -> None:
        """Throw the folder away, whatever state it is in, and begin an empty one. A server's vectors stay: others use
        them, and it is asked again."""
        self.close()
        self._clear_folder()
        self._open()

    def _open(self) -> None:
        with self._speaking():
            self._client: Any = _server(self._place) if isinstance(self._place, str) else _embedded(self._place)
            self._store = self._collection()

    def _collection(self) -> Chroma:
        # One collection per embedder: vectors of two models must never be compared.
        return Chroma(
            collection_name=f"{_COLLECTION}-{self._model.name}",
            client=self._client,
            embedding_function=LangChainEmbeddings(self._model),
            collection_metadata={"hnsw:space": "cosine"},
        )

    def _clear_folder(self) -> None:
        if isinstance(self._place, Path):
            shutil.rmtree(self._place, ignore_errors=True)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Chroma's complaints in our words; a client that was closed by `start_over` has lost an attribute."""
        try:
            yield
        except httpx.HTTPError as error:
            raise IndexUnavailable(f"The Chroma server does not answer: {error}") from error
        except (ChromaError, AttributeError) as error:
            raise IndexBroken(f"The search index cannot be used: {str(error)[:300]}") from error

    def _get(self, **given: Any) -> dict[str, Any]:
        with self._speaking():
            return self._store.get(include=given.pop("include", []), **given)

    def put(self, ids: Sequence[int], texts: Sequence[str], metadatas: Sequence[Mapping[str, int | str]]) -> None:
        """Add or replace chunks by id; doing it twice is doing it once."""
        for begin in range(0, len(ids), _BATCH):
            part = slice(begin, begin + _BATCH)
            with self._speaking():
                self._store.add_texts(
                    list(texts[part]), [dict(m) for m in metadatas[part]], [str(chunk_id) for chunk_id in ids[part]]
                )

    def remove_document(self, document_id: int, *, before: int | None = None) -> None:
        """Drop the vectors of a document; with `before`, only those of chunks with a smaller id.

        Chunk ids only grow, so a worker that lags behind can never drop what a later version has stored."""
        stored = self._get(where={"document_id": document_id})["ids"]
        self.remove([int(vector_id) for vector_id in stored if before is None or int(vector_id) < before])

    def search(self, vector: NDArray[np.float32], limit: int, audience: str | None) -> list[tuple[int, float]]:
        """Nearest chunks as (chunk id, cosine similarity), best first; `audience` None searches all."""
        where: dict[str, str] | None = {"audience": audience} if audience else None
        with self._speaking():
            found = self._store.similarity_search_by_vector_with_relevance_scores(
                vector.tolist(), k=limit, filter=where
            )
        return [(int(document.metadata["chunk_id"]), 1.0 - distance) for document, distance in found]

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Cosine similarity of `vector` to the chunks with these ids, as far as they are stored."""
        if not ids:
            return {}
        found = self._get(ids=[str(chunk_id) for chunk_id in ids], include=["embeddings"])
        return {
            int(vector_id): float(np.asarray(embedding, dtype=np.float32) @ vector)
            for vector_id, embedding in zip(found["ids"], found["embeddings"], strict=True)
        }

    def audiences(self) -> dict[int, str]:
        """Who may see each chunk, as it stands in the index, by chunk id."""
        found = self._get(include=["metadatas"])
        return {
            int(vector_id): str(metadata["audience"])
            for vector_id, metadata in zip(found["ids"], found["metadatas"], strict=True)
        }

    def is_empty(self) -> bool:
        return not self._get(limit=1)["ids"]

    def remove(self, ids: Sequence[int]) -> None:
        if ids:
            with self._speaking():
                self._store.delete([str(chunk_id) for chunk_id in ids])

    def reset(self) -> None:
        """Throw everything away. A server's collection stays and is emptied: other processes hold on to it."""
        if isinstance(self._place, Path):
            with self._speaking():
                self._store.delete_collection()
                self._store = self._collection()
            return
        while ids := self._get(limit=_BATCH)["ids"]:
            self.remove([int(vector_id) for vector_id in ids])


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
