"""What an agent does with the tickets chosen in the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support_bot.assembly import App
from support_bot.errors import SupportBotError
from support_bot.services.bulk import MOST_TICKETS
from support_bot.services.views import StaffView
from support_bot.values import KEEP, BulkChange, MacroUse, TicketEdit, TicketStatus
from ui.pages.desk_state import Desk
from ui.pages.surface import number
from ui.parts import bulk as parts
from ui.parts.macros import STATUSES

Doing = Callable[[Desk, StaffView, dict[str, Any]], None]


class DeskBulk:
    """The dialog that asks what is to change, and the change."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Doing]:
        """What each is called."""
        return {"ask-bulk": self._ask, "bulk": self._change}

    def _ask(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        if tickets := _tickets(data):
            desk.dialog = parts.bulk_dialog(tickets, self._app.desk.macros.page(), desk.next_serial())

    def _change(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        tickets, asked = _tickets(data), data.get("ask")
        if asked is not None and not desk.begins("bulk", str(asked)):
            return  # what a macro says would go out twice
        try:
            result = self._app.desk.bulk.change(tickets, staff.id, _wanted(staff, data))
        except SupportBotError as error:
            macros = self._app.desk.macros.page()
            desk.dialog = parts.bulk_dialog(tickets, macros, desk.next_serial(), error.detail)
            return
        desk.dialog = parts.bulk_told(result, desk.next_serial())
        desk.changed_many += 1


def _wanted(staff: StaffView, data: dict[str, Any]) -> BulkChange:
    status = str(data.get("status", ""))
    tags = str(data.get("tags", ""))[:900].split(",")
    edit = TicketEdit(
        status=TicketStatus(status) if status in STATUSES else None,
        priority=str(data.get("priority", "")) or None,
        add_tags=tuple(tag for tag in tags if tag.strip()),
        assignee=staff.id if data.get("assign") == "me" else KEEP,
    )
    return BulkChange(edit, MacroUse(number(data, "macro")) if data.get("macro") else None)


def _tickets(data: dict[str, Any]) -> list[int]:
    written = str(data.get("tickets", ""))[: 20 * MOST_TICKETS].split(",")
    return [number({"ticket": one}, "ticket") for one in written if one]
