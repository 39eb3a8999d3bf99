"""What is looked for in the inbox: which tickets, in which order, from where on."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from support_bot.values.states import HandoffReason


class InboxSort(enum.StrEnum):
    """What a list of tickets is ordered by. Whoever waits longest comes first, and who does not wait, last."""

    NEWEST = "newest"
    OLDEST = "oldest"
    WAITING = "waiting"
    PRIORITY = "priority"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """Which tickets of a view are wanted and in which order; what is left out does not matter.

    `search` looks in all that was said; `assignee` 0 is nobody, `team` 0 none; `until` is not included."""

    search: str = ""
    status: str | None = None
    priority: str | None = None
    channel: str | None = None
    assignee: int | None = None
    team: int | None = None
    reason: HandoffReason | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    sort: InboxSort = InboxSort.NEWEST


EVERY_TICKET = InboxFilter()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an ordered list a page ended: the key of the last entry, and its id for entries with the same key."""

    key: dt.datetime | int
    id: int | str
