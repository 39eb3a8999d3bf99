"""What each channel promises: hours, reply times by priority, and the words at a hand-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support_bot.answering import phrases
from support_bot.errors import Invalid
from support_bot.models import ChannelPromise, Metric
from support_bot.services.hours import ALWAYS, DAYS, Hours, read_hours
from support_bot.storage.database import Transaction
from support_bot.values import PRIORITIES, HandoffReason

MOST_MINUTES = 60 * 24 * 365
MOST_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Promise:
    """As typed and stored: `week` by day, `targets` minutes by priority and metric, `texts` by reason."""

    zone: str = "UTC"
    week: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(DAYS, "0:00-24:00"))
    holidays: Sequence[str] = ()
    targets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    patience_minutes: int = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds on a channel, ready for use."""

    hours: Hours = ALWAYS
    targets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    patience_minutes: int = 10

    def target(self, priority: str, metric: Metric) -> int | None:
        """Seconds of open time; None where nothing is promised."""
        minutes = self.targets.get(priority, {}).get(metric.value)
        return None if minutes is None else minutes * 60


def terms_of(tx: Transaction, channel_id: int) -> Terms:
    """The channel's terms; always open and without reply times where none were set."""
    row = tx.clocks.find_promise(channel_id)
    if row is None:
        return Terms()
    return Terms(read_hours(row.zone, row.week, row.holidays), row.targets, row.texts, row.patience_minutes)


def promise_of(tx: Transaction, channel_id: int) -> Promise:
    """What stands in the form."""
    row = tx.clocks.find_promise(channel_id)
    if row is None:
        return Promise()
    return Promise(row.zone, row.week, tuple(row.holidays), row.targets, row.texts, row.patience_minutes)


def store_promise(tx: Transaction, channel_id: int, promise: Promise) -> Promise:
    """Keep it in the place of what was promised before. Raises Invalid, saying what to change."""
    read_hours(promise.zone, promise.week, promise.holidays)
    if not 0 <= promise.patience_minutes <= MOST_MINUTES:
        raise Invalid("Customers wait for at least no minute and at most a year.")
    row = tx.clocks.find_promise(channel_id)
    if row is None:
        row = tx.clocks.add_promise(ChannelPromise(channel_id=channel_id, zone=promise.zone))
    row.zone = promise.zone
    row.week = {day: promise.week.get(day, "").strip() for day in DAYS}
    row.holidays = list(dict.fromkeys(line.strip() for line in promise.holidays if line.strip()))
    row.targets = _targets(promise.targets)
    row.texts = _texts(promise.texts)
    row.patience_minutes = promise.patience_minutes
    return promise_of(tx, channel_id)


def _targets(typed: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    kept: dict[str, dict[str, int]] = {}
    for priority, metrics in typed.items():
        if priority not in PRIORITIES:
            raise Invalid(f"A priority is one of {', '.join(PRIORITIES)}.")
        for metric, minutes in metrics.items():
            if metric not in tuple(Metric):
                raise Invalid(f"A reply time is one of {', '.join(Metric)}.")
            if not 1 <= minutes <= MOST_MINUTES:
                raise Invalid("A reply time has at least one minute and at most a year.")
            kept.setdefault(priority, {})[metric] = int(minutes)
    return kept


def _texts(typed: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for reason, text in typed.items():
        if reason not in tuple(HandoffReason):
            raise Invalid(f"A reason is one of {', '.join(HandoffReason)}.")
        words = text.replace("\x00", "").strip()
        if len(words) > MOST_CHARS:
            raise Invalid(f"A text has at most {MOST_CHARS} characters.")
        if unknown := phrases.unknown_places(words):
            raise Invalid(f"“{unknown[:40]}” is not filled in; known are {', '.join(phrases.PLACES)}.")
        if words and words != phrases.HANDOFF[HandoffReason(reason)]:
            kept[reason] = words
    return kept
