"""Nobody takes a waiting chat: the customer is told once, and may leave an address for a reply by e-mail."""

from __future__ import annotations

import datetime as dt
import re

from support_bot.errors import Conflict, Invalid
from support_bot.models import Conversation, FollowUp, Ticket, TicketEventKind, TicketStatus, utcnow
from support_bot.services.handoff import tell
from support_bot.services.handoff_words import when_words
from support_bot.services.terms import terms_of
from support_bot.storage.database import Database, Transaction
from support_bot.values import EmailAsked, Mode

_ADDRESS = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[^\s@<>\"',;.]+")
_SORRY = "Nobody has been free for you yet; we are sorry for the wait."
_ASK = "Leave your e-mail address and we can also answer there. You can keep waiting here, too."
_KNOWN = "We have your e-mail address and can also answer there. You can keep waiting here, too."
_THANKS = "Thank you. Our team sees your e-mail address and can answer there, too."


class FollowUpService:
    """The address of a customer who waits."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def leave_address(self, conversation_id: str, email: str) -> None:
        """Keep the address for the team; a later one takes its place. Raises Invalid, Conflict where nobody waits."""
        address = email.strip()
        if len(address) > 254 or not _ADDRESS.fullmatch(address):
            raise Invalid("That is no e-mail address; write it like name@example.com.")
        with self._db.transaction() as tx:
            conversation = tx.conversations.lock(conversation_id)
            ticket = tx.tickets.find_open(conversation_id)
            if ticket is None or conversation.mode not in (Mode.WAITING, Mode.HUMAN):
                raise Conflict("Nobody was asked for here; ask for a person first.")
            found = tx.follow_ups.find(conversation_id) or tx.follow_ups.add(FollowUp(conversation_id=conversation_id))
            if found.email == address:
                return
            found.email = address
            ticket.record(TicketEventKind.EMAIL_LEFT, None)
            tx.events.append(conversation_id, EmailAsked(False))
            tell(tx, conversation, _THANKS)

    def address(self, conversation_id: str) -> str | None:
        """The address that the customer left; None for none."""
        with self._db.reading() as tx:
            found = tx.follow_ups.find(conversation_id)
            return found.email if found else None


def tell_who_waits(db: Database, now: dt.datetime) -> int:
    """Tell each customer for whom nobody came in the channel's patience, once a ticket; how many there were."""
    with db.reading() as tx:
        waiting = [found.id for found in tx.follow_ups.waiting() if _is_due(tx, found, now)]
    told = 0
    for conversation_id in waiting:
        with db.transaction() as tx:
            conversation = tx.conversations.lock(conversation_id)
            ticket = tx.tickets.find_open(conversation_id)
            if conversation.mode is Mode.WAITING and ticket is not None and _is_due(tx, conversation, now):
                _tell(tx, conversation, ticket, now)
                told += 1
    return told


def _is_due(tx: Transaction, conversation: Conversation, now: dt.datetime) -> bool:
    ticket, found = tx.tickets.find_open(conversation.id), tx.follow_ups.find(conversation.id)
    if ticket is None or ticket.status is TicketStatus.PENDING:  # we wait for the customer
        return False
    told = found is not None and found.ticket_id == ticket.id
    patience = terms_of(tx, conversation.channel_id).patience_minutes
    since = tx.events.waiting_since(conversation.id)
    return bool(patience) and not told and since is not None and now - since >= dt.timedelta(minutes=patience)


def _tell(tx: Transaction, conversation: Conversation, ticket: Ticket, now: dt.datetime) -> None:
    found = tx.follow_ups.find(conversation.id) or tx.follow_ups.add(FollowUp(conversation_id=conversation.id))
    found.ticket_id, found.told_at = ticket.id, utcnow()
    ticket.record(TicketEventKind.KEPT_WAITING, None)
    away = when_words(terms_of(tx, conversation.channel_id), now)
    when = f" {away}" if "away" in away else ""  # a reply time that has just been missed is not promised again
    tell(tx, conversation, f"{_SORRY}{when} {_KNOWN if found.email else _ASK}")
    if not found.email:
        tx.events.append(conversation.id, EmailAsked(True))
