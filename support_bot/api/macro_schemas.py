"""What is sent and received around macros, several tickets at once, and who else is there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from support_bot.api.fields import LARGEST_ID, Line, Words
from support_bot.api.schemas import Answered
from support_bot.api.staff_schemas import Priority
from support_bot.services.views import MacroView, Present
from support_bot.values import KEEP, BulkChange, MacroDraft, MacroUse, TicketEdit, TicketStatus

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


class BulkIn(BaseModel):
    """What is left out stays; a macro is used before the rest is done."""

    tickets: Annotated[list[Id], Field(min_length=1, max_length=100, description="Their numbers.")]
    status: Literal["open", "pending", "on_hold", "solved"] | None = None
    priority: Priority | None = None
    add_tags: Annotated[list[Line], Field(max_length=100)] = []
    remove_tags: Annotated[list[Line], Field(max_length=100)] = []
    assign_to_me: bool = False
    macro: Id | None = None

    def change(self, staff_id: int) -> BulkChange:
        """The same for the service, asked for by this member of staff."""
        edit = TicketEdit(
            status=TicketStatus(self.status) if self.status else None,
            priority=self.priority,
            add_tags=tuple(self.add_tags),
            remove_tags=tuple(self.remove_tags),
            assignee=staff_id if self.assign_to_me else KEEP,
        )
        return BulkChange(edit, MacroUse(self.macro) if self.macro else None)


class PresenceIn(BaseModel):
    writing: bool = Field(False, description="And is writing.")


class PresenceOut(Answered):
    present: list[Present]
