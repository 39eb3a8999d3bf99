"""The agents' desk: a list that renews itself, one conversation, and what an agent does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from support_bot.assembly import App
from support_bot.errors import Invalid, NotFound, SupportBotError
from support_bot.services.views import ConversationView, StaffView
from support_bot.values import Author, Mode, Role
from ui.pages.desk_availability import DeskAvailability
from ui.pages.desk_bulk import DeskBulk
from ui.pages.desk_copilot import DeskCopilot
from ui.pages.desk_fields import TicketFieldActs
from ui.pages.desk_macros import DeskMacros
from ui.pages.desk_notices import DeskNotices
from ui.pages.desk_presence import DeskPresence
from ui.pages.desk_state import PAGE, Desk
from ui.pages.surface import data_of, number, private, surface
from ui.parts import desk as parts
from ui.parts import inbox
from ui.parts import ticket as middle
from ui.parts.bulk import bulk_bar
from ui.parts.live import LiveTurn, turns, written
from ui.parts.ticket_fields import fields
from ui.sessions import require

POLL_S = 1.5
_LOOKING = frozenset({"view", "search", "filter", "next", "previous", "select", "back"})
_SIGNED_OUT = "() => window.supportBot.signedOut()"
Changes = dict[Any, Any]
Doing = Callable[[Desk, StaffView, dict[str, Any]], None]


class DeskPage:
    """The page's columns and what happens in them. Each handler asks for the role it needs itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._copilot = DeskCopilot(app)
        self._macros = DeskMacros(app)
        self._presence = DeskPresence(app)
        self._availability = DeskAvailability(app)
        self._notices = DeskNotices(app)
        self._acts: dict[str, Doing] = {
            "view": self._view,
            "search": self._search,
            "filter": self._filter,
            "next": self._next,
            "previous": self._previous,
            "select": self._select,
            "back": self._back,
            "take": self._take,
            "assign": self._assign,
            "give": self._give,
            "hand-back": self._hand_back,
            "solve": self._solve,
            "write": self._write,
            **TicketFieldActs(app).acts(),
            **DeskBulk(app).acts(),
            **self._availability.acts(),
            **self._notices.acts(),
            "suggest": self._copilot.suggest,
            "drop-draft": self._copilot.drop,
            "rewrite": self._copilot.rewrite,
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
        self.dialog = surface("desk-dialog")
        self.bell = surface("desk-bell")
        self.keys = surface("desk-keys", parts.keys_dialog())
        self.macros = surface("desk-macros")
        self.timer = gr.Timer(POLL_S)
        pieces = [
            self.nav, self.list, self.head, self.talk, self.aid, self.composer, self.context, self.dialog, self.macros,
        ]  # fmt: skip
        self._around = [self.head, self.aid, self.composer, self.context, self.macros]
        outputs = [self.desk, self.bell, *pieces]
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
        staff = require(self._app, request, Role.VIEWER).staff
        desk.shown = {}
        if self._app.tickets.counts(staff.id).get("waiting"):
            desk.view = "waiting"
        if linked := str(request.query_params.get("conversation", ""))[:64]:
            desk.view = "every"
            desk.choose(linked)
        return {self.desk: desk} | self._changes(desk, staff)

    def tick(self, desk: Desk, request: gr.Request) -> Changes:
        """Every second and a half: new tickets, new messages; only what changed goes to the browser."""
        staff = require(self._app, request, Role.VIEWER, visible=False).staff
        return self._changes(desk, staff)

    def act(self, event: gr.EventData, desk: Desk, request: gr.Request) -> Changes:
        """One of the desk's buttons; an error is told above the composer."""
        data = data_of(event)
        name = str(data.get("action"))
        staff = require(self._app, request, Role.VIEWER if name in _LOOKING else Role.AGENT).staff
        doing = self._acts.get(name)
        if doing is None:
            return self._nothing()
        desk.told = ""
        try:
            doing(desk, staff, data)
        except SupportBotError as error:
            desk.told = error.detail
        changes = self._changes(desk, staff)
        # A look that began earlier may reach the browser later: the next one sends everything but what is typed in.
        kept = (self.composer, self.dialog, self.macros, self.bell)
        desk.forget(all_but=[str(piece.elem_id) for piece in kept])
        return changes

    def typing(self, desk: Desk, request: gr.Request) -> None:
        """Tell colleagues and the customer that a person is writing; of notes the customer is not told."""
        staff = require(self._app, request, Role.AGENT, visible=False).staff
        self._presence.tell(desk, staff, writing=True)
        if desk.conversation and self._app.chat.mode(desk.conversation) is Mode.HUMAN:
            self._app.chat.typing(desk.conversation, Author.STAFF)

    # ---- what the buttons do

    def _view(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        name = str(data.get("view"))
        if name in parts.TICKET_VIEWS or name in parts.CHAT_VIEWS:
            desk.look_at(name)

    def _search(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.search, desk.places = str(data.get("value", ""))[:200], []

    def _filter(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.filter(str(data.get("name")), str(data.get("value", ""))[:100])

    def _next(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.places.append(str(data.get("place", ""))[:100])

    def _previous(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        del desk.places[-1:]

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

    def _hand_back(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.handoff.hand_back(number(data, "ticket"), staff.id)

    def _solve(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        self._app.tickets.solve(number(data, "ticket"), staff.id)

    def _write(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        desk.kind = "note" if data.get("kind") == "note" else "reply"
        if not self._macros.begins(desk, data):
            desk.shown.pop(str(self.composer.elem_id), None)  # perhaps the browser has not heard that it was sent
            return
        reply = self._macros.send(desk, staff, data)
        desk.sent += 1
        desk.aid.rewritten.pop(desk.conversation, None)  # of a note, it would be inserted into a reply
        if reply is not None:
            self._copilot.replied(desk, staff, number(data, "ticket"), reply.id, reply.text)

    # ---- what the browser gets

    def _changes(self, desk: Desk, staff: StaffView) -> Changes:
        pieces = self._left(desk, staff) | self._middle(desk, staff) | {self.dialog: desk.dialog}
        pieces[self.bell] = self._notices.bell(desk, staff)
        changes = {piece: html for piece, html in pieces.items() if desk.changed(str(piece.elem_id), html)}
        return changes or self._nothing()

    def _left(self, desk: Desk, staff: StaffView) -> Changes:
        counts = self._app.tickets.counts(staff.id)
        there = self._availability.shown(desk, staff)
        return {
            self.nav: parts.navigation(desk.view, counts, staff, self._app.settings.company, there),
            self.list: self._head(desk) + self._list(desk, staff) + self._bulk(desk, staff),
        }

    def _bulk(self, desk: Desk, staff: StaffView) -> str:
        return bulk_bar(desk.changed_many) if staff.may(Role.AGENT) else ""

    def _head(self, desk: Desk) -> str:
        if desk.search.strip() or desk.view in parts.CHAT_VIEWS:
            return parts.inbox_head(desk.view)
        channels = [(channel.slug, channel.name) for channel in self._app.channels.page()]
        colleagues = [(str(person.id), person.name) for person in self._app.staff.assignees()]
        teams = [(str(team.id), team.name) for team in self._app.desk.teams.page()]
        return parts.inbox_head(desk.view) + inbox.filters(desk.filters, desk.order, channels, colleagues, teams)

    def _list(self, desk: Desk, staff: StaffView) -> str:
        """One page of the list; a place that is none any more, as after another order was chosen, is the first."""
        try:
            return self._rows(desk, staff, desk.places[-1] if desk.places else "")
        except (Invalid, NotFound):
            desk.places = []
            return self._rows(desk, staff, "")

    def _rows(self, desk: Desk, staff: StaffView, place: str) -> str:
        tickets, chosen, number = self._app.tickets, desk.conversation, len(desk.places)
        if desk.search.strip():
            page = tickets.search(desk.search, before=place or None, limit=PAGE)
            last = page.hits[-1].conversation.id if page.hits else ""
            turning = inbox.turning(number, PAGE, len(page.hits), page.total, last)
            return inbox.found(page, chosen, desk.search, many=staff.may(Role.AGENT)) + turning
        if desk.view in parts.CHAT_VIEWS:
            mode = Mode.BOT if desk.view == "bot" else None
            chats = tickets.conversations(mode=mode, before=place or None, limit=PAGE)
            turning = inbox.turning(number, PAGE, len(chats), None, chats[-1].id if chats else "")
            return parts.conversation_list(chats, chosen) + turning
        wanted = desk.wanted
        rows = tickets.page(view=desk.view, staff_id=staff.id, wanted=wanted, after=place, limit=PAGE)
        total = tickets.count(view=desk.view, staff_id=staff.id, wanted=wanted)
        turning = inbox.turning(number, PAGE, len(rows), total, rows[-1].place if rows else "")
        filtered, many = any(desk.filters.values()), staff.may(Role.AGENT)
        return parts.ticket_list(rows, chosen, view=desk.view, filtered=filtered, many=many) + turning

    def _middle(self, desk: Desk, staff: StaffView) -> Changes:
        view = self._conversation(desk)
        if view is None:
            self._presence.look(desk, staff)
            empty = middle.nothing_selected()
            return {self.talk: empty} | dict.fromkeys(self._around, "")
        desk.take(self._app.chat.events(desk.conversation, desk.position, staff=True))
        found = written(turns(desk.events.values()))
        if not staff.may(Role.AGENT):
            return self._read_only(desk, view, found)
        present = self._presence.look(desk, staff)
        flagged = self._app.desk.flags.of_conversation(desk.conversation)
        return {
            self.head: middle.head(view, staff.id, self._app.staff.assignees(), present),
            self.talk: middle.talk(view, found, flagged, customer_typing=desk.customer_typing),
            self.aid: self._copilot.panel(desk, view),
            self.composer: middle.composer(
                view, kind=desk.kind, sent=desk.sent, told=desk.told, anyway=self._macros.warned(desk, view)
            ),
            self.macros: self._macros.palette(desk, staff, view),
            self.context: fields(view, staff.id, self._app.desk.teams.page())
            + self._copilot.beside(desk, view)
            + parts.context(view),
        }

    def _read_only(self, desk: Desk, view: ConversationView, found: Mapping[int, LiveTurn]) -> Changes:
        """The same for a viewer, without anything that changes something."""
        return {
            self.head: middle.head(view, None),
            self.talk: middle.talk(view, found, None, customer_typing=desk.customer_typing),
            self.aid: "",
            self.composer: '<p class="hint">You are a viewer: you may read everything here, and change nothing.</p>',
            self.context: parts.context(view),
            self.macros: "",
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
