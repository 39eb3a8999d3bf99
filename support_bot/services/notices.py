"""Staff are told of escalations and assignments: what is put into the outbox, in the transaction that it is about.

Nothing is sent here, so no slow or broken mail server holds a customer up."""

from __future__ import annotations

import uuid

from support_bot.models import Notice, NoticeChoice, NoticeVia, Ticket
from support_bot.storage.database import Transaction
from support_bot.values import NoticeKind


def tell_of_escalation(tx: Transaction, ticket: Ticket) -> None:
    """The webhook hears of each. Where a rule gave the ticket to nobody, so do the agents of its team, or all
    where nobody is in it."""
    _add(tx, ticket, NoticeKind.ESCALATION, NoticeVia.WEBHOOK)
    if ticket.assignee_id is not None:
        _mail(tx, ticket, NoticeKind.ASSIGNMENT, ticket.assignee_id, tx.notices.choice_of(ticket.assignee_id))
        return
    for person, choice in tx.notices.agents(ticket.team_id) or tx.notices.agents(None):
        _mail(tx, ticket, NoticeKind.ESCALATION, person, choice or NoticeChoice(staff_id=person))


def tell_of_assignment(tx: Transaction, ticket: Ticket, by: int) -> None:
    """Somebody else made the ticket theirs; who takes one themselves knows."""
    person = ticket.assignee_id
    if person is None or person == by:
        return
    _add(tx, ticket, NoticeKind.ASSIGNMENT, NoticeVia.WEBHOOK, person)
    _mail(tx, ticket, NoticeKind.ASSIGNMENT, person, tx.notices.choice_of(person))


def _mail(tx: Transaction, ticket: Ticket, kind: NoticeKind, person: int, choice: NoticeChoice) -> None:
    if choice.wants_mail(kind):
        _add(tx, ticket, kind, NoticeVia.MAIL, person)


def _add(tx: Transaction, ticket: Ticket, kind: NoticeKind, via: NoticeVia, person: int | None = None) -> None:
    tx.notices.add(Notice(ticket_id=ticket.id, kind=kind, via=via, key=uuid.uuid4().hex, staff_id=person))
