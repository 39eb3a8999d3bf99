"""What each member of staff wants to be told, when they want quiet, and what rings on an open desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from support_bot.models import NoticeChoice, Ticket, TicketEvent, TicketEventKind, utcnow
from support_bot.services.hours import DAYS, is_open, read_hours
from support_bot.storage.database import Database, Transaction
from support_bot.values import HandoffReason, NoticeKind

_LATE = 20  # lines of a history whose transactions may have ended after those of later lines


@dataclass(frozen=True, slots=True)
class NoticeWishes:
    """By mail, in the browser, with a sound; and hours without any, as `20:00-8:00` on the clocks of `zone`."""

    escalation_mail: bool = True
    assignment_mail: bool = True
    escalation_browser: bool = True
    assignment_browser: bool = True
    sound: bool = True
    quiet: str = ""
    zone: str = "UTC"

    @classmethod
    def of(cls, choice: NoticeChoice) -> NoticeWishes:
        return cls(**{name: getattr(choice, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Ring:
    """Something new for one person: an escalation, or a ticket that became theirs; `id` is the history's line."""

    id: int
    kind: NoticeKind
    ticket: int
    subject: str
    reason: HandoffReason
    sound: bool


def is_quiet(choice: NoticeChoice, now: dt.datetime) -> bool:
    """Whether they want to be left alone now."""
    return bool(choice.quiet) and is_open(read_hours(choice.zone, dict.fromkeys(DAYS, choice.quiet), ()), now)


class NoticeChoices:
    """Each decides for themselves."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, staff_id: int) -> NoticeWishes:
        with self._db.reading() as tx:
            return NoticeWishes.of(tx.notices.choice_of(staff_id))

    def choose(self, staff_id: int, wishes: NoticeWishes) -> NoticeWishes:
        """Keep it in the place of what they chose before. Raises Invalid for hours or a zone that are none."""
        quiet = wishes.quiet.replace("\x00", "").strip()[:200]
        read_hours(wishes.zone, dict.fromkeys(DAYS, quiet), ())
        with self._db.transaction() as tx:
            tx.one_at_a_time("notice choices")
            choice = tx.notices.lock_choice(staff_id)
            for name, value in (asdict(wishes) | {"quiet": quiet}).items():
                setattr(choice, name, value)
            return NoticeWishes.of(choice)

    # ---- the desk

    def begin(self) -> tuple[int, set[int]]:
        """Where a page that is opened now begins to listen, and what it has heard already."""
        with self._db.reading() as tx:
            last = tx.notices.last_event()
            return last, {event.id for event, _ in tx.notices.events_after(last - _LATE)}

    def rings(self, staff_id: int, last: int, heard: set[int]) -> tuple[int, Sequence[Ring]]:
        """What is new for this person behind `last`; what is new for anybody joins `heard`, so that it rings once."""
        with self._db.reading() as tx:
            found = [
                (event, ticket) for event, ticket in tx.notices.events_after(last - _LATE) if event.id not in heard
            ]
            if not found:
                return last, ()
            choice = tx.notices.choice_of(staff_id)
            heard |= {event.id for event, _ in found}
            quiet = is_quiet(choice, utcnow())
            rung = [] if quiet else [ring for pair in found if (ring := _ring(tx, *pair, staff_id, choice)) is not None]
            return max(last, *(event.id for event, _ in found)), rung


def _ring(tx: Transaction, event: TicketEvent, ticket: Ticket, staff_id: int, choice: NoticeChoice) -> Ring | None:
    if event.kind is TicketEventKind.ASSIGNED:
        mine = event.detail.get("to") == staff_id and event.staff_id != staff_id
        kind = NoticeKind.ASSIGNMENT
    else:
        mine = ticket.reason is not HandoffReason.AGENT_PULL and ticket.is_open and ticket.assignee_id is None
        team = {person for person, _ in tx.notices.agents(ticket.team_id)} if mine and ticket.team else set()
        mine = mine and (not team or staff_id in team)
        kind = NoticeKind.ESCALATION
    if not mine or not choice.wants_browser(kind):
        return None
    return Ring(event.id, kind, ticket.id, ticket.subject, ticket.reason, choice.sound)
