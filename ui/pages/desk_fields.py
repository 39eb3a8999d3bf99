"""What an agent does with a ticket's fields on the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from support_bot.assembly import App
from support_bot.errors import Invalid, SupportBotError
from support_bot.models import utcnow
from support_bot.services.views import StaffView
from support_bot.values import TicketEdit, TicketStatus, TicketType
from ui.pages.desk_state import Desk
from ui.pages.surface import number
from ui.parts import ticket_fields as parts

Choice = TypeVar("Choice", TicketStatus, TicketType)
Doing = Callable[[Desk, StaffView, dict[str, Any]], None]


class TicketFieldActs:
    """The buttons, lists and dialogs around a ticket's fields."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Doing]:
        """What each is called."""
        return {
            "priority": self._priority,
            "status": self._status,
            "type": self._type,
            "team": self._team,
            "ask-tags": self._ask_tags,
            "tags": self._tags,
            "ask-snooze": self._ask_snooze,
            "snooze": self._snooze,
            "wake": self._wake,
            "watch": self._watch,
            "ask-merge": self._ask_merge,
            "merge": self._merge,
            "unmerge": self._unmerge,
        }

    def _edit(self, staff: StaffView, data: dict[str, Any], edit: TicketEdit) -> None:
        self._app.desk.edits.edit(number(data, "ticket"), staff.id, edit)

    def _priority(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._edit(staff, data, TicketEdit(priority=str(data.get("value"))))

    def _status(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._edit(staff, data, TicketEdit(status=_one_of(TicketStatus, data)))

    def _type(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._edit(staff, data, TicketEdit(type=_one_of(TicketType, data) if data.get("value") else None))

    def _team(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._edit(staff, data, TicketEdit(team=number(data, "value") if data.get("value") else None))

    def _ask_tags(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        ticket = self._app.tickets.get(number(data, "ticket")).row
        known = self._app.desk.edits.tags()
        desk.dialog = parts.tags_dialog(ticket.id, ", ".join(ticket.tags), known, desk.next_serial())

    def _tags(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        written = str(data.get("tags", ""))[:900]
        tags = tuple(tag for tag in written.split(",") if tag.strip())
        try:
            self._edit(staff, data, TicketEdit(tags=tags))
        except SupportBotError as error:
            known = self._app.desk.edits.tags()
            dialog = parts.tags_dialog(number(data, "ticket"), written, known, desk.next_serial(), error.detail)
            desk.dialog = dialog
        else:
            desk.dialog = ""

    def _ask_snooze(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.dialog = parts.snooze_dialog(number(data, "ticket"), desk.next_serial())

    def _snooze(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.dialog = ""
        if (hours := str(data.get("hours"))) not in parts.SNOOZES:
            raise Invalid("Choose for how long.")
        self._edit(staff, data, TicketEdit(snoozed_until=utcnow() + dt.timedelta(hours=int(hours))))

    def _wake(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._edit(staff, data, TicketEdit(snoozed_until=None))

    def _watch(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        ticket, on = number(data, "ticket"), data.get("to") == "on"
        self._app.desk.edits.watch(ticket, staff.id, staff.id, on=on)

    def _ask_merge(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.dialog = parts.merge_dialog(number(data, "ticket"), "", desk.next_serial())

    def _merge(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        ticket, written = number(data, "ticket"), str(data.get("into", ""))[:17]
        try:
            into = self._app.desk.merging.merge(ticket, number({"into": written.strip().lstrip("#")}, "into"), staff.id)
        except SupportBotError as error:
            desk.dialog = parts.merge_dialog(ticket, written, desk.next_serial(), error.detail)
        else:
            desk.choose(into.row.conversation_id)

    def _unmerge(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.desk.merging.undo(number(data, "ticket"), staff.id)


def _one_of(kind: type[Choice], data: dict[str, Any]) -> Choice:
    """The chosen value. Raises Invalid for one that no list offers."""
    try:
        return kind(str(data.get("value")))
    except ValueError:
        raise Invalid("There is no such choice.") from None
