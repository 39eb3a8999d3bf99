"""All SQL about the bot's turns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import BotTurn, Message, TurnState, utcnow


class TurnRepository:
    """Turns: at most one runs per conversation; who may start one is decided under the conversation's lock."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, turn: BotTurn) -> BotTurn:
        self._session.add(turn)
        self._session.flush()
        return turn

    def lock(self, turn_id: int) -> BotTurn:
        """The turn, read again; call it with the conversation locked. Raises NotFound where it was erased."""
        query = select(BotTurn).where(BotTurn.id == turn_id).execution_options(populate_existing=True)
        found = self._session.scalars(query).one_or_none()
        if found is None:
            raise NotFound("There is no such turn.")
        return found

    def find(self, turn_id: int) -> BotTurn | None:
        return self._session.get(BotTurn, turn_id)

    def find_running(self, conversation_id: str) -> BotTurn | None:
        return self._first(conversation_id, TurnState.RUNNING)

    def find_waiting(self, conversation_id: str) -> BotTurn | None:
        """The oldest turn that waits for its worker or for an earlier turn."""
        return self._first(conversation_id, TurnState.WAITING)

    def find_for_message(self, message_id: int) -> BotTurn | None:
        """The turn that answers this customer message, also where the message joined a burst."""
        conversation = select(Message.conversation_id).where(Message.id == message_id).scalar_subquery()
        query = (
            select(BotTurn)
            .where(
                BotTurn.conversation_id == conversation,
                BotTurn.message_id <= message_id,
                func.coalesce(BotTurn.joined_until_id, BotTurn.message_id) >= message_id,
            )
            .order_by(BotTurn.message_id.desc())
        )
        return self._session.scalars(query).first()

    def unfinished(self) -> Sequence[BotTurn]:
        """Turns that are not over: after a restart, those whose worker is gone."""
        query = select(BotTurn).where(BotTurn.state != TurnState.ENDED).order_by(BotTurn.id)
        return self._session.scalars(query).all()

    def touch(self, conversation_id: str) -> None:
        """Somebody follows the log of this conversation right now. A turn that is just being changed is left alone:
        readers wait for nobody, and touch it again in a moment."""
        open_turns = select(BotTurn.id).where(
            BotTurn.conversation_id == conversation_id, BotTurn.state != TurnState.ENDED
        )
        ids = self._session.scalars(open_turns.with_for_update(skip_locked=True)).all()
        if ids:
            self._session.execute(update(BotTurn).where(BotTurn.id.in_(ids)).values(last_read_at=utcnow()))

    def last_read(self, turn_id: int) -> dt.datetime:
        return self._session.scalars(select(BotTurn.last_read_at).where(BotTurn.id == turn_id)).one()

    def _first(self, conversation_id: str, state: TurnState) -> BotTurn | None:
        query = select(BotTurn).where(BotTurn.conversation_id == conversation_id, BotTurn.state == state)
        return self._session.scalars(query.order_by(BotTurn.id)).first()
