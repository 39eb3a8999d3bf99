"""What staff see of customers, and of the keys that prove them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import IdentityKey, VisitorProfile


@dataclass(frozen=True, slots=True)
class IdentityKeyView:
    """A key without its secret."""

    id: int
    channel: str
    kid: str
    created_at: dt.datetime
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, key: IdentityKey, channel: str) -> IdentityKeyView:
        """`channel` is the slug of the key's channel."""
        return cls(key.id, channel, key.kid, key.created_at, key.revoked_at)


@dataclass(frozen=True, slots=True)
class VisitorView:
    """The customer of a conversation. `verified`: the site has proved the id; `signed`: name and e-mail, too.

    `details` is what the page told besides, in its own words: worth reading, proved by nothing."""

    subject: str | None
    name: str | None
    email: str | None
    verified: bool
    signed: bool
    details: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, profile: VisitorProfile) -> VisitorView:
        return cls(
            subject=profile.subject,
            name=profile.name,
            email=profile.email,
            verified=profile.subject is not None,
            signed=profile.signed,
            details=tuple((name, str(value)) for name, value in profile.details.items()),
        )
