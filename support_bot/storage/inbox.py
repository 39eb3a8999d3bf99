"""All SQL about lists of tickets and conversations: views, filters, orders, pages, counts, what a search finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, lazyload

from support_bot.models import Channel, Clock, Conversation, TeamMember, Ticket, TicketStatus, utcnow
from support_bot.storage.inbox_index import InboxIndex
from support_bot.storage.inbox_words import Term, terms
from support_bot.values import OPEN_STATUSES, InboxFilter, InboxSort, Mode, Place

_IS_OPEN = Ticket.status.in_(OPEN_STATUSES)
_IS_THERE = and_(_IS_OPEN, Ticket.snoozed_until.is_(None))
"""Open and not snoozed: what agents have before them."""
_IS_WAITING = Conversation.mode == Mode.WAITING
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_RANKS = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
# Each order: what it goes by, and whether the largest comes first; the number decides where that is the same.
_SINCE = func.coalesce(Conversation.waiting_since, literal(_NEVER, Conversation.waiting_since.type))
_ORDERS: dict[InboxSort, tuple[Any, bool]] = {
    InboxSort.NEWEST: (Ticket.id, True),
    InboxSort.OLDEST: (Ticket.id, False),
    InboxSort.WAITING: (_SINCE, False),
    InboxSort.PRIORITY: (case(_RANKS, value=Ticket.priority, else_=len(_RANKS)), False),
    InboxSort.ACTIVITY: (Ticket.updated_at, True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket with what its conversation and channel add; `place` is where a page that ends here ended."""

    ticket: Ticket
    mode: Mode
    visitor: str | None
    waiting_since: dt.datetime | None
    channel: str
    place: Place


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """A conversation with its channel and the number of its newest ticket."""

    conversation: Conversation
    channel: str
    ticket_id: int | None


class InboxRepository:
    """Lists for staff. Every page begins where the one before ended, however much came or went since."""

    def __init__(self, session: Session, words: InboxIndex) -> None:
        self._session = session
        self._words = words

    def tickets(
        self, view: str, staff_id: int | None, wanted: InboxFilter, *, after: Place | None = None, limit: int = 50
    ) -> list[ListedTicket]:
        """Tickets of a view (`waiting`, `mine`, `team`, `unassigned`, `open`, `breaching`, `snoozed`, `solved` or
        `all`), in the order wanted."""
        key, falls = _ORDERS[wanted.sort]
        query = self._narrowed(
            select(Ticket, Conversation.mode, Conversation.visitor, Conversation.waiting_since, Channel.slug, key),
            view, staff_id, wanted,
        )  # fmt: skip
        if key is not Ticket.id:
            query = query.order_by(key.desc() if falls else key)
        query = query.order_by(Ticket.id.desc() if falls else Ticket.id).limit(limit)
        if after is not None:
            query = query.where(_beyond(key, Ticket.id, after, falls))
        rows = self._session.execute(query.options(lazyload(Ticket.events))).all()
        return [
            ListedTicket(ticket, mode, visitor, since, channel, Place(at, ticket.id))
            for ticket, mode, visitor, since, channel, at in rows
        ]

    def count(self, view: str, staff_id: int | None, wanted: InboxFilter) -> int:
        """How many tickets of a view are wanted."""
        return self._session.scalar(self._narrowed(select(func.count(Ticket.id)), view, staff_id, wanted)) or 0

    def counts(self, staff_id: int) -> dict[str, int]:
        """How many tickets each view holds, in one question to the database."""
        every = select(func.count()).select_from(Ticket)
        waiting = every.join(Conversation, Conversation.id == Ticket.conversation_id).where(_IS_WAITING, _IS_THERE)
        views = {
            "waiting": waiting,
            "mine": every.where(_IS_THERE, Ticket.assignee_id == staff_id),
            "team": every.where(_IS_THERE, _is_of_a_team_of(staff_id)),
            "unassigned": every.where(_IS_THERE, Ticket.assignee_id.is_(None)),
            "breaching": every.where(_IS_THERE, _is_breaching()),
            "snoozed": every.where(_IS_OPEN, Ticket.snoozed_until.is_not(None)),
            "open": every.where(_IS_THERE),
            "solved": every.where(Ticket.status == TicketStatus.SOLVED),
            "all": every,
        }
        row = self._session.execute(select(*(query.scalar_subquery() for query in views.values()))).one()
        return dict(zip(views, row, strict=True))

    def conversations(
        self, *, mode: Mode | None = None, visitor: str | None = None, search: str = "",
        after: Place | None = None, limit: int = 50,
    ) -> list[ListedConversation]:  # fmt: skip
        """Conversations, the newest activity first, with tickets or without."""
        newest = select(func.max(Ticket.id)).where(Ticket.conversation_id == Conversation.id)
        query = select(Conversation, Channel.slug, newest.correlate(Conversation).scalar_subquery()).join(
            Channel, Channel.id == Conversation.channel_id
        )
        if mode is not None:
            query = query.where(Conversation.mode == mode)
        if visitor is not None:
            query = query.where(Conversation.visitor == visitor)
        if wanted := terms(search):
            query = query.where(Conversation.id.in_(self._words.matching(wanted)))
        if after is not None:
            query = query.where(_beyond(Conversation.updated_at, Conversation.id, after, True))
        query = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)
        return [ListedConversation(*row) for row in self._session.execute(query)]

    def count_found(self, wanted: Sequence[Term]) -> int:
        """How many conversations have all of it."""
        found = self._words.matching(wanted).subquery()
        return self._session.scalar(select(func.count()).select_from(found)) or 0

    def _narrowed(self, query: Select[Any], view: str, staff_id: int | None, wanted: InboxFilter) -> Select[Any]:
        query = query.select_from(Ticket).join(Conversation, Conversation.id == Ticket.conversation_id)
        query = query.join(Channel, Channel.id == Conversation.channel_id)
        query = query.where(*_conditions(view, staff_id), *_wishes(wanted))
        if wanted.search.strip():
            found = terms(wanted.search)
            query = query.where(Ticket.conversation_id.in_(self._words.matching(found)) if found else literal(False))
        return query


