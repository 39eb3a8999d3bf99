"""From bot to person and back: the button, the agent's pull, the hand-back. One open ticket per conversation."""

from __future__ import annotations

from support_bot.errors import Conflict
from support_bot.models import BotTurn, Conversation, Message, Staff, Ticket, TicketEventKind
from support_bot.services.handoff_words import handoff_words
from support_bot.services.notices import tell_of_escalation
from support_bot.services.routing import route, to_team
from support_bot.services.service_levels import keep_time
from support_bot.services.summary import subject, summary
from support_bot.services.views import TicketView
from support_bot.storage.database import Database, Transaction
from support_bot.values import (
    AnswerStatus,
    Author,
    Done,
    HandOff,
    HandoffReason,
    Mode,
    Retract,
    Role,
    Said,
    StateChanged,
)


def open_ticket(tx: Transaction, conversation: Conversation, reason: HandoffReason) -> Ticket:
    """The conversation's open ticket, made (with subject and summary) if there is none. Call it under the lock."""
    if ticket := tx.tickets.find_open(conversation.id):
        return ticket
    messages = tx.conversations.messages(conversation.id)
    ticket = Ticket(
        conversation_id=conversation.id,
        subject=subject(messages),
        reason=reason,
        summary=summary(messages, reason),
    )
    tx.tickets.add(ticket)
    ticket.record(TicketEventKind.OPENED, None, reason=reason.value)
    to_team(tx, ticket, conversation)
    keep_time(tx, ticket)
    if reason is not HandoffReason.AGENT_PULL:
        route(tx, ticket, conversation)
        tell_of_escalation(tx, ticket)
    return ticket


def lock_ticket(tx: Transaction, ticket_id: int) -> tuple[Ticket, Conversation]:
    """A ticket as it is once its conversation is locked: whoever held the lock before may have changed it."""
    conversation = tx.conversations.lock(tx.tickets.get(ticket_id).conversation_id)
    return tx.tickets.lock(ticket_id), conversation


def let_go(tx: Transaction, ticket_id: int, staff_id: int, by: int | None) -> None:
    """Give an open ticket of somebody who was deactivated back to nobody, where the others find it."""
    ticket, conversation = lock_ticket(tx, ticket_id)
    if ticket.is_open and ticket.assignee_id == staff_id:
        ticket.assign(None, by, deactivated=True)
        wait_for_another(tx, conversation)


def hold_active(tx: Transaction, staff_id: int) -> Staff:
    """Somebody who gets a ticket, and who stays active until that is done. Raises Conflict where they are not."""
    person = tx.staff.hold(staff_id)
    if not person.active:
        raise Conflict(f"{person.name} is deactivated and cannot take tickets.")
    if not person.may(Role.AGENT):
        raise Conflict(f"{person.name} is a viewer and cannot take tickets.")
    return person


def wait_for_another(tx: Transaction, conversation: Conversation) -> None:
    """A conversation with a person has none any more: it waits again, the bot stays silent."""
    if conversation.mode is Mode.HUMAN:
        change_mode(tx, conversation, Mode.WAITING)
        tell(tx, conversation, "Somebody else from our team will answer here.")


def tell(tx: Transaction, conversation: Conversation, note: str, name: str | None = None) -> None:
    """A line of the system's own in the conversation; `name` is the person whom it is about."""
    message = tx.conversations.add_message(Message(conversation_id=conversation.id, author=Author.SYSTEM, text=note))
    tx.events.append(conversation.id, Said(message.id, Author.SYSTEM, note, name))


def change_mode(tx: Transaction, conversation: Conversation, mode: Mode) -> bool:
    """Move the conversation and say so in its log; False when it was there already."""
    if not conversation.change_mode(mode):
        return False
    tx.events.append(conversation.id, StateChanged(mode))
    for other in companions(tx, conversation):
        if other.change_mode(mode):
            tx.events.append(other.id, StateChanged(mode))
    return True


def companions(tx: Transaction, conversation: Conversation) -> list[Conversation]:
    """Conversations whose ticket went into this one's and whose customer is still with a person, each locked."""
    found = []
    below = {ticket.conversation_id for ticket in tx.tickets.merged_below(conversation.id)}
    for conversation_id in sorted(below - {conversation.id}):
        other = tx.conversations.lock(conversation_id)
        own = any(ticket.is_open for ticket in tx.tickets.of_conversation(conversation_id))
        if other.mode in (Mode.WAITING, Mode.HUMAN) and not own:
            found.append(other)
    return found


