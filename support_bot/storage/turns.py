"""All SQL about the bot's turns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import AnswerTrace, BotTurn, Message, TurnState, utcnow
from support_bot.storage.events import first_text_at
from support_bot.values import AnswerStatus


@dataclass(frozen=True, slots=True)
class EndedTurn:
    """A turn that is over, with its newest trace's figures: asked, its first words shown (if any), ended."""

    status: AnswerStatus
    ended_at: dt.datetime
    asked_at: dt.datetime
    tokens: dict[str, Any] | None
    timings: dict[str, Any] | None
    shown_at: dt.datetime | None


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

    def find_open(self, conversation_id: str) -> BotTurn | None:
        """The oldest turn that waits for its worker or for an earlier turn, else the one that runs."""
        query = select(BotTurn).where(BotTurn.conversation_id == conversation_id, BotTurn.state != TurnState.ENDED)
        return self._session.scalars(query.order_by(BotTurn.state == TurnState.RUNNING, BotTurn.id)).first()

    def find_next(self, turn_id: int) -> int | None:
        """The oldest turn that waits in the conversation of this one, where none runs there any more."""
        here = select(BotTurn.conversation_id).where(BotTurn.id == turn_id).scalar_subquery()
        query = select(BotTurn.id, BotTurn.state).where(
            BotTurn.conversation_id == here, BotTurn.state != TurnState.ENDED
        )
        left = self._session.execute(query.order_by(BotTurn.id)).all()
        running = any(state is TurnState.RUNNING for _, state in left)
        return None if running or not left else left[0][0]

    def find_running(self, conversation_id: str) -> BotTurn | None:
        return self._first(conversation_id, TurnState.RUNNING)

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

    def find_ended(self, turn_id: int) -> EndedTurn | None:
        """What there is to count of a turn that is over."""
        query = (
            select(
                BotTurn.status, BotTurn.ended_at, Message.created_at, AnswerTrace.tokens, AnswerTrace.timings,
                first_text_at(BotTurn.id),
            )
            .join(Message, Message.id == BotTurn.message_id)
            .outerjoin(AnswerTrace, AnswerTrace.question_id == BotTurn.message_id)
            .where(BotTurn.id == turn_id, BotTurn.state == TurnState.ENDED)
            .order_by(AnswerTrace.id.desc())
        )  # fmt: skip
        found = self._session.execute(query).first()
        return EndedTurn(*found) if found and found.status and found.ended_at else None

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
