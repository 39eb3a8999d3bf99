"""The desk's outer columns: views with counts, the inbox, and what is known around a conversation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from support_bot.services.views import ConversationRow, ConversationView, StaffView, TicketRow
from support_bot.values import OPEN_STATUSES, Mode, Role
from ui.parts.html import action, ago, attributes, escape, pill, plural, symbol_button
from ui.parts.icons import icon
from ui.parts.markdown import plain
from ui.parts.sla import sla_pill
from ui.parts.ticket_history import history, words
from ui.parts.visitor import visitor_details, visitor_facts, visitor_name

TICKET_VIEWS = {
    "waiting": "Waiting",
    "mine": "Mine",
    "team": "My teams",
    "unassigned": "Unassigned",
    "open": "All open",
    "breaching": "Breaching",
    "snoozed": "Snoozed",
    "solved": "Solved",
    "all": "All tickets",
}
_EMPTY = {
    "snoozed": "A ticket that is snoozed waits here until its time comes or the customer writes.",
    "mine": "Take a conversation over, or assign a ticket to yourself, and it appears here.",
    "team": "Tickets of the teams you are in appear here. An admin makes teams.",
    "breaching": "Tickets whose promised time runs out soon, or has, appear here.",
    "solved": "Tickets that somebody solves appear here.",
    "all": "A ticket begins when a customer wants a person, or when you take a conversation over.",
}
CHAT_VIEWS = {"bot": "With the assistant", "every": "All conversations"}
MODES = {
    Mode.BOT: ("With the assistant", "neutral"),
    Mode.WAITING: ("Waiting", "waiting"),
    Mode.HUMAN: ("With a person", "accent"),
    Mode.CLOSED: ("Ended", "neutral"),
}
STATUSES = {
    "new": "waiting",
    "open": "accent",
    "pending": "waiting",
    "on_hold": "neutral",
    "solved": "good",
    "closed": "neutral",
}


def navigation(view: str, counts: Mapping[str, int], staff: StaffView, company: str, there: str = "") -> str:
    """The first column: where to look, and who is signed in; `there` is HTML about whether they take tickets."""
    tickets = "".join(_view(name, label, view, counts.get(name)) for name, label in TICKET_VIEWS.items())
    chats = "".join(_view(name, label, view, None) for name, label in CHAT_VIEWS.items())
    return (
        f'<nav class="rail" aria-label="Views"><p class="brand"><span class="mark small-mark" aria-hidden="true">'
        f"{escape(company[:1].upper())}</span><b>{escape(company)}</b></p>"
        f'<div class="views"><h2 class="section">Tickets</h2><ul>{tickets}</ul>'
        f'<h2 class="section">Conversations</h2><ul>{chats}</ul></div>'
        f"{there}{account(staff, 'desk')}</nav>"
    )


def _view(name: str, label: str, current: str, count: int | None) -> str:
    number = f'<span class="count">{count}</span>' if count is not None else ""
    values = attributes({"data_action": "view", "data_view": name, "aria_current": "page" if name == current else None})
    return f'<li><button type="button" class="view"{values}><span>{escape(label)}</span>{number}</button></li>'


def account(staff: StaffView, page: str) -> str:
    """The foot of the first column: the other page, colours, keys, the way out."""
    links = ""
    if staff.role is Role.ADMIN:
        target, label, symbol = ("../admin/", "Knowledge", "book") if page == "desk" else ("../desk/", "Desk", "inbox")
        links = f'<a class="view" href="{target}">{icon(symbol)}<span>{label}</span></a>'
    keys = symbol_button("Keys", "open-dialog", "keyboard", dialog="keys", key="?") if page == "desk" else ""
    return (
        f'<div class="account">{links}<div class="tools">'
        f'<span class="who" title="{escape(staff.email)}">{escape(staff.name)}</span>{keys}'
        '<a class="button symbol" href="../password" aria-label="Your password" title="Your password">'
        f"{icon('lock')}</a>"
        f"{symbol_button('Light or dark', 'theme', 'moon')}"
        f'<form method="post" action="../logout"><button class="button symbol" aria-label="Sign out" title="Sign out">'
        f"{icon('leave')}</button></form></div></div>"
    )


def inbox_head(view: str) -> str:
    """Name of the view and the search field, which looks everywhere; stays in place while the list changes."""
    label = TICKET_VIEWS.get(view) or CHAT_VIEWS.get(view, "")
    return (
        f'<div class="list-head"><h1>{escape(label)}</h1><label class="unseen" for="find">Search everything</label>'
        '<input id="find" type="search" class="field" placeholder="Search everything" data-action="search" '
        f'data-key="/" data-scope="{view}"></div>'
    )


def ticket_list(
    rows: Sequence[TicketRow], selected: str, *, view: str = "open", filtered: bool = False, many: bool = False
) -> str:
    """The tickets of a view; those that wait say for how long. With `many`, several can be chosen."""
    if not rows:
        hint = "Choose other filters." if filtered else _EMPTY.get(view, "New tickets appear here by themselves.")
        return empty("No ticket found" if filtered else "Nothing here", hint)
    items = "".join(_ticket(row, selected, many) for row in rows)
    return f'{_waiting_line(rows)}<ul class="rows">{items}</ul>'


def _waiting_line(rows: Sequence[TicketRow]) -> str:
    waiting = [row for row in rows if row.mode is Mode.WAITING]
    if not waiting:
        return ""
    now = dt.datetime.now(dt.UTC)
    longest = max((now - (row.waiting_since or row.created_at)).total_seconds() for row in waiting) // 60
    tail = f", longest {plural(int(longest), 'minute')}" if longest >= 1 else ""
    return f'<p class="small line">{len(waiting)} waiting{tail}</p>'


def _ticket(row: TicketRow, selected: str, many: bool) -> str:
    tones = {"high": "waiting", "urgent": "bad"}
    urgent = pill(row.priority, tones[row.priority]) if row.priority in tones else ""
    label, tone = MODES[row.mode]
    state = pill(label, tone) if row.status in OPEN_STATUSES else pill(row.status, STATUSES[row.status])
    if row.status in ("pending", "on_hold"):
        state += pill(words(row.status), STATUSES[row.status])
    tags = "".join(pill(f"#{tag}") for tag in row.tags[:3])
    who = escape(row.assignee or "nobody") + (f" · {escape(row.team)}" if row.team else "")
    return list_row(
        row.conversation_id,
        selected,
        f'<span class="top"><b>{escape(row.subject)}</b>{ago(row.updated_at)}</span>'
        f'<span class="below">#{row.id} · {escape(words(row.reason))} · {who}</span>'
        f'<span class="pills">{state}{urgent}{sla_pill(row.sla)}{tags}</span>',
        waiting=row.mode is Mode.WAITING,
        pick=row.id if many else None,
    )


def conversation_list(rows: Sequence[ConversationRow], selected: str) -> str:
    """Conversations, also those that never needed a person."""
    if not rows:
        return empty("No conversation", "When a customer writes, the conversation appears here.")
    items = "".join(_conversation(row, selected) for row in rows)
    return f'<ul class="rows">{items}</ul>'


def _conversation(row: ConversationRow, selected: str) -> str:
    label, tone = MODES[row.mode]
    return list_row(
        row.id,
        selected,
        f'<span class="top"><b>{escape(row.first_words or "Nothing said yet")}</b>{ago(row.updated_at)}</span>'
        f'<span class="below">{escape(row.channel)} · {escape(row.visitor or "visitor without a name")}</span>'
        f'<span class="pills">{pill(label, tone)}</span>',
        waiting=row.mode is Mode.WAITING,
    )


def list_row(conversation: str, selected: str, inner: str, *, waiting: bool, pick: int | None = None) -> str:
    """A line of a list that opens its conversation; `inner` is HTML. `pick` is the ticket that can be chosen by it."""
    here = conversation == selected
    values = attributes(
        {
            "data_action": "select",
            "data_conversation": conversation,
            "data_row": True,
            "data_selected": here,
            "aria_current": "true" if here else None,
        }
    )
    box = f'<input type="checkbox" data-pick="{pick}" aria-label="Choose ticket {pick}">' if pick is not None else ""
    return f'<li>{box}<button type="button" class="row{" waits" if waiting else ""}"{values}>{inner}</button></li>'


def empty(title: str, hint: str) -> str:
    """A list without entries: what that means and what to do."""
    return f'<div class="empty">{icon("inbox")}<p><b>{escape(title)}</b></p><p class="small">{escape(hint)}</p></div>'


def context(view: ConversationView) -> str:
    """The last column: the customer, what the bot found, what happened to the ticket."""
    row = view.row
    facts = {
        "Customer": visitor_name(view),
        "Channel": escape(row.channel),
        "Began": ago(row.created_at),
        "Messages": str(len(view.messages)),
        "State": pill(*MODES[row.mode]),
    }
    facts |= visitor_facts(view)
    facts["Files"] = _files(row.id)
    lines = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    return (
        f'<div class="context"><section><h2 class="section">Customer</h2><dl class="facts">{lines}</dl></section>'
        f"{visitor_details(view)}{_found(view)}{history(view.ticket.history if view.ticket else ())}</div>"
    )


def _files(conversation: str) -> str:
    """What can be taken along of a customer."""
    at = f"../api/v1/staff/conversations/{escape(conversation)}"
    links = {"Transcript": f"{at}/transcript?format=html", "Everything of this customer": f"{at}/customer"}
    return "<br>".join(f'<a href="{url}" download>{label}</a>' for label, url in links.items())


def _found(view: ConversationView) -> str:
    """The passages behind the last answer, with how well each fits."""
    trace = view.traces[-1] if view.traces else None
    if trace is None or not trace.passages:
        return ""
    items = "".join(
        f"<li><b>{escape(passage.get('title', ''))}</b>"
        f'<span class="small">{escape(passage.get("heading") or "")}</span>'
        f"<p>{escape(_short(plain(str(passage.get('text', '')))))}</p></li>"
        for passage in trace.passages[:3]
    )
    return (
        '<section><h2 class="section">Articles on the last question</h2>'
        f'<p class="small">“{escape(trace.standalone)}”</p><ul class="found-list">{items}</ul></section>'
    )


def _short(text: str, most: int = 180) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"


def keys_dialog() -> str:
    """What the keyboard does on the desk."""
    keys = {
        "j / k": "next, previous",
        "a": "assign to me",
        "t": "take over",
        "d": "draft a reply",
        "i": "insert the draft",
        "r": "reply",
        "n": "note",
        "p": "macros, also / in an empty composer",
        "e": "solve",
        "s": "status",
        "l": "tags",
        "z": "snooze",
        "m": "merge into another ticket",
        "w": "watch, or stop watching",
        "x": "choose the ticket, to change several at once",
        "b": "change the chosen tickets",
        "o": "details of the ticket, on a narrow screen",
        "/": "search",
        "?": "this list",
        "Ctrl Enter": "send",
    }
    rows = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{what}</dd>" for key, what in keys.items())
    close = action("Close", "close-dialog", kind="primary")
    return (
        f'<dialog class="ask" id="keys" aria-label="Keys"><h2>Keys</h2><dl>{rows}</dl>'
        f'<div class="row">{close}</div></dialog>'
    )
