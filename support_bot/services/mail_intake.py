"""A mail becomes a ticket for people, or goes on with one. The bot answers none: a wrong answer by mail stays."""

from __future__ import annotations

import re

from support_bot.connectors.mail_reading import IncomingMail
from support_bot.errors import NotFound
from support_bot.models import Conversation, Message, ReceivedMail, utcnow
from support_bot.services.handoff import change_mode, lock_root_first, open_ticket, retract_running_turn
from support_bot.services.mail_outbox import address_of
from support_bot.services.service_levels import keep_time
from support_bot.services.ticket_merging import tell_ticket
from support_bot.storage.database import Transaction
from support_bot.values import Author, HandoffReason, Mode, Said

_TICKET = re.compile(r"\[#(\d{1,9})\]")
_NO_SUBJECT = "Mail without a subject"
_NO_TEXT = "(The mail has no text.)"


def refuse(tx: Transaction, channel_id: int, mail: IncomingMail, size: int, reason: str) -> None:
    """Remember that the mail was looked at, and why it became nothing; the mail itself stays in the mailbox."""
    tx.mails.add_received(
        ReceivedMail(
            channel_id=channel_id,
            key=mail.key,
            sender=mail.sender,
            subject=mail.subject,
            refused=reason[:300],
            size=size,
        )
    )


def take_mail(tx: Transaction, channel_id: int, mail: IncomingMail, raw: bytes) -> None:
    """Write the mail into the conversation it belongs to, or into a new one; its ticket is open afterwards."""
    found = _find(tx, mail)
    if found is None:
        conversation = tx.conversations.add(Conversation(channel_id=channel_id, visitor=f"mailto:{mail.sender}"[:200]))
        conversation = tx.conversations.lock(conversation.id)
    else:
        conversation = lock_root_first(tx, found)
    text = _shown(mail, address_of(tx, conversation.id))
    message = tx.conversations.add_message(Message(conversation_id=conversation.id, author=Author.CUSTOMER, text=text))
    conversation.updated_at = utcnow()
    tx.events.append(conversation.id, Said(message.id, Author.CUSTOMER, text))
    if conversation.mode in (Mode.WAITING, Mode.HUMAN):
        tell_ticket(tx, conversation, text)
    else:
        _open(tx, conversation, mail)
    tx.mails.add_received(
        ReceivedMail(
            channel_id=channel_id,
            key=mail.key,
            sender=mail.sender,
            subject=mail.subject,
            answers=list(mail.answers[:50]),
            size=len(raw),
            conversation_id=conversation.id,
            message_id=message.id,
            raw=raw,
        )
    )


def _open(tx: Transaction, conversation: Conversation, mail: IncomingMail) -> None:
    """A ticket for people at once, whether the conversation is new, closed, or was with the bot."""
    retract_running_turn(tx, conversation)
    if conversation.mode is Mode.CLOSED:
        change_mode(tx, conversation, Mode.BOT)
    ticket = open_ticket(tx, conversation, HandoffReason.CUSTOMER_REQUEST)
    ticket.subject = _TICKET.sub("", mail.subject).strip() or _NO_SUBJECT
    change_mode(tx, conversation, Mode.WAITING)
    keep_time(tx, ticket)


def _find(tx: Transaction, mail: IncomingMail) -> str | None:
    """The conversation that the mail goes on with.

    A Message-ID of ours is as good as a key: nobody guesses it. A customer's own, or the number in the subject, count
    only from the address of that conversation."""
    if mail.answers:
        found = tx.mails.conversation_we_wrote_in(mail.answers)
        if found := found or tx.mails.conversation_they_wrote_in(mail.answers, mail.sender):
            return found
    for number in _TICKET.findall(mail.subject):
        try:
            conversation_id = tx.tickets.get(int(number)).conversation_id
        except NotFound:
            continue
        if (address_of(tx, conversation_id) or "").lower() == mail.sender:
            return conversation_id
    return None


def _shown(mail: IncomingMail, customer: str | None) -> str:
    """What agents read; who writes from another address than the customer's is named."""
    parts = [mail.text or _NO_TEXT]
    if customer is not None and customer.lower() != mail.sender:
        parts.insert(0, f"From {mail.sender}:")
    if mail.attachments:
        parts.append("Attached: " + ", ".join(mail.attachments))
    return "\n\n".join(parts)
