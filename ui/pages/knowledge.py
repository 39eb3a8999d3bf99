"""The admin's pages: articles with upload and progress, pinned answers, the trial of a question, how sure the
assistant must be, the model, the channels, the team and its macros."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from support_bot.assembly import App
from support_bot.errors import Invalid, SupportBotError
from support_bot.services.intake import Taken
from support_bot.services.views import StaffView
from support_bot.values import Audience, Role
from ui.pages.articles import ArticlesView
from ui.pages.channels import ChannelTable, own_address
from ui.pages.connectors import ConnectorTable
from ui.pages.erasing import EraseTable
from ui.pages.macros import MacroTable
from ui.pages.model import ModelTable
from ui.pages.pinned import PinnedTable
from ui.pages.shelf import Shelf
from ui.pages.surface import data_of, number, private, surface
from ui.pages.team import TeamTable
from ui.parts import documents as parts
from ui.parts import trial as trial_parts
from ui.parts.risk import risk_page
from ui.parts.uploads import Upload, upload_box
from ui.sessions import require

POLL_S = 1.5
MOST_RESULTS = 500
_SIGNED_OUT = "() => window.supportBot.signedOut()"
Changes = dict[Any, Any]


class KnowledgePage:
    """The page's pieces and what an admin does with them. Each handler asks for the admin's role itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._articles = ArticlesView(app)
        self._pinned = PinnedTable(app)
        self._team = TeamTable(app)
        self._erase = EraseTable(app)
        self._model = ModelTable(app)
        self._channels = ChannelTable(app)
        self._macros = MacroTable(app)
        self._connectors = ConnectorTable(app)
        self._acts: dict[str, Callable[[Shelf, dict[str, Any]], None]] = {
            "view": self._view,
            **self._articles.acts(),
            **self._pinned.acts(),
            **self._model.acts(),
            **self._channels.acts(),
            **self._macros.acts(),
            **self._connectors.acts(),
        }

    def build(self, page: gr.Blocks) -> None:
        """Lay out the pieces inside `page` and connect them."""
        most = self._app.settings.ingestion.max_file_mb
        self.shelf = gr.State(Shelf())
        self.nav = surface("admin-nav")
        self.upload = surface("admin-upload", upload_box(self._app.intake.supported(), most))
        self.results = surface("admin-results")
        self.filters = surface("admin-filters")
        self.list = surface("admin-list")
        self.trial = surface("admin-trial", trial_parts.trial_form())
        self.found = surface("admin-found")
        self.pins = surface("admin-pins")
        self.pin = surface("admin-pin")
        self.sure = surface("admin-sure")
        self.model = surface("admin-model")
        self.figures = surface("admin-figures")
        self.channels = surface("admin-channels")
        self.channel = surface("admin-channel")
        self.connectors = surface("admin-connectors")
        self.connector = surface("admin-connector")
        self.team = surface("admin-team")
        self.erase = surface("admin-erase")
        self.detail = surface("admin-detail")
        self.dialog = surface("admin-dialog")
        self.timer = gr.Timer(POLL_S)
        acting = [
            self.nav, self.results, self.filters, self.list, self.found, self.pins, self.pin, self.sure, self.model,
            self.channels, self.channel, self.connectors, self.connector, self.team, self.erase, self.detail,
            self.dialog,
        ]  # fmt: skip
        self._outputs = [self.shelf, self.figures, *acting]
        page.load(self.opened, [self.shelf], self._outputs, **private())
        self._connect(self.timer.tick, self.tick)
        self._connect([piece.click for piece in acting], self.act)
        self._connect([self.upload.upload, self.detail.upload], self.take)
        asked = self._connect(self.trial.click, self.begin_trial)
        asked.success(self.try_question, [self.shelf], self._outputs, **private()).failure(None, js=_SIGNED_OUT)

    def _connect(self, triggers: Any, handler: Callable[..., Any]) -> Any:
        """Call the handler on each trigger; where the session has ended, lead to the sign-in page."""
        several = isinstance(triggers, list)
        more = {"trigger_mode": "multiple"} if several else {}
        connected = gr.on(triggers if several else [triggers], handler, [self.shelf], self._outputs, **private(**more))
        connected.failure(None, js=_SIGNED_OUT)
        return connected

    # ---- handlers

    def opened(self, shelf: Shelf, request: gr.Request) -> Changes:
        """The page was opened or reloaded."""
        staff = require(self._app, request, Role.ADMIN).staff
        shelf.shown, shelf.address = {}, own_address(self._app, request)
        return {self.shelf: shelf} | self._changes(shelf, staff)

    def tick(self, shelf: Shelf, request: gr.Request) -> Changes:
        """Every second and a half: how far the files are."""
        staff = require(self._app, request, Role.ADMIN, visible=False).staff
        return self._changes(shelf, staff)

    def act(self, event: gr.EventData, shelf: Shelf, request: gr.Request) -> Changes:
        """One of the page's buttons; an error is told in the page."""
        staff = require(self._app, request, Role.ADMIN).staff
        data = data_of(event)
        doing = (self._acts | self._team.acts(staff) | self._erase.acts(staff)).get(str(data.get("action")))
        if doing is None:
            return self._nothing()
        shelf.told = shelf.pin_told = ""
        shelf.made = None
        try:
            doing(shelf, data)
        except SupportBotError as error:
            shelf.told = shelf.pin_told = error.detail
        return self._answered(shelf, staff)

    def take(self, event: gr.EventData, shelf: Shelf, request: gr.Request) -> Changes:
        """One uploaded file: add it, or put it in place of a document."""
        staff = require(self._app, request, Role.ADMIN).staff
        data = data_of(event)
        name = str(data.get("name") or "file")[-200:]
        try:
            self._app.knowledge.require_size(number(data, "size"))  # of a file that the browser kept back
            uploads = self._add(name, read_upload(str(data.get("path", ""))), data)
        except SupportBotError as error:
            uploads = [Upload(name, problem=error.detail)]
        shelf.uploads[:0] = uploads
        del shelf.uploads[MOST_RESULTS:]
        return self._answered(shelf, staff)

    def begin_trial(self, event: gr.EventData, shelf: Shelf, request: gr.Request) -> Changes:
        """A question to test: say that it is being answered."""
        staff = require(self._app, request, Role.ADMIN).staff
        data = data_of(event)
        shelf.question, shelf.internal = str(data.get("question", "")), data.get("internal") == "yes"
        shelf.asked += 1
        shelf.trying, shelf.trial, shelf.trial_told = True, None, ""
        return self._answered(shelf, staff)

    def try_question(self, shelf: Shelf, request: gr.Request) -> Changes:
        """Answer the question that is to be tested; takes as long as an answer does."""
        staff = require(self._app, request, Role.ADMIN).staff
        asked, tried, told = shelf.asked, None, ""
        try:
            audience = Audience.INTERNAL if shelf.internal else Audience.PUBLIC
            tried = self._app.trial.ask(shelf.question, audience=audience)
        except SupportBotError as error:
            told = error.detail
        finally:
            if asked == shelf.asked:
                shelf.trying, shelf.trial, shelf.trial_told = False, tried, told
        return self._answered(shelf, staff)

    def _add(self, name: str, content: bytes, data: dict[str, Any]) -> list[Upload]:
        document = number(data, "document")
        if document >= 0:
            self._app.knowledge.replace(document, content, name)
            return [Upload(name, document, "replaced")]
        audience = Audience.INTERNAL if data.get("audience") == Audience.INTERNAL.value else Audience.PUBLIC
        return [_upload(taken) for taken in self._app.intake.upload(name, content, audience=audience)]

    def _view(self, shelf: Shelf, data: dict[str, Any]) -> None:
        if str(data.get("view")) in parts.VIEWS:
            shelf.view = str(data["view"])
            self._channels.enter(shelf)

    # ---- what the browser gets

    def _answered(self, shelf: Shelf, staff: StaffView) -> Changes:
        """After something was done. A look that began before may reach the browser later, so the next one sends
        everything; where the browser shows the same already, what is typed in stays."""
        changes = self._changes(shelf, staff)
        shelf.forget()
        return changes

    def _changes(self, shelf: Shelf, staff: StaffView) -> Changes:
        pieces = {self.nav: parts.navigation(shelf.view, staff, self._app.settings.company)}
        pieces[self.dialog] = shelf.dialog
        match shelf.view:
            case "try":
                pieces[self.found] = self._trial(shelf)
            case "pinned":
                pieces |= {self.pins: self._pinned.listed(shelf), self.pin: self._pinned.form(shelf)}
            case "macros":
                pieces |= {self.pins: self._macros.listed(shelf), self.pin: self._macros.form(shelf)}
            case "sure":
                pieces[self.sure] = risk_page(self._app.risk.find(), self._app.settings.answering.answer_threshold)
            case "model":
                pieces |= {self.model: self._model.page(shelf), self.figures: self._model.figures()}
            case "channels":
                pieces |= {self.channels: self._channels.listed(shelf), self.channel: self._channels.form(shelf)}
            case "connectors":
                pieces |= {
                    self.connectors: self._connectors.listed(shelf),
                    self.connector: self._connectors.form(shelf),
                }
            case "erase":
                pieces[self.erase] = self._erase.page(shelf)
            case "team":
                pieces[self.team] = self._team.page(shelf, staff)
            case _:
                pieces |= self._documents(shelf)
        changes = {piece: html for piece, html in pieces.items() if shelf.changed(str(piece.elem_id), html)}
        return changes or self._nothing()

    def _documents(self, shelf: Shelf) -> Changes:
        return {
            self.results: self._articles.results(shelf),
            self.filters: self._articles.filters(shelf),
            self.list: self._articles.listed(shelf),
            self.detail: self._articles.detail(shelf),
        }

    def _trial(self, shelf: Shelf) -> str:
        if shelf.trying:
            return trial_parts.trial_running(shelf.question)
        if shelf.trial_told:
            return trial_parts.trial_told(shelf.trial_told)
        return trial_parts.trial_results(shelf.trial) if shelf.trial else trial_parts.trial_empty()

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


def _upload(taken: Taken) -> Upload:
    if taken.added is None:
        return Upload(taken.name, problem=taken.error.detail if taken.error else "The file was not taken.")
    return Upload(taken.name, taken.added.document.id, taken.added.outcome)
