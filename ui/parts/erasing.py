"""Erasing a customer on the admin's pages: whom, what there is, the word typed once more, and what a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.erasure import Found
from support_bot.values.customers import Remain
from ui.parts.html import attributes, escape, notice, plural, table
from ui.parts.icons import icon

_NAMES = {
    "conversation": "conversations",
    "message": "messages",
    "ticket": "tickets",
    "ticket_event": "lines of ticket history",
    "answer_trace": "traces of answers",
    "received_mail": "mails received",
    "outgoing_mail": "mails sent",
    "suggestion": "drafts of replies",
    "answer_flag": "flagged answers",
    "feedback": "votes on answers",
    "rating": "ratings",
}
_ORDER = {name: place for place, name in enumerate(_NAMES)}
_QUIET = (
    "conversation_event",
    "message_citation",
    "bot_turn",
    "ticket_clock",
    "ticket_tag",
    "ticket_watcher",
    "follow_up",
)


@dataclass(frozen=True)
class Erasing:
    """Who is looked at: what was typed, what was found, and after erasing, where something of it still is."""

    customer: str = ""
    found: Found | None = None
    erased: bool = False
    remains: Sequence[Remain] = ()
    asked: int = 0


def erasing_page(shown: Erasing, days: int, told: str = "") -> str:
    """The whole page; `days` is when conversations are erased by themselves, 0 is never."""
    field = attributes(
        {"name": "customer", "value": shown.customer, "maxlength": 200, "autocomplete": "off", "aria_label": "Customer",
         "placeholder": "E-mail address, id at your site, or #ticket"}
    )  # fmt: skip
    old = (
        f"Conversations that were silent for {plural(days, 'day')} are erased by themselves."
        if days
        else ("Conversations are kept until you erase them (SUPPORT_BOT_CONVERSATION_DAYS changes that).")
    )
    return (
        '<div class="page-head"><h1>Erase a customer</h1><p class="small">Conversations, tickets, mails, traces and '
        f"training data of one person, for good. {old}</p></div>"
        f'<form class="try" data-action="erase-find" data-taken="{shown.asked}"><input class="field" required{field}>'
        '<button class="button" type="submit">Look</button></form>'
        f'<div class="team-told" role="status">{notice(told)}{_result(shown)}</div>{_found(shown)}'
    )


def _found(shown: Erasing) -> str:
    found = shown.found
    if found is None or shown.erased:
        return ""
    if not found.counts:
        return f'<p class="small aside">Nothing is known of {escape(shown.customer)}.</p>'
    known = found.customer
    facts = {
        "Known as": ", ".join([*known.emails, *known.visitors]),
        "Tickets": ", ".join(f"#{number}" for number in known.tickets),
        "Also at": ", ".join(found.elsewhere) + " (erase it there yourself)" if found.elsewhere else "",
    }
    lines = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    rows = "".join(
        f"<tr><td>{escape(_NAMES.get(name, name.replace('_', ' ')))}</td><td>{count}</td></tr>"
        for name, count in sorted(found.counts.items(), key=lambda entry: (_ORDER.get(entry[0], len(_ORDER)), entry))
        if name not in _QUIET
    )
    confirm = attributes(
        {"name": "confirm", "maxlength": 200, "autocomplete": "off", "aria_label": f"Type {shown.customer} once more",
         "placeholder": f"Type {shown.customer} once more"}
    )  # fmt: skip
    return (
        f'<dl class="facts">{lines}</dl>{table(("What", "How many"), rows, "What there is")}'
        f'<form class="try" data-action="erase-go"><input class="field" required{confirm}>'
        '<button class="button danger" type="submit">Erase for good</button></form>'
        '<p class="small aside">Backups made before still hold it; when one is restored it is erased again.</p>'
    )


def _result(shown: Erasing) -> str:
    if not shown.erased or shown.found is None:
        return ""
    if shown.remains:
        places = ", ".join(f"{remain.place} ({remain.count})" for remain in shown.remains)
        return notice(f"{shown.customer} is erased. Still found in: {places}.")
    count = sum(shown.found.counts.values())
    return (
        f'<p class="notice good">{icon("check")}<span>{escape(shown.customer)} is erased ({plural(count, "record")}). '
        "Every table and every file of the data folder was searched. Found in: nothing.</span></p>"
    )
