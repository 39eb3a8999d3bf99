"""When a team is there: weekly hours in a time zone, holidays, and arithmetic of open time. Knows no channel, no clock.

A span belongs to the day on which it begins, also where it goes past midnight; a holiday closes the spans that begin on
it. A time that the clocks skip is the moment they jump; one that they show twice begins a span at its first showing
and ends one at its second."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from support_bot.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_HOLIDAYS = 200
_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?")
_SECOND = dt.timedelta(seconds=1)
Span = tuple[int, int]  # minutes since the local midnight; an end above 1440 is on the next day


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans for each weekday, Monday first, as the clocks of `zone` (an IANA name) show them.

    `holidays` are whole dates, `yearly` a month and a day each."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[dt.date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    @property
    def never(self) -> bool:
        return not any(self.week)

    @property
    def always(self) -> bool:
        return not self.holidays and not self.yearly and all(spans == ((0, _DAY),) for spans in self.week)

    def at(self, moment: dt.datetime) -> dt.datetime:
        """The moment as the clocks of the team show it."""
        return moment.astimezone(zoneinfo.ZoneInfo(self.zone))


ALWAYS = Hours("UTC", (((0, _DAY),),) * 7)


def read_hours(zone: str, week: Mapping[str, str], holidays: Sequence[str]) -> Hours:
    """Hours as people type them: `9:00-12:00, 13:00-17:00` for `mon` … `sun`, `2026-12-25` or each year's `12-25`.

    A day that is empty or not named is closed; `22:00-6:00` ends on the next day. Raises Invalid."""
    if zone not in _zones():
        raise Invalid(f"There is no time zone “{zone[:60]}”; write it like Europe/Berlin.")
    if unknown := set(week) - set(DAYS):
        raise Invalid(f"A day is one of {', '.join(DAYS)}, not “{min(unknown)[:20]}”.")
    dates = [line.strip() for line in holidays if line.strip()]
    if len(dates) > MOST_HOLIDAYS:
        raise Invalid(f"At most {MOST_HOLIDAYS} holidays.")
    spans = tuple(_spans(day, week.get(day, "")) for day in DAYS)
    for number, of_day in enumerate(spans):
        late = max((end for _, end in of_day), default=0) - _DAY
        if any(start < late for start, _ in spans[(number + 1) % 7]):
            raise Invalid(f"The hours of {DAYS[number]} reach into those of the day after.")
    whole = frozenset(_date(line) for line in dates if not _is_yearly(line))
    return Hours(zone, spans, whole, frozenset(_month_and_day(line) for line in dates if _is_yearly(line)))


def is_open(hours: Hours, moment: dt.datetime) -> bool:
    """Whether the team is there; at the minute of opening it is, at the minute of closing not."""
    return next_opening(hours, moment) == moment


def next_opening(hours: Hours, moment: dt.datetime) -> dt.datetime | None:
    """The moment itself where the team is there, else the next moment at which it is; None where it never is."""
    return next((max(start, moment) for start, _ in _openings(hours, moment)), None)


def add_open(hours: Hours, moment: dt.datetime, seconds: float) -> dt.datetime | None:
    """The moment at which so many seconds of open time have passed since `moment`; None where they never will.

    What runs out with the closing runs out then, not at the next opening. Nothing to wait for is over at once."""
    if seconds <= 0:
        return moment
    left = dt.timedelta(seconds=seconds)
    for start, end in _openings(hours, moment):
        begin = max(start, moment)
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return None


def open_between(hours: Hours, start: dt.datetime, end: dt.datetime) -> float:
    """Seconds of open time from `start` to `end`; 0 where the end is not later."""
    total = 0.0
    for opens, closes in _openings(hours, start):
        if opens >= end:
            break
        total += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
    return total


def _openings(hours: Hours, after: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Spans in UTC that end after this moment, in order and without overlap; without end, unless there are none."""
    if hours.never:
        return
    zone = zoneinfo.ZoneInfo(hours.zone)
    day, last = after.astimezone(zone).date() - dt.timedelta(days=2), after
    while True:
        for start, end in () if _is_holiday(hours, day) else hours.week[day.weekday()]:
            opens, closes = max(_moment(day, start, zone), last), _moment(day, end, zone, late=True)
            if closes > opens:
                yield opens, closes
                last = closes
        day += dt.timedelta(days=1)


def _is_holiday(hours: Hours, day: dt.date) -> bool:
    return day in hours.holidays or (day.month, day.day) in hours.yearly


def _moment(day: dt.date, minutes: int, zone: zoneinfo.ZoneInfo, *, late: bool = False) -> dt.datetime:
    """What the clocks' `minutes` after midnight are in UTC; `late` takes the second of two showings."""
    shown = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first <= second:
        return second if late else first
    before = second.astimezone(zone).utcoffset()  # skipped: somewhere between the two the clocks jump
    while first - second > _SECOND:
        middle = second + (first - second) / 2
        if middle.astimezone(zone).utcoffset() == before:
            second = middle
        else:
            first = middle
    return first.replace(microsecond=0)


def _spans(day: str, text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for part in filter(None, (part.strip() for part in text[:500].split(","))):
        found = _SPAN.fullmatch(part)
        if not found:
            raise Invalid(f"“{part[:40]}” on {day} is no time; write 9:00-17:00, or nothing for a day that is closed.")
        begin_h, begin_m, end_h, end_m = (int(number or 0) for number in found.groups())
        start, end = begin_h * 60 + begin_m, end_h * 60 + end_m
        if start >= _DAY or end > _DAY or start == end or begin_m > 59 or end_m > 59:
            raise Invalid(f"“{part[:40]}” on {day} is no time; a day goes from 0:00 to 24:00.")
        spans.append((start, end if end > start else end + _DAY))
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise Invalid(f"The hours of {day} overlap.")
    return tuple(spans)


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _is_yearly(line: str) -> bool:
    return len(line) <= 5


def _date(line: str) -> dt.date:
    try:
        return dt.datetime.strptime(line, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        raise Invalid(f"“{line[:40]}” is no date; write 2026-12-25, or 12-25 for each year.") from None


def _month_and_day(line: str) -> tuple[int, int]:
    found = _date(f"2024-{line}")  # a leap year: 02-29 is a day
    return found.month, found.day
