"""Changes of a ticket's fields: what may be set, and how tags are written. Each edit is one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from support_bot.errors import Invalid
from support_bot.models import Conversation, Ticket, utcnow
from support_bot.services.handoff import change_mode, hold_active, lock_ticket, wait_for_another
from support_bot.services.notices import tell_of_assignment
from support_bot.services.service_levels import keep_time
from support_bot.services.views import TicketView
from support_bot.storage.database import Database, Transaction
from support_bot.values import PRIORITIES, Keep, Mode, TicketEdit, TicketStatus

SETTABLE = (TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.ON_HOLD, TicketStatus.SOLVED)
MOST_TAGS = 20
_TAG_CHARS = 40
_LONGEST_SNOOZE = dt.timedelta(days=366)
_MOST_CHARS = 20_000


class TicketEdits:
    """What agents change of a ticket, beside writing in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def edit(self, ticket_id: int, staff_id: int, edit: TicketEdit) -> TicketView:
        """All of the edit or, where a part of it is refused, nothing. Raises Invalid, Conflict or NotFound."""
        edit = checked(edit)
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            apply_edit(tx, ticket, conversation, staff_id, edit)
            return TicketView.of(ticket, conversation.mode, tx.staff.names())

    def watch(self, ticket_id: int, watcher: int, staff_id: int, *, on: bool = True) -> TicketView:
        """Let an active member of staff follow the ticket, or not any more."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            if on:
                ticket.watch(hold_active(tx, watcher).id, staff_id)
            else:
                ticket.unwatch(watcher, staff_id)
            return TicketView.of(ticket, conversation.mode, tx.staff.names())

    def tags(self) -> Sequence[str]:
        """Every tag that some ticket has, by name."""
        with self._db.reading() as tx:
            return tx.tickets.tags()


def checked(edit: TicketEdit, now: dt.datetime | None = None) -> TicketEdit:
    """The edit with its text trimmed and its tags normalised. Raises Invalid."""
    if edit.priority is not None and edit.priority not in PRIORITIES:
        raise Invalid(f"A priority is one of {', '.join(PRIORITIES)}.")
    if edit.status is not None and edit.status not in SETTABLE:
        raise Invalid(f"A status that can be set is one of {', '.join(SETTABLE)}.")
    if isinstance(edit.snoozed_until, dt.datetime):
        _require_future(edit.snoozed_until, now or utcnow())
    return TicketEdit(
        subject=require_text(edit.subject)[:300] if edit.subject is not None else None,
        priority=edit.priority,
        status=edit.status,
        type=edit.type,
        tags=normalised(edit.tags) if edit.tags is not None else None,
        add_tags=normalised(edit.add_tags),
        remove_tags=normalised(edit.remove_tags),
        assignee=edit.assignee,
        team=edit.team,
        snoozed_until=edit.snoozed_until,
    )


def apply_edit(tx: Transaction, ticket: Ticket, conversation: Conversation, staff_id: int, edit: TicketEdit) -> None:
    """Do what the (checked) edit says; call it under the lock. Raises Conflict or NotFound."""
    tags = set(edit.tags if edit.tags is not None else ticket.tags) - set(edit.remove_tags) | set(edit.add_tags)
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A ticket has at most {MOST_TAGS} tags.")
    if not isinstance(edit.assignee, Keep):
        give(tx, ticket, conversation, edit.assignee, staff_id)
    if not isinstance(edit.team, Keep):
        ticket.move(tx.teams.get(edit.team) if edit.team is not None else None, staff_id)
    status = edit.status if edit.status is not TicketStatus.SOLVED else None
    ticket.change(staff_id, subject=edit.subject, priority=edit.priority, status=status, type=edit.type, tags=tags)
    if isinstance(edit.snoozed_until, dt.datetime):
        ticket.snooze(edit.snoozed_until, staff_id)
    elif edit.snoozed_until is None:
        ticket.wake(staff_id)
    keep_time(tx, ticket)
    if edit.status is TicketStatus.SOLVED:
        solve(tx, ticket, conversation, staff_id)


def give(tx: Transaction, ticket: Ticket, conversation: Conversation, to: int | None, by: int) -> None:
    """Make the ticket somebody's, or nobody's: then a customer who spoke with a person waits."""
    if to is not None:
        hold_active(tx, to)
    was = ticket.assignee_id
    ticket.assign(to, by=by)
    if to != was:
        tell_of_assignment(tx, ticket, by)
    if to is None:
        wait_for_another(tx, conversation)


def solve(tx: Transaction, ticket: Ticket, conversation: Conversation, by: int | None) -> None:
    """The customer's matter is settled; the conversation closes."""
    ticket.solve(by)
    keep_time(tx, ticket)
    change_mode(tx, conversation, Mode.CLOSED)


def require_text(text: str) -> str:
    """The text without white space around it. Raises Invalid where it is empty or too long."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid("The text is empty.")
    if len(text) > _MOST_CHARS:
        raise Invalid("The text is too long: at most 20,000 characters.")
    return text


def normalised(tags: Iterable[str]) -> tuple[str, ...]:
    """Small letters, hyphens for spaces, each once, by name: ` Late  Delivery` is `late-delivery`. Raises Invalid."""
    found = set()
    for written in tags:
        tag = "-".join(written.replace("\x00", "").lstrip("# ").casefold().split())
        if not tag or "," in tag:
            raise Invalid("A tag is a word or more, without a comma.")
        if len(tag) > _TAG_CHARS:
            raise Invalid(f"A tag has at most {_TAG_CHARS} characters.")
        found.add(tag)
    if len(found) > MOST_TAGS:
        raise Invalid(f"A ticket has at most {MOST_TAGS} tags.")
    return tuple(sorted(found))


def _require_future(until: dt.datetime, now: dt.datetime) -> None:
    if until.tzinfo is None:
        raise Invalid("A time needs its time zone, as in 2030-01-31T09:00:00Z.")
    if not now < until <= now + _LONGEST_SNOOZE:
        raise Invalid("A ticket is snoozed until a time that is to come, at most a year ahead.")
