"""What agents do with tickets and conversations on the desk."""

from __future__ import annotations

from collections.abc import Iterator

from support_bot.errors import Conflict
from support_bot.models import Conversation, Message, Ticket, TicketEventKind
from support_bot.services.handoff import lock_ticket, take_over
from support_bot.services.inbox import Inbox
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.service_levels import keep_time, staff_replied
from support_bot.services.ticket_edits import give, require_text, solve
from support_bot.services.ticket_merging import say_to_companions
from support_bot.services.views import (
    ConversationRow,
    ConversationView,
    MessageView,
    TicketView,
    TraceView,
    VisitorView,
)
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Author, Mode, Place, Said


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

    def reply(self, ticket_id: int, staff_id: int, text: str) -> MessageView:
        """Answer the customer; a conversation that waits (or is with the bot) is taken by that."""
        text = require_text(text)
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            if conversation.mode is Mode.CLOSED or not ticket.is_open:
                raise _cannot_reply(ticket)
            if conversation.mode is not Mode.HUMAN:
                take_over(tx, conversation, staff_id)
            message = tx.conversations.add_message(
                Message(conversation_id=conversation.id, author=Author.STAFF, text=text, staff_id=staff_id)
            )
            names = tx.staff.names()
            tx.events.append(conversation.id, Said(message.id, Author.STAFF, text, names.get(staff_id)))
            copies = say_to_companions(tx, conversation, message, names.get(staff_id))
            if self._outbox is not None:
                self._outbox.reply(tx, [message, *copies])
            ticket.record(TicketEventKind.REPLIED, staff_id, message=message.id)
            staff_replied(tx, ticket)
            return MessageView.of(message, names=names)

    def note(self, ticket_id: int, staff_id: int, text: str) -> MessageView:
        """Write something that only staff will ever see."""
        text = require_text(text)
        with self._db.transaction() as tx:
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
            names = tx.staff.names()
            said = Said(message.id, Author.STAFF, text, names.get(staff_id))
            tx.events.append(ticket.conversation_id, said, audience=Audience.INTERNAL)
            ticket.record(TicketEventKind.NOTED, staff_id, message=message.id)
            return MessageView.of(message, names=names)

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


def _cannot_reply(ticket: Ticket) -> Conflict:
    if ticket.merged_into_id is not None:
        return Conflict(f"Ticket {ticket.id} is merged into ticket {ticket.merged_into_id}: write there.")
    return Conflict(f"Ticket {ticket.id} is {ticket.status}; the customer has to write again first.")


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
