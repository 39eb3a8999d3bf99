"""Erasing a customer on the admin's pages: looking first, then the same word typed once more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Invalid
from support_bot.services.views import StaffView
from ui.pages.shelf import Shelf
from ui.parts.erasing import Erasing, erasing_page

Act = Callable[[Shelf, dict[str, Any]], None]


class EraseTable:
    """What the page's two buttons do, and how it looks."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self, admin: StaffView) -> dict[str, Act]:
        """What each button is called, for the admin who presses it."""
        return {"erase-find": self._find, "erase-go": partial(self._go, admin)}

    def _find(self, shelf: Shelf, data: dict[str, Any]) -> None:
        customer = str(data.get("customer", "")).replace("\x00", "").strip()[:200]
        found = self._app.desk.erasure.preview(customer) if customer else None
        shelf.erasing = Erasing(customer, found, asked=shelf.erasing.asked + 1)

    def _go(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        shown = shelf.erasing
        if shown.found is None or str(data.get("confirm", "")).strip() != shown.customer:
            raise Invalid("That is not what was typed above; nothing was erased.")
        erasure = self._app.desk.erasure
        done = erasure.erase(shown.customer, by=admin.id)
        words = [*shown.found.words, *done.words]
        shelf.erasing = Erasing(shown.customer, done, erased=True, remains=erasure.search(words), asked=shown.asked + 1)

    def page(self, shelf: Shelf) -> str:
        return erasing_page(shelf.erasing, self._app.settings.conversation_days, shelf.told)
