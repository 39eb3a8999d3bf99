"""What is shown of macros, of work on many tickets at once, and of who else is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import Macro
from support_bot.services.views.conversations import MessageView, TicketView


@dataclass(frozen=True, slots=True)
class MacroView:
    """`text` is as it was written, or filled for a ticket."""

    id: int
    name: str
    text: str
    note: bool
    status: str | None
    priority: str | None
    tags: tuple[str, ...]
    assign: bool
    version: int
    updated_at: dt.datetime

    @classmethod
    def of(cls, macro: Macro, text: str | None = None) -> MacroView:
        status = macro.status.value if macro.status else None
        return cls(
            macro.id, macro.name, macro.text if text is None else text, macro.note, status, macro.priority,
            tuple(macro.tags), macro.assign, macro.version, macro.updated_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MacroSent:
    """The ticket afterwards, and what was sent; None where the macro only did something."""

    ticket: TicketView
    message: MessageView | None


@dataclass(frozen=True, slots=True)
class NotChanged:
    """A ticket that stays as it is, and why."""

    ticket: int
    why: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The numbers of the tickets that were changed, and those that were not."""

    changed: tuple[int, ...]
    refused: tuple[NotChanged, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague who has the same conversation open."""

    staff_id: int
    name: str
    writing: bool
