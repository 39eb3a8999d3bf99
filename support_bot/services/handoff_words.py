"""What a customer is told at a hand-off: the channel's words, and when somebody answers in the customer's terms."""

from __future__ import annotations

import datetime as dt

from support_bot.answering import phrases
from support_bot.models import Conversation, Metric, utcnow
from support_bot.services.hours import add_open, next_opening
from support_bot.services.terms import Terms, terms_of
from support_bot.storage.database import Transaction
from support_bot.values import HandoffReason


def handoff_words(tx: Transaction, conversation: Conversation, reason: HandoffReason, name: str = "") -> str:
    """The text for this conversation's channel, now; `name` is the person who has joined."""
    terms = terms_of(tx, conversation.channel_id)
    return phrases.handed_off(reason, terms.texts.get(reason.value, ""), when=when_words(terms, utcnow()), name=name)


def when_words(terms: Terms, now: dt.datetime, priority: str = "normal") -> str:
    """One sentence: the next opening where nobody is there, else when a reply is promised; empty for neither."""
    opening = next_opening(terms.hours, now)
    if opening is None:
        return ""
    if opening > now:
        return f"Our team is away right now and is back {day_and_time(terms, opening, now)}."
    target = terms.target(priority, Metric.FIRST_REPLY)
    due = None if target is None else add_open(terms.hours, now, target)
    if due is None or target is None:
        return ""
    if (due - now).total_seconds() <= target:  # no closing in between
        return f"You can expect a reply within {_span(target)}."
    return f"You can expect a reply by {day_and_time(terms, due, now)}."


def day_and_time(terms: Terms, moment: dt.datetime, now: dt.datetime) -> str:
    """`tomorrow at 9:00 (Berlin time)`, as the team's clocks show it; within a week the weekday, later the date too."""
    there, today = terms.hours.at(moment), terms.hours.at(now).date()
    days = (there.date() - today).days
    if days < 2:
        day = "tomorrow" if days else "today"
    else:
        day = f"on {there:%A}" if days < 7 else f"on {there:%A}, {there.day} {there:%B}"
    return f"{day} at {there.hour}:{there:%M} ({zone_words(terms.hours.zone)})"


def zone_words(zone: str) -> str:
    """`Berlin time` for Europe/Berlin; names without a place stay as they are."""
    return f"{zone.rpartition('/')[2].replace('_', ' ')} time" if "/" in zone else zone


def _span(seconds: int) -> str:
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
