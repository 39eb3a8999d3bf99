"""What customers think: a thumb on one answer, a rating of the conversation."""

from __future__ import annotations

from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import Feedback, Rating
from support_bot.storage.database import Database
from support_bot.values import Author

_COMMENT_CHARS = 2000


class FeedbackService:
    """Votes and ratings; the newest counts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def vote(
        self, conversation_id: str, message_id: int, helpful: bool, *, reason: str | None = None,
        comment: str | None = None,
    ) -> None:  # fmt: skip
        """Say whether a message of the bot helped. Raises NotFound for a message of another conversation."""
        with self._db.transaction() as tx:
            message = tx.conversations.get_message(message_id)
            if message.conversation_id != conversation_id:
                raise NotFound("There is no such message.")
            if message.author is not Author.BOT:
                raise Conflict("Only the assistant's answers can be rated.")
            tx.conversations.lock(conversation_id)
            tx.feedback.put(
                Feedback(
                    conversation_id=conversation_id,
                    message_id=message_id,
                    helpful=helpful,
                    reason=reason and reason[:100],
                    comment=comment and comment[:_COMMENT_CHARS],
                )
            )

    def rate(self, conversation_id: str, score: int, comment: str | None = None) -> None:
        """Rate the conversation from 1 (bad) to 5 (good); its newest ticket, if there is one, shows it."""
        if not 1 <= score <= 5:
            raise Invalid("A rating is a number from 1 to 5.")
        with self._db.transaction() as tx:
            tx.conversations.lock(conversation_id)
            comment = comment and comment[:_COMMENT_CHARS]
            tx.feedback.put_rating(Rating(conversation_id=conversation_id, score=score, comment=comment))
            if tickets := tx.tickets.of_conversation(conversation_id):
                tickets[-1].rate(score, comment)
