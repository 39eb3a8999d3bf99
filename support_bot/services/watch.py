"""Look by the clock for what waits too long: promises, silent answers, customers without a person. Each once."""

from __future__ import annotations

import datetime as dt

from support_bot.models import BotTurn, TurnState, utcnow
from support_bot.services.follow_up import tell_who_waits
from support_bot.services.handoff import hand_off
from support_bot.services.service_levels import tell_what_is_late
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction
from support_bot.values import HandoffReason, Mode, Queued


class WatchService:
    """Safe to call at any time, twice, and from several servers: everything is looked at again under the lock."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._patience = dt.timedelta(seconds=settings.answering.silence_s)

    def look(self, now: dt.datetime | None = None) -> int:
        """Tell of everything that is late at `now`; how much there was."""
        now = now or utcnow()
        # In this order: who is handed over now may be late at once.
        return self._end_silence(now) + tell_what_is_late(self._db, now) + tell_who_waits(self._db, now)

    def _end_silence(self, now: dt.datetime) -> int:
        """The watchdog: a running answer that says nothing is taken back, and a person is asked for.

        Waiting is no silence: a turn that has not begun, or was last told its place in the queue, is left alone."""
        with self._db.reading() as tx:
            running = [turn for turn in tx.turns.unfinished() if turn.state is TurnState.RUNNING]
            silent = [(turn.id, turn.conversation_id) for turn in running if self._is_silent(tx, turn, now)]
        ended = 0
        for turn_id, conversation_id in silent:
            with self._db.transaction() as tx:
                conversation = tx.conversations.lock(conversation_id)
                turn = tx.turns.lock(turn_id)
                if conversation.mode is Mode.BOT and self._is_silent(tx, turn, now):
                    hand_off(tx, conversation, HandoffReason.BOT_SILENT)
                    ended += 1
        return ended

    def _is_silent(self, tx: Transaction, turn: BotTurn, now: dt.datetime) -> bool:
        if turn.state is not TurnState.RUNNING:
            return False
        last = tx.events.last_of_turn(turn.id, turn.conversation_id)
        if last is None:
            return now - turn.started_at > self._patience
        event, said_at = last
        return not isinstance(event, Queued) and now - max(said_at, turn.started_at) > self._patience
