"""What customers send and receive, field by field, so that nothing leaks by being added to a view.

Staff answers are the services' own views; their requests are in `staff_schemas`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from support_bot.api.fields import Comment, Line, Slug, Words
from support_bot.values import AnswerStatus, Author, HandoffReason, Mode, SourceRef


class Answered(BaseModel):
    """Base of everything answered: made from the services' views by their attributes."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class ErrorOut(Answered):
    """The one shape of every error."""

    error: str = Field(description="A word that programs can tell apart, such as `not_found` or `rate_limited`.")
    detail: str = Field(description="What went wrong and what to change, for people.")
    request_id: str | None = Field(description="The id of this request in the logs, also in `X-Request-ID`.")


class ConversationIn(BaseModel):
    channel: Slug = Field(description="Slug of the channel; a fresh install has `web`.")
    visitor: Line | None = Field(None, description="Your own id of this visitor; shown to staff.")


class ConversationStarted(Answered):
    id: str
    token: str = Field(description="Send it as `Authorization: Bearer` with everything about this conversation.")


class MessageIn(BaseModel):
    text: Words = Field(description="What the customer says.")
    client_message_id: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")] | None = (
        Field(None, description="Your own id of this message; the same id twice answers once.")
    )


class HandOffOut(Answered):
    reason: HandoffReason
    text: str
    ticket: int | None


class AnswerOut(Answered):
    """A whole answer. `handoff` is there only when the conversation goes to a person."""

    message_id: int = Field(description="The bot's message; the customer's own where the bot said nothing.")
    status: AnswerStatus
    text: str
    citations: list[SourceRef]
    handoff: HandOffOut | None = None

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=False)


class MessageOut(Answered):
    """One message that the customer may see."""

    id: int
    author: Author
    name: str | None = Field(description="Name of the member of staff who wrote it.")
    text: str
    created_at: dt.datetime
    status: Literal["streaming", "final", "retracted"]
    answer_status: AnswerStatus | None
    citations: list[SourceRef]
    reply_to_id: int | None
    helpful: bool | None


class MessagesOut(Answered):
    messages: list[MessageOut]
    mode: Mode = Field(description="Who speaks now: `bot`, `waiting`, `human` or `closed`.")


class HandoffRequested(Answered):
    ticket: int
    mode: Mode


class FeedbackIn(BaseModel):
    helpful: bool
    reason: Annotated[Words, StringConstraints(max_length=100)] | None = None
    comment: Comment | None = None


class EmailIn(BaseModel):
    email: Annotated[Words, StringConstraints(max_length=254)]


class RatingIn(BaseModel):
    score: int = Field(ge=1, le=5, description="1 is bad, 5 is good.")
    comment: Comment | None = None


class SourceOut(Answered):
    """The article behind a citation; `start` and `end` are the passage's place in `text`, in characters."""

    document_id: int
    title: str
    url: str | None
    text: str = Field(description="The whole article as Markdown.")
    start: int
    end: int


class ChannelPublic(Answered):
    """What a widget needs to draw itself."""

    slug: str
    name: str
    greeting: str
    suggested_questions: list[str]
    accent: str


class HealthOut(Answered):
    status: Literal["ok"] = "ok"
    version: str


class ReadinessOut(Answered):
    ok: bool
    checks: dict[str, str] = Field(description="`ok` for each part, or its problem.")
