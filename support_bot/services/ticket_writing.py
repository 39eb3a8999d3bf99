"""Replies and notes as steps of a transaction, so that what is done with them is done together or not at all."""

from __future__ import annotations

from support_bot.errors import AnsweredMeanwhile, Conflict
from support_bot.models import Conversation, Message, Ticket, TicketEventKind, utcnow
from support_bot.services.handoff import lock_ticket, take_over
from support_bot.services.macro_words import require_no_mark
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.service_levels import staff_replied
from support_bot.services.ticket_edits import require_text
from support_bot.services.ticket_merging import say_to_companions
from support_bot.storage.database import Transaction
from support_bot.values import Audience, Author, Mode, Said


def write_reply(
    tx: Transaction, outbox: MailOutbox | None, ticket_id: int, staff_id: int, text: str, seen: int | None = None
) -> Message:
    """Answer the customer; a conversation that waits (or is with the bot) is taken by that.

    `seen` is the newest message that the writer saw, None for not to look. Raises Invalid, Conflict,
    AnsweredMeanwhile where somebody else has replied since."""
    text = require_text(text)
    require_no_mark(text)
    ticket, conversation = lock_ticket(tx, ticket_id)
    if conversation.mode is Mode.CLOSED or not ticket.is_open:
        raise _cannot_reply(ticket)
    if seen is not None:
        _require_unanswered(tx, conversation, staff_id, seen)
    if conversation.mode is not Mode.HUMAN:
        take_over(tx, conversation, staff_id)
    message = tx.conversations.add_message(
        Message(conversation_id=conversation.id, author=Author.STAFF, text=text, staff_id=staff_id)
    )
    name = tx.staff.names().get(staff_id)
    tx.events.append(conversation.id, Said(message.id, Author.STAFF, text, name))
    copies = say_to_companions(tx, conversation, message, name)
    if outbox is not None:
        outbox.reply(tx, [message, *copies])
    ticket.record(TicketEventKind.REPLIED, staff_id, message=message.id)
    staff_replied(tx, ticket)
    return message


def write_note(tx: Transaction, ticket_id: int, staff_id: int, text: str) -> Message:
    """Write something that only staff will ever see. Raises Invalid."""
    text = require_text(text)
    require_no_mark(text)
    ticket, _ = lock_ticket(tx, ticket_id)
    message = tx.conversations.add_message(
        Message(
            conversation_id=ticket.conversation_id,
            author=Author.STAFF,
            text=text,
            staff_id=staff_id,
            audience=Audience.INTERNAL,
        )
    )
    said = Said(message.id, Author.STAFF, text, tx.staff.names().get(staff_id))
    tx.events.append(ticket.conversation_id, said, audience=Audience.INTERNAL)
    ticket.record(TicketEventKind.NOTED, staff_id, message=message.id)
    return message


def _require_unanswered(tx: Transaction, conversation: Conversation, staff_id: int, seen: int) -> None:
    for message in reversed(tx.conversations.messages(conversation.id, after=seen)):
        if message.author is Author.STAFF and message.staff_id != staff_id:
            who = tx.staff.names().get(message.staff_id or 0, "Somebody else")
            seconds = max(0, int((utcnow() - message.created_at).total_seconds()))
            ago = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
            raise AnsweredMeanwhile(f"{who} answered {ago} ago: send anyway?", message.id)


def _cannot_reply(ticket: Ticket) -> Conflict:
    if ticket.merged_into_id is not None:
        return Conflict(f"Ticket {ticket.id} is merged into ticket {ticket.merged_into_id}: write there.")
    return Conflict(f"Ticket {ticket.id} is {ticket.status}; the customer has to write again first.")
