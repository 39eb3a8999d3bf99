"""Run the bot's turns on worker threads and append what they say to the log. Nobody waits here for an answer."""

from __future__ import annotations

import datetime as dt
import enum
import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass

from support_bot.answering.chain import AnswerChain
from support_bot.errors import Cancelled, NotFound, Overloaded
from support_bot.models import MessageStatus, TurnState, utcnow
from support_bot.observability import bind_conversation
from support_bot.services.handoff import change_mode, retract_turn
from support_bot.services.release import apply, bot_message, fail
from support_bot.services.traces import trace_row
from support_bot.settings import Settings
from support_bot.storage.database import Database
from support_bot.values import (
    AnswerEvent,
    AnswerStatus,
    Author,
    Done,
    HandOff,
    Mode,
    Queued,
    TraceDraft,
    Turn,
)

_HISTORY = 6
_STOP_LOOK_S = 0.3
_ABANDONED = dt.timedelta(minutes=2)
_LEFT_TO_OTHERS = dt.timedelta(minutes=5)
_INTERRUPTED = "The answer was interrupted. Please ask again, or talk to a person."
_BROKEN = "Something went wrong while I was looking for an answer. Please try again, or talk to a person."
_log = logging.getLogger(__name__)


class _Next(enum.Enum):
    """What the worker does after an event was offered to the log."""

    GO_ON = enum.auto()
    START_OVER = enum.auto()
    STOP = enum.auto()


@dataclass(frozen=True, slots=True)
class _Begun:
    """A turn that has begun: what is asked (a burst joined), what was said before, the last message it covers."""

    conversation_id: str
    question: str
    turns: list[Turn]
    covers: int