def _conditions(view: str, staff_id: int | None) -> list[ColumnElement[bool]]:
    match view:
        case "all":
            return []
        case "solved":
            return [Ticket.status == TicketStatus.SOLVED]
        case "waiting":
            return [_IS_THERE, _IS_WAITING]
        case "mine":
            return [_IS_THERE, Ticket.assignee_id == staff_id]
        case "team":
            return [_IS_THERE, _is_of_a_team_of(staff_id)]
        case "unassigned":
            return [_IS_THERE, Ticket.assignee_id.is_(None)]
        case "breaching":
            return [_IS_THERE, _is_breaching()]
        case "snoozed":
            return [_IS_OPEN, Ticket.snoozed_until.is_not(None)]
    return [_IS_THERE]


def _is_of_a_team_of(staff_id: int | None) -> ColumnElement[bool]:
    return Ticket.team_id.in_(select(TeamMember.team_id).where(TeamMember.staff_id == staff_id))


def _is_breaching() -> ColumnElement[bool]:
    """A promise was broken, or soon will be."""
    due = or_(Clock.warn_at <= utcnow(), Clock.warned_at.is_not(None))
    late = select(Clock.ticket_id).where(Clock.ended_at.is_(None), Clock.since.is_not(None), due)
    return Ticket.id.in_(late)


def _wishes(wanted: InboxFilter) -> list[ColumnElement[bool]]:
    """One condition for each field that is given."""
    given: list[tuple[object, Any]] = [
        (wanted.status, Ticket.status == wanted.status),
        (wanted.priority, Ticket.priority == wanted.priority),
        (wanted.channel, Channel.slug == wanted.channel),
        (wanted.assignee, Ticket.assignee_id == wanted.assignee if wanted.assignee else Ticket.assignee_id.is_(None)),
        (wanted.team, Ticket.team_id == wanted.team if wanted.team else Ticket.team_id.is_(None)),
        (wanted.reason, Ticket.reason == wanted.reason),
        (wanted.since, Ticket.created_at >= wanted.since if wanted.since else None),
        (wanted.until, Ticket.created_at < wanted.until if wanted.until else None),
    ]
    return [condition for value, condition in given if value is not None]


def _beyond(key: Any, number: Any, after: Place, falls: bool) -> ColumnElement[bool]:
    """Only what comes behind `after` where both fall, or both rise."""
    if key is number:
        return number < after.id if falls else number > after.id  # type: ignore[no-any-return]
    place = tuple_(literal(after.key, key.type), literal(after.id, number.type))
    return tuple_(key, number) < place if falls else tuple_(key, number) > place
