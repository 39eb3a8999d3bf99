"""The admin's knowledge page: upload with progress per file, the list, one document, the trial of a question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from support_bot.assembly import App
from support_bot.errors import Invalid, NotFound, SupportBotError
from support_bot.services.views import DocumentView, StaffView
from support_bot.values import Audience, DocumentStatus, Passage, Role
from ui.pages.surface import data_of, number, private, surface
from ui.parts import documents as parts
from ui.parts.documents import Upload
from ui.sessions import require

POLL_S = 1.5
MOST_RESULTS = 50
_SIGNED_OUT = "() => window.supportBot.signedOut()"
Changes = dict[Any, Any]


@dataclass
class Shelf:
    """What one browser tab looks at; `shown` remembers what the browser has, to send changes only."""

    view: str = "documents"
    search: str = ""
    status: str = ""
    sort: str = "title"
    document: int = 0
    told: str = ""
    uploads: list[Upload] = field(default_factory=list)
    question: str = ""
    passages: tuple[Passage, ...] = ()
    trial_told: str = ""
    dialog: str = ""
    serial: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    def changed(self, name: str, html: str) -> bool:
        """Whether the browser shows something else under `name`; remembers the new content."""
        if self.shown.get(name) == html:
            return False
        self.shown[name] = html
        return True


class KnowledgePage:
    """The page's pieces and what an admin does with them. Each handler asks for the admin's role itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._acts: dict[str, Callable[[Shelf, dict[str, Any]], None]] = {
            "view": self._view,
            "search": self._search,
            "filter": self._filter,
            "sort": self._sort,
            "open": self._open,
            "close": self._close,
            "clear": self._clear,
            "audience": self._audience,
            "ask-delete": self._ask_delete,
            "delete": self._delete,
            "try": self._try,
        }

    def build(self, page: gr.Blocks) -> None:
        """Lay out the pieces inside `page` and connect them."""
        most = self._app.settings.ingestion.max_file_mb
        self.shelf = gr.State(Shelf())
        self.nav = surface("admin-nav")
        self.upload = surface("admin-upload", parts.upload_box(self._app.knowledge.supported(), most))
        self.results = surface("admin-results")
        self.filters = surface("admin-filters")
        self.list = surface("admin-list")
        self.trial = surface("admin-trial", parts.trial_form())
        self.found = surface("admin-found")
        self.detail = surface("admin-detail")
        self.dialog = surface("admin-dialog")
        self.timer = gr.Timer(POLL_S)
        pieces = [
            self.nav, self.results, self.filters, self.list, self.found, self.detail, self.dialog, self.trial,
        ]  # fmt: skip
        outputs = [self.shelf, *pieces]
        page.load(self.opened, [self.shelf], outputs, **private())
        ticked = self.timer.tick(self.tick, [self.shelf], outputs, **private())
        ticked.failure(None, js=_SIGNED_OUT)
        acted = gr.on(
            [piece.click for piece in pieces], self.act, [self.shelf], outputs, **private(trigger_mode="multiple")
        )
        acted.failure(None, js=_SIGNED_OUT)
        taken = gr.on(
            [self.upload.upload, self.detail.upload],
            self.take,
            [self.shelf],
            outputs,
            **private(trigger_mode="multiple"),
        )
        taken.failure(None, js=_SIGNED_OUT)

    # ---- handlers

    def opened(self, shelf: Shelf, request: gr.Request) -> Changes:
        """The page was opened or reloaded."""
        staff = require(self._app, request, Role.ADMIN).staff
        shelf.shown = {}
        return {self.shelf: shelf} | self._changes(shelf, staff)

    def tick(self, shelf: Shelf, request: gr.Request) -> Changes:
        """Every second and a half: how far the files are."""
        staff = require(self._app, request, Role.ADMIN, visible=False).staff
        return self._changes(shelf, staff)

    def act(self, event: gr.EventData, shelf: Shelf, request: gr.Request) -> Changes:
        """One of the page's buttons; an error is told in the page."""
        staff = require(self._app, request, Role.ADMIN).staff
        data = data_of(event)
        doing = self._acts.get(str(data.get("action")))
        if doing is None:
            return self._nothing()
        shelf.told = ""
        try:
            doing(shelf, data)
        except SupportBotError as error:
            shelf.told = error.detail
        return self._changes(shelf, staff)

    def take(self, event: gr.EventData, shelf: Shelf, request: gr.Request) -> Changes:
        """One uploaded file: add it, or put it in place of a document."""
        staff = require(self._app, request, Role.ADMIN).staff
        data = data_of(event)
        name = str(data.get("name") or "file")[-200:]
        try:
            upload = self._add(name, read_upload(str(data.get("path", ""))), data)
        except SupportBotError as error:
            upload = Upload(name, problem=error.detail)
        shelf.uploads.insert(0, upload)
        del shelf.uploads[MOST_RESULTS:]
        return self._changes(shelf, staff)

    def _add(self, name: str, content: bytes, data: dict[str, Any]) -> Upload:
        document = number(data, "document")
        if document >= 0:
            self._app.knowledge.replace(document, content, name)
            return Upload(name, document, "replaced")
        audience = Audience.INTERNAL if data.get("audience") == Audience.INTERNAL.value else Audience.PUBLIC
        added = self._app.knowledge.add(name, content, audience=audience)
        return Upload(name, added.document.id, added.outcome)

    # ---- what the buttons do

    def _view(self, shelf: Shelf, data: dict[str, Any]) -> None:
        if str(data.get("view")) in parts.VIEWS:
            shelf.view = str(data["view"])

    def _search(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.search = str(data.get("value", ""))[:200]

    def _filter(self, shelf: Shelf, data: dict[str, Any]) -> None:
        status = str(data.get("status", ""))
        shelf.status = status if status in {state.value for state in DocumentStatus} else ""

    def _sort(self, shelf: Shelf, data: dict[str, Any]) -> None:
        if str(data.get("sort", "")).lstrip("-") in parts.SORTS:
            shelf.sort = str(data["sort"])

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.document = number(data, "document")

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.document = 0

    def _clear(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.uploads = []

    def _audience(self, shelf: Shelf, data: dict[str, Any]) -> None:
        wanted = Audience.INTERNAL if data.get("value") == Audience.INTERNAL.value else Audience.PUBLIC
        self._app.knowledge.set_audience(number(data, "document"), wanted)

    def _ask_delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.serial += 1
        document = self._app.catalogue.get(number(data, "document")).document
        shelf.dialog = parts.delete_dialog(document, shelf.serial)

    def _delete(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.knowledge.delete(number(data, "document"))
        shelf.document, shelf.dialog = 0, ""

    def _try(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.question, shelf.passages, shelf.trial_told = str(data.get("question", ""))[:2000], (), ""
        try:
            # None searches both kinds of articles.
            audience = None if data.get("internal") == "yes" else Audience.PUBLIC
            shelf.passages = tuple(self._app.knowledge.search(shelf.question, audience=audience, limit=10))
        except SupportBotError as error:
            shelf.trial_told = error.detail

    # ---- what the browser gets

    def _changes(self, shelf: Shelf, staff: StaffView) -> Changes:
        pieces = {self.nav: parts.navigation(shelf.view, staff, self._app.settings.company)}
        pieces[self.dialog] = shelf.dialog
        pieces |= self._trial(shelf) if shelf.view == "try" else self._documents(shelf)
        changes = {piece: html for piece, html in pieces.items() if shelf.changed(str(piece.elem_id), html)}
        return changes or self._nothing()

    def _trial(self, shelf: Shelf) -> Changes:
        return {self.found: parts.trial_results(shelf.question, shelf.passages, shelf.trial_told)}

    def _documents(self, shelf: Shelf) -> Changes:
        status = DocumentStatus(shelf.status) if shelf.status else None
        documents = self._app.catalogue.page(search=shelf.search, status=status)
        filtered = bool(shelf.search or shelf.status)
        known = {document.id: document for document in self._app.catalogue.page()} if shelf.uploads else {}
        return {
            self.results: parts.upload_results(shelf.uploads, known),
            self.filters: parts.filters(self._app.catalogue.counts(), shelf.status),
            self.list: parts.document_list(
                _sorted(documents, shelf.sort), shelf.document, shelf.sort, filtered=filtered
            ),
            self.detail: self._detail(shelf),
        }

    def _detail(self, shelf: Shelf) -> str:
        if shelf.document <= 0:
            return ""
        try:
            return parts.detail(self._app.catalogue.get(shelf.document), shelf.told)
        except NotFound:
            shelf.document = 0
            return ""

    def _nothing(self) -> Changes:
        return {self.nav: gr.skip()}


def read_upload(path: str) -> bytes:
    """The content of a file that was just uploaded, which is removed then. Raises Invalid for any other file."""
    room = Path(get_upload_folder()).resolve()
    file = Path(path).resolve()
    if not path or not file.is_relative_to(room) or not file.is_file():
        raise Invalid("The file did not arrive. Choose it again.")
    content = file.read_bytes()
    file.unlink(missing_ok=True)
    return content


def _sorted(documents: list[DocumentView], sort: str) -> list[DocumentView]:
    keys: dict[str, Callable[[DocumentView], Any]] = {
        "title": lambda document: document.title.casefold(),
        "status": lambda document: (document.status.value, document.title.casefold()),
        "audience": lambda document: (document.audience.value, document.title.casefold()),
        "chunks": lambda document: document.chunks,
        "updated": lambda document: document.updated_at,
    }
    return sorted(documents, key=keys[sort.lstrip("-")], reverse=sort.startswith("-"))
