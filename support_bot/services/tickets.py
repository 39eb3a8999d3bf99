"""What agents do with tickets and conversations on the desk."""

from __future__ import annotations

from collections.abc import Callable

from support_bot.errors import Conflict, Invalid
from support_bot.models import Conversation, Message, Ticket, TicketEventKind, TicketStatus
from support_bot.services.handoff import change_mode, hold_active, lock_ticket, take_over, wait_for_another
from support_bot.services.views import (
    ConversationRow,
    ConversationView,
    MessageView,
    TicketRow,
    TicketView,
    TraceView,
)
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Author, Mode, Said

PRIORITIES = ("low", "normal", "high", "urgent")
VIEWS = ("open", "waiting", "mine", "unassigned", "solved", "all")


class TicketService:
    """Lists, one conversation with everything about it, replies, notes, and the ticket's life."""

    def __init__(self, db: Database, *, solved: Callable[[int], None] = lambda ticket_id: None) -> None:
        """`solved` hears of each ticket that was solved, once that is stored."""
        self._db = db
        self._solved = solved

    # ---- reading

    def page(
        self,
        *,
        view: str = "open",
        staff_id: int | None = None,
        search: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[TicketRow]:
        """Tickets of a view, newest first; `before` is the last number of the page before."""
        if view not in VIEWS:
            raise Invalid(f"A view is one of {', '.join(VIEWS)}.")
        with self._db.reading() as tx:
            tickets = tx.tickets.page(
                status=TicketStatus.SOLVED if view == "solved" else None,
                open_only=view not in ("solved", "all"),
                assignee_id=staff_id if view == "mine" else None,
                search=search,
                before=before,
                limit=limit if view in ("open", "mine", "solved", "all") else 500,
            )
            names = tx.staff.names()
            rows = [TicketRow.of(t, tx.conversations.get(t.conversation_id).mode, names) for t in tickets]
        if view == "waiting":
            rows = [row for row in rows if row.mode is Mode.WAITING]
        if view == "unassigned":
            rows = [row for row in rows if row.assignee_id is None]
        return rows[:limit]

    def counts(self, staff_id: int) -> dict[str, int]:
        """How many tickets each view holds."""
        with self._db.reading() as tx:
            return {
                "open": tx.tickets.count_open(),
                "waiting": tx.conversations.count(Mode.WAITING),
                "mine": len(tx.tickets.page(open_only=True, assignee_id=staff_id, limit=1000)),
                "unassigned": tx.tickets.count_open(assigned=False),
            }

    def conversations(
        self, *, mode: Mode | None = None, before: str | None = None, limit: int = 50
    ) -> list[ConversationRow]:
        """Conversations, the newest activity first, those with the bot included."""
        with self._db.reading() as tx:
            found = tx.conversations.page(mode=mode, before=before, limit=limit)
            words = tx.conversations.first_words([conversation.id for conversation in found])
            return [_row(tx, conversation, words.get(conversation.id, "")) for conversation in found]

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
            )

    # ---- acting

    def reply(self, ticket_id: int, staff_id: int, text: str) -> MessageView:
        """Answer the customer; a conversation that waits (or is with the bot) is taken by that."""
        text = _require_text(text)
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            if conversation.mode is Mode.CLOSED or not ticket.is_open:
                raise Conflict(f"Ticket {ticket.id} is {ticket.status}; the customer has to write again first.")
            if conversation.mode is not Mode.HUMAN:
                take_over(tx, conversation, staff_id)
            message = tx.conversations.add_message(
                Message(conversation_id=conversation.id, author=Author.STAFF, text=text, staff_id=staff_id)
            )
            names = tx.staff.names()
            tx.events.append(conversation.id, Said(message.id, Author.STAFF, text, names.get(staff_id)))
            ticket.record(TicketEventKind.REPLIED, staff_id, message=message.id)
            return MessageView.of(message, names=names)

    def note(self, ticket_id: int, staff_id: int, text: str) -> MessageView:
        """Write something that only staff will ever see."""
        text = _require_text(text)
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
            if to is not None:
                hold_active(tx, to)
            ticket.assign(to, by=staff_id)
            if to is None:
                wait_for_another(tx, conversation)
            return _view(tx, ticket)

    def change(
        self, ticket_id: int, staff_id: int, *, subject: str | None = None, priority: str | None = None
    ) -> TicketView:
        """Change subject or priority (low, normal, high, urgent)."""
        if priority is not None and priority not in PRIORITIES:
            raise Invalid(f"A priority is one of {', '.join(PRIORITIES)}.")
        short = _require_text(subject)[:300] if subject is not None else None
        with self._db.transaction() as tx:
            ticket, _ = lock_ticket(tx, ticket_id)
            ticket.change(staff_id, subject=short, priority=priority)
            return _view(tx, ticket)

    def solve(self, ticket_id: int, staff_id: int) -> TicketView:
        """The customer's matter is settled: the conversation closes; when they write again the bot answers."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            ticket.solve(staff_id)
            change_mode(tx, conversation, Mode.CLOSED)
            view = _view(tx, ticket)
        self._solved(ticket_id)
        return view


def _require_text(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid("The text is empty.")
    if len(text) > 20_000:
        raise Invalid("The text is too long: at most 20,000 characters.")
    return text


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
