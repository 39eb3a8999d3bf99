"""What a channel promises, as admins send and receive it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from support_bot.api.fields import Words
from support_bot.api.schemas import Answered

Typed = Annotated[Words, StringConstraints(max_length=1000)]
Name = Annotated[Words, StringConstraints(max_length=64)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
_WEEK = "Hours for `mon` … `sun`, like `9:00-12:00, 13:00-17:00`; a day that is missing or empty is closed."
_TARGETS = "Minutes of open time for `first_reply`, `next_reply` and `resolution`, by priority."


class PromiseIn(BaseModel):
    """The whole of it: what is left out is not promised."""

    zone: Name = Field(description="An IANA name, like `Europe/Berlin`.")
    week: Annotated[dict[Name, Typed], Field(max_length=7, description=_WEEK)]
    holidays: Annotated[list[Name], Field(max_length=200)] = Field(
        [], description="`2026-12-25`, or `12-25` each year."
    )
    targets: Annotated[dict[Name, dict[Name, Minutes]], Field(max_length=4, description=_TARGETS)] = {}
    texts: Annotated[dict[Name, Typed], Field(max_length=8, description="A channel's own text by reason.")] = {}
    patience_minutes: Annotated[int, Field(ge=0, le=525_600)] = Field(
        10, description="After so long a waiting customer is asked for an e-mail address; 0 is never."
    )


class PromiseOut(Answered):
    zone: str
    week: dict[str, str]
    holidays: list[str]
    targets: dict[str, dict[str, int]]
    texts: dict[str, str]
    patience_minutes: int
