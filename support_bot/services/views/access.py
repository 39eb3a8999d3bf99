"""What is shown of staff, keys, channels and models."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import ApiKey, Channel, ChannelKey, Staff
from support_bot.values import Role


@dataclass(frozen=True, slots=True)
class StaffView:
    id: int
    email: str
    name: str
    role: Role
    active: bool

    @classmethod
    def of(cls, staff: Staff) -> StaffView:
        return cls(staff.id, staff.email, staff.name, staff.role, staff.active)

    def may(self, role: Role) -> bool:
        """Whether this person may do what `role` may do."""
        return self.active and self.role.includes(role)


@dataclass(frozen=True, slots=True)
class Assignee:
    """A member of staff as colleagues see them who give them a ticket."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    csrf_token: str
    staff: StaffView


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    id: int
    name: str
    prefix: str
    role: Role
    created_at: dt.datetime
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyView:
        return cls(key.id, key.name, key.prefix, key.role, key.created_at, key.revoked_at)


@dataclass(frozen=True, slots=True)
class ChannelView:
    slug: str
    name: str
    greeting: str
    suggested_questions: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    accent: str
    enabled: bool

    @classmethod
    def of(cls, channel: Channel) -> ChannelView:
        return cls(
            channel.slug, channel.name, channel.greeting, tuple(channel.suggested_questions),
            tuple(channel.allowed_origins), channel.accent, channel.enabled,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChannelKeyView:
    id: int
    channel: str
    name: str
    prefix: str
    created_at: dt.datetime
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, key: ChannelKey, channel: str) -> ChannelKeyView:
        """`channel` is the slug of the key's channel."""
        return cls(key.id, channel, key.name, key.prefix, key.created_at, key.revoked_at)


@dataclass(frozen=True, slots=True)
class ModelRow:
    name: str
    kind: str
    present: bool
    in_use: bool
    default: bool
    bytes: int
    licence: str
    context_tokens: int
    sha256: str
