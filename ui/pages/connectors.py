"""Connectors on the admin's pages: added, filled in, tested, switched; what failed is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Conflict, NotFound
from support_bot.services.connector_views import ConnectorView
from ui.pages.shelf import Shelf
from ui.parts import connectors as parts
from ui.parts.connectors import ConnectorForm

Act = Callable[[Shelf, dict[str, Any]], None]
_TYPED = ("url", "queue", "user")


class ConnectorTable:
    """What the buttons around connectors do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._connectors = app.connectors

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {
            "connector-new": self._new,
            "connector-add": self._add,
            "connector-open": self._open,
            "connector-close": self._close,
            "connector-save": self._save,
            "connector-switch": self._switch,
            "connector-safe": self._safe,
            "connector-test": self._test,
            "connector-secret": self._secret,
            "connector-retry": self._retry,
            "connector-ask-remove": self._ask_remove,
            "connector-remove": self._remove,
        }

    # ---- what the buttons do

    def _new(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.connector = ConnectorForm(serial=shelf.next_serial())

    def _add(self, shelf: Shelf, data: dict[str, Any]) -> None:
        name, kind, url = (_text(data, each).strip() for each in ("name", "kind", "url"))
        serial = shelf.connector.serial if shelf.connector else shelf.next_serial()
        shelf.connector = ConnectorForm(typed_name=name[:40], kind=kind, url=url[:500], serial=serial)
        self._require_free(name)
        shelf.connector = _form(self._connectors.save(name, kind, url=url), shelf.next_serial())

    def _require_free(self, name: str) -> None:
        if any(view.name == name for view in self._connectors.page()):
            raise Conflict(f"There is a help desk called '{name}' already; take another name.")

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.connector = _form(self._meant(data), shelf.next_serial())

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.connector = None

    def _save(self, shelf: Shelf, data: dict[str, Any]) -> None:
        stored = self._meant(data)
        typed = {each: _text(data, each).strip() for each in _TYPED}
        serial = shelf.connector.serial if shelf.connector else shelf.next_serial()
        shelf.connector = replace(_form(stored, serial), **typed)  # stays in the form when it is refused
        saved = self._connectors.save(
            stored.name, stored.kind, url=typed["url"], queue=typed["queue"], user=typed["user"],
            token=_text(data, "token").strip() or None,
        )  # fmt: skip
        shelf.connector = replace(_form(saved, shelf.next_serial()), saved=True)

    def _switch(self, shelf: Shelf, data: dict[str, Any]) -> None:
        # The form stays as it is, so that what is being typed in it is not lost.
        self._connectors.switch(_text(data, "connector"), enabled=data.get("to") == "on")

    def _safe(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._connectors.switch(_text(data, "connector"), safe=data.get("to") == "on")

    def _test(self, shelf: Shelf, data: dict[str, Any]) -> None:
        view = self._meant(data)
        said = self._connectors.test(view.name)
        shelf.connector = replace(self._shown(shelf, view), said=said, works=said == "It works.", saved=False)

    def _secret(self, shelf: Shelf, data: dict[str, Any]) -> None:
        view = self._meant(data)
        made = self._connectors.new_secret(view.name)
        shelf.connector = replace(self._shown(shelf, view), secret=made, said="", saved=False)

    def _retry(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._connectors.retry(_text(data, "connector"))

    def _ask_remove(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = parts.remove_dialog(self._meant(data), shelf.next_serial())

    def _remove(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        self._connectors.remove(_text(data, "connector"))
        shelf.connector = None

    def _meant(self, data: dict[str, Any]) -> ConnectorView:
        return self._connectors.get(_text(data, "connector"))

    def _shown(self, shelf: Shelf, view: ConnectorView) -> ConnectorForm:
        """The open form, so that what is being typed in it stays; another connector's is opened."""
        form = shelf.connector
        return form if form is not None and form.name == view.name else _form(view, shelf.next_serial())

    # ---- how it looks

    def listed(self, shelf: Shelf) -> str:
        """All connectors, and their queues."""
        told = "" if shelf.connector else shelf.told
        return parts.connector_list(self._connectors.page(), shelf.connector.name if shelf.connector else "", told)

    def form(self, shelf: Shelf) -> str:
        """The connector that is open, or nothing."""
        form = shelf.connector
        if form is None:
            return ""
        try:
            view = self._connectors.get(form.name) if form.name else None
        except NotFound:  # removed in another browser
            shelf.connector = None
            return ""
        return parts.connector_form(form, self._connectors.kinds, view, shelf.address, shelf.told)


def _form(view: ConnectorView, serial: int) -> ConnectorForm:
    return ConnectorForm(
        name=view.name, kind=view.kind, url=view.url, queue=view.desk_queue, user=view.user, serial=serial
    )


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "")[:2000]
