"""Who else is at the conversation that is open, and telling them of this tab."""

from __future__ import annotations

import time

from support_bot.assembly import App
from support_bot.errors import NotFound
from support_bot.services.views import Present, StaffView
from ui.pages.desk_state import Desk

_SAY_EVERY_S = 4.0


class DeskPresence:
    """Says that the tab is there, seldom enough to cost nothing."""

    def __init__(self, app: App) -> None:
        self._app = app

    def look(self, desk: Desk, staff: StaffView) -> tuple[Present, ...]:
        """Tell the others where this tab is now; who of them is there, too."""
        here, there = desk.conversation, desk.here
        if there is not None and there[0] != here:
            self._app.desk.presence.leave(there[0], staff.id)
            desk.here = None
        if not here:
            return ()
        if desk.here is None or time.monotonic() - desk.here[1] >= _SAY_EVERY_S:
            self.tell(desk, staff)
        return self._app.desk.presence.others(here, staff.id)

    def tell(self, desk: Desk, staff: StaffView, *, writing: bool = False) -> None:
        """Say so now; nothing where the conversation is gone."""
        if desk.conversation:
            try:
                self._app.desk.presence.look(desk.conversation, staff.id, writing=writing)
            except NotFound:
                return
            desk.here = desk.conversation, time.monotonic()
