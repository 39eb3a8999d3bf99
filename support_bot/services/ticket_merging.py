"""Merging one ticket into another, and undoing it.

Both conversations stay. The one of the merged ticket follows the other: what staff write goes to both, what its
customer writes is shown to staff in the other one, and staff end both at once. A customer who leaves ends only their
own."""

from __future__ import annotations

from support_bot.errors import Conflict
from support_bot.models import Conversation, Message, Ticket
from support_bot.services.handoff import (
    change_mode,
    companions,
    lock_ticket,
    open_ticket,
    retract_running_turn,
    wait_for_another,
)
from support_bot.services.service_levels import customer_wrote, keep_time
from support_bot.services.views import TicketView
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Author, HandoffReason, Mode, Said, TicketStatus


class TicketMerging:
    """What agents do with tickets that are about the same."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def merge(self, ticket_id: int, into: int, staff_id: int) -> TicketView:
        """Close the ticket as merged into another open one; that one's view. Raises Conflict.

        For two requests of one person: what staff write from now on is read in both conversations. Where staff were
        to act on the ticket, they are now on the other: it is woken, and its next reply is due."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("merge")
            root, home = lock_ticket(tx, into)
            ticket, conversation = lock_ticket(tx, ticket_id)
            staff_are_to_act = ticket.status in (TicketStatus.NEW, TicketStatus.OPEN)
            ticket.merge(root, staff_id)
            keep_time(tx, ticket)
            if staff_are_to_act:
                root.wake(staff_id)
                root.take_up(staff_id)
                customer_wrote(tx, root)
            else:
                keep_time(tx, root)
            if home.mode is not conversation.mode and home.mode in (Mode.WAITING, Mode.HUMAN):
                change_mode(tx, conversation, home.mode)
            note_to_staff(
                tx, home.id, f"Ticket #{ticket.id} was merged into this one. Replies go to both conversations."
            )
            return TicketView.of(root, home.mode, tx.staff.names())

    def undo(self, ticket_id: int, staff_id: int) -> TicketView:
        """Let the ticket be its own again, with status and assignee from before; its conversation has a person again.

        Raises Conflict where it is not merged, or its conversation has got another open ticket."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("merge")
            if above := tx.tickets.way_to_root(tx.tickets.get(ticket_id)):
                lock_ticket(tx, above[-1].id)
            ticket, conversation = lock_ticket(tx, ticket_id)
            for other in tx.tickets.of_conversation(conversation.id):
                if other.is_open and other.id != ticket.id:
                    raise Conflict(f"The conversation has an open ticket already: {other.id}.")
            assignee = _who_is_there(tx, ticket.before_merge.get("assignee_id"))
            _let_be(tx, ticket, staff_id, assignee)
            if conversation.mode in (Mode.BOT, Mode.CLOSED):
                retract_running_turn(tx, conversation)
                change_mode(tx, conversation, Mode.BOT)
                change_mode(tx, conversation, Mode.WAITING)
            elif assignee is None:
                wait_for_another(tx, conversation)
            return TicketView.of(ticket, conversation.mode, tx.staff.names())


def let_companions_stay(tx: Transaction, ticket: Ticket, conversation: Conversation) -> None:
    """Before the ticket ends because its customer left: who was merged into it is not done, and goes on without it.

    Each gets the ticket back that went in, with who has this one now; what was merged into that one stays in it."""
    assignee = _who_is_there(tx, ticket.assignee_id)
    stay = {tx.tickets.of_conversation(other.id)[-1].id: other for other in companions(tx, conversation)}
    for ticket_id, other in stay.items():
        own = tx.tickets.get(ticket_id)
        if stay.keys().isdisjoint(step.id for step in tx.tickets.way_to_root(own)):
            _let_be(tx, own, None, assignee)
            if ticket.next_reply_due:
                customer_wrote(tx, own)
            elif ticket.status is not TicketStatus.PENDING:
                own.take_up(None)
                keep_time(tx, own)
            if assignee is None:
                wait_for_another(tx, other)


def _let_be(tx: Transaction, ticket: Ticket, by: int | None, assignee: int | None) -> None:
    """The ticket is its own again, its clocks with it; a next reply that was due is due from now on."""
    next_reply_due = ticket.before_merge.get("next_reply_due", False)
    ticket.unmerge(by, assignee_id=assignee)
    if next_reply_due:
        customer_wrote(tx, ticket)
    else:
        keep_time(tx, ticket)


def _who_is_there(tx: Transaction, staff_id: int | None) -> int | None:
    """The same person, nobody where they were deactivated."""
    return staff_id if staff_id is not None and tx.staff.hold(staff_id).active else None


def say_to_companions(tx: Transaction, conversation: Conversation, said: Message, name: str | None) -> list[Message]:
    """What staff wrote in this conversation is read in those that were merged into it, too; the copies there."""
    copies = []
    for other in companions(tx, conversation):
        copy = tx.conversations.add_message(
            Message(conversation_id=other.id, author=said.author, text=said.text, staff_id=said.staff_id)
        )
        tx.events.append(other.id, Said(copy.id, said.author, said.text, name))
        copies.append(copy)
    return copies


def tell_ticket(tx: Transaction, conversation: Conversation, text: str) -> None:
    """The customer wrote to a person: the ticket hears of it, wherever it lies.

    Where it lies no more (the one that theirs went into was erased), they get a new one and wait."""
    ticket = tx.tickets.find_open(conversation.id)
    if ticket is None:
        ticket = open_ticket(tx, conversation, HandoffReason.CUSTOMER_REQUEST)
        wait_for_another(tx, conversation)
    ticket.hear_customer()
    customer_wrote(tx, ticket)
    if ticket.conversation_id != conversation.id:
        own = tx.tickets.of_conversation(conversation.id)[-1].id
        note_to_staff(tx, ticket.conversation_id, f"{told_by(own)}{text}")


def told_by(ticket_id: int) -> str:
    """How the line begins in which staff read what the customer of a merged ticket wrote."""
    return f"The customer of ticket #{ticket_id} wrote: "


def note_to_staff(tx: Transaction, conversation_id: str, text: str) -> None:
    """A line of the system's own that only staff read."""
    note = Message(conversation_id=conversation_id, author=Author.SYSTEM, text=text, audience=Audience.INTERNAL)
    message = tx.conversations.add_message(note)
    tx.events.append(conversation_id, Said(message.id, Author.SYSTEM, text, None), audience=Audience.INTERNAL)
