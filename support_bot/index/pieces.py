"""Vectors of the pieces of each chunk (sentences, list items, table rows), kept beside it in SQL. Knows no question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from support_bot.index.segments import Segment, plain, segments
from support_bot.index.vector import EmbeddingModel
from support_bot.models import Chunk, Document, PieceVectors
from support_bot.values import DocumentStatus, Passage

CUT = 1
"""Counts up whenever `cut` or `in_context` gives other texts than before, so that stored vectors are made again."""

_MOST_PIECES = 64
_LARGEST = 127


@dataclass(frozen=True, slots=True)
class PieceRow:
    """The vectors of one chunk's pieces, ready to be stored."""

    chunk_id: int
    count: int
    data: bytes


def cut(text: str) -> list[Segment]:
    """The pieces of a chunk that can be quoted, in order; headings are no pieces of their own."""
    return [piece for piece in segments(text) if piece.kind != "heading"][:_MOST_PIECES]


def in_context(heading: str, piece: Segment) -> str:
    """A piece as it is compared: with the headings, bold words and sentence that introduce it."""
    return " ".join(filter(None, (heading, piece.heading, plain(piece.label), piece.context, plain(piece.text))))


class PieceIndex:
    """Piece vectors by chunk, made by one embedding model. What another model made counts as missing."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model = model
        self._maker = f"{model.name}:{CUT}"

    def make(self, passages: Sequence[tuple[int, str, str]]) -> list[PieceRow]:
        """Embed the pieces of passages given as (chunk id, heading, text). Slow: about 20 ms a passage."""
        texts = [(number, in_context(heading, piece)) for number, heading, text in passages for piece in cut(text)]
        vectors = self._model.embed([text for _, text in texts]) if texts else np.zeros((0, 1), np.float32)
        numbers = np.array([number for number, _ in texts], dtype=np.int64)
        return [_row(number, vectors[numbers == number]) for number, _, _ in passages]

    def put(self, connection: Connection, rows: Sequence[PieceRow]) -> None:
        """Store in the caller's transaction; doing it twice is doing it once."""
        if not rows:
            return
        connection.execute(delete(PieceVectors).where(PieceVectors.chunk_id.in_([row.chunk_id for row in rows])))
        connection.execute(
            insert(PieceVectors),
            [{"chunk_id": row.chunk_id, "maker": self._maker, "count": row.count, "vectors": row.data} for row in rows],
        )

    def read(self, connection: Connection, chunk_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """About unit vectors [pieces, dimension] by chunk id, for those chunks that have them."""
        query = select(PieceVectors.chunk_id, PieceVectors.count, PieceVectors.vectors).where(
            PieceVectors.chunk_id.in_(chunk_ids), PieceVectors.maker == self._maker
        )
        return {number: unpacked(count, data) for number, count, data in connection.execute(query)}

    def of(self, connection: Connection, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]:
        """The same for every passage; what is not stored yet is made on the spot."""
        found = self.read(connection, [passage.chunk_id for passage in passages])
        missing = [(p.chunk_id, p.heading, p.text) for p in passages if p.chunk_id not in found]
        return found | {row.chunk_id: unpacked(row.count, row.data) for row in self.make(missing)}

    def lacking(self, connection: Connection, most: int) -> list[int]:
        """Ids of ready documents with a chunk that has no vectors of its pieces yet."""
        query = (
            select(Chunk.document_id)
            .join(Document, Document.id == Chunk.document_id)
            .outerjoin(
                PieceVectors, (PieceVectors.chunk_id == Chunk.id) & (PieceVectors.maker == self._maker)
            )
            .where(PieceVectors.chunk_id.is_(None), Document.status == DocumentStatus.READY)
            .distinct()
            .order_by(Chunk.document_id)
            .limit(most)
        )  # fmt: skip
        return list(connection.scalars(query))


def packed(vectors: NDArray[np.float32]) -> bytes:
    """Rows [n, dimension] as n float32 scales and n rows of int8: a quarter of the size, 0.005 off in a cosine."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=1e-12), 1e-12).astype(np.float32) / _LARGEST
    whole = np.rint(vectors / scales[:, None]).astype(np.int8)
    return bytes(scales.tobytes() + whole.tobytes())


def unpacked(count: int, data: bytes) -> NDArray[np.float32]:
    """What `packed` made of `count` rows."""
    if not count:
        return np.zeros((0, 0), dtype=np.float32)
    scales = np.frombuffer(data, dtype=np.float32, count=count)
    whole = np.frombuffer(data, dtype=np.int8, offset=scales.nbytes).reshape(count, -1)
    return whole.astype(np.float32) * scales[:, None]


def _row(number: int, vectors: NDArray[np.float32]) -> PieceRow:
    return PieceRow(number, len(vectors), packed(vectors) if len(vectors) else b"")
