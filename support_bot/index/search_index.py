"""Keeps vectors, words and piece vectors in step with the chunks in SQL, and reads every hit back from SQL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from support_bot.errors import IndexBroken
from support_bot.index.keyword import KeywordEntry, KeywordIndex
from support_bot.index.pieces import PieceIndex, PieceRow
from support_bot.index.vector import EmbeddingModel, VectorIndex
from support_bot.models import Chunk, Document
from support_bot.values import Audience, Passage

_READ_BATCH = 400
_log = logging.getLogger(__name__)


def index_text(title: str, heading_path: Sequence[str], body: str) -> str:
    """What is embedded: title and headings first, so that a chunk stands on its own."""
    headings = [part for part in heading_path if part != title]
    return "\n".join([" > ".join([title, *headings]), body])


class SearchIndex:
    """Both searches over one set of chunks. Hits that SQL no longer has, or that the audience may not see, fall out."""

    def __init__(
        self,
        vectors: VectorIndex,
        keywords: KeywordIndex,
        model: EmbeddingModel,
        connect: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._vectors = vectors
        self._keywords = keywords
        self._model = model
        self._pieces = PieceIndex(model)
        self._connect = connect

    # ---- writing

    def put_keywords(self, connection: Connection, document: Document, chunks: Sequence[Chunk]) -> None:
        """Index the chunks' words in the caller's transaction."""
        self._keywords.add(connection, [_keyword_entry(document, chunk) for chunk in chunks])

    def remove_keywords(self, connection: Connection, document_id: int) -> None:
        """Drop the document's words in the caller's transaction, before its chunks go."""
        self._keywords.remove_document(connection, document_id)

    def put_vectors(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Embed and store; then drop vectors of older versions. Safe to repeat."""
        self._vectors.put(
            [chunk.id for chunk in chunks],
            [index_text(document.title, chunk.heading_path, chunk.text) for chunk in chunks],
            [
                {"chunk_id": chunk.id, "document_id": document.id, "audience": document.audience.value}
                for chunk in chunks
            ],
        )
        self._vectors.remove_document(document.id, before=min((chunk.id for chunk in chunks), default=None))

    def make_pieces(self, document: Document, chunks: Sequence[Chunk]) -> list[PieceRow]:
        """Embed the sentences, items and rows of the chunks, to be stored by `put_pieces`."""
        return self._pieces.make([(chunk.id, _heading(document, chunk, " › "), chunk.text) for chunk in chunks])

    def put_pieces(self, connection: Connection, rows: Sequence[PieceRow]) -> None:
        """Store what `make_pieces` made, in the caller's transaction. It goes with the chunks."""
        self._pieces.put(connection, rows)

    def lacking_pieces(self, most: int) -> list[int]:
        """Ids of ready documents whose pieces are still to be embedded by this model."""
        with self._connect() as connection:
            return self._pieces.lacking(connection, most)

    def remove_vectors(self, document_id: int) -> None:
        """Drop the document's vectors, after its chunks have gone; no hit is believed that SQL does not have."""
        try:
            self._vectors.remove_document(document_id)
        except IndexBroken:
            _log.warning("the vectors of document %s stay until the index is built anew", document_id, exc_info=True)

    def rebuild_keywords(self, connection: Connection, pairs: Iterable[tuple[Document, Sequence[Chunk]]]) -> None:
        self._keywords.clear(connection)
        for document, chunks in pairs:
            self.put_keywords(connection, document, chunks)

    def reset_vectors(self) -> None:
        self._vectors.reset()

    def remove(self, connection: Connection, chunk_ids: Sequence[int]) -> None:
        """Drop single chunks from both indexes, the words in the caller's transaction."""
        self._keywords.remove(connection, chunk_ids)
        self._vectors.remove(chunk_ids)

    def is_empty(self) -> bool:
        """Whether there is no vector at all, as after the folder was lost or another embedder was chosen."""
        return self._vectors.is_empty()

    def is_usable(self) -> bool:
        """Whether the vectors can be read and searched at all."""
        return self._vectors.is_usable()

    def check(self) -> None:
        """Raise IndexBroken unless the vectors can be read and searched, though words alone would still answer."""
        if not self.is_usable():
            raise IndexBroken("The vector index cannot be searched.")

    def start_over(self) -> None:
        """Begin an empty vector index where the old one cannot be used any more."""
        self._vectors.start_over()

    def close(self) -> None:
        self._vectors.close()

    def differences(self) -> tuple[set[int], set[int]]:
        """Chunk ids that an index lacks or has for other readers, and ids it holds though SQL does not.

        Both are empty when all is in step."""
        vectors = self._vectors.audiences()  # first: what is stored meanwhile looks missing then, which is harmless
        with self._connect() as connection:
            rows = connection.execute(select(Chunk.id, Document.audience).join(Document))
            stored = {row[0]: row[1].value for row in rows}
            keywords = self._keywords.ids(connection)
        missing = {number for number, audience in stored.items() if vectors.get(number) != audience}
        return missing | (stored.keys() - keywords), (vectors.keys() | keywords) - stored.keys()

    # ---- searching

    @property
    def reads_unspaced(self) -> bool:
        """Whether the vectors of languages without spaces mean anything."""
        return self._model.reads_unspaced

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of the index's own vectors on the scale that all embedders share."""
        return self._model.likeness(cosines)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, dimension] of what is asked, by the index's own model."""
        return self._model.embed_questions(texts)

    def vector_hits(
        self, vector: NDArray[np.float32], limit: int, audience: Audience | None
    ) -> list[tuple[int, float]]:
        """The nearest chunks with their likeness; none while the vectors cannot be searched, so that words alone find
        something."""
        try:
            return list(self._alike(self._vectors.search(vector, limit, audience.value if audience else None)).items())
        except IndexBroken:
            _log.warning("searched by words alone, the vector index does not answer", exc_info=True)
            return []

    def likenesses(self, vector: NDArray[np.float32], chunk_ids: Sequence[int]) -> dict[int, float]:
        """Likeness of chunks that another search found; those without a vector yet are left out."""
        try:
            return self._alike(self._vectors.cosines(vector, chunk_ids).items())
        except IndexBroken:  # `vector_hits` has said so
            return {}

    def _alike(self, cosines: Iterable[tuple[int, float]]) -> dict[int, float]:
        found = dict(cosines)
        alike = self._model.likeness(np.array(list(found.values()), dtype=np.float32))
        return dict(zip(found, alike.tolist(), strict=True))

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]:
        """Unit vectors [pieces, dimension] of each passage, in the order of `pieces.cut`, by chunk id."""
        with self._connect() as connection:
            return self._pieces.of(connection, passages)

    def keyword_hits(self, question: str, limit: int, audience: Audience | None) -> list[tuple[int, float]]:
        with self._connect() as connection:
            return self._keywords.search(connection, question, limit, audience)

    def read(self, chunk_ids: Sequence[int], audience: Audience | None) -> dict[int, Passage]:
        """The chunks that exist now, belong to their document's current version, and may be seen by the audience."""
        query = (
            select(
                Chunk.id, Chunk.document_id, Document.name, Document.title, Chunk.heading_path,
                Chunk.text, Document.url, Document.audience,
            )
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.version == Document.version)
        )  # fmt: skip
        if audience is not None:
            query = query.where(Document.audience == audience)
        passages: dict[int, Passage] = {}
        with self._connect() as connection:
            for begin in range(0, len(chunk_ids), _READ_BATCH):
                rows = connection.execute(query.where(Chunk.id.in_(chunk_ids[begin : begin + _READ_BATCH])))
                for row in rows:
                    passages[row[0]] = Passage(
                        chunk_id=row[0], document_id=row[1], name=row[2], title=row[3],
                        heading_path=tuple(row[4]), text=row[5], url=row[6], audience=row[7],
                    )  # fmt: skip
        return passages


def _keyword_entry(document: Document, chunk: Chunk) -> KeywordEntry:
    return KeywordEntry(chunk.id, document.title, _heading(document, chunk, " "), chunk.text)


def _heading(document: Document, chunk: Chunk, between: str) -> str:
    return between.join(part for part in chunk.heading_path if part != document.title)
