"""What agents do with tickets and conversations on the desk."""

from __future__ import annotations

from collections.abc import Iterator

from support_bot.models import Conversation, Ticket
from support_bot.services.handoff import lock_ticket
from support_bot.services.inbox import Inbox
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.service_levels import keep_time
from support_bot.services.ticket_edits import give, solve
from support_bot.services.ticket_writing import write_note, write_reply
from support_bot.services.views import (
    ConversationRow,
    ConversationView,
    MessageView,
    TicketView,
    TraceView,
    VisitorView,
)
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Place


class TicketService(Inbox):
    """The inbox, one conversation with everything about it, replies, notes, and the ticket's life."""

    def __init__(self, db: Database, outbox: MailOutbox | None = None) -> None:
        super().__init__(db)
        self._outbox = outbox

    def get(self, ticket_id: int) -> TicketView:
        with self._db.reading() as tx:
            return _view(tx, tx.tickets.get(ticket_id))

    def conversation(self, conversation_id: str) -> ConversationView:
        """Everything staff may see: notes, what was retracted, traces, the newest ticket."""
        with self._db.reading() as tx:
            conversation = tx.conversations.get(conversation_id)
            messages = tx.conversations.messages(conversation_id, audience=Audience.INTERNAL)
            names = tx.staff.names()
            votes = tx.feedback.of_conversation(conversation_id)
            words = tx.conversations.first_words([conversation_id])
            tickets = tx.tickets.of_conversation(conversation_id)
            return ConversationView(
                row=_row(tx, conversation, words.get(conversation_id, "")),
                messages=tuple(
                    MessageView.of(m, names=names, helpful=votes[m.id].helpful if m.id in votes else None)
                    for m in messages
                ),
                traces=tuple(TraceView.of(trace) for trace in tx.traces.of_conversation(conversation_id)),
                ticket=_view(tx, tickets[-1]) if tickets else None,
                email=follow_up.email if (follow_up := tx.follow_ups.find(conversation_id)) else None,
                customer=VisitorView.of(profile) if (profile := tx.visitors.find(conversation_id)) else None,
            )

    def everything_of(self, visitor: str) -> Iterator[ConversationView]:
        """Every conversation of one visitor with all there is to it, the newest activity first, read one by one."""
        place: Place | None = None
        while True:
            with self._db.reading() as tx:
                found = tx.inbox.conversations(visitor=visitor, after=place, limit=50)
                place = Place(found[-1].conversation.updated_at, found[-1].conversation.id) if found else None
            for listed in found:
                yield self.conversation(listed.conversation.id)
            if place is None:
                return

    # ---- acting

    def reply(self, ticket_id: int, staff_id: int, text: str, seen: int | None = None) -> MessageView:
        """Answer the customer; a conversation that waits (or is with the bot) is taken by that.

        `seen` is the newest message that the agent saw: AnsweredMeanwhile where a colleague has replied since."""
        with self._db.transaction() as tx:
            message = write_reply(tx, self._outbox, ticket_id, staff_id, text, seen)
            return MessageView.of(message, names=tx.staff.names())

    def note(self, ticket_id: int, staff_id: int, text: str) -> MessageView:
        """Write something that only staff will ever see."""
        with self._db.transaction() as tx:
            return MessageView.of(write_note(tx, ticket_id, staff_id, text), names=tx.staff.names())

    def assign(self, ticket_id: int, to: int | None, staff_id: int) -> TicketView:
        """Give the ticket to an active member of staff, or to nobody: then a customer who spoke with a person waits."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            give(tx, ticket, conversation, to, staff_id)
            return _view(tx, ticket)

    def put_off(self, ticket_id: int, staff_id: int) -> TicketView:
        """Wait for the customer: promised times stand still until they write, or until it is taken up."""
        with self._db.transaction() as tx:
            ticket, _ = lock_ticket(tx, ticket_id)
            ticket.put_off(staff_id)
            keep_time(tx, ticket)
            return _view(tx, ticket)

    def take_up(self, ticket_id: int, staff_id: int) -> TicketView:
        """Go on with what was put off."""
        with self._db.transaction() as tx:
            ticket, _ = lock_ticket(tx, ticket_id)
            ticket.take_up(staff_id)
            keep_time(tx, ticket)
            return _view(tx, ticket)

    def solve(self, ticket_id: int, staff_id: int) -> TicketView:
        """The customer's matter is settled: the conversation closes; when they write again the bot answers."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            solve(tx, ticket, conversation, staff_id)
            return _view(tx, ticket)


def _view(tx: Transaction, ticket: Ticket) -> TicketView:
    return TicketView.of(ticket, tx.conversations.get(ticket.conversation_id).mode, tx.staff.names())


def _row(tx: Transaction, conversation: Conversation, first_words: str) -> ConversationRow:
    tickets = tx.tickets.of_conversation(conversation.id)
    return ConversationRow.of(
        conversation,
        first_words=first_words,
        channel=tx.channels.get_by_id(conversation.channel_id).slug,
        ticket_id=tickets[-1].id if tickets else None,
    )
