"""Macros on the admin's pages: the list, the form, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Conflict, NotFound
from support_bot.values import MacroDraft, TicketStatus
from ui.pages.shelf import Shelf
from ui.pages.surface import number
from ui.parts import macros as parts
from ui.parts.macros import MacroForm

Act = Callable[[Shelf, dict[str, Any]], None]


class MacroTable:
    """What the buttons around macros do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {
            "macro-new": self._new,
            "macro-open": self._open,
            "macro-close": self._close,
            "macro-save": self._save,
            "macro-ask-delete": self._ask_delete,
            "macro-delete": self._delete,
        }

    def _new(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.macro = MacroForm()

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.macro = MacroForm.of(self._app.desk.macros.get(number(data, "macro")))

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.macro = None

    def _save(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """Take what was typed; where it is refused it stays in the form."""
        typed = {name: str(data.get(name, ""))[:30_000] for name in ("name", "text", "status", "priority", "tags")}
        form = MacroForm(
            id=max(0, number(data, "macro")),
            note=data.get("kind") == "note",
            assign=data.get("assign") == "yes",
            **typed,
        )
        shelf.macro = form
        if not form.id:
            self._app.desk.macros.add(_draft(form))
        else:
            try:
                self._app.desk.macros.change(form.id, _draft(form))
            except NotFound:
                shelf.macro = replace(form, id=0)
                raise Conflict("It was deleted meanwhile. What you wrote is still here: add it again.") from None
        shelf.macro = None

    def _ask_delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        macro = self._app.desk.macros.get(number(data, "macro"))
        shelf.dialog = parts.delete_dialog(macro, shelf.next_serial())

    def _delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.desk.macros.delete(number(data, "macro"))
        shelf.macro, shelf.dialog = None, ""

    # ---- how it looks

    def listed(self, shelf: Shelf) -> str:
        """All macros."""
        return parts.macro_list(self._app.desk.macros.page(), shelf.macro.id if shelf.macro else 0)

    def form(self, shelf: Shelf) -> str:
        """The form, if one is open."""
        return parts.macro_form(shelf.macro, shelf.told) if shelf.macro else ""


def _draft(form: MacroForm) -> MacroDraft:
    return MacroDraft(
        name=form.name,
        text=form.text,
        note=form.note,
        status=TicketStatus(form.status) if form.status in parts.STATUSES else None,
        priority=form.priority or None,
        tags=tuple(tag for tag in form.tags.split(",") if tag.strip()),
        assign=form.assign,
    )