def lock_root_first(tx: Transaction, conversation_id: str) -> Conversation:
    """The conversation, locked; the one whose ticket its own went into was locked before, as everywhere.

    Whoever held a lock before may have merged tickets or undone it: what was read of tickets is read again."""
    root = tx.tickets.find_root(conversation_id)
    if root is not None:
        tx.conversations.lock(root.conversation_id)
    conversation = tx.conversations.lock(conversation_id)
    tx.tickets.read_anew()
    now = tx.tickets.find_root(conversation_id)
    if now is not None and now is not root:
        tx.conversations.lock(now.conversation_id)  # merged a moment ago: late is better than not at all
        tx.tickets.read_anew()
    return conversation


def retract_running_turn(tx: Transaction, conversation: Conversation) -> None:
    """End the bot's running and waiting turns: what was half said is taken back, the trace keeps it."""
    while turn := tx.turns.find_open(conversation.id):
        retract_turn(tx, turn)


def retract_turn(tx: Transaction, turn: BotTurn) -> None:
    """End one turn because a person took over (or the customer left)."""
    message_id = turn.message_id
    if turn.bot_message_id is not None:
        message = tx.conversations.get_message(turn.bot_message_id)
        message.retract()
        message_id = message.id
        tx.events.append(turn.conversation_id, Retract(message.id), turn_id=turn.id)
    turn.end(AnswerStatus.RETRACTED)
    tx.events.append(turn.conversation_id, Done(message_id, AnswerStatus.RETRACTED), turn_id=turn.id)


class HandoffService:
    """What customers and agents do to change who speaks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def request(self, conversation_id: str, reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST) -> TicketView:
        """Ask for a person: one open ticket, mode waiting, the customer told what happens. Twice is once."""
        with self._db.transaction() as tx:
            conversation = tx.conversations.lock(conversation_id)
            if conversation.mode is Mode.CLOSED:
                change_mode(tx, conversation, Mode.BOT)
            ticket = hand_off(tx, conversation, reason)
            return TicketView.of(ticket, conversation.mode, tx.staff.names())

    def take(self, conversation_id: str, staff_id: int) -> TicketView:
        """An agent takes the conversation: the bot is silenced at once, the ticket is theirs.

        Raises Conflict where the conversation is closed, or follows the ticket that its own was merged into."""
        with self._db.transaction() as tx:
            conversation = lock_root_first(tx, conversation_id)
            if conversation.mode is Mode.CLOSED:
                raise Conflict("The conversation is closed; the customer has to write again first.")
            ticket = tx.tickets.find_open(conversation_id)
            if ticket is not None and ticket.conversation_id != conversation_id:
                raise Conflict(f"The conversation is merged into ticket {ticket.id}: take that one.")
            ticket = take_over(tx, conversation, staff_id)
            return TicketView.of(ticket, conversation.mode, tx.staff.names())

    def hand_back(self, ticket_id: int, staff_id: int) -> TicketView:
        """The bot answers again from the customer's next message on; the ticket is closed."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            ticket.hand_back(staff_id)
            keep_time(tx, ticket)
            change_mode(tx, conversation, Mode.BOT)
            tell(tx, conversation, "The automated assistant answers again from here on.")
            return TicketView.of(ticket, conversation.mode, tx.staff.names())


def hand_off(tx: Transaction, conversation: Conversation, reason: HandoffReason) -> Ticket:
    """Silence the bot, open the ticket, tell the customer; where a person was asked for already, only the ticket.

    Call it under the lock, with a conversation that is open."""
    if conversation.mode is not Mode.BOT:
        return open_ticket(tx, conversation, reason)
    retract_running_turn(tx, conversation)
    ticket = open_ticket(tx, conversation, reason)
    message = tx.conversations.add_message(
        Message(
            conversation_id=conversation.id,
            author=Author.BOT,
            text=handoff_words(tx, conversation, reason),
            answer_status=AnswerStatus.HANDOFF,
        )
    )
    tx.events.append(conversation.id, HandOff(reason, message.text, ticket.id))
    change_mode(tx, conversation, Mode.WAITING)
    tx.events.append(conversation.id, Done(message.id, AnswerStatus.HANDOFF))
    return ticket


def take_over(tx: Transaction, conversation: Conversation, staff_id: int) -> Ticket:
    """Silence the bot, make the conversation the agent's. Call it under the lock, with a conversation that is open."""
    name = hold_active(tx, staff_id).name
    retract_running_turn(tx, conversation)
    ticket = open_ticket(tx, conversation, HandoffReason.AGENT_PULL)
    if ticket.assignee_id is None or conversation.mode is not Mode.HUMAN:
        ticket.assign(staff_id, by=staff_id)
    if change_mode(tx, conversation, Mode.HUMAN):
        tell(tx, conversation, handoff_words(tx, conversation, HandoffReason.AGENT_PULL, name), name)
    return ticket
