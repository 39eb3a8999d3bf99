"""The articles on the knowledge page: filters, pages of the list, one document and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support_bot.assembly import App
from support_bot.errors import NotFound
from support_bot.values import Audience, DocumentFilter, DocumentSort, DocumentStatus
from ui.pages.shelf import ANSWERS, Shelf
from ui.pages.surface import number
from ui.parts import document as one
from ui.parts import documents as parts
from ui.parts.html import notice
from ui.parts.uploads import upload_results

PAGE = 50
Act = Callable[[Shelf, dict[str, Any]], None]


class ArticlesView:
    """What the buttons around the articles do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {
            "search": self._search,
            "filter": self._filter,
            "filter-audience": self._filter_audience,
            "sort": self._sort,
            "turn": self._turn,
            "open": self._open,
            "close": self._close,
            "clear": self._clear,
            "audience": self._audience,
            "roll-back": self._roll_back,
            "more-answers": self._more_answers,
            "ask-delete": self._ask_delete,
            "delete": self._delete,
        }

    # ---- what the buttons do

    def _search(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.search, shelf.page = str(data.get("value", ""))[:200].replace("\x00", ""), 0

    def _filter(self, shelf: Shelf, data: dict[str, Any]) -> None:
        status = str(data.get("status", ""))
        shelf.status, shelf.page = status if status in {state.value for state in DocumentStatus} else "", 0

    def _filter_audience(self, shelf: Shelf, data: dict[str, Any]) -> None:
        audience = str(data.get("value", ""))
        shelf.audience, shelf.page = audience if audience in {kind.value for kind in Audience} else "", 0

    def _sort(self, shelf: Shelf, data: dict[str, Any]) -> None:
        if str(data.get("sort", "")).removeprefix("-") in parts.SORTS:
            shelf.sort, shelf.page = str(data["sort"]), 0

    def _turn(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.page = max(0, shelf.page + (1 if data.get("to") == "on" else -1))

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.choose(number(data, "document"))

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.choose(0)

    def _clear(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.uploads = []

    def _audience(self, shelf: Shelf, data: dict[str, Any]) -> None:
        wanted = Audience.INTERNAL if data.get("value") == Audience.INTERNAL.value else Audience.PUBLIC
        self._app.knowledge.set_audience(number(data, "document"), wanted)

    def _roll_back(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.knowledge.roll_back(number(data, "document"), number(data, "version"))

    def _more_answers(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.answers += ANSWERS

    def _ask_delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        document = self._app.catalogue.get(number(data, "document")).document
        shelf.dialog = one.delete_dialog(document, shelf.next_serial())

    def _delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.knowledge.delete(number(data, "document"))
        shelf.choose(0)
        shelf.dialog = ""

    # ---- how it looks

    def results(self, shelf: Shelf) -> str:
        """What became of the files uploaded in this tab."""
        known = self._app.catalogue.find({upload.document for upload in shelf.uploads}) if shelf.uploads else {}
        return upload_results(shelf.uploads, known)

    def filters(self, shelf: Shelf) -> str:
        """The search and the filters, with counts; above them what to do where the articles could be read better."""
        advice = notice(self._app.models.embedder.advice(), "wait")
        return advice + parts.filters(self._app.catalogue.counts(), shelf.status, shelf.audience)

    def listed(self, shelf: Shelf) -> str:
        """One page of the list; a page that is no longer there is the last one."""
        wanted = DocumentFilter(
            shelf.search,
            DocumentStatus(shelf.status) if shelf.status else None,
            Audience(shelf.audience) if shelf.audience else None,
        )
        total = self._app.catalogue.count(wanted)
        shelf.page = min(shelf.page, max(0, (total - 1) // PAGE))
        documents = self._app.catalogue.page(
            wanted, sort=DocumentSort(shelf.sort.removeprefix("-")), descending=shelf.sort.startswith("-"),
            limit=PAGE, offset=shelf.page * PAGE,
        )  # fmt: skip
        page = parts.Page(documents, shelf.page * PAGE, total)
        return parts.document_list(page, shelf.document, shelf.sort, filtered=wanted != DocumentFilter())

    def detail(self, shelf: Shelf) -> str:
        """The chosen document; nothing once it is gone."""
        if shelf.document <= 0:
            return ""
        try:
            found = self._app.catalogue.get(shelf.document)
            original = found.document.near_copy_of
            copied = self._app.catalogue.find([original]).get(original) if original is not None else None
            answers = self._app.catalogue.answers(shelf.document, limit=shelf.answers) if found.answers else []
        except NotFound:
            shelf.choose(0)
            return ""
        return one.detail(found, answers, copied, shelf.told)
