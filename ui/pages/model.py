"""The model on the admin's pages: how it is, and letting another one write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Conflict
from support_bot.services.views import ModelRow
from ui.pages.shelf import Shelf
from ui.parts import model as parts

Act = Callable[[Shelf, dict[str, Any]], None]
_WRITING = ("writer", "adapter")


class ModelTable:
    """What the buttons beside models do, and how the page looks."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {"model-use": self._use, "model-back": self._roll_back}

    def _use(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """Takes as long as loading and trying it does; other tabs see meanwhile that it is under way."""
        self._app.switch.use(str(data.get("model", ""))[:200])

    def _roll_back(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.switch.roll_back()

    def page(self, shelf: Shelf) -> str:
        """The model in use, and the others that can write."""
        writers = [row for row in self._app.models.page() if row.kind in _WRITING]
        writers.sort(key=lambda row: (not row.in_use, not row.present, row.name))
        stale = [
            f"{row.name} {why}" for row in writers if row.in_use and (why := self._app.models.why_retrain(row.sha256))
        ]
        told = shelf.told or " ".join(stale)
        return parts.model_page(self._app.measures.model(), writers, told=told, before=self._before(writers))

    def _before(self, writers: Sequence[ModelRow]) -> str:
        """The model that one click goes back to, if it can serve."""
        try:
            name = self._app.models.previous()
        except Conflict:
            return ""
        return name if any(row.name == name and row.present for row in writers) else ""

    def figures(self) -> str:
        """How much there is to do, how fast it was done, what went wrong."""
        return parts.figures_page(self._app.measures.model())
