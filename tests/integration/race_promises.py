"""What has to be true of one conversation whatever customers, bot, agents and watchdog did in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from support_bot.assembly import App
from support_bot.models import BotTurn, Message, MessageStatus, Ticket, TicketEventKind, TicketStatus, TurnState
from support_bot.models.conversation import _ALLOWED
from support_bot.storage.database import Transaction
from support_bot.values import (
    Asked,
    Audience,
    Author,
    Citation,
    Done,
    Evidence,
    LoggedEvent,
    Mode,
    Refused,
    Retract,
    Said,
    StateChanged,
    Text,
)

BOT_SPEAKS = (Evidence, Text, Citation, Asked, Refused)
_ENDS = {
    TicketEventKind.SOLVED: TicketStatus.SOLVED,
    TicketEventKind.HANDED_BACK: TicketStatus.CLOSED,
    TicketEventKind.CLOSED: TicketStatus.CLOSED,
}
# What is the same already leaves no line, so these are not counted.
_UNCOUNTED = (TicketEventKind.ASSIGNED, TicketEventKind.CHANGED)
# A breach that nobody saw is noted when the ticket ends; notes and a new priority may follow its end.
_ANY_TIME = (TicketEventKind.NOTED, TicketEventKind.SLA_WARNED, TicketEventKind.SLA_BREACHED)


def broken_promises(app: App, conversation_id: str, said: list[str], done: Counter[tuple[str, int]]) -> list[str]:
    """Each in words. `said` is what the customer was told is stored, `done` how often staff (by id) did what."""
    with app._parts.db.reading() as tx:
        mode = tx.conversations.get(conversation_id).mode
        log = list(tx.events.after(conversation_id, 0, audience=Audience.INTERNAL, limit=100_000))
        tickets = tx.tickets.of_conversation(conversation_id)
        messages = tx.conversations.messages(conversation_id, audience=Audience.INTERNAL)
        turns = _turns(tx, log)
        return [
            *_customer(messages, log, said),
            *_bot(log, turns, messages),
            *_modes(log, mode),
            *_tickets(tickets, mode),
            *_silence(tx, conversation_id, mode),
            *_history(tickets, done),
            *(line for ticket in tickets for line in _clocks(ticket)),
        ]


def _turns(tx: Transaction, log: list[LoggedEvent]) -> list[BotTurn]:
    return [tx.turns.lock(number) for number in sorted({entry.turn_id for entry in log if entry.turn_id})]


def _customer(messages: list[Message], log: list[LoggedEvent], said: list[str]) -> Iterator[str]:
    stored = [message.text for message in messages if message.author is Author.CUSTOMER]
    told = [e.event.text for e in log if isinstance(e.event, Said) and e.event.author is Author.CUSTOMER]
    if sorted(stored) != sorted(said) or told != stored:
        yield f"said {said}, stored {stored}, in the log {told}"


def _bot(log: list[LoggedEvent], turns: list[BotTurn], messages: list[Message]) -> Iterator[str]:
    yield from _speech(log)
    over = {entry.turn_id for entry in log if isinstance(entry.event, Done)}
    retracted = {entry.event.message_id for entry in log if isinstance(entry.event, Retract)}
    by_id = {message.id: message for message in messages}
    for turn in turns:
        if (turn.state is TurnState.ENDED) != (turn.id in over):
            yield f"turn {turn.id} is {turn.state}, its end is told: {turn.id in over}"
        if turn.bot_message_id in retracted and by_id[turn.bot_message_id].status is not MessageStatus.RETRACTED:
            yield f"message {turn.bot_message_id} was retracted and is shown again"
    if sum(turn.state is TurnState.RUNNING for turn in turns) > 1:
        yield "two turns run at once"


def _speech(log: list[LoggedEvent]) -> Iterator[str]:
    mode, over = Mode.BOT, set[int]()
    for entry in log:
        if isinstance(entry.event, StateChanged):
            mode = entry.event.mode
        if entry.turn_id in over:
            yield f"turn {entry.turn_id} said {entry.event} after its end"
        if isinstance(entry.event, BOT_SPEAKS) and mode is not Mode.BOT:
            yield f"the bot said {entry.event} while the conversation was {mode}"
        if isinstance(entry.event, Done) and entry.turn_id:
            over.add(entry.turn_id)


def _modes(log: list[LoggedEvent], mode: Mode) -> Iterator[str]:
    now = Mode.BOT
    for entry in log:
        if isinstance(entry.event, StateChanged):
            if entry.event.mode not in _ALLOWED[now]:
                yield f"the log goes from {now} to {entry.event.mode}"
            now = entry.event.mode
    if now is not mode:
        yield f"the log ends with {now}, the conversation is {mode}"


def _silence(tx: Transaction, conversation_id: str, mode: Mode) -> Iterator[str]:
    if mode is Mode.HUMAN and tx.turns.find_open(conversation_id):
        yield "the bot has a turn while a person speaks"


def _tickets(tickets: list[Ticket], mode: Mode) -> Iterator[str]:
    expected = 1 if mode in (Mode.WAITING, Mode.HUMAN) else 0
    if (found := sum(ticket.is_open for ticket in tickets)) != expected:
        yield f"{found} tickets are open while the conversation is {mode}"


def _history(tickets: list[Ticket], done: Counter[tuple[str, int]]) -> Iterator[str]:
    for ticket in tickets:
        yield from _life(ticket)
    lines = [event for ticket in tickets for event in ticket.events]
    signed = [event for event in lines if event.staff_id and event.kind not in _UNCOUNTED]
    written = Counter((event.kind.value, event.staff_id) for event in signed)
    if written != done:
        yield f"staff did {dict(done)}, the history has {dict(written)}"


def _life(ticket: Ticket) -> Iterator[str]:
    """Whether the ticket's history, told from its beginning, leads to where the ticket is."""
    status, assignee = None, None
    for event in ticket.events:
        is_open = status in (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING)
        if event.kind in _ANY_TIME or (event.kind is TicketEventKind.CHANGED and "status" not in event.detail):
            continue
        if (event.kind is TicketEventKind.OPENED) is not (status is None) or (status is not None and not is_open):
            yield f"ticket {ticket.id}: {event.kind} while {status}"
        if event.kind is TicketEventKind.OPENED:
            status = TicketStatus.NEW
        elif event.kind is TicketEventKind.ASSIGNED:
            assignee = event.detail["to"]
            status = TicketStatus.OPEN if assignee and status is TicketStatus.NEW else status
        elif event.kind is TicketEventKind.CHANGED:
            status = TicketStatus(event.detail["status"][1]) if "status" in event.detail else status
        else:
            status = _ENDS.get(event.kind, status)
    if (status, assignee) != (ticket.status, ticket.assignee_id):
        told = f"{status} of {assignee}"
        yield f"ticket {ticket.id} is {ticket.status} of {ticket.assignee_id}, its history says {told}"


def _clocks(ticket: Ticket) -> Iterator[str]:
    """Clocks run while the ticket is worked on, stand still while the customer is waited for, and end with it."""
    told = Counter(event.detail["metric"] for event in ticket.events if event.kind is TicketEventKind.SLA_BREACHED)
    for clock in ticket.clocks:
        paused = ticket.status is TicketStatus.PENDING
        if clock.ended_at is None and not (ticket.is_open and clock.runs is not paused):
            yield f"ticket {ticket.id} is {ticket.status}, its clock {clock.metric} runs: {clock.runs}"
        if clock.ended_at is not None and clock.since is not None:
            yield f"ticket {ticket.id}: the clock {clock.metric} is over and runs"
        if clock.breached_at is not None and not told[clock.metric.value]:
            yield f"ticket {ticket.id}: the clock {clock.metric} has run out and nobody was told"
