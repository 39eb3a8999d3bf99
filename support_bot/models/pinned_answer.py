"""PinnedAnswer: a question with the team's own answer to it, which the bot gives word for word."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow
from support_bot.models.document import Document
from support_bot.values import Audience, PinState


class PinnedAnswer(Base):
    """`key` is the question as it is compared, so that none is pinned twice; `others` are more ways to ask it.

    `document_version` is the version of the article that the answer was checked against; None rests on no article."""

    __tablename__ = "pinned_answer"

    question: Mapped[str] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(500), unique=True)
    answer: Mapped[str] = mapped_column(Text)
    others: Mapped[list[str]] = mapped_column(default_factory=list)
    url: Mapped[str | None] = mapped_column(String(2000), default=None)
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("document.id", ondelete="SET NULL"), default=None, index=True
    )
    document_version: Mapped[int | None] = mapped_column(default=None)
    enabled: Mapped[bool] = mapped_column(default=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def rest_on(self, document: Document | None) -> None:
        """From now on the answer stands on the article as it is today, or on no article."""
        self.document_id = document.id if document else None
        self.document_version = document.version if document else None

    def why_lapsed(self, document: Document | None) -> str:
        """What happened to the article since the answer was checked; empty where nothing did."""
        if self.document_version is None:
            return ""
        if document is None:
            return "Its article was deleted."
        if document.audience is not Audience.PUBLIC:
            return "Its article is for agents only now."
        if document.version != self.document_version:
            return "Its article has changed."
        return ""

    def state(self, document: Document | None) -> PinState:
        """Whether the answer is given; `document` is the one it rests on, None where that is gone."""
        if not self.enabled:
            return PinState.OFF
        return PinState.LAPSED if self.why_lapsed(document) else PinState.ACTIVE