class TurnRunner:
    """Workers for turns. The log and the turn's row are the only memory: any process may go on where one stopped."""

    def __init__(
        self, db: Database, chain: AnswerChain, settings: Settings, *, workers: int = 16,
        ended: Callable[[int], None] = lambda turn_id: None,
    ) -> None:  # fmt: skip
        """`ended` hears of each turn that this runner has ended."""
        self._db = db
        self._ended = ended
        self._chain = chain
        self._settings = settings
        self._most = workers + settings.engine.queue_limit
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="turn")
        self._held: list[int] = []  # turns that a worker of this process has or will have
        self._held_lock = threading.Lock()
        self._closing = threading.Event()

    # ---- what the chat service calls

    def require_room(self) -> None:
        """Raise Overloaded when so many turns wait that one more would only time out."""
        if len(self._held) >= self._most:
            raise Overloaded("Many people are asking right now. Please try again in a moment.", retry_after=15.0)

    def submit(self, turn_id: int) -> None:
        with self._held_lock:
            self._held.append(turn_id)
        self._pool.submit(copy_context().run, self._run_guarded, turn_id)  # with the request's id in its log lines

    def recover(self) -> int:
        """After a start: turns cut off by a crash are ended and say so; turns that never began are run.

        What other servers on the same database work on is left to them."""
        return self._pick_up(dt.timedelta(0))

    def sweep(self) -> int:
        """The same while serving, for turns that no worker holds any more (the database could not be written, say)."""
        return self._pick_up(_ABANDONED)

    def _pick_up(self, age: dt.timedelta) -> int:
        if self._db.others_serve():
            age = _LEFT_TO_OTHERS
        with self._db.transaction() as tx:
            found = [turn for turn in tx.turns.unfinished() if turn.id not in self._held]
            broken = [t for t in found if t.state is TurnState.RUNNING and utcnow() - t.started_at >= age]
            for turn in broken:
                tx.conversations.lock(turn.conversation_id)
                if tx.turns.lock(turn.id).state is TurnState.RUNNING:
                    fail(tx, turn, "interrupted", _INTERRUPTED)
        waiting = [turn for turn in found if turn.state is TurnState.WAITING]
        for turn in waiting:
            self.submit(turn.id)
        return len(broken) + len(waiting)

    def close(self) -> None:
        """End what runs, within seconds; what waits is run after the next start."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # ---- one turn

    def _run_guarded(self, turn_id: int) -> None:
        try:
            self._run(turn_id)
        except Exception:  # noqa: BLE001 - the customer must hear of it whatever broke
            _log.exception("turn %s failed", turn_id)
            self._logged(self._end_broken, turn_id)
        finally:
            with self._held_lock:
                self._held.remove(turn_id)
            self._logged(self._start_next, turn_id)

    def _logged(self, step: Callable[[int], None], turn_id: int) -> None:
        """A step that may fail too: what it leaves undone, the sweep picks up."""
        try:
            step(turn_id)
        except Exception:  # noqa: BLE001 - nobody above would hear of it
            _log.exception("after turn %s: %s failed", turn_id, step.__name__)

    def _run(self, turn_id: int) -> None:
        begun = self._begin(turn_id, TurnState.WAITING)
        while begun:
            bind_conversation(begun.conversation_id)
            try:
                outcome, trace = self._say(turn_id, begun)
                if outcome is not _Next.START_OVER:
                    self._finish(turn_id, begun, trace)
                    self._logged(self._ended, turn_id)
                    return
            except NotFound:
                if self._is_there(begun.conversation_id):
                    raise
                return  # erased with its conversation, by somebody who asked for it
            begun = self._begin(turn_id, TurnState.RUNNING)

    def _is_there(self, conversation_id: str) -> bool:
        with self._db.reading() as tx:
            return bool(tx.customers.known([conversation_id]))

    def _begin(self, turn_id: int, expected: TurnState) -> _Begun | None:
        """[tx 1] take the turn, gather the burst and the history; None when it is not to be run (any more), or erased.

        A turn that was submitted twice is not in the expected state the second time."""
        with self._db.transaction() as tx:
            found = tx.turns.find(turn_id)
            if found is None or not tx.customers.known([found.conversation_id]):
                return None
            conversation = tx.conversations.lock(found.conversation_id)
            turn = tx.turns.lock(turn_id)
            if turn.state is not expected or self._closing.is_set():
                return None
            running = tx.turns.find_running(conversation.id)
            if running is not None and running.id != turn.id:
                return None
            if not conversation.bot_may_speak:
                retract_turn(tx, turn)
                return None
            turn.begin()
            covers = turn.joined_until_id or turn.message_id
            asked = tx.conversations.customer_messages_between(conversation.id, turn.message_id, covers)
            earlier = [
                Turn(message.author, message.text)
                for message in tx.conversations.messages(conversation.id)
                if message.id < turn.message_id and message.author is not Author.SYSTEM
            ]
            question = "\n".join(message.text for message in asked)
            return _Begun(conversation.id, question, earlier[-_HISTORY:], covers)

    def _say(self, turn_id: int, begun: _Begun) -> tuple[_Next, TraceDraft | None]:
        """No transaction is open while the chain works; each event is offered to the log in one of its own."""
        trace: TraceDraft | None = None
        outcome = _Next.GO_ON
        with closing(self._stream(turn_id, begun)) as items:
            try:
                for item in items:
                    if isinstance(item, TraceDraft):
                        trace = item
                    elif outcome is _Next.GO_ON:
                        outcome = self._offer(turn_id, begun, item)
                        if outcome is _Next.START_OVER:
                            break
                    # After a stop nothing more is offered; the chain sees it soon and hands over its trace.
            except Cancelled:
                if outcome is _Next.GO_ON:
                    outcome = self._why_stopped(turn_id, begun)
        return outcome, trace

    def _stream(self, turn_id: int, begun: _Begun) -> Generator[AnswerEvent | TraceDraft]:
        last = time.monotonic()

        def stopped() -> bool:
            nonlocal last
            if self._closing.is_set():
                return True
            if time.monotonic() - last < _STOP_LOOK_S:
                return False
            last = time.monotonic()
            return self._why_stopped(turn_id, begun) is not _Next.GO_ON

        return self._chain.stream(begun.question, begun.turns, stopped=stopped)

    def _why_stopped(self, turn_id: int, begun: _Begun) -> _Next:
        with self._db.reading() as tx:
            turn = tx.turns.lock(turn_id)
            if turn.state is TurnState.ENDED or self._closing.is_set():
                return _Next.STOP
            if (turn.joined_until_id or 0) > begun.covers:
                return _Next.START_OVER
            patience = dt.timedelta(seconds=self._settings.answering.reader_timeout_s)
            return _Next.STOP if utcnow() - turn.last_read_at > patience else _Next.GO_ON

    def _offer(self, turn_id: int, begun: _Begun, event: AnswerEvent) -> _Next:
        """Under lock: if the bot may still speak and nothing was added to the question, release the event."""
        with self._db.transaction() as tx:
            conversation = tx.conversations.lock(begun.conversation_id)
            turn = tx.turns.lock(turn_id)
            if turn.state is TurnState.ENDED:
                return _Next.STOP
            if not conversation.bot_may_speak:
                retract_turn(tx, turn)
                return _Next.STOP
            if (turn.joined_until_id or 0) > begun.covers:
                return _Next.START_OVER
            if not isinstance(event, Queued):
                message = bot_message(tx, turn)
                event = apply(tx, message, event)
            tx.events.append(conversation.id, event, turn_id=turn.id)
            if isinstance(event, HandOff):
                change_mode(tx, conversation, Mode.WAITING)
            return _Next.GO_ON

    def _finish(self, turn_id: int, begun: _Begun, trace: TraceDraft | None) -> None:
        """[tx 2] the message is final, the trace kept, the turn over; a retracted turn keeps its trace too."""
        with self._db.transaction() as tx:
            conversation = tx.conversations.lock(begun.conversation_id)
            turn = tx.turns.lock(turn_id)
            message = tx.conversations.get_message(turn.bot_message_id) if turn.bot_message_id else None
            if trace is not None:
                tx.traces.add(trace_row(trace, turn, message.text if message else ""))
            if turn.state is TurnState.ENDED:
                return
            if message is None or not message.text:
                fail(tx, turn, "interrupted", _INTERRUPTED)
                return
            message.status = MessageStatus.FINAL
            message.answer_status = message.answer_status or AnswerStatus.ANSWERED
            turn.end(message.answer_status)
            conversation.updated_at = utcnow()
            tx.events.append(conversation.id, Done(message.id, message.answer_status), turn_id=turn.id)

    def _end_broken(self, turn_id: int) -> None:
        with self._db.transaction() as tx:
            turn = tx.turns.lock(turn_id)
            tx.conversations.lock(turn.conversation_id)
            turn = tx.turns.lock(turn_id)
            if turn.state is not TurnState.ENDED:
                fail(tx, turn, "internal_error", _BROKEN)
        self._ended(turn_id)

    def _start_next(self, turn_id: int) -> None:
        """A message that came after the first released sentence has its own turn, which waited for this one."""
        if self._closing.is_set():
            return
        with self._db.reading() as tx:
            waiting = tx.turns.find_next(turn_id)
        if waiting is not None:
            self.submit(waiting)
