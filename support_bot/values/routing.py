"""Who gets an escalated ticket, and of what staff are told."""

from __future__ import annotations

import enum


class AssignmentRule(enum.StrEnum):
    """How a ticket finds its agent: not by itself, in turns, or to whoever has fewest open tickets."""

    BY_HAND = "by_hand"
    ROUND_ROBIN = "round_robin"
    LEAST_BUSY = "least_busy"


class NoticeKind(enum.StrEnum):
    """What staff are told of: a customer who waits for a person, or a ticket that became theirs."""

    ESCALATION = "escalation"
    ASSIGNMENT = "assignment"
