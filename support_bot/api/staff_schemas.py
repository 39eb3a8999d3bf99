"""What staff and integrators send, and the envelopes of what they receive. Inside are the services' own views."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from support_bot.api.fields import LARGEST_ID, Line, Slug, Words, storable
from support_bot.api.schemas import Answered
from support_bot.services.views import (
    ApiKeyView,
    Assignee,
    ChannelKeyView,
    ChannelView,
    ConversationRow,
    ModelRow,
    SearchHit,
    StaffView,
    TicketRow,
)
from support_bot.values import Role, TicketEdit, TicketStatus, TicketType

Priority = Literal["low", "normal", "high", "urgent"]
TicketViewName = Literal["open", "waiting", "mine", "team", "unassigned", "breaching", "snoozed", "solved", "all"]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")]


def _origin(value: str) -> str:
    """`scheme://host[:port]`, as browsers send it; a path, a wildcard or a trailing slash never matches."""
    if not re.fullmatch(r"https?://[^/\s?#@*,;'\"]+", value):
        raise ValueError("must be scheme://host or scheme://host:port, without a path")
    return value.lower()


def _storable_secret(secret: SecretStr) -> SecretStr:
    storable(secret.get_secret_value())
    return secret


Password = Annotated[SecretStr, Field(max_length=200), AfterValidator(_storable_secret)]
Origin = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(storable), AfterValidator(_origin)
]


class Me(Answered):
    staff: StaffView
    csrf_token: str | None = Field(description="Send it as `X-CSRF-Token` with every change; null for keys.")


class TicketsOut(Answered):
    tickets: list[TicketRow]
    next: str | None = Field(description="Give it as `before` for the next page; null at the end.")


class FoundOut(Answered):
    hits: list[SearchHit]
    total: int = Field(description="How many conversations were found in all.")
    next: str | None = Field(description="Give it as `before` for the next page; null at the end.")


class AssigneesOut(Answered):
    assignees: list[Assignee]


class TicketPatch(BaseModel):
    """What is left out stays; `assignee` null puts the ticket back to nobody, `team` null to no team, `type` null takes
    the type away, and `snoozed_until` null wakes it."""

    subject: Line | None = None
    priority: Priority | None = None
    assignee: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    team: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    status: Literal["open", "pending", "on_hold", "solved"] | None = None
    type: TicketType | None = None
    tags: Annotated[list[Line], Field(max_length=100)] | None = Field(None, description="All tags from now on.")
    snoozed_until: dt.datetime | None = Field(None, description="A time to come, with its time zone.")

    def edit(self) -> TicketEdit:
        """The same for the service."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if self.tags is not None:
            given["tags"] = tuple(self.tags)
        if self.status is not None:
            given["status"] = TicketStatus(self.status)
        return TicketEdit(**given)


class MergeIn(BaseModel):
    into: int = Field(ge=1, le=LARGEST_ID, description="The number of the open ticket that goes on.")


class TagsOut(Answered):
    tags: list[str]


class TextIn(BaseModel):
    text: Words


class ReplyIn(TextIn):
    seen: int | None = Field(
        None, ge=0, le=LARGEST_ID, description="The newest message you saw: 409 where a colleague has replied since."
    )


class ConversationsOut(Answered):
    conversations: list[ConversationRow]
    next: str | None = Field(description="Give it as `before` for the next page; null at the end.")


class ChannelsOut(Answered):
    channels: list[ChannelView]


class ChannelIn(BaseModel):
    slug: Slug = Field(description="Its short name for good: small letters, digits and hyphens.")
    name: Line


class ChannelPatch(BaseModel):
    """What is left out stays."""

    name: Line | None = None
    greeting: Annotated[Words, StringConstraints(max_length=2000)] | None = None
    suggested_questions: Annotated[list[Line], Field(max_length=10)] | None = None
    allowed_origins: Annotated[list[Origin], Field(max_length=100)] | None = None
    accent: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    enabled: bool | None = None


class ChannelKeysOut(Answered):
    keys: list[ChannelKeyView]


class ChannelKeyIn(BaseModel):
    name: Line = Field(description="Which program it is for.")


class ChannelKeyCreated(Answered):
    key: str = Field(description="The secret itself; shown this once.")
    details: ChannelKeyView


class StaffOut(Answered):
    staff: list[StaffView]


class StaffIn(BaseModel):
    email: Email
    name: Line
    role: Role
    password: Password


class StaffPatch(BaseModel):
    active: bool = Field(description="false ends all access at once; true lets the person sign in again.")


class PasswordIn(BaseModel):
    password: Password


class OwnPasswordIn(BaseModel):
    old: Annotated[SecretStr, Field(max_length=1000)]
    password: Password


class KeysOut(Answered):
    keys: list[ApiKeyView]


class KeyIn(BaseModel):
    name: Line
    role: Role


class KeyCreated(Answered):
    key: str = Field(description="The secret itself; shown this once.")
    details: ApiKeyView


class ModelsOut(Answered):
    models: list[ModelRow]
