"""A customer as a whole, as admins ask for them and see them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi.responses import Response
from pydantic import BaseModel, Field

from support_bot.api.fields import Line, Words
from support_bot.api.schemas import Answered
from support_bot.services.erasure import Found

ZIP_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


def zip_file(content: bytes) -> Response:
    """A download."""
    disposition = {"Content-Disposition": 'attachment; filename="customer.zip"'}
    return Response(content, media_type="application/zip", headers=disposition)


class CustomerIn(BaseModel):
    """In the body, so that no log of addresses keeps it."""

    customer: Line = Field(description="An e-mail address, the id that a site gave, a conversation's id, or `#12`.")
    only: bool = Field(False, description="Only this conversation or ticket, not all of its customer.")


class EraseIn(CustomerIn):
    confirm: Line = Field(description="The same once more; a slip of the pen erases nobody.")


class RemainsIn(BaseModel):
    words: Annotated[list[Annotated[Words, Field(min_length=3, max_length=300)]], Field(min_length=1, max_length=100)]


class FoundOut(Answered):
    """What there is (or was) of a customer. `words` are what to look for afterwards; nobody else has written them."""

    emails: list[str]
    visitors: list[str]
    conversations: list[str]
    tickets: list[int]
    counts: dict[str, int]
    words: list[str]
    elsewhere: list[str] = Field(description="Tickets in other help desks, which keep theirs: `connector: number`.")

    @classmethod
    def of(cls, found: Found) -> FoundOut:
        known = found.customer
        return cls(
            emails=list(known.emails),
            visitors=list(known.visitors),
            conversations=list(known.conversations),
            tickets=list(known.tickets),
            counts=found.counts,
            words=list(found.words),
            elsewhere=list(found.elsewhere),
        )


class RemainOut(Answered):
    place: str = Field(description="A column (`message.text`) or a file.")
    count: int


class RemainsOut(Answered):
    found: list[RemainOut]
