"""All SQL about drafts that agents were offered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Fate, Suggestion


class SuggestionRepository:
    """Drafts with what became of them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, suggestion: Suggestion) -> Suggestion:
        self._session.add(suggestion)
        self._session.flush()
        return suggestion

    def get(self, suggestion_id: int) -> Suggestion:
        found = self._session.get(Suggestion, suggestion_id)
        if found is None:
            raise NotFound(f"There is no suggestion {suggestion_id}.")
        return found

    def open_of(self, ticket_id: int, staff_id: int | None = None) -> Sequence[Suggestion]:
        """Those of a ticket (and one member of staff) of which nothing became yet, newest first."""
        query = select(Suggestion).where(Suggestion.ticket_id == ticket_id, Suggestion.fate == Fate.OPEN)
        if staff_id is not None:
            query = query.where(Suggestion.staff_id == staff_id)
        return self._session.scalars(query.order_by(Suggestion.id.desc())).all()

    def page(self, *, before: int | None = None, limit: int = 50) -> Sequence[Suggestion]:
        """Newest first; `before` is the last number of the page before."""
        query = select(Suggestion).order_by(Suggestion.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Suggestion.id < before)
        return self._session.scalars(query).all()

    def count_by_fate(self) -> dict[Fate, int]:
        query = select(Suggestion.fate, func.count()).group_by(Suggestion.fate)
        return {row[0]: row[1] for row in self._session.execute(query)}
