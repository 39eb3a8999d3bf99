"""TicketVector: what the customer of a solved ticket asked, as one embedding model reads it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class TicketVector(Base):
    """Derived from the ticket's messages and made again at any time; goes with the ticket.

    `maker` names the model, `vector` has its float32 numbers; it and `question` are empty where nothing was asked."""

    __tablename__ = "ticket_vector"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    maker: Mapped[str] = mapped_column(String(120))
    question: Mapped[str] = mapped_column(Text)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
