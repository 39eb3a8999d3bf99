"""What can be said of a ticket: its status, its type, and a change that an agent wants."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Literal


class TicketStatus(enum.StrEnum):
    """Where a ticket is: `pending` waits for the customer, `on_hold` for somebody else."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"


OPEN_STATUSES = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.ON_HOLD)


PRIORITIES = ("low", "normal", "high", "urgent")


class TicketType(enum.StrEnum):
    QUESTION = "question"
    PROBLEM = "problem"
    INCIDENT = "incident"
    TASK = "task"


class Keep(enum.Enum):
    """For values that may be None on purpose: stays as it is."""

    KEEP = "keep"


KEEP: Literal[Keep.KEEP] = Keep.KEEP


@dataclass(frozen=True, slots=True)
class TicketEdit:
    """What is to become of a ticket; what is left out stays.

    `tags` takes the place of all tags, `add_tags` and `remove_tags` change some. `status` is `open`, `pending`,
    `on_hold` or `solved`. A `type`, `assignee`, `team` or `snoozed_until` of None is: none."""

    subject: str | None = None
    priority: str | None = None
    status: TicketStatus | None = None
    type: TicketType | Keep | None = KEEP
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    assignee: int | Keep | None = KEEP
    team: int | Keep | None = KEEP
    snoozed_until: dt.datetime | Keep | None = KEEP
