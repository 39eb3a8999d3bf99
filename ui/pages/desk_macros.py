"""Macros on the desk: the palette for the ticket that is open, and sending words together with what a macro does."""

from __future__ import annotations

from typing import Any

from support_bot.assembly import App
from support_bot.errors import AnsweredMeanwhile
from support_bot.services.views import ConversationView, MessageView, StaffView
from support_bot.values import OPEN_STATUSES, Audience, MacroUse
from ui.pages.desk_state import Desk
from ui.pages.surface import number
from ui.parts import macros as parts


class DeskMacros:
    """The palette, and the way of what is written to the customer or the team."""

    def __init__(self, app: App) -> None:
        self._app = app

    def begins(self, desk: Desk, data: dict[str, Any]) -> bool:
        """Whether these words were not sent from this composer before, as by a button that was pressed twice."""
        return "sent" not in data or desk.begins(*_form(data))

    def send(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> MessageView | None:
        """Send what stands in the composer, with the macro that was chosen; the reply, None for a note or no words.

        A reply after a colleague's is refused once."""
        ticket, text, note = number(data, "ticket"), str(data.get("text", "")), desk.kind == "note"
        try:
            message = self._send(desk, staff, data, (ticket, text, note))
        except Exception as error:
            desk.begun.pop(_form(data), None)  # it was not sent: it may be tried again
            if isinstance(error, AnsweredMeanwhile):
                desk.warned = ticket, error.message
            raise
        desk.warned = None
        return message if message is not None and message.audience is Audience.PUBLIC else None

    def _send(
        self, desk: Desk, staff: StaffView, data: dict[str, Any], written: tuple[int, str, bool]
    ) -> MessageView | None:
        ticket, text, note = written
        seen = max(number(data, "seen"), desk.warned[1] if desk.warned and desk.warned[0] == ticket else -1)
        looked = seen if seen >= 0 else None
        if data.get("macro"):
            use = MacroUse(number(data, "macro"), text, note, number(data, "version"), looked)
            return self._app.desk.macros.use(ticket, staff.id, use).message
        if note:
            return self._app.tickets.note(ticket, staff.id, text)
        return self._app.tickets.reply(ticket, staff.id, text, looked)

    def warned(self, desk: Desk, view: ConversationView) -> bool:
        """Whether a reply to this ticket was refused for a colleague's a moment ago, and that is still said."""
        ticket = view.ticket.row.id if view.ticket else None
        return bool(desk.told) and desk.warned is not None and desk.warned[0] == ticket

    def palette(self, desk: Desk, staff: StaffView, view: ConversationView) -> str:
        """The dialog for this ticket; made anew when the ticket or a macro has changed. Empty where nothing is sent."""
        if view.ticket is None or view.ticket.row.status not in OPEN_STATUSES:
            return ""
        row = view.ticket.row
        now = (row.id, row.updated_at, view.email, view.customer, self._app.desk.macros.stamp())
        if desk.palette is None or desk.palette[0] != now:
            desk.palette = now, parts.palette(row.id, self._app.desk.macros.ready(row.id, staff.id))
        return desk.palette[1]


def _form(data: dict[str, Any]) -> tuple[object, ...]:
    """Which composer it was, after how many sent from it, and what stood in it."""
    return tuple(hash(str(data.get(name))) for name in ("ticket", "sent", "kind", "text", "macro"))
