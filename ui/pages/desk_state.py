"""What one browser tab of the desk looks at. A cache of choices, never of anything that matters."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from support_bot.services.notice_choices import Ring
from support_bot.services.rewriting import RewriteView
from support_bot.services.views import AvailabilityView, PriorityView, SimilarTicket, SuggestionView
from support_bot.values import Author, HandoffReason, InboxFilter, InboxSort, LoggedEvent, Said, Typing

PAGE = 50
TYPING_S = 6.0
_USUAL = {"waiting": InboxSort.WAITING}


@dataclass
class Aid:
    """What one browser tab was offered, by conversation; drafts with the customer's newest message then."""

    drafts: dict[str, tuple[SuggestionView, int]] = field(default_factory=dict)
    rewritten: dict[str, RewriteView] = field(default_factory=dict)
    writing: set[str] = field(default_factory=set)
    beside: tuple[tuple[str, int], Sequence[SimilarTicket], PriorityView] | None = None


@dataclass
class Bell:
    """Up to which line of the tickets' histories one browser tab has listened, and what rang last."""

    last: int | None = None
    heard: set[int] = field(default_factory=set)
    rings: list[Ring] = field(default_factory=list)


@dataclass
class Desk:
    """The chosen view and conversation; `shown` remembers what the browser has, to send changes only.

    `here` is the conversation at which colleagues were last told that this tab is, and when.
    `warned` is the ticket whose reply was refused for a colleague's, and that one's message."""

    view: str = "open"
    search: str = ""
    sort: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    conversation: str = ""
    kind: str = "reply"
    sent: int = 0
    told: str = ""
    dialog: str = ""
    changed_many: int = 0
    begun: dict[tuple[object, ...], object] = field(default_factory=dict)
    here: tuple[str, float] | None = None
    palette: tuple[tuple[object, ...], str] | None = None
    warned: tuple[int, int] | None = None
    serial: int = 0
    events: dict[int, LoggedEvent] = field(default_factory=dict)
    customer_wrote_at: float = 0.0
    aid: Aid = field(default_factory=Aid)
    bell: Bell = field(default_factory=Bell)
    there: tuple[float, AvailabilityView] | None = None
    shown: dict[str, str] = field(default_factory=dict)

    def look_at(self, view: str) -> None:
        """Look at another view, all of it from its beginning."""
        self.view, self.search, self.sort, self.filters, self.places = view, "", "", {}, []

    def filter(self, name: str, value: str) -> None:
        """Choose the order (`sort`) or one filter, "" for any; what there is not is not chosen."""
        before = self.sort, self.filters
        if name == "sort":
            self.sort = value
        else:
            self.filters = self.filters | {name: value}
        try:
            self.places = []
            _ = self.wanted
        except (ValueError, OverflowError):
            self.sort, self.filters = before

    @property
    def order(self) -> InboxSort:
        """The chosen order; who waits is shown with the longest waiting first."""
        return InboxSort(self.sort) if self.sort else _USUAL.get(self.view, InboxSort.NEWEST)

    @property
    def wanted(self) -> InboxFilter:
        """The chosen filters and order."""
        chosen = {name: value for name, value in self.filters.items() if value}
        days = int(chosen.get("days", "0"))
        return InboxFilter(
            status=chosen.get("status"),
            priority=chosen.get("priority"),
            channel=chosen.get("channel"),
            assignee=int(chosen["assignee"]) if "assignee" in chosen else None,
            team=int(chosen["team"]) if "team" in chosen else None,
            reason=HandoffReason(chosen["reason"]) if "reason" in chosen else None,
            since=dt.datetime.now(dt.UTC) - dt.timedelta(days=days) if days else None,
            sort=self.order,
        )

    def choose(self, conversation: str) -> None:
        """Look at another conversation."""
        if conversation != self.conversation:
            self.conversation, self.events, self.customer_wrote_at, self.kind = conversation, {}, 0.0, "reply"
            self.dialog = ""

    def next_serial(self) -> int:
        """A number that no dialog of this tab had before."""
        self.serial += 1
        return self.serial

    def begins(self, *form: object) -> bool:
        """Whether this form was not sent before, as by a button that is pressed twice; safe to ask from any thread."""
        mine = object()
        return self.begun.setdefault(form, mine) is mine

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

    def forget(self, *, all_but: Collection[str]) -> None:
        """Be unsure of what the browser shows, except under these names."""
        self.shown = {name: html for name, html in self.shown.items() if name in all_but}
