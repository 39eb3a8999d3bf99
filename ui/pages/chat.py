"""The customer's page: writes what was said, follows the turn's events, shows people's messages as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from support_bot.assembly import App
from support_bot.errors import NotFound, SupportBotError
from support_bot.services.chat import TurnStarted
from support_bot.values import Author
from ui.pages.surface import data_of, number, private, surface
from ui.pages.tab import CHANNEL, EMPTY, Tab, catch_up, look, resume, unheard
from ui.parts import chat as parts
from ui.parts.html import notice
from ui.parts.thread import Unsent, thread
from ui.theme import accent_style

POLL_S = 1.0
FOLLOWERS = 32  # answers that may be shown as they are written, at once
_RATINGS = range(1, 6)
Changes = dict[Any, Any]


class ChatPage:
    """The page's pieces and what happens when somebody uses them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._acts = {
            "source": self._source,
            "vote": self._vote,
            "person": self._person,
            "new": self._new,
            "end": self._end,
            "stop": self._stop,
            "rate": self._rate,
            "email": self._email,
            "transcript": self._transcript,
        }

    def build(self, page: gr.Blocks) -> None:
        """Lay out the pieces inside `page` and connect them."""
        self.stored = gr.BrowserState(EMPTY, storage_key="support-bot-conversation", secret="support-bot")
        self.tab = gr.State(Tab())
        self.header = surface("chat-header", parts.chat_header(self._app.settings.company))
        self.notice = surface("chat-notice")
        self.thread = surface("chat-thread")
        self.state = surface("chat-state")
        self.composer = surface("chat-composer", parts.composer(self._app.settings.security.message_chars))
        self.panel = surface("chat-panel")
        self.file = surface("chat-file")
        self.live = surface("chat-live", _live(""))
        self.timer = gr.Timer(POLL_S, active=False)
        self._connect(page)

    def _connect(self, page: gr.Blocks) -> None:
        inputs = [self.stored, self.tab]
        outputs = [
            self.stored, self.tab, self.header, self.notice, self.thread, self.state, self.panel, self.file, self.live,
            self.timer,
        ]  # fmt: skip
        page.load(self.opened, inputs, outputs, **private())
        self.timer.tick(self.tick, inputs, outputs, **private())
        sent = gr.on(
            [self.composer.submit, self.thread.submit], self.send, inputs, outputs, **private(trigger_mode="multiple")
        )
        shown = private(queue=True, concurrency_limit=FOLLOWERS, trigger_mode="multiple")
        sent.then(self.follow, inputs, outputs, **shown)
        places = (self.header, self.thread, self.state)
        gr.on([place.click for place in places], self.act, inputs, outputs, **private(trigger_mode="multiple"))
        self.composer.input(self.typing, [self.tab], None, **private())

    def opened(self, stored: Any, tab: Tab) -> Changes:
        """The page was opened or reloaded: the same conversation, or the greeting."""
        kept = resume(self._app, tab, stored)
        tab.shown = {}
        channel = self._app.channels.get(CHANNEL)
        changes: Changes = {
            self.header: parts.chat_header(channel.name or self._app.settings.company, accent_style(channel.accent)),
            self.timer: gr.Timer(active=kept),
            self.tab: tab,
        }
        if not kept:
            changes[self.stored] = EMPTY
        return changes | self._changes(tab)

    def send(self, event: gr.EventData, stored: Any, tab: Tab, request: gr.Request) -> Changes:
        """The customer says something: it is stored at once, however many answers are being shown."""
        data = data_of(event)
        text, key = str(data.get("text", "")), str(data.get("key", ""))[:64] or None
        tab.unsent, tab.told = None, ""
        tab.next_serial()
        try:
            kept, started = self._say(tab, stored, request, text, key)
        except SupportBotError as error:
            tab.unsent = Unsent(text, error.detail, key or "")
            return self._changes(tab)
        tab.asked, tab.started = started.turn_id, started
        return {self.stored: kept, self.timer: gr.Timer(active=True)} | self._changes(tab)

    def _say(
        self, tab: Tab, stored: Any, request: gr.Request, text: str, key: str | None
    ) -> tuple[dict[str, str], TurnStarted]:
        """Say it in the tab's conversation, and anew where that was erased meanwhile."""
        kept = self._begin(tab, stored, request)
        self._app.limits.count_message(tab.id)
        try:
            return kept, self._app.chat.say(tab.id, text, key)
        except NotFound:
            tab.attach("", "")
            kept = self._begin(tab, EMPTY, request)
            return kept, self._app.chat.say(tab.id, text, key)

    def follow(self, stored: Any, tab: Tab) -> Iterator[Changes]:
        """Show what was asked last being answered, sentence by sentence, until its turn is over; one for each tab."""
        if tab.followers:
            yield self._nothing()
            return
        tab.followers += 1
        try:
            while tab.started is not None:
                followed, tab.started = tab.started, None
                for logged in self._app.chat.follow(followed):
                    if tab.id != followed.conversation_id:
                        return  # the customer has begun another conversation meanwhile
                    tab.take([logged])
                    yield self._changes(tab)
        except SupportBotError as error:
            tab.told = error.detail
        finally:
            tab.followers -= 1
        catch_up(self._app, tab)
        yield self._changes(tab)

    def tick(self, stored: Any, tab: Tab) -> Changes:
        """Once a second: what people wrote, who answers now. Costs one short read while nothing happens."""
        if tab.followers:
            return self._nothing()
        try:
            if not tab.id and not resume(self._app, tab, stored):
                return {self.timer: gr.Timer(active=False)}
            if not catch_up(self._app, tab) and tab.shown:
                return self._nothing()
            return self._changes(tab)
        except NotFound:
            tab.attach("", "")
            return {self.stored: EMPTY, self.timer: gr.Timer(active=False)} | self._changes(tab)

    def act(self, event: gr.EventData, stored: Any, tab: Tab, request: gr.Request) -> Changes:
        """One of the page's buttons; an error is told in the page."""
        data = data_of(event)
        doing = self._acts.get(str(data.get("action")))
        if doing is None:
            return self._nothing()
        tab.told = ""
        try:
            if tab.id and data["action"] in ("person", "end", "email"):
                self._app.limits.count_message(tab.id)
            if data["action"] == "person":
                self._begin(tab, stored, request)
            elif not tab.id:
                resume(self._app, tab, stored)
            return doing(tab, data) | self._changes(tab)
        except SupportBotError as error:
            tab.told = error.detail
            return self._changes(tab)

    def typing(self, tab: Tab) -> None:
        """Tell the desk that the customer is writing."""
        if tab.id:
            self._app.chat.typing(tab.id, Author.CUSTOMER)

    def _begin(self, tab: Tab, stored: Any, request: gr.Request) -> dict[str, str]:
        """The tab's conversation, the one the browser remembers, or a new one; what the browser has to remember."""
        if not tab.id and not resume(self._app, tab, stored):
            self._app.limits.count_conversation(str(request.client.host) if request.client else None)
            started = self._app.chat.start(CHANNEL)
            tab.attach(started.id, started.token)
        return tab.remembered

    # ---- the buttons

    def _source(self, tab: Tab, data: dict[str, Any]) -> Changes:
        serial = tab.next_serial()
        try:
            source = self._app.chat.source(tab.id, number(data, "document"), number(data, "chunk"))
        except NotFound as error:
            return {self.panel: parts.source_missing(error.detail, serial)}
        return {self.panel: parts.source_panel(source, serial)}

    def _vote(self, tab: Tab, data: dict[str, Any]) -> Changes:
        self._app.feedback.vote(tab.id, number(data, "message"), data.get("helpful") == "yes")
        return {}

    def _person(self, tab: Tab, data: dict[str, Any]) -> Changes:
        self._app.handoff.request(tab.id)
        catch_up(self._app, tab)
        return {self.stored: tab.remembered, self.timer: gr.Timer(active=True)}

    def _new(self, tab: Tab, data: dict[str, Any]) -> Changes:
        tab.attach("", "")
        return {self.stored: EMPTY, self.timer: gr.Timer(active=False)}

    def _end(self, tab: Tab, data: dict[str, Any]) -> Changes:
        if tab.id:
            self._app.chat.close(tab.id)
            catch_up(self._app, tab)
        return {}

    def _stop(self, tab: Tab, data: dict[str, Any]) -> Changes:
        if tab.id:
            self._app.chat.stop(tab.id)
        return {}

    def _rate(self, tab: Tab, data: dict[str, Any]) -> Changes:
        score = number(data, "score")
        if tab.id and score in _RATINGS:
            self._app.feedback.rate(tab.id, score)
            tab.rated = score
        return {}

    def _email(self, tab: Tab, data: dict[str, Any]) -> Changes:
        if tab.id:
            self._app.desk.follow_up.leave_address(tab.id, str(data.get("email", "")))
            catch_up(self._app, tab)
        return {}

    def _transcript(self, tab: Tab, data: dict[str, Any]) -> Changes:
        if not tab.id:
            tab.told = "Nothing has been said yet, so there is nothing to download."
            return {}
        text = self._app.chat.transcript(tab.id, "txt")
        return {self.file: parts.download("conversation.txt", text, tab.next_serial())}

    # ---- what the browser gets

    def _changes(self, tab: Tab) -> Changes:
        """The pieces whose content is not what the browser shows."""
        view = look(self._app, tab)
        pieces = {
            "notice": (self.notice, notice(tab.told)),
            "thread": (self.thread, thread(view)),
            "state": (
                self.state,
                parts.state_line(view.mode, view.name_of_person, rated=view.rated, email_wanted=tab.email_wanted),
            ),
        }
        if said := parts.announcement(unheard(tab, view)):
            pieces["live"] = (self.live, _live(said))
        changes = {piece: html for name, (piece, html) in pieces.items() if tab.changed(name, html)}
        return changes or self._nothing()

    def _nothing(self) -> Changes:
        return {self.live: gr.skip()}


def _live(words: str) -> str:
    return f'<p class="unseen" role="status" aria-live="polite">{words}</p>'
