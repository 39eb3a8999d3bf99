"""The inbox's list: its filters and order, what a search found, and the way from page to page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from support_bot.services.views import SearchHit, SearchPage
from support_bot.values import OPEN_STATUSES, PRIORITIES, HandoffReason, InboxSort, Mode
from ui.parts.desk import MODES, STATUSES, empty, list_row, words
from ui.parts.html import action, ago, attributes, escape, pill, plural

_SORTS = {
    InboxSort.NEWEST: "Newest first",
    InboxSort.OLDEST: "Oldest first",
    InboxSort.WAITING: "Longest waiting",
    InboxSort.PRIORITY: "Most urgent",
    InboxSort.ACTIVITY: "Last activity",
}
_DAYS = (("1", "the last day"), ("7", "the last 7 days"), ("30", "the last 30 days"), ("365", "the last year"))
Choice = tuple[str, str]
"""A value and what it is called."""


def filters(
    chosen: Mapping[str, str],
    order: InboxSort,
    channels: Sequence[Choice],
    colleagues: Sequence[Choice],
    teams: Sequence[Choice] = (),
) -> str:
    """The order of the list and, folded away until they are needed, its filters."""
    used = sum(bool(value) for value in chosen.values())
    choices: dict[str, tuple[str, Iterable[Choice]]] = {
        "status": ("Any status", ((name, name) for name in STATUSES)),
        "priority": ("Any priority", ((name, name) for name in PRIORITIES)),
        "reason": ("Any reason", ((reason.value, words(reason.value)) for reason in HandoffReason)),
        "channel": ("Any channel", channels),
        "assignee": ("Anybody's", [("0", "nobody's"), *colleagues]),
        "days": ("Of any time", _DAYS),
    }
    if teams:
        choices["team"] = ("Any team", [("0", "no team's"), *teams])
    sort = _select("sort", "Order", ((sort.value, label) for sort, label in _SORTS.items()), order.value)
    fields = "".join(
        _select(name, label, [("", label), *values], chosen.get(name, "")) for name, (label, values) in choices.items()
    )
    label = f"Filters ({used})" if used else "Filters"
    return (
        f'<div class="narrow">{sort}<details data-keep="inbox-filters"><summary>{label}</summary>'
        f'<div class="narrow-fields">{fields}</div></details></div>'
    )


def _select(name: str, label: str, choices: Iterable[Choice], chosen: str) -> str:
    options = "".join(
        f"<option{attributes({'value': value, 'selected': value == chosen})}>{escape(shown)}</option>"
        for value, shown in choices
    )
    values = attributes({"data_action": "filter", "data_name": name, "data_value": chosen, "aria_label": label})
    return f'<select class="field"{values}>{options}</select>'


def found(page: SearchPage, selected: str, asked: str, *, many: bool = False) -> str:
    """What a search found, tickets and conversations that never became one, with the words marked.

    With `many`, several tickets can be chosen."""
    if not page.hits:
        return empty("No ticket found", f"Nothing has all the words of “{asked.strip()}”. Try other words.")
    items = "".join(_hit(hit, selected, many) for hit in page.hits)
    return f'<p class="small line">{plural(page.total, "conversation")} found</p><ul class="rows">{items}</ul>'


def _hit(hit: SearchHit, selected: str, many: bool) -> str:
    row, ticket = hit.conversation, hit.ticket
    title = ticket.subject if ticket else row.first_words or "Nothing said yet"
    below = f"#{ticket.id} · {words(ticket.reason)}" if ticket else row.channel
    if row.visitor:
        below = f"{below} · {row.visitor}"
    is_open = ticket is None or ticket.status in OPEN_STATUSES
    state = pill(*MODES[row.mode]) if ticket is None or is_open else pill(ticket.status, STATUSES[ticket.status])
    inner = (
        f'<span class="top"><b>{escape(title)}</b>{ago(row.updated_at)}</span>'
        f'<span class="below">{escape(below)}</span><span class="snippet">{marked(hit.snippet)}</span>'
        f'<span class="pills">{state}</span>'
    )
    pick = ticket.id if ticket and many else None
    return list_row(row.id, selected, inner, waiting=row.mode is Mode.WAITING, pick=pick)


def marked(pieces: Iterable[tuple[str, bool]]) -> str:
    """Stretches of text, escaped, with those that were asked for marked."""
    return "".join(f"<mark>{escape(text)}</mark>" if asked else escape(text) for text, asked in pieces)


def turning(number: int, size: int, shown: int, total: int | None, last: str) -> str:
    """The way to the pages before and behind; `number` is this one's, from 0, `last` the place it ends at."""
    begin = number * size
    more = begin + shown < total if total is not None else shown == size
    if not number and not more:
        return ""
    of = f" of {total:,}" if total is not None else ""
    back = action("Previous", "previous") if number else ""
    on = action("Next", "next", place=last) if more and shown else ""
    range_ = f"{begin + 1:,} to {begin + shown:,}{of}" if shown else "The list ends here"
    return f'<p class="line turning">{back}<span class="small">{range_}</span>{on}</p>'
