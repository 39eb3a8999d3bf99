"""All SQL about conversations and their messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Conversation, Message, MessageStatus
from support_bot.storage.erasures import fresh_id
from support_bot.values import Audience, Author, Mode


class ConversationRepository:
    """Conversations and messages; internal notes come out only where internal is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, conversation: Conversation) -> Conversation:
        self._session.add(conversation)
        self._session.flush()
        return conversation

    def get(self, conversation_id: str) -> Conversation:
        found = self._session.get(Conversation, conversation_id)
        if found is None:
            raise NotFound("There is no such conversation.")
        return found

    def lock(self, conversation_id: str) -> Conversation:
        """The conversation, read again and locked until the transaction ends (SQLite holds its one write lock)."""
        query = select(Conversation).where(Conversation.id == conversation_id).with_for_update()
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound("There is no such conversation.")
        return found

    def count(self, mode: Mode | None = None) -> int:
        query = select(func.count()).select_from(Conversation)
        if mode is not None:
            query = query.where(Conversation.mode == mode)
        return self._session.scalar(query) or 0

    def add_message(self, message: Message) -> Message:
        if number := fresh_id(self._session, Message):
            message.id = number
        self._session.add(message)
        self._session.flush()
        return message

    def get_message(self, message_id: int) -> Message:
        found = self._session.get(Message, message_id)
        if found is None:
            raise NotFound("There is no such message.")
        return found

    def find_messages(self, message_ids: Collection[int]) -> dict[int, Message]:
        """Those of the messages that exist, by id."""
        rows = self._session.scalars(select(Message).where(Message.id.in_(message_ids)))
        return {row.id: row for row in rows}

    def find_by_client_id(self, conversation_id: str, client_message_id: str) -> Message | None:
        query = select(Message).where(
            Message.conversation_id == conversation_id, Message.client_message_id == client_message_id
        )
        return self._session.scalars(query).one_or_none()

    def messages(
        self,
        conversation_id: str,
        *,
        after: int = 0,
        audience: Audience = Audience.PUBLIC,
        limit: int | None = None,
    ) -> Sequence[Message]:
        """Messages in order. Audience `public` leaves out notes and what was retracted; `internal` shows everything.

        With `limit`, the last so many."""
        query = select(Message).where(Message.conversation_id == conversation_id, Message.id > after)
        if audience is Audience.PUBLIC:
            query = query.where(Message.audience == Audience.PUBLIC, Message.status != MessageStatus.RETRACTED)
        if limit is None:
            return self._session.scalars(query.order_by(Message.id)).all()
        return list(reversed(self._session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()))

    def customer_messages_between(self, conversation_id: str, first_id: int, last_id: int) -> Sequence[Message]:
        """The customer's messages with ids from `first_id` to `last_id`, both included."""
        query = select(Message).where(
            Message.conversation_id == conversation_id,
            Message.author == Author.CUSTOMER,
            Message.id >= first_id,
            Message.id <= last_id,
        )
        return self._session.scalars(query.order_by(Message.id)).all()

    def texts(self, conversation_ids: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
        """Everything said in these conversations, notes included, as (message id, text), in order."""
        query = select(Message.conversation_id, Message.id, Message.text).where(
            Message.conversation_id.in_(conversation_ids), Message.status != MessageStatus.STREAMING
        )
        found: dict[str, list[tuple[int, str]]] = {key: [] for key in conversation_ids}
        for key, number, text in self._session.execute(query.order_by(Message.id)):
            found[key].append((number, text))
        return found

    def first_words(self, conversation_ids: Sequence[str]) -> dict[str, str]:
        """The first customer message of each conversation, for lists."""
        first = (
            select(func.min(Message.id))
            .where(Message.conversation_id.in_(conversation_ids), Message.author == Author.CUSTOMER)
            .group_by(Message.conversation_id)
        )
        query = select(Message.conversation_id, Message.text).where(Message.id.in_(first))
        return {row[0]: row[1] for row in self._session.execute(query)}
