"""All SQL about feedback and ratings."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import Feedback, Rating


class FeedbackRepository:
    """One vote per bot message, one rating per conversation: the newest replaces the one before."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, feedback: Feedback) -> Feedback:
        query = select(Feedback).where(Feedback.message_id == feedback.message_id)
        if earlier := self._session.scalars(query).one_or_none():
            earlier.helpful, earlier.reason, earlier.comment = feedback.helpful, feedback.reason, feedback.comment
            return earlier
        self._session.add(feedback)
        self._session.flush()
        return feedback

    def of_conversation(self, conversation_id: str) -> dict[int, Feedback]:
        """Votes by message id."""
        rows = self._session.scalars(select(Feedback).where(Feedback.conversation_id == conversation_id))
        return {row.message_id: row for row in rows}

    def put_rating(self, rating: Rating) -> Rating:
        query = select(Rating).where(Rating.conversation_id == rating.conversation_id)
        if earlier := self._session.scalars(query).one_or_none():
            earlier.score, earlier.comment = rating.score, rating.comment
            return earlier
        self._session.add(rating)
        self._session.flush()
        return rating
