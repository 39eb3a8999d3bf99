"""The clocks of a ticket: begun, paused, ended and told of, in open time. The conversation is locked meanwhile."""

from __future__ import annotations

import datetime as dt

from support_bot.models import Clock, Metric, Ticket, TicketEventKind, TicketStatus, utcnow
from support_bot.services.hours import add_open, open_between
from support_bot.services.terms import Terms, terms_of
from support_bot.storage.database import Database, Transaction

WARN_SHARE = 0.25  # a clock with this share of its time left, or less, is warned of
_PAUSED = tuple(status for status in TicketStatus if status.value in ("pending", "on_hold"))


def keep_time(tx: Transaction, ticket: Ticket, now: dt.datetime | None = None) -> None:
    """Bring the clocks in step with status, priority and what the channel promises now."""
    now = now or utcnow()
    terms = terms_of(tx, tx.conversations.get(ticket.conversation_id).channel_id)
    for clock in ticket.clocks:
        _tell_breach(ticket, clock, now)  # before what happens now ends it
    if ticket.is_open:
        _begin_missing(ticket, terms, now)
    for clock in ticket.clocks:
        _in_step(clock, ticket, terms, now)


def customer_wrote(tx: Transaction, ticket: Ticket) -> None:
    """What was put off goes on; after a person's first reply the next one is due."""
    now = utcnow()
    ticket.take_up(by=None)
    terms = terms_of(tx, tx.conversations.get(ticket.conversation_id).channel_id)
    target = terms.target(ticket.priority, Metric.NEXT_REPLY)
    if target is not None and _replied(ticket):
        clock = _find(ticket, Metric.NEXT_REPLY)
        if clock is None:
            clock = Clock(metric=Metric.NEXT_REPLY, target_s=target, since=now)
            ticket.clocks.append(clock)
        elif clock.ended_at is not None:
            clock.begin_anew(now, target)
    keep_time(tx, ticket, now)


def staff_replied(tx: Transaction, ticket: Ticket) -> None:
    """The customer has their answer: nothing is due until they write again."""
    now = utcnow()
    keep_time(tx, ticket, now)
    terms = terms_of(tx, tx.conversations.get(ticket.conversation_id).channel_id)
    for clock in ticket.clocks:
        if clock.metric is not Metric.RESOLUTION:
            clock.end(now, _used(clock, terms, now))


def tell_what_is_late(db: Database, now: dt.datetime | None = None) -> int:
    """Note each warning and each breach in its ticket's history, once; how many there were. Also mends clocks that do
    not go with their ticket's status."""
    now = now or utcnow()
    with db.reading() as tx:
        found = sorted({*tx.clocks.overdue(now), *tx.clocks.out_of_step(_PAUSED)})
    told = 0
    for ticket_id in found:
        with db.transaction() as tx:
            tx.conversations.lock(tx.tickets.get(ticket_id).conversation_id)
            ticket = tx.tickets.lock(ticket_id)
            before = len(ticket.events)
            keep_time(tx, ticket, now)
            for clock in ticket.clocks:
                _tell(ticket, clock, now)
            told += len(ticket.events) - before
    return told


def _begin_missing(ticket: Ticket, terms: Terms, now: dt.datetime) -> None:
    for metric in (Metric.FIRST_REPLY, Metric.RESOLUTION):
        target = terms.target(ticket.priority, metric)
        if target is None or _find(ticket, metric) or (metric is Metric.FIRST_REPLY and _replied(ticket)):
            continue
        ticket.clocks.append(Clock(metric=metric, target_s=target, since=now))


def _in_step(clock: Clock, ticket: Ticket, terms: Terms, now: dt.datetime) -> None:
    target = terms.target(ticket.priority, clock.metric)
    used = _used(clock, terms, now)
    if target is None or not ticket.is_open:
        clock.end(now, used)
        clock.target_s = target or 0
        return
    if clock.ended_at is not None and not _goes_on(clock, ticket):
        return
    was_due, changed = clock.due_at, clock.target_s != target
    clock.target_s = target
    if ticket.status in _PAUSED:
        clock.pause(used)
    elif not clock.runs:
        clock.run(now)
    if clock.since is not None:
        left = target - clock.used_s
        clock.due_at = add_open(terms.hours, clock.since, left)
        clock.warn_at = add_open(terms.hours, clock.since, left - target * WARN_SHARE)
        changed = changed or (was_due is not None and was_due != clock.due_at)
    if changed and used < target:  # more time than before, by another priority or another promise
        clock.breached_at = clock.warned_at = None


def _goes_on(clock: Clock, ticket: Ticket) -> bool:
    """Whether a clock that was over counts again on a reopened ticket; a reply that was given stays given."""
    return clock.metric is Metric.RESOLUTION or (clock.metric is Metric.FIRST_REPLY and not _replied(ticket))


def _used(clock: Clock, terms: Terms, now: dt.datetime) -> float:
    return clock.used_s + (open_between(terms.hours, clock.since, now) if clock.since else 0.0)


def _tell_breach(ticket: Ticket, clock: Clock, now: dt.datetime) -> None:
    if not clock.runs or clock.due_at is None or clock.due_at > now or clock.breached_at is not None:
        return
    clock.breached_at = clock.warned_at = now
    ticket.record(TicketEventKind.SLA_BREACHED, None, metric=clock.metric.value, due=clock.due_at.isoformat())


def _tell(ticket: Ticket, clock: Clock, now: dt.datetime) -> None:
    _tell_breach(ticket, clock, now)
    if clock.runs and clock.due_at and clock.warn_at and clock.warn_at <= now and clock.warned_at is None:
        clock.warned_at = now
        ticket.record(TicketEventKind.SLA_WARNED, None, metric=clock.metric.value, due=clock.due_at.isoformat())


def _find(ticket: Ticket, metric: Metric) -> Clock | None:
    return next((clock for clock in ticket.clocks if clock.metric is metric), None)


def _replied(ticket: Ticket) -> bool:
    return any(event.kind is TicketEventKind.REPLIED for event in ticket.events)
