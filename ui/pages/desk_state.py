"""What one browser tab of the desk looks at. A cache of choices, never of anything that matters."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from support_bot.services.views import PriorityView, SimilarTicket, SuggestionView
from support_bot.values import Author, LoggedEvent, Said, Typing

PAGE = 50
TYPING_S = 6.0


@dataclass
class Aid:
    """What one browser tab was offered, by conversation; drafts with the customer's newest message then."""

    drafts: dict[str, tuple[SuggestionView, int]] = field(default_factory=dict)
    writing: set[str] = field(default_factory=set)
    beside: tuple[tuple[str, int], Sequence[SimilarTicket], PriorityView] | None = None


@dataclass
class Desk:
    """The chosen view and conversation; `shown` remembers what the browser has, to send changes only."""

    view: str = "open"
    search: str = ""
    limit: int = PAGE
    conversation: str = ""
    kind: str = "reply"
    sent: int = 0
    told: str = ""
    events: dict[int, LoggedEvent] = field(default_factory=dict)
    customer_wrote_at: float = 0.0
    aid: Aid = field(default_factory=Aid)
    shown: dict[str, str] = field(default_factory=dict)

    def choose(self, conversation: str) -> None:
        """Look at another conversation."""
        if conversation != self.conversation:
            self.conversation, self.events, self.customer_wrote_at, self.kind = conversation, {}, 0.0, "reply"

    def take(self, events: list[LoggedEvent]) -> None:
        """Remember the log; a sign of writing counts only when it comes while we look."""
        looked = bool(self.events)
        for logged in events:
            match logged.event:
                case Typing(Author.CUSTOMER) if looked:
                    self.customer_wrote_at = time.monotonic()
                case Said(author=Author.CUSTOMER):
                    self.customer_wrote_at = 0.0
            self.events[logged.id] = logged

    @property
    def position(self) -> int:
        return max(self.events, default=0)

    @property
    def customer_typing(self) -> bool:
        return self.customer_wrote_at > 0 and time.monotonic() - self.customer_wrote_at < TYPING_S

    def changed(self, name: str, html: str) -> bool:
        """Whether the browser shows something else under `name`; remembers the new content."""
        if self.shown.get(name) == html:
            return False
        self.shown[name] = html
        return True

    def forget(self, *, all_but: str) -> None:
        """Be unsure of what the browser shows, except under one name."""
        self.shown = {name: html for name, html in self.shown.items() if name == all_but}
