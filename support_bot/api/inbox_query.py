"""What a list of tickets can be asked for, from the query of a request."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime

from support_bot.api.fields import LARGEST_ID, SearchWords, Slug, storable
from support_bot.api.staff_schemas import Priority
from support_bot.errors import Invalid
from support_bot.values import HandoffReason, InboxFilter, InboxSort

StatusName = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
TicketPlace = Annotated[
    str, Query(max_length=64, description="`next` of the page before, in the same order."), AfterValidator(storable)
]


def _narrowed(
    search: SearchWords = "",
    status: Annotated[StatusName | None, Query()] = None,
    priority: Annotated[Priority | None, Query()] = None,
    channel: Annotated[Slug | None, Query()] = None,
    assignee: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="0 is nobody.")] = None,
    reason: Annotated[HandoffReason | None, Query()] = None,
) -> InboxFilter:
    return InboxFilter(
        search=search, status=status, priority=priority, channel=channel, assignee=assignee, reason=reason
    )


def _wanted(
    narrowed: Annotated[InboxFilter, Depends(_narrowed)],
    team: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="0 is no team.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Created at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Created before this time.")] = None,
    sort: Annotated[InboxSort, Query(description="`waiting` is the longest waiting first.")] = InboxSort.NEWEST,
) -> InboxFilter:
    return replace(narrowed, team=team, since=_utc(since), until=_utc(until), sort=sort)


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    try:
        return moment.astimezone(dt.UTC) if moment else None
    except OverflowError:
        raise Invalid("This time is beyond the calendar.") from None


Wanted = Annotated[InboxFilter, Depends(_wanted)]
