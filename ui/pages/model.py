"""The model on the admin's pages: how it is, and letting another one write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support_bot.assembly import App
from ui.pages.shelf import Shelf
from ui.parts import model as parts

Act = Callable[[Shelf, dict[str, Any]], None]
_WRITER = "writer"


class ModelTable:
    """What the buttons beside models do, and how the page looks."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {"model-use": self._use}

    def _use(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """Takes as long as loading and trying it does; other tabs see meanwhile that it is under way."""
        self._app.switch.use(str(data.get("model", ""))[:200])

    def page(self, shelf: Shelf) -> str:
        """The model in use, and the others that can write."""
        writers = [row for row in self._app.models.page() if row.kind == _WRITER]
        writers.sort(key=lambda row: (not row.in_use, not row.present, row.name))
        return parts.model_page(self._app.measures.model(), writers, told=shelf.told)

    def figures(self) -> str:
        """How much there is to do, how fast it was done, what went wrong."""
        return parts.figures_page(self._app.measures.model())
