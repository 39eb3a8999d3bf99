"""What an agent does on the desk about being there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from support_bot.assembly import App
from support_bot.services.views import StaffView
from support_bot.values import Role
from ui.pages.desk_state import Desk
from ui.parts.availability import availability

Doing = Callable[[Desk, StaffView, dict[str, Any]], None]
_EACH_S = 20.0


class DeskAvailability:
    """An open page is a sign that its agent is there."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Doing]:
        """What each button is called."""
        return {"availability": self._switch}

    def shown(self, desk: Desk, staff: StaffView) -> str:
        """State and switch; empty for viewers, who take no tickets."""
        if not staff.may(Role.AGENT):
            return ""
        now = time.monotonic()
        if desk.there is None or now - desk.there[0] >= _EACH_S:
            desk.there = (now, self._app.desk.availability.seen(staff.id))
        return availability(desk.there[1])

    def _switch(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.there = (time.monotonic(), self._app.desk.availability.switch(staff.id, online=data.get("to") == "online"))
