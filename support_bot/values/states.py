"""The words for states, roles and reasons, each an enum whose value is what goes on the wire."""

from __future__ import annotations

import enum


class Audience(enum.StrEnum):
    """Who may read a document or a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Mode(enum.StrEnum):
    """Who speaks in a conversation: the bot, nobody yet (a person was asked for), a person, or no one any more."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class Author(enum.StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class AnswerStatus(enum.StrEnum):
    """How a turn of the bot ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    HANDOFF = "handoff"
    ASKED = "asked"
    RETRACTED = "retracted"
    FAILED = "failed"


class HandoffReason(enum.StrEnum):
    """Why a conversation goes to a person; each has its own text to the customer."""

    CUSTOMER_REQUEST = "customer_request"
    NO_EVIDENCE = "no_evidence"
    LOW_CONFIDENCE = "low_confidence"
    UNSUPPORTED_REQUEST = "unsupported_request"
    POLICY = "policy"
    TOOL_FAILURE = "tool_failure"
    BOT_SILENT = "bot_silent"
    AGENT_PULL = "agent_pull"


class FlagReason(enum.StrEnum):
    """What is wrong with an answer of the bot, as staff see it."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    SHOULD_HAND_OFF = "should_hand_off"
    TONE = "tone"


class Tone(enum.StrEnum):
    """How a reply is to be said."""

    FRIENDLIER = "friendlier"
    SHORTER = "shorter"
    FORMAL = "formal"


class Role(enum.StrEnum):
    """What a member of staff may do; each may do everything the one before may. A viewer reads and changes nothing."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Whether this role may do what the other may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class LinkKind(enum.StrEnum):
    """What a one-time link lets its holder do."""

    INVITATION = "invitation"
    NEW_PASSWORD = "new_password"


class DocumentStatus(enum.StrEnum):
    """Where a document is on its way from file to searchable chunks."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
