"""Ticket and TicketEvent: work for a person, and the history of who did what to it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from support_bot.errors import Conflict
from support_bot.models.base import Base, enum_column, utcnow
from support_bot.models.clock import Clock, Metric
from support_bot.models.team import Team
from support_bot.models.ticket_parts import TicketTag, TicketWatcher
from support_bot.values import KEEP, OPEN_STATUSES, HandoffReason, Keep, TicketStatus, TicketType

_IS_OPEN = f"status IN ({', '.join(repr(status.value) for status in OPEN_STATUSES)})"


class TicketEventKind(enum.StrEnum):
    """What happened to a ticket; `detail` on the event says more."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    REPLIED = "replied"
    NOTED = "noted"
    CHANGED = "changed"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    MERGED = "merged"
    RECEIVED = "received"
    UNMERGED = "unmerged"
    RATED = "rated"
    HANDED_BACK = "handed_back"
    SOLVED = "solved"
    REOPENED = "reopened"
    CLOSED = "closed"
    SLA_WARNED = "sla_warned"
    SLA_BREACHED = "sla_breached"
    KEPT_WAITING = "kept_waiting"
    EMAIL_LEFT = "email_left"
    MAIL_FAILED = "mail_failed"
    MACRO_USED = "macro_used"


class Ticket(Base):
    """A hand-off to people; `id` is the number agents see. One open ticket per conversation, kept by an index."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index(
            "uq_ticket_open_conversation",
            "conversation_id",
            unique=True,
            sqlite_where=text(_IS_OPEN),
            postgresql_where=text(_IS_OPEN),
        ),
        # What agents look at all day is a small part of what there is.
        Index(
            "ix_ticket_open_assignee_id_id",
            "assignee_id",
            "id",
            sqlite_where=text(_IS_OPEN),
            postgresql_where=text(_IS_OPEN),
        ),
        Index("ix_ticket_status_id", "status", "id"),
        Index("ix_ticket_updated_at_id", "updated_at", "id"),
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(300))
    reason: Mapped[HandoffReason] = mapped_column(enum_column(HandoffReason))
    summary: Mapped[str] = mapped_column(Text, default="")
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    status: Mapped[TicketStatus] = mapped_column(enum_column(TicketStatus), default=TicketStatus.NEW)
    priority: Mapped[str] = mapped_column(String(16), default="normal")
    type: Mapped[TicketType | None] = mapped_column(enum_column(TicketType), default=None)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None, index=True)
    team_id: Mapped[int | None] = mapped_column(default=None, index=True, init=False)
    snoozed_until: Mapped[dt.datetime | None] = mapped_column(default=None, index=True)
    merged_into_id: Mapped[int | None] = mapped_column(default=None, index=True)
    score: Mapped[int | None] = mapped_column(default=None)
    before_merge: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    solved_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    events: Mapped[list[TicketEvent]] = relationship(
        default_factory=list, order_by="TicketEvent.id", cascade="all, delete-orphan", lazy="selectin", init=False
    )
    tag_rows: Mapped[list[TicketTag]] = relationship(
        default_factory=list, order_by="TicketTag.tag", cascade="all, delete-orphan", lazy="selectin", init=False
    )
    watcher_rows: Mapped[list[TicketWatcher]] = relationship(
        default_factory=list, order_by="TicketWatcher.staff_id", cascade="all, delete-orphan", lazy="selectin",
        init=False,
    )  # fmt: skip
    clocks: Mapped[list[Clock]] = relationship(
        default_factory=list, order_by="Clock.id", cascade="all, delete-orphan", lazy="selectin", init=False
    )

    team: Mapped[Team | None] = relationship(
        default=None, lazy="joined", primaryjoin="foreign(Ticket.team_id) == Team.id", init=False
    )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def tags(self) -> list[str]:
        return sorted(row.tag for row in self.tag_rows)

    @property
    def watchers(self) -> list[int]:
        """Ids of the staff who follow the ticket."""
        return [row.staff_id for row in self.watcher_rows]

    @property
    def next_reply_due(self) -> bool:
        """Whether the customer wrote after a reply and the promised time for the next one runs."""
        return any(clock.runs for clock in self.clocks if clock.metric is Metric.NEXT_REPLY)

    def record(self, kind: TicketEventKind, by: int | None, **detail: Any) -> None:
        """Add a line to the history; `by` is a staff id, None for the bot or the customer."""
        self.updated_at = utcnow()
        self.events.append(TicketEvent(kind=kind, staff_id=by, detail=detail))

    def assign(self, to: int | None, by: int | None, **why: Any) -> None:
        """Give the ticket to somebody (or to nobody); a new ticket becomes open. `why` goes into the history."""
        self._require_open()
        if self.assignee_id == to:
            return
        was, self.assignee_id = self.assignee_id, to
        if to is not None and self.status is TicketStatus.NEW:
            self.status = TicketStatus.OPEN
        self.record(TicketEventKind.ASSIGNED, by, to=to, was=was, **why)

    def change(
        self, by: int | None, *, subject: str | None = None, priority: str | None = None,
        status: TicketStatus | None = None, type: TicketType | Keep | None = KEEP, tags: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        """Change what is not None (for the type: not KEEP); what stays the same leaves no line in the history.

        A status is one of an open ticket; a closed one has no other. Raises Conflict."""
        wanted: dict[str, Any] = {"subject": subject, "priority": priority, "status": status}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if type is not KEEP:
            wanted["type"] = type
        changes = {name: [getattr(self, name), value] for name, value in wanted.items() if value != getattr(self, name)}
        if "status" in changes:
            self._require_open()
        for name, (_, value) in changes.items():
            setattr(self, name, value)
        if tags is not None and (tagged := sorted(set(tags))) != (was := self.tags):
            changes["tags"] = [was, tagged]
            self.tag_rows = [row for row in self.tag_rows if row.tag in tagged]
            self.tag_rows += [TicketTag(tag=tag) for tag in tagged if tag not in was]
        if changes:
            self.record(TicketEventKind.CHANGED, by, **changes)

    def move(self, team: Team | None, by: int | None) -> None:
        """Make it a team's, or no team's; the history keeps the names of then."""
        if self.team is not team:
            was, self.team = self.team, team
            self.record(TicketEventKind.CHANGED, by, team=[was and was.name, team and team.name])

    def snooze(self, until: dt.datetime, by: int) -> None:
        """Out of the agents' way until then, or until the customer writes."""
        self._require_open()
        if self.snoozed_until != until:
            self.snoozed_until = until
            self.record(TicketEventKind.SNOOZED, by, until=until.isoformat())

    def wake(self, by: int | None, **why: Any) -> None:
        """Back among the others; `why` goes into the history. Nothing happens where it does not sleep."""
        if self.snoozed_until is not None:
            self.snoozed_until = None
            self.record(TicketEventKind.WOKEN, by, **why)

    def watch(self, staff_id: int, by: int) -> None:
        """Somebody follows the ticket from now on."""
        if staff_id not in self.watchers:
            self.watcher_rows.append(TicketWatcher(staff_id=staff_id))
            self.record(TicketEventKind.WATCHED, by, to=staff_id)

    def unwatch(self, staff_id: int, by: int) -> None:
        if staff_id in self.watchers:
            self.watcher_rows = [row for row in self.watcher_rows if row.staff_id != staff_id]
            self.record(TicketEventKind.UNWATCHED, by, to=staff_id)

    def merge(self, into: Ticket, by: int) -> None:
        """Go on as part of another ticket, both open. Raises Conflict."""
        if into.id == self.id:
            raise Conflict("A ticket cannot be merged into itself.")
        into._require_open()
        before: dict[str, Any] = {"status": self.status.value, "assignee_id": self.assignee_id}
        before["next_reply_due"] = self.next_reply_due
        self._end(TicketStatus.CLOSED)
        self.before_merge, self.merged_into_id = before, into.id
        self.record(TicketEventKind.MERGED, by, into=into.id)
        into.record(TicketEventKind.RECEIVED, by, ticket=self.id)

    def unmerge(self, by: int | None, *, assignee_id: int | None) -> None:
        """Be a ticket of its own again, with its status from before; who gets a new one has opened it.

        Raises Conflict where it was not merged."""
        if self.merged_into_id is None:
            raise Conflict(f"Ticket {self.id} is not merged into another one.")
        self.status = TicketStatus(self.before_merge["status"])
        self.assignee_id = assignee_id
        if assignee_id is not None and self.status is TicketStatus.NEW:
            self.status = TicketStatus.OPEN
        out_of, self.merged_into_id, self.before_merge = self.merged_into_id, None, {}
        self.record(TicketEventKind.UNMERGED, by, out_of=out_of)

    def hear_customer(self) -> None:
        """The customer wrote: a ticket that sleeps or waits for them is there again."""
        self.updated_at = utcnow()
        self.wake(None, customer=True)
        self.take_up(None)

    def put_off(self, by: int) -> None:
        """Nothing can be done before the customer answers: promised times stand still."""
        self._require_open()
        self.change(by, status=TicketStatus.PENDING)

    def take_up(self, by: int | None) -> None:
        """It goes on; a ticket that was not put off stays as it is."""
        if self.status is TicketStatus.PENDING:
            self.change(by, status=TicketStatus.OPEN)

    def solve(self, by: int | None) -> None:
        """Mark as solved; solving twice is a conflict."""
        self._end(TicketStatus.SOLVED)
        self.solved_at = utcnow()
        self.record(TicketEventKind.SOLVED, by)

    def hand_back(self, by: int) -> None:
        """The bot goes on; the ticket is done for people."""
        self._end(TicketStatus.CLOSED)
        self.record(TicketEventKind.HANDED_BACK, by)

    def close(self, by: int | None, **why: Any) -> None:
        """The customer left before anybody solved it, or was silent for too long; `why` goes into the history."""
        self._end(TicketStatus.CLOSED)
        self.record(TicketEventKind.CLOSED, by, **why)

    def rate(self, score: int, comment: str | None) -> None:
        """The customer's satisfaction, 1 (bad) to 5 (good); the newest counts, the history keeps each."""
        self.score = score
        self.record(TicketEventKind.RATED, None, score=score, comment=comment or "")

    def _end(self, status: TicketStatus) -> None:
        self._require_open()
        self.status = status
        self.snoozed_until = None

    def _require_open(self) -> None:
        if self.merged_into_id is not None:
            raise Conflict(f"Ticket {self.id} is merged into ticket {self.merged_into_id}.")
        if not self.is_open:
            raise Conflict(f"Ticket {self.id} is already {self.status}.")


class TicketEvent(Base):
    """One line of a ticket's history."""

    __tablename__ = "ticket_event"

    kind: Mapped[TicketEventKind] = mapped_column(enum_column(TicketEventKind))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None)
    detail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True, init=False)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
