"""PieceVectors: what the sentences, list items and table rows of a chunk mean, by one embedding model."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class PieceVectors(Base):
    """Derived from the chunk's text and made again at any time; goes with the chunk.

    `maker` names the model and the way of cutting; `vectors` has `count` rows of a float32 scale and int8 numbers."""

    __tablename__ = "piece_vectors"

    chunk_id: Mapped[int] = mapped_column(
        ForeignKey("chunk.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    maker: Mapped[str] = mapped_column(String(120))
    count: Mapped[int]
    vectors: Mapped[bytes] = mapped_column(LargeBinary)
