"""What people write to customers goes out by mail, too: who gets it, and as an answer to what. Sends nothing itself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

from support_bot.connectors.mail_writing import one_line
from support_bot.mail_settings import MailSettings
from support_bot.models import Conversation, Message, OutgoingMail
from support_bot.storage.database import Transaction

_REPLIES = re.compile(r"^(?:(?:re|aw|sv|antw)\s*:\s*)+", re.I)
_MOST_ANSWERS = 20


class MailOutbox:
    """Puts replies into the transaction in which they are written: neither is there without the other."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def reply(self, tx: Transaction, messages: Sequence[Message]) -> None:
        """Queue what staff wrote, in each conversation that shows it, for the customer's address if we know it."""
        if self._settings.sends:
            for message in messages:
                self._add(tx, message)

    def _add(self, tx: Transaction, message: Message) -> None:
        conversation = tx.conversations.get(message.conversation_id)
        target = address_of(tx, conversation.id)
        if target is None:
            return
        ticket = tx.tickets.of_conversation(conversation.id)[-1]
        person = tx.staff.names().get(message.staff_id or 0, "")
        channel = tx.channels.get_by_id(conversation.channel_id).name
        tx.mails.add_outgoing(
            OutgoingMail(
                ticket_id=ticket.id,
                conversation_id=conversation.id,
                message_id=message.id,
                key=f"<{uuid.uuid4().hex}@{self._settings.address.rpartition('@')[2]}>",
                target=target,
                name=f"{person} ({channel})"[:200] if person else channel,
                subject=f"Re: {_REPLIES.sub('', one_line(ticket.subject))} [#{ticket.id}]",
                answers=_answers(tx, conversation),
            )
        )


def address_of(tx: Transaction, conversation_id: str) -> str | None:
    """Where the customer reads mail: the address left in the chat, or the sender of the conversation's first mail.

    Whoever joins a thread by mail later is heard, but answers go on to this address."""
    left = tx.follow_ups.find(conversation_id)
    if left is not None and left.email:
        return left.email
    received = tx.mails.received_of(conversation_id)
    return received[0].sender if received else None


def _answers(tx: Transaction, conversation: Conversation) -> list[str]:
    """The Message-IDs of the thread, the mail that is answered last (RFC 5322, 3.6.4)."""
    received = [mail for mail in tx.mails.received_of(conversation.id) if mail.key.startswith("<")]
    sent = [(mail.created_at, mail.key) for mail in tx.mails.outgoing_of(conversation.id)]
    keys = [key for _, key in sorted([*sent, *((mail.created_at, mail.key) for mail in received)])]
    if received:
        keys = [key for key in keys if key != received[-1].key] + [received[-1].key]
    return [*keys[:1], *keys[1:][-_MOST_ANSWERS + 1 :]]
