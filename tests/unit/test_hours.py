"""Open time against the table worked by hand in docs/sla.md, and what must hold for any hours."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.errors import Invalid
from support_bot.services.hours import ALWAYS, DAYS, Hours, add_open, is_open, next_opening, open_between, read_hours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = read_hours("Europe/Berlin", dict.fromkeys(DAYS[:5], "9:00-17:00"), ["2026-12-25", "01-01"])
NIGHT = read_hours("Europe/Berlin", dict.fromkeys(DAYS, "22:00-6:00"), [])
NEVER = read_hours("Europe/Berlin", {}, [])
NAMED = {"office": OFFICE, "night": NIGHT, "always": ALWAYS, "never": NEVER}
_ROW = re.compile(r"^\| (office|night|always|never) \| (.+?) \| (.+?) \| ([\d.]+) h \| (.+?) \|$", re.MULTILINE)
TABLE = _ROW.findall((Path(__file__).parents[2] / "docs" / "sla.md").read_text())


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(dt.UTC)


def shown(moment: dt.datetime | None) -> str:
    return moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") if moment else "never"


def test_the_table_is_read() -> None:
    assert len(TABLE) == 16


@pytest.mark.parametrize(("name", "start", "opening", "hours", "due"), TABLE)
def test_a_row_of_the_table(name: str, start: str, opening: str, hours: str, due: str) -> None:
    moment, seconds = at(start), float(hours) * 3600
    assert shown(next_opening(NAMED[name], moment)) == opening
    found = add_open(NAMED[name], moment, seconds)
    assert shown(found) == due
    assert found is None or open_between(NAMED[name], moment, found) == seconds


def test_the_minute_of_opening_is_open_and_that_of_closing_is_not() -> None:
    assert is_open(OFFICE, at("2026-11-25 09:00")) and is_open(OFFICE, at("2026-11-25 16:59"))
    assert not is_open(OFFICE, at("2026-11-25 17:00")) and not is_open(OFFICE, at("2026-11-25 08:59"))
    assert is_open(ALWAYS, at("2026-11-25 00:00")) and not is_open(NEVER, at("2026-11-25 12:00"))


def test_a_holiday_closes_the_night_that_begins_on_it_and_not_the_one_before() -> None:
    hours = read_hours("Europe/Berlin", dict.fromkeys(DAYS, "22:00-6:00"), ["12-25"])
    assert is_open(hours, at("2026-12-25 03:00")) and not is_open(hours, at("2026-12-25 23:00"))
    assert not is_open(hours, at("2026-12-26 03:00"))


def test_times_that_the_clocks_skip_or_show_twice() -> None:
    skipped = read_hours("Europe/Berlin", {"sun": "2:15-2:45, 4:00-5:00"}, [])
    assert shown(next_opening(skipped, at("2026-03-29 00:00"))) == "2026-03-29 04:00"
    half = read_hours("Europe/Berlin", {"sun": "2:30-4:00"}, [])
    assert shown(next_opening(half, at("2026-03-29 00:00"))) == "2026-03-29 03:00"
    assert open_between(half, at("2026-03-29 00:00"), at("2026-03-29 12:00")) == 3600
    twice = read_hours("Europe/Berlin", {"sun": "2:00-2:30"}, [])
    assert open_between(twice, at("2026-10-25 00:00"), at("2026-10-25 12:00")) == 5400


def test_a_zone_that_left_out_a_day_has_no_hours_on_it() -> None:
    apia = ZoneInfo("Pacific/Apia")
    hours = read_hours("Pacific/Apia", dict.fromkeys(DAYS, "9:00-17:00"), [])
    start = dt.datetime(2011, 12, 29, 16, tzinfo=apia)
    due = add_open(hours, start.astimezone(dt.UTC), 2 * 3600)
    assert due is not None and due.astimezone(apia) == dt.datetime(2011, 12, 31, 10, tzinfo=apia)


@pytest.mark.parametrize(
    "text",
    ["9", "9:00", "9:00-9:00", "25:00-26:00", "9:60-10:00", "9:00-17:00-18:00", "9-12,11-13", "x" * 9000, "9:00-24:01"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_hours("Europe/Berlin", {"mon": text}, [])


@pytest.mark.parametrize("zone", ["", "Berlin", "../etc/passwd", "\0", "x" * 9000])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid):
        read_hours(zone, {}, [])


@pytest.mark.parametrize("dates", [["25.12."], ["2026-13-01"], ["02-30"], ["2026-12-25"] * 201])
def test_what_is_no_list_of_dates_is_refused(dates: list[str]) -> None:
    with pytest.raises(Invalid):
        read_hours("UTC", {}, dates)


def test_a_night_may_not_reach_into_the_hours_of_the_next_day() -> None:
    with pytest.raises(Invalid, match="day after"):
        read_hours("UTC", {"sun": "22:00-6:00", "mon": "5:00-9:00"}, [])
    with pytest.raises(Invalid, match="is one of"):
        read_hours("UTC", {"monday": "5:00-9:00"}, [])


SPANS = st.sampled_from(["", "9-17", "0:00-24:00", "22:00-6:00", "9:00-12:00, 13:30-17:00", "1:30-2:30", "2:00-3:00"])
WEEKS = st.lists(SPANS, min_size=7, max_size=7)
MOMENTS = st.integers(0, 365 * 86400).map(lambda seconds: at("2026-01-01 00:00") + dt.timedelta(seconds=seconds))


def hours_of(week: list[str], zone: str) -> Hours:
    try:
        return read_hours(zone, dict(zip(DAYS, week, strict=True)), ["05-01"])
    except Invalid:
        return NIGHT


@given(WEEKS, st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]), MOMENTS, st.floats(1, 4e5))
def test_what_is_added_is_what_lies_between(week: list[str], zone: str, moment: dt.datetime, seconds: float) -> None:
    hours = hours_of(week, zone)
    due = add_open(hours, moment, seconds)
    assert (due is None) == hours.never == (next_opening(hours, moment) is None)
    if due is not None:
        assert abs(open_between(hours, moment, due) - seconds) < 1e-3
        opening = next_opening(hours, moment)
        assert opening is not None and moment <= opening <= due and is_open(hours, opening)
        assert open_between(hours, moment, opening) == 0
