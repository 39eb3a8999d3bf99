"""Team, Routing and Availability: groups of staff, which team gets a channel's tickets by which rule, who is there."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import AssignmentRule


class TeamMember(Base):
    """A member of staff in a team; somebody may be in several."""

    __tablename__ = "team_member"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, init=False
    )
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class Team(Base):
    """A group of staff that tickets can be given to."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    member_rows: Mapped[list[TeamMember]] = relationship(
        default_factory=list, order_by="TeamMember.staff_id", cascade="all, delete-orphan", lazy="selectin", init=False
    )

    @property
    def members(self) -> list[int]:
        """Ids of its staff."""
        return [row.staff_id for row in self.member_rows]

    def consist_of(self, staff_ids: set[int]) -> None:
        """Have these members from now on."""
        kept = [row for row in self.member_rows if row.staff_id in staff_ids]
        self.member_rows = [*kept, *(TeamMember(staff_id=new) for new in sorted(staff_ids - set(self.members)))]


class Routing(Base):
    """What happens to tickets of one channel; the row without a channel speaks for the whole installation.

    A `rule` of None is the installation's. Which team they are for is each channel's own."""

    __tablename__ = "routing"

    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), unique=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), default=None)
    rule: Mapped[AssignmentRule | None] = mapped_column(enum_column(AssignmentRule), default=None)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)


class Availability(Base):
    """Whether somebody is there: a page of theirs is open until `online_until`, unless they say that they are `away`.

    `given_at` is when a rule last gave them a ticket."""

    __tablename__ = "staff_availability"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    online_until: Mapped[dt.datetime | None] = mapped_column(default=None)
    away: Mapped[bool] = mapped_column(default=False)
    given_at: Mapped[dt.datetime | None] = mapped_column(default=None)

    def is_online(self, now: dt.datetime) -> bool:
        return not self.away and self.online_until is not None and now < self.online_until
