"""All SQL about pinned answers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from support_bot.errors import Conflict, NotFound
from support_bot.models import Document, PinnedAnswer


class PinnedAnswerRepository:
    """Pinned answers, each with the article it rests on."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, pinned: PinnedAnswer) -> PinnedAnswer:
        """Raises Conflict where the same question was pinned a moment before."""
        self._session.add(pinned)
        self.flush()
        return pinned

    def flush(self) -> None:
        """Write what has changed now. Raises Conflict where the question is pinned already."""
        try:
            self._session.flush()
        except IntegrityError:
            raise Conflict("This question is pinned already.") from None

    def get(self, pinned_id: int) -> PinnedAnswer:
        found = self._session.get(PinnedAnswer, pinned_id)
        if found is None:
            raise NotFound(f"There is no pinned answer {pinned_id}.")
        return found

    def lock(self, pinned_id: int) -> PinnedAnswer:
        """The pinned answer, read again and locked until the transaction ends."""
        query = select(PinnedAnswer).where(PinnedAnswer.id == pinned_id).with_for_update()
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound(f"There is no pinned answer {pinned_id}.")
        return found

    def page(self, *, enabled_only: bool = False) -> Sequence[tuple[PinnedAnswer, Document | None]]:
        """All of them by question, each with its article (None where it has none, or it is gone)."""
        query = select(PinnedAnswer, Document).outerjoin(Document, Document.id == PinnedAnswer.document_id)
        if enabled_only:
            query = query.where(PinnedAnswer.enabled.is_(True))
        rows = self._session.execute(query.order_by(PinnedAnswer.question, PinnedAnswer.id))
        return [(row[0], row[1]) for row in rows]

    def document_of(self, pinned: PinnedAnswer) -> Document | None:
        return self._session.get(Document, pinned.document_id) if pinned.document_id else None

    def delete(self, pinned: PinnedAnswer) -> None:
        self._session.delete(pinned)
        self._session.flush()
