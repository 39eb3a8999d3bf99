"""The agents' desk: a list that renews itself, one conversation, and what an agent does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from support_bot.assembly import App
from support_bot.errors import NotFound, SupportBotError
from support_bot.services.views import ConversationView, StaffView
from support_bot.values import Author, Mode, Role
from ui.pages.desk_copilot import DeskCopilot
from ui.pages.desk_state import PAGE, Desk
from ui.pages.surface import data_of, number, private, surface
from ui.parts import desk as parts
from ui.parts import ticket as middle
from ui.parts.live import turns, written
from ui.sessions import require

POLL_S = 1.5
_SIGNED_OUT = "() => window.supportBot.signedOut()"
Changes = dict[Any, Any]
Doing = Callable[[Desk, StaffView, dict[str, Any]], None]


class DeskPage:
    """The page's columns and what happens in them. Each handler asks for the agent's role itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._copilot = DeskCopilot(app)
        self._acts: dict[str, Doing] = {
            "view": self._view,
            "search": self._search,
            "more": self._more,
            "select": self._select,
            "back": self._back,
            "take": self._take,
            "assign": self._assign,
            "give": self._give,
            "priority": self._priority,
            "hand-back": self._hand_back,
            "solve": self._solve,
            "write": self._write,
            "suggest": self._copilot.suggest,
            "drop-draft": self._copilot.drop,
            "flag": self._copilot.flag,
        }

    def build(self, page: gr.Blocks) -> None:
        """Lay out the columns inside `page` and connect them."""
        self.desk = gr.State(Desk())
        self.nav = surface("desk-nav")
        self.list = surface("desk-list")
        self.head = surface("desk-head")
        self.talk = surface("desk-talk")
        self.aid = surface("desk-aid")
        self.composer = surface("desk-composer")
        self.context = surface("desk-context")
        self.keys = surface("desk-keys", parts.keys_dialog())
        self.timer = gr.Timer(POLL_S)
        pieces = [self.nav, self.list, self.head, self.talk, self.aid, self.composer, self.context]
        outputs = [self.desk, *pieces]
        page.load(self.opened, [self.desk], outputs, **private())
        ticked = self.timer.tick(self.tick, [self.desk], outputs, **private())
        ticked.failure(None, js=_SIGNED_OUT)
        acted = gr.on(
            [piece.click for piece in pieces], self.act, [self.desk], outputs, **private(trigger_mode="multiple")
        )
        acted.failure(None, js=_SIGNED_OUT)
        self.composer.input(self.typing, [self.desk], None, **private())

    # ---- handlers

    def opened(self, desk: Desk, request: gr.Request) -> Changes:
        """The page was opened or reloaded; `?conversation=` opens one."""
        staff = require(self._app, request, Role.AGENT).staff
        desk.shown = {}
        if self._app.tickets.counts(staff.id).get("waiting"):
            desk.view = "waiting"
        if linked := str(request.query_params.get("conversation", ""))[:64]:
            desk.view = "every"
            desk.choose(linked)
        return {self.desk: desk} | self._changes(desk, staff)

    def tick(self, desk: Desk, request: gr.Request) -> Changes:
        """Every second and a half: new tickets, new messages; only what changed goes to the browser."""
        staff = require(self._app, request, Role.AGENT, visible=False).staff
        return self._changes(desk, staff)

    def act(self, event: gr.EventData, desk: Desk, request: gr.Request) -> Changes:
        """One of the desk's buttons; an error is told above the composer."""
        staff = require(self._app, request, Role.AGENT).staff
        data = data_of(event)
        doing = self._acts.get(str(data.get("action")))
        if doing is None:
            return self._nothing()
        desk.told = ""
        try:
            doing(desk, staff, data)
        except SupportBotError as error:
            desk.told = error.detail
        changes = self._changes(desk, staff)
        # A look that began earlier may reach the browser later: the next one sends everything but what is typed in.
        desk.forget(all_but=str(self.composer.elem_id))
        return changes

    def typing(self, desk: Desk, request: gr.Request) -> None:
        """Tell the customer that a person is writing; notes are not told."""
        require(self._app, request, Role.AGENT, visible=False)
        if desk.conversation and self._app.chat.mode(desk.conversation) is Mode.HUMAN:
            self._app.chat.typing(desk.conversation, Author.STAFF)

    # ---- what the buttons do

    def _view(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        name = str(data.get("view"))
        if name in parts.TICKET_VIEWS or name in parts.CHAT_VIEWS:
            desk.view, desk.search, desk.limit = name, "", PAGE

    def _search(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.search, desk.limit = str(data.get("value", ""))[:200], PAGE

    def _more(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.limit += PAGE

    def _select(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.choose(str(data.get("conversation", "")))

    def _back(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.choose("")

    def _take(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.handoff.take(str(data.get("conversation", "")), staff.id)

    def _assign(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.tickets.assign(number(data, "ticket"), staff.id, staff.id)

    def _give(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        to = number(data, "value") if data.get("value") else None
        self._app.tickets.assign(number(data, "ticket"), to, staff.id)

    def _priority(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.tickets.change(number(data, "ticket"), staff.id, priority=str(data.get("value")))

    def _hand_back(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.handoff.hand_back(number(data, "ticket"), staff.id)

    def _solve(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.tickets.solve(number(data, "ticket"), staff.id)

    def _write(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        ticket, text = number(data, "ticket"), str(data.get("text", ""))
        desk.kind = "note" if data.get("kind") == "note" else "reply"
        if desk.kind == "note":
            self._app.tickets.note(ticket, staff.id, text)
        else:
            message = self._app.tickets.reply(ticket, staff.id, text)
            self._copilot.replied(desk, staff, ticket, message.id, message.text)
        desk.sent += 1

    # ---- what the browser gets

    def _changes(self, desk: Desk, staff: StaffView) -> Changes:
        pieces = self._left(desk, staff) | self._middle(desk, staff)
        changes = {piece: html for piece, html in pieces.items() if desk.changed(str(piece.elem_id), html)}
        return changes or self._nothing()

    def _left(self, desk: Desk, staff: StaffView) -> Changes:
        counts = self._app.tickets.counts(staff.id)
        return {
            self.nav: parts.navigation(desk.view, counts, staff, self._app.settings.company),
            self.list: parts.inbox_head(desk.view) + self._rows(desk, staff),
        }

    def _rows(self, desk: Desk, staff: StaffView) -> str:
        tickets, most = self._app.tickets, desk.limit + 1
        if desk.view in parts.CHAT_VIEWS:
            chats = tickets.conversations(mode=Mode.BOT if desk.view == "bot" else None, limit=most)
            return parts.conversation_list(chats[: desk.limit], desk.conversation, more=len(chats) == most)
        rows = tickets.page(view=desk.view, staff_id=staff.id, search=desk.search, limit=most)
        return parts.ticket_list(
            rows[: desk.limit], desk.conversation, view=desk.view, search=desk.search, more=len(rows) == most
        )

    def _middle(self, desk: Desk, staff: StaffView) -> Changes:
        view = self._conversation(desk)
        if view is None:
            empty = middle.nothing_selected()
            return {self.head: "", self.talk: empty, self.aid: "", self.composer: "", self.context: ""}
        desk.take(self._app.chat.events(desk.conversation, desk.position, staff=True))
        found = written(turns(desk.events.values()))
        flagged = self._app.flags.of_conversation(desk.conversation)
        return {
            self.head: middle.head(view, staff.id, self._app.staff.assignees()),
            self.talk: middle.talk(view, found, flagged, customer_typing=desk.customer_typing),
            self.aid: self._copilot.panel(desk, view),
            self.composer: middle.composer(view, kind=desk.kind, sent=desk.sent, told=desk.told),
            self.context: self._copilot.beside(desk, view) + parts.context(view),
        }

    def _conversation(self, desk: Desk) -> ConversationView | None:
        if not desk.conversation:
            return None
        try:
            return self._app.tickets.conversation(desk.conversation)
        except NotFound:
            desk.choose("")
            return None

    def _nothing(self) -> Changes:
        return {self.nav: gr.skip()}
