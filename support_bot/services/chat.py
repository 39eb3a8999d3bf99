"""The customer's side of a conversation: start, say, follow, close. Answers come from the log, never from a call."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import jwt

from support_bot.errors import ChannelOff, NotFound, Unauthorized
from support_bot.models import BotTurn, Conversation, Message, utcnow
from support_bot.services.answers import assemble
from support_bot.services.handoff import change_mode, lock_root_first, retract_running_turn
from support_bot.services.pinned import NO_DOCUMENT, team_source
from support_bot.services.service_levels import keep_time
from support_bot.services.ticket_merging import let_companions_stay, tell_ticket
from support_bot.services.transcript import render
from support_bot.services.turns import TurnRunner
from support_bot.services.typed import typed
from support_bot.services.views import Answer, ChannelView, MessageView, SourceView
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction
from support_bot.values import (
    AnswerStatus,
    Audience,
    Author,
    Done,
    LoggedEvent,
    Mode,
    Said,
    StateChanged,
    Turn,
    Typing,
)

_LOOK_S = 0.08
_TOUCH_S = 5.0
_TYPING_S = 3.0
_REFUSED_TOKEN = "This conversation needs its own valid token."


@dataclass(frozen=True, slots=True)
class StartedConversation:
    """A new conversation and the token that alone opens it."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """What became of a customer's message: events after `position` belong to what follows; `turn_id` is None where a
    person answers."""

    conversation_id: str
    message_id: int
    position: int
    turn_id: int | None
    duplicate: bool = False


class ChatService:
    """What customers (and whoever speaks for them) do."""

    def __init__(self, db: Database, runner: TurnRunner, settings: Settings, *, secret: str) -> None:
        self._db = db
        self._runner = runner
        self._settings = settings
        self._secret = secret
        self._touched: dict[str, float] = {}
        self._typed: dict[tuple[str, Author], float] = {}

    # ---- the conversation itself

    def start(self, channel: str, *, visitor: str | None = None) -> StartedConversation:
        """Begin a conversation. Raises NotFound or Forbidden where the channel does not exist or is off."""
        return self.start_with_history(channel, [], visitor=visitor)

    def start_with_history(
        self, channel: str, turns: Sequence[Turn], *, visitor: str | None = None
    ) -> StartedConversation:
        """Begin a conversation in which some things were already said elsewhere."""
        with self._db.transaction() as tx:
            found = tx.channels.get(channel)
            if not found.enabled:
                raise ChannelOff("This chat is switched off at the moment.")
            conversation = tx.conversations.add(Conversation(channel_id=found.id, visitor=visitor and visitor[:200]))
            for turn in turns:
                tx.conversations.add_message(
                    Message(conversation_id=conversation.id, author=turn.author, text=turn.text)
                )
        return StartedConversation(conversation.id, self._token(conversation.id))

    def ask_anew(
        self, channel: str, turns: Sequence[Turn], text: str, *, visitor: str | None = None
    ) -> tuple[StartedConversation, TurnStarted]:
        """Begin a conversation and ask at once; nothing is stored where `say` would refuse the text."""
        text = typed(text, what="message", most=self._settings.security.message_chars)
        self._runner.require_room()
        started = self.start_with_history(channel, turns, visitor=visitor)
        return started, self.say(started.id, text)

    def _token(self, conversation_id: str) -> str:
        expires = utcnow() + dt.timedelta(days=self._settings.security.conversation_token_days)
        return jwt.encode({"sub": conversation_id, "aud": "conversation", "exp": expires}, self._secret, "HS256")

    def authorize(self, conversation_id: str, token: str) -> None:
        """Raise Unauthorized unless the token was signed here for this conversation and has not expired."""
        try:
            claims = jwt.decode(token, self._secret, ["HS256"], audience="conversation")
        except jwt.InvalidTokenError:
            raise Unauthorized(_REFUSED_TOKEN) from None
        if claims.get("sub") != conversation_id:
            raise Unauthorized(_REFUSED_TOKEN)

    def mode(self, conversation_id: str) -> Mode:
        with self._db.reading() as tx:
            return tx.conversations.get(conversation_id).mode

    def channel_of(self, conversation_id: str) -> ChannelView:
        with self._db.reading() as tx:
            return ChannelView.of(tx.channels.get_by_id(tx.conversations.get(conversation_id).channel_id))

    def close(self, conversation_id: str) -> None:
        """The customer leaves: the bot falls silent, an open ticket is closed; what was merged into it goes on without
        it. Closing twice is closing once."""
        with self._db.transaction() as tx:
            conversation = lock_root_first(tx, conversation_id)
            if conversation.mode is Mode.CLOSED:
                return
            retract_running_turn(tx, conversation)
            ticket = tx.tickets.find_open(conversation_id)
            if ticket is not None and ticket.conversation_id == conversation_id:
                let_companions_stay(tx, ticket, conversation)
                ticket.close(by=None)
                keep_time(tx, ticket)
            change_mode(tx, conversation, Mode.CLOSED)

    # ---- saying

    def say(self, conversation_id: str, text: str, client_message_id: str | None = None) -> TurnStarted:
        """Store the customer's message and let the bot (or nobody, where a person answers) begin its turn.

        The same `client_message_id` twice is one message. Raises Invalid for an empty or too long text, Overloaded
        when too many turns wait; then nothing was stored."""
        text = typed(text, what="message", most=self._settings.security.message_chars)
        with self._db.transaction() as tx:
            conversation = lock_root_first(tx, conversation_id)
            if client_message_id:
                client_message_id = client_message_id[:64]
                if earlier := tx.conversations.find_by_client_id(conversation_id, client_message_id):
                    turn = tx.turns.find_for_message(earlier.id)
                    return TurnStarted(conversation_id, earlier.id, 0, turn.id if turn else None, duplicate=True)
            if conversation.mode in (Mode.BOT, Mode.CLOSED):
                self._runner.require_room()
            if conversation.mode is Mode.CLOSED:
                change_mode(tx, conversation, Mode.BOT)
            message = tx.conversations.add_message(
                Message(
                    conversation_id=conversation_id,
                    author=Author.CUSTOMER,
                    text=text,
                    client_message_id=client_message_id,
                )
            )
            conversation.updated_at = utcnow()
            position = tx.events.append(conversation_id, Said(message.id, Author.CUSTOMER, text))
            turn, is_new = self._turn_for(tx, conversation, message)
            if not conversation.bot_may_speak:
                tell_ticket(tx, conversation, text)
        if turn is not None and is_new:
            self._runner.submit(turn.id)
        return TurnStarted(conversation_id, message.id, position, turn.id if turn else None)

    def _turn_for(self, tx: Transaction, conversation: Conversation, message: Message) -> tuple[BotTurn | None, bool]:
        """The turn that will answer: none where a person does, the open one for a burst, else a new one."""
        if not conversation.bot_may_speak:
            return None, False
        open_turn = tx.turns.find_open(conversation.id)
        if open_turn is not None and not _has_released(tx, open_turn):
            open_turn.joined_until_id = message.id
            return open_turn, False
        turn = tx.turns.add(BotTurn(conversation_id=conversation.id, message_id=message.id))
        return turn, open_turn is None

    def stop(self, conversation_id: str) -> None:
        """The customer does not want the rest of the running answer."""
        with self._db.transaction() as tx:
            retract_running_turn(tx, tx.conversations.lock(conversation_id))

    def typing(self, conversation_id: str, author: Author) -> None:
        """Note that somebody is writing; at most one event in three seconds."""
        now = time.monotonic()
        if now - self._typed.get((conversation_id, author), -_TYPING_S) < _TYPING_S:
            return
        self._typed[conversation_id, author] = now
        with self._db.transaction() as tx:
            tx.conversations.lock(conversation_id)
            tx.events.append(conversation_id, Typing(author))

    def sweep(self) -> int:
        """Take up turns that nobody works on any more; how many there were."""
        return self._runner.sweep()

    # ---- reading

    def events(self, conversation_id: str, after: int = 0, *, staff: bool = False) -> list[LoggedEvent]:
        """The log behind `after`, at once. Reading keeps a running turn alive."""
        self._touch(conversation_id)
        audience = Audience.INTERNAL if staff else Audience.PUBLIC
        with self._db.reading() as tx:
            return list(tx.events.after(conversation_id, after, audience=audience))

    def follow(self, started: TurnStarted, *, timeout_s: float = 120) -> Iterator[LoggedEvent]:
        """The events of one turn as they happen, until its Done (or the time is up); a finished turn is replayed."""
        if started.turn_id is None:
            yield LoggedEvent(started.position, StateChanged(self.mode(started.conversation_id)))
            yield LoggedEvent(started.position, Done(started.message_id, AnswerStatus.HANDOFF))
            return
        position, deadline = started.position, time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            fresh = self.events(started.conversation_id, position)
            for logged in fresh:
                position = logged.id
                if logged.turn_id == started.turn_id:
                    yield logged
                    if isinstance(logged.event, Done):
                        return
            if not fresh:
                time.sleep(_LOOK_S)

    def answer(self, conversation_id: str, message_id: int) -> Answer:
        """What the turn of this customer message has said so far, put together from the log."""
        with self._db.reading() as tx:
            message = tx.conversations.get_message(message_id)
            if message.conversation_id != conversation_id:
                raise NotFound("There is no such message.")
            turn = tx.turns.find_for_message(message_id)
            if turn is None:
                return Answer(message_id, AnswerStatus.HANDOFF, "", (), None, done=True)
            logged = tx.events.of_turn(turn.id, conversation_id)
            trace = tx.traces.find_for_question(turn.message_id)
        return replace(assemble(message_id, logged), tokens=dict(trace.tokens) if trace else {})

    def messages(self, conversation_id: str, *, after: int = 0) -> list[MessageView]:
        """What the customer may see, in order. Reading keeps a running turn alive."""
        self._touch(conversation_id)
        with self._db.reading() as tx:
            names = tx.staff.names()
            votes = tx.feedback.of_conversation(conversation_id)
            return [
                MessageView.of(m, names=names, helpful=votes[m.id].helpful if m.id in votes else None)
                for m in tx.conversations.messages(conversation_id, after=after)
            ]

    def transcript(self, conversation_id: str, format: str = "txt") -> str:
        """The conversation as `txt`, `json` or `html`, as the customer saw it."""
        with self._db.reading() as tx:
            company = tx.channels.get_by_id(tx.conversations.get(conversation_id).channel_id).name
        return render(self.messages(conversation_id), format, company=company)

    def source(self, conversation_id: str, document_id: int, chunk_id: int) -> SourceView:
        """The public article (or the team's answer) behind a citation. Raises NotFound once it is gone or internal."""
        with self._db.reading() as tx:
            tx.conversations.get(conversation_id)
            if document_id == NO_DOCUMENT:
                return team_source(tx, chunk_id)
            document = tx.documents.get(document_id)
            if document.audience is not Audience.PUBLIC or document.version == 0:
                raise NotFound(f"There is no document {document_id}.")
            chunk = tx.documents.find_chunk(chunk_id)
            start, end = (chunk.start, chunk.end) if chunk and chunk.document_id == document_id else (0, 0)
            text = tx.documents.get_version(document_id, document.version).text
        return SourceView(document_id, document.title, document.url, text, start, end)

    def _touch(self, conversation_id: str) -> None:
        now = time.monotonic()
        if now - self._touched.get(conversation_id, -_TOUCH_S) < _TOUCH_S:
            return
        if len(self._touched) > 10_000:
            self._touched.clear()
        self._touched[conversation_id] = now
        with self._db.transaction() as tx:
            tx.turns.touch(conversation_id)


def _has_released(tx: Transaction, turn: BotTurn) -> bool:
    """Whether a sentence of this turn is already out."""
    return turn.bot_message_id is not None and bool(tx.conversations.get_message(turn.bot_message_id).text)
