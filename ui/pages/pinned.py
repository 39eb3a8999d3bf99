"""Pinned answers on the knowledge page: the list, the form, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.services.pinned import PinnedDraft
from support_bot.services.views import PinnedView
from support_bot.values import Audience, DocumentFilter, PinState
from ui.pages.shelf import Shelf
from ui.pages.surface import number
from ui.parts import pinned as parts
from ui.parts.pinned import PinForm

MOST_NAMES = 200
Act = Callable[[Shelf, dict[str, Any]], None]


class PinnedTable:
    """What the buttons around pinned answers do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {
            "pin-new": self._new,
            "pin-open": self._open,
            "pin-close": self._close,
            "pin-save": self._save,
            "pin-switch": self._switch,
            "pin-ask-delete": self._ask_delete,
            "pin-delete": self._delete,
        }

    # ---- what the buttons do

    def _new(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.view = "pinned"
        shelf.pin = PinForm(
            question=str(data.get("question", ""))[:500],
            answer=str(data.get("answer", ""))[:4000],
            article=str(data.get("article", ""))[:500],
        )

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.pin = self._form_of(self._app.pinned.get(number(data, "pin")))

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.pin = None

    def _save(self, shelf: Shelf, data: dict[str, Any]) -> None:
        before = shelf.pin or PinForm()
        typed = {name: str(data.get(name, "")) for name in ("question", "others", "answer", "url", "article")}
        # What was typed stays in the form when it is refused.
        shelf.pin = PinForm(id=max(0, number(data, "pin")), enabled=before.enabled, lapsed=before.lapsed, **typed)
        draft = PinnedDraft(
            question=typed["question"],
            answer=typed["answer"].replace("\r\n", "\n"),
            others=tuple(typed["others"].splitlines()),
            url=typed["url"],
            document_id=self._document(typed["article"].strip()),
            enabled=before.enabled,
        )
        if shelf.pin.id:
            self._change(shelf, shelf.pin, draft)
        else:
            self._app.pinned.add(draft)
        shelf.pin = None

    def _change(self, shelf: Shelf, typed: PinForm, draft: PinnedDraft) -> None:
        try:
            self._app.pinned.change(typed.id, draft)
        except NotFound:
            shelf.pin = replace(typed, id=0)
            raise Conflict("It was deleted meanwhile. What you wrote is still here: pin it again, or close.") from None

    def _switch(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.pin = self._form_of(self._app.pinned.switch(number(data, "pin"), on=data.get("to") == "on"))

    def _ask_delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        view = self._app.pinned.get(number(data, "pin"))
        shelf.dialog = parts.delete_dialog(view, shelf.next_serial())

    def _delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.pinned.delete(number(data, "pin"))
        shelf.pin, shelf.dialog = None, ""

    def _document(self, name: str) -> int | None:
        """The id of the article with this file name. Raises Invalid where there is none."""
        if not name:
            return None
        document = self._app.catalogue.find_by_name(name[:500].replace("\x00", ""))
        if document is None:
            raise Invalid(f"There is no article with the file name “{name[:80]}”.")
        return document.id

    def _form_of(self, view: PinnedView) -> PinForm:
        article = ""
        if view.document_id is not None:
            found = self._app.catalogue.find([view.document_id]).get(view.document_id)
            article = found.name if found else ""
        return PinForm(
            id=view.id, question=view.question, others="\n".join(view.others), answer=view.answer, url=view.url or "",
            article=article, enabled=view.state is not PinState.OFF, lapsed=view.reason,
        )  # fmt: skip

    # ---- how it looks

    def listed(self, shelf: Shelf) -> str:
        """All pinned answers."""
        return parts.pinned_list(self._app.pinned.page(), shelf.pin.id if shelf.pin else 0)

    def form(self, shelf: Shelf) -> str:
        """The form, if one is open."""
        if shelf.pin is None:
            return ""
        public = self._app.catalogue.page(DocumentFilter(audience=Audience.PUBLIC), limit=MOST_NAMES)
        return parts.pinned_form(shelf.pin, [document.name for document in public], shelf.pin_told)
