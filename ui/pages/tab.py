"""One browser tab's copy of a customer's conversation. A cache: the services' log is the truth and can rebuild it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Forbidden, NotFound, Unauthorized
from support_bot.services.chat import TurnStarted
from support_bot.services.views import MessageView
from support_bot.values import Author, EmailAsked, LoggedEvent, Mode, Said, Typing
from ui.parts.live import LiveTurn, running, turns
from ui.parts.thread import Thread, Unsent

TYPING_S = 6.0  # a sign of writing is shown this long
CHANNEL = "web"
EMPTY = {"id": "", "token": ""}


@dataclass
class Tab:
    """`id` is empty until the customer says something; the log is known without gaps up to `position`; `asked` is the
    turn that was begun last, whose events may not have come yet, `started` what is to be followed; `shown` is what the
    browser has already."""

    id: str = ""
    token: str = ""
    events: dict[int, LoggedEvent] = field(default_factory=dict)
    position: int = 0
    followers: int = 0
    asked: int | None = None
    started: TurnStarted | None = None
    person_wrote_at: float = 0.0
    typing_shown: bool = False
    unsent: Unsent | None = None
    told: str = ""
    rated: int | None = None
    heard: int = 0
    serial: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    def attach(self, conversation_id: str, token: str) -> None:
        """Show this conversation from now on."""
        self.id, self.token = conversation_id, token
        self.position = 0
        self.events, self.asked, self.started, self.unsent, self.rated, self.heard = {}, None, None, None, None, 0
        self.person_wrote_at, self.typing_shown, self.told = 0.0, False, ""

    def take(self, events: Iterable[LoggedEvent]) -> bool:
        """Remember events, each once; whether there was a new one."""
        fresh = [logged for logged in events if logged.id not in self.events]
        for logged in fresh:
            match logged.event:
                case Typing(Author.STAFF):
                    self.person_wrote_at = time.monotonic()
                case Said(author=Author.STAFF):
                    self.person_wrote_at = 0.0
            self.events[logged.id] = logged
        return bool(fresh)

    @property
    def remembered(self) -> dict[str, str]:
        """What the browser keeps, so that the same conversation is there after a reload."""
        return {"id": self.id, "token": self.token}

    @property
    def person_typing(self) -> bool:
        """Whether a person was writing a moment ago."""
        return self.person_wrote_at > 0 and time.monotonic() - self.person_wrote_at < TYPING_S

    @property
    def email_wanted(self) -> bool:
        """Whether the customer was asked for an e-mail address and has left none."""
        told = [logged for logged in self.events.values() if isinstance(logged.event, EmailAsked)]
        return bool(told) and max(told, key=lambda logged: logged.id).event == EmailAsked(True)

    def changed(self, name: str, html: str) -> bool:
        """Whether the browser shows something else under `name`; remembers the new content."""
        if self.shown.get(name) == html:
            return False
        self.shown[name] = html
        return True

    def next_serial(self) -> int:
        """A number that was not used in this tab before."""
        self.serial += 1
        return self.serial


def resume(app: App, tab: Tab, stored: Any) -> bool:
    """Open the conversation that the browser remembers; False where there is none or its token is not good."""
    known = stored if isinstance(stored, dict) else EMPTY
    conversation_id, token = str(known.get("id") or ""), str(known.get("token") or "")
    if not conversation_id or not token:
        return False
    try:
        app.chat.authorize(conversation_id, token)
        tab.attach(conversation_id, token)
        catch_up(app, tab)
        tab.person_wrote_at = 0.0  # those events are of an unknown age
        tab.heard = max((message.id for message in app.chat.messages(conversation_id)), default=0)
    except (Unauthorized, Forbidden, NotFound):
        tab.attach("", "")
        return False
    return True


def catch_up(app: App, tab: Tab) -> bool:
    """Read what happened since; whether there is something new to show."""
    if not tab.id:
        return False
    events = app.chat.events(tab.id, tab.position)
    tab.position = max((logged.id for logged in events), default=tab.position)
    return tab.take(events) or tab.person_typing != tab.typing_shown


def look(app: App, tab: Tab) -> Thread:
    """Everything the page shows now. One read of the messages; no model is asked."""
    channel = app.channels.get(CHANNEL)
    messages: tuple[MessageView, ...] = tuple(app.chat.messages(tab.id)) if tab.id else ()
    tab.typing_shown = tab.person_typing
    found = turns(tab.events.values())
    if tab.asked is not None and all(turn.id != tab.asked for turn in found):
        found.append(LiveTurn(tab.asked))
    people = [message.name for message in messages if message.author is Author.STAFF and message.name]
    return Thread(
        channel=channel,
        messages=messages,
        turns=tuple(found),
        mode=app.chat.mode(tab.id) if tab.id else Mode.BOT,
        person_typing=tab.typing_shown,
        unsent=tab.unsent,
        rated=tab.rated,
        name_of_person=people[-1] if people else "",
        serial=tab.serial,
    )


def unheard(tab: Tab, view: Thread) -> tuple[MessageView, ...]:
    """Finished messages that no screen reader has been told of yet; nothing while an answer is being written."""
    if running(view.turns):
        return ()
    fresh = tuple(message for message in view.messages if message.id > tab.heard and message.status != "streaming")
    tab.heard = max((message.id for message in fresh), default=tab.heard)
    return fresh
