"""MessageCitation: which document an answer of the bot rests on, so that the answers of a document can be found."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class MessageCitation(Base):
    """One line for each document a message cites; what was cited stands on the message itself.

    Not a foreign key to the document: it may be deleted while it is being cited, and that breaks no answer."""

    __tablename__ = "message_citation"

    document_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
