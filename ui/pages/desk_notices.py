"""What an agent chooses to be told of on the desk, and what rings there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support_bot.assembly import App
from support_bot.errors import SupportBotError
from support_bot.services.notice_choices import NoticeWishes
from support_bot.services.views import StaffView
from support_bot.values import Role
from ui.pages.desk_state import Desk
from ui.parts.notices import bell, notices_dialog

Doing = Callable[[Desk, StaffView, dict[str, Any]], None]
_BOXES = ("escalation_mail", "assignment_mail", "escalation_browser", "assignment_browser", "sound")
_SHOWN = 5


class DeskNotices:
    """Each page listens from the moment on at which it was opened."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Doing]:
        """What each button is called."""
        return {"ask-notices": self._ask, "notices": self._choose}

    def bell(self, desk: Desk, staff: StaffView) -> str:
        """What rings now and rang last; empty for viewers."""
        if not staff.may(Role.AGENT):
            return ""
        if desk.bell.last is None:
            desk.bell.last, desk.bell.heard = self._app.desk.notices.begin()
        desk.bell.last, fresh = self._app.desk.notices.rings(staff.id, desk.bell.last, desk.bell.heard)
        desk.bell.rings = [*desk.bell.rings, *fresh][-_SHOWN:]
        return bell(desk.bell.rings)

    def _ask(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.dialog = self._dialog(desk, self._app.desk.notices.get(staff.id))

    def _choose(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        boxes = {name: data.get(name) == "on" for name in _BOXES}
        quiet, zone = str(data.get("quiet", ""))[:200], str(data.get("zone", ""))[:64]
        wishes = NoticeWishes(quiet=quiet, zone=zone.strip() or "UTC", **boxes)
        try:
            self._app.desk.notices.choose(staff.id, wishes)
        except SupportBotError as error:
            desk.dialog = self._dialog(desk, wishes, error.detail)
        else:
            desk.dialog = ""

    def _dialog(self, desk: Desk, wishes: NoticeWishes, told: str = "") -> str:
        return notices_dialog(wishes, desk.next_serial(), mail=self._app.settings.mail.sends, told=told)
