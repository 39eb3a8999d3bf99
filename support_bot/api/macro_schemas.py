"""What is sent and received around macros."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from support_bot.api.fields import LARGEST_ID, Line, Words
from support_bot.api.schemas import Answered
from support_bot.api.staff_schemas import Priority
from support_bot.services.views import MacroView
from support_bot.values import MacroDraft, MacroUse, TicketStatus

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Seen = Annotated[
    int | None,
    Field(ge=0, le=LARGEST_ID, description="The newest message you saw: 409 where a colleague has replied since."),
]


class MacroIn(BaseModel):
    """It says something, does something, or both."""

    name: Line
    text: Words = Field("", description="With variables like `{{customer_name}}`.")
    note: bool = Field(False, description="The text is for the team only.")
    status: Literal["open", "pending", "on_hold", "solved"] | None = None
    priority: Priority | None = None
    tags: Annotated[list[Line], Field(max_length=100)] = Field([], description="Added to the ticket's tags.")
    assign: bool = Field(False, description="The ticket becomes that of whoever uses it.")

    def draft(self) -> MacroDraft:
        """The same for the service."""
        status = TicketStatus(self.status) if self.status else None
        return MacroDraft(self.name, self.text, self.note, status, self.priority, tuple(self.tags), self.assign)


class MacrosOut(Answered):
    macros: list[MacroView]


class MacroUseIn(BaseModel):
    """Without `text` the macro's own is sent, with its variables filled."""

    macro: Id
    text: Words | None = None
    note: bool | None = Field(None, description="Another kind than the macro's.")
    version: Id | None = Field(None, description="The one you chose: 409 where it was changed since.")
    seen: Seen = None

    def use(self) -> MacroUse:
        """The same for the service."""
        return MacroUse(self.macro, self.text, self.note, self.version, self.seen)
