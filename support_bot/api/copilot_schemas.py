"""What is sent and received around drafts, similar tickets and flagged answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from support_bot.api.fields import Words
from support_bot.api.schemas import Answered
from support_bot.services.views import FateView, FlagView, SimilarTicket
from support_bot.values import FlagReason, Tone


class SimilarOut(Answered):
    tickets: list[SimilarTicket]


class SuggestionsOut(Answered):
    kept: bool = Field(description="Whether drafts are kept at all (`SUPPORT_BOT_COPILOT__LEARN`).")
    suggestions: list[FateView]
    counts: dict[str, int] = Field(description="Drafts by what became of them.")
    next: int | None = Field(description="Give it as `before` for the next page; null at the end.")


class FlagIn(BaseModel):
    reason: FlagReason
    comment: Annotated[Words, StringConstraints(max_length=2000)] = ""


class FlagsOut(Answered):
    flags: list[FlagView]
    counts: dict[str, int] = Field(description="Flagged answers by reason, whatever the filter.")
    next: int | None = Field(description="Give it as `before` for the next page; null at the end.")


class RewriteIn(BaseModel):
    text: Words
    tone: Tone
