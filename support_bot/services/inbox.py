"""The inbox: views of tickets with their counts, conversations, and what a search over everything said finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from support_bot.errors import Invalid
from support_bot.models import TicketStatus
from support_bot.services.snippets import snippet
from support_bot.services.views import ConversationRow, SearchHit, SearchPage, TicketRow
from support_bot.storage.database import Database, Transaction
from support_bot.storage.inbox import ListedConversation, ListedTicket
from support_bot.storage.inbox_words import Term, terms
from support_bot.values import EVERY_TICKET, PRIORITIES, InboxFilter, InboxSort, Mode, Place

VIEWS = ("open", "waiting", "mine", "team", "unassigned", "breaching", "snoozed", "solved", "all")
_AT_ONCE = 500
_NO_PLACE = "This is no place in the list; begin at its first page."


class Inbox:
    """What agents look through. Pages begin behind a place that the page before gave."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(
        self,
        *,
        view: str = "open",
        staff_id: int | None = None,
        wanted: InboxFilter = EVERY_TICKET,
        after: str = "",
        limit: int = 50,
    ) -> list[TicketRow]:
        """Tickets of a view in the order wanted; `after` is the `place` of the last row of the page before.

        Raises Invalid for a view, status or priority that does not exist, and for a place of another order."""
        _require_known(view, wanted)
        with self._db.reading() as tx:
            place = _place(wanted.sort, after)
            found = tx.inbox.tickets(view, staff_id, wanted, after=place, limit=limit)
            names = tx.staff.names()
            return [_ticket_row(listed, names, wanted.sort) for listed in found]

    def count(self, *, view: str = "open", staff_id: int | None = None, wanted: InboxFilter = EVERY_TICKET) -> int:
        """How many tickets of a view are wanted."""
        _require_known(view, wanted)
        with self._db.reading() as tx:
            return tx.inbox.count(view, staff_id, wanted)

    def counts(self, staff_id: int) -> dict[str, int]:
        """How many tickets each view holds."""
        with self._db.reading() as tx:
            return tx.inbox.counts(staff_id)

    def every(self, *, view: str, staff_id: int | None, wanted: InboxFilter) -> Iterator[TicketRow]:
        """All tickets of a view, read bit by bit; what changes meanwhile is taken as it is then."""
        rows = self.page(view=view, staff_id=staff_id, wanted=wanted, limit=_AT_ONCE)
        while rows:
            yield from rows
            after = rows[-1].place
            rows = self.page(view=view, staff_id=staff_id, wanted=wanted, after=after, limit=_AT_ONCE)

    def conversations(
        self, *, mode: Mode | None = None, before: str | None = None, limit: int = 50
    ) -> list[ConversationRow]:
        """Conversations, the newest activity first, those with the bot included; `before` is the last one's id."""
        with self._db.reading() as tx:
            last = tx.conversations.get(before) if before is not None else None
            place = Place(last.updated_at, last.id) if last else None
            return _conversation_rows(tx, tx.inbox.conversations(mode=mode, after=place, limit=limit))

    def search(self, asked: str, *, before: str | None = None, limit: int = 50) -> SearchPage:
        """Conversations that have every word asked for, the newest activity first; the ticket with the number asked
        for comes before all. `before` is the id of the last conversation of the page before."""
        wanted = terms(asked)
        if not wanted:
            return SearchPage((), 0)
        with self._db.reading() as tx:
            last = tx.conversations.get(before) if before is not None else None
            place = Place(last.updated_at, last.id) if last else None
            found = tx.inbox.conversations(search=asked, after=place, limit=limit)
            total = tx.inbox.count_found(wanted)
            return SearchPage(tuple(_hits(tx, found, wanted)), total)

    def index_lacking(self) -> int:
        """Write the words of conversations that have none, as after an upgrade; how many there were."""
        done = 0
        while True:
            with self._db.transaction() as tx:
                found = tx.words.put_lacking()
            if not found:
                return done
            done += found

    def reindex(self) -> int:
        """Throw the words of all conversations away and write them again; how many conversations there are."""
        with self._db.transaction() as tx:
            tx.words.clear()
        return self.index_lacking()


def _require_known(view: str, wanted: InboxFilter) -> None:
    if view not in VIEWS:
        raise Invalid(f"A view is one of {', '.join(VIEWS)}.")
    if wanted.status is not None and wanted.status not in list(TicketStatus):
        raise Invalid(f"A status is one of {', '.join(TicketStatus)}.")
    if wanted.priority is not None and wanted.priority not in PRIORITIES:
        raise Invalid(f"A priority is one of {', '.join(PRIORITIES)}.")


def place_of(listed: Place, sort: InboxSort) -> str:
    """A place in words that travel: the ticket's number, and before it what the order goes by."""
    key = listed.key.isoformat() if isinstance(listed.key, dt.datetime) else str(listed.key)
    return f"{listed.id}" if sort in (InboxSort.NEWEST, InboxSort.OLDEST) else f"{key}_{listed.id}"


def _place(sort: InboxSort, words: str) -> Place | None:
    if not words:
        return None
    key, _, number = words.rpartition("_")
    try:
        if sort in (InboxSort.NEWEST, InboxSort.OLDEST):
            return Place(_number(words), _number(words))
        if sort is InboxSort.PRIORITY:
            return Place(_number(key), _number(number))
        at = dt.datetime.fromisoformat(key)
        return Place(at.replace(tzinfo=at.tzinfo or dt.UTC).astimezone(dt.UTC), _number(number))
    except (ValueError, OverflowError):
        raise Invalid(_NO_PLACE) from None


def _number(words: str) -> int:
    if not words.isascii() or not words.isdigit() or len(words) > 9:
        raise ValueError(words)
    return int(words)


def _ticket_row(listed: ListedTicket, names: dict[int, str], sort: InboxSort) -> TicketRow:
    return TicketRow.of(
        listed.ticket, listed.mode, names, channel=listed.channel, visitor=listed.visitor,
        waiting_since=listed.waiting_since, place=place_of(listed.place, sort),
    )  # fmt: skip


def _conversation_rows(tx: Transaction, found: Sequence[ListedConversation]) -> list[ConversationRow]:
    words = tx.conversations.first_words([listed.conversation.id for listed in found])
    return [
        ConversationRow.of(
            listed.conversation,
            first_words=words.get(listed.conversation.id, ""),
            channel=listed.channel,
            ticket_id=listed.ticket_id,
        )
        for listed in found
    ]


def _hits(tx: Transaction, found: Sequence[ListedConversation], wanted: list[Term]) -> list[SearchHit]:
    rows = _conversation_rows(tx, found)
    said = tx.conversations.texts([row.id for row in rows])
    tickets = tx.tickets.find_all([row.ticket_id for row in rows if row.ticket_id])
    names = tx.staff.names()
    hits = []
    for row in rows:
        ticket = tickets.get(row.ticket_id or 0)
        texts: list[tuple[int | None, str]] = [*reversed(said[row.id])]
        texts += [(None, ticket.subject), (None, ticket.summary)] if ticket else []
        shown = TicketRow.of(ticket, row.mode, names, channel=row.channel, visitor=row.visitor) if ticket else None
        hits.append(SearchHit(row, shown, *snippet([*texts, (None, row.visitor or "")], wanted)))
    return hits
