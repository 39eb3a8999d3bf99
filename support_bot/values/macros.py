"""What a macro says and does, and what is to become of several tickets at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from support_bot.values.tickets import TicketEdit, TicketStatus


@dataclass(frozen=True, slots=True)
class MacroDraft:
    """`text` may be empty where something is done, and holds variables like `{{subject}}`; `note` is for the team only.

    `assign` gives the ticket to whoever uses it; a `status` is `open`, `pending`, `on_hold` or `solved`."""

    name: str
    text: str = ""
    note: bool = False
    status: TicketStatus | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    assign: bool = False


@dataclass(frozen=True, slots=True)
class MacroUse:
    """A macro with what the agent made of it. A `text` of None is the macro's own, with its variables filled.

    `version` is the one that the agent saw (None for whatever it is now), `seen` the newest message they saw."""

    macro: int
    text: str | None = None
    note: bool | None = None
    version: int | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What is to become of several tickets: a macro is used on each, then the edit is done."""

    edit: TicketEdit = field(default_factory=TicketEdit)
    macro: MacroUse | None = None
