"""What a ticket carries beside its conversation: type, tags, watchers, snooze; and the dialogs that change them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from support_bot.services.views import ConversationView, TeamView, TicketRow, TicketView
from support_bot.values import OPEN_STATUSES, TicketType
from ui.parts.html import action, attributes, escape, notice, pill
from ui.parts.ticket import choice

SNOOZES = {"1": "1 hour", "4": "4 hours", "24": "1 day", "72": "3 days", "168": "1 week"}


def fields(view: ConversationView, staff_id: int, teams: Sequence[TeamView] = ()) -> str:
    """The ticket's section above what is known around its conversation; empty without a ticket.

    Without `teams` there is nothing to choose from."""
    if view.ticket is None:
        return ""
    ticket = view.ticket.row
    rows = {
        "Type": _type(ticket),
        "Team": _team(ticket, teams),
        "Tags": _tags(ticket),
        "Watchers": _watchers(view.ticket, staff_id),
        "Snooze": _snooze(ticket),
        "Merge": _merge(ticket),
        "Rating": pill(f"{ticket.score} of 5", "good" if ticket.score > 3 else "bad") if ticket.score else "",
    }
    lines = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items() if value)
    shut = f'<span class="slim-only">{action("Close", "details")}</span>'
    return (
        f'<div class="context"><section><h2 class="section">Ticket #{ticket.id}</h2>'
        f'<dl class="facts">{lines}</dl>{shut}</section></div>'
    )


def _type(ticket: TicketRow) -> str:
    options = [("", "none"), *((kind.value, kind.value) for kind in TicketType)]
    return choice("type", "Type", ticket, options, ticket.type or "")


def _team(ticket: TicketRow, teams: Sequence[TeamView]) -> str:
    if not teams:
        return ""
    options: list[tuple[object, str]] = [("", "none"), *((team.id, team.name) for team in teams)]
    return choice("team", "Team", ticket, options, ticket.team_id or "")


def _tags(ticket: TicketRow) -> str:
    tags = "".join(pill(f"#{tag}") for tag in ticket.tags)
    return f'<span class="pills">{tags}{action("Edit tags", "ask-tags", ticket=ticket.id, key="l")}</span>'


def _watchers(view: TicketView, staff_id: int) -> str:
    names = "".join(pill(watcher.name) for watcher in view.watchers)
    watching = any(watcher.id == staff_id for watcher in view.watchers)
    label = "Stop watching" if watching else "Watch"
    button = action(label, "watch", ticket=view.row.id, to="off" if watching else "on", key="w")
    return f'<span class="pills">{names}{button}</span>'


def _snooze(ticket: TicketRow) -> str:
    if ticket.status not in OPEN_STATUSES:
        return ""
    if ticket.snoozed_until is None:
        return action("Snooze", "ask-snooze", ticket=ticket.id, key="z", title="It comes back by itself")
    until = ticket.snoozed_until.astimezone(dt.UTC).strftime("%d %b, %H:%M UTC")
    wake = action("Wake", "wake", ticket=ticket.id, key="z")
    return f'<span class="pills">{pill(f"until {until}", "waiting")}{wake}</span>'


def _merge(ticket: TicketRow) -> str:
    if ticket.merged_into is not None:
        undo = action("Undo", "unmerge", ticket=ticket.id, title="It becomes a ticket of its own again")
        return f'<span class="pills">{pill(f"into #{ticket.merged_into}")}{undo}</span>'
    return action("Merge into …", "ask-merge", ticket=ticket.id, key="m") if ticket.status in OPEN_STATUSES else ""


def merge_dialog(ticket: int, written: str, serial: int, told: str = "") -> str:
    """Asks for the other ticket's number and says what happens."""
    field = attributes(
        {"name": "into", "value": written, "maxlength": 17, "inputmode": "numeric", "autofocus": True, "id": "into"}
    )
    return _form(
        "merge", "Merge", ticket, serial, told,
        f'<label for="into">The number of the ticket that #{ticket} becomes a part of. Choose one of the same '
        "customer: replies go to both conversations from then on, and solving ends both. You can undo it.</label>"
        f'<input class="field" required{field}>',
    )  # fmt: skip


def tags_dialog(ticket: int, written: str, known: Sequence[str], serial: int, told: str = "") -> str:
    """All tags in one line; what is refused stays as it was typed."""
    options = "".join(f'<option value="{escape(tag)}"></option>' for tag in known)
    field = attributes(
        {"name": "tags", "value": written, "maxlength": 900, "list": "known-tags", "autofocus": True, "id": "tags"}
    )
    return _form(
        "tags", "Tags", ticket, serial, told,
        '<label for="tags">Separated by commas. Without any, the ticket has no tags.</label>'
        f'<input class="field"{field}><datalist id="known-tags">{options}</datalist>',
    )  # fmt: skip


def snooze_dialog(ticket: int, serial: int, told: str = "") -> str:
    """For how long; the first choice is reached by Enter alone."""
    options = "".join(f'<option value="{hours}">{label}</option>' for hours, label in SNOOZES.items())
    return _form(
        "snooze", "Snooze", ticket, serial, told,
        '<label for="hours">It is out of the lists for so long, or until the customer writes.</label>'
        f'<select class="field" id="hours" name="hours" autofocus>{options}</select>',
    )  # fmt: skip


def _form(name: str, title: str, ticket: int, serial: int, told: str, inside: str) -> str:
    cancel, go = action("Cancel", "close-dialog"), "Save" if name == "tags" else title
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="{title}"><form data-action="{name}" '
        f'data-ticket="{ticket}"><h2>{title}</h2>{notice(told)}{inside}<div class="row">{cancel}'
        f'<button class="button primary" type="submit">{go}</button></div></form></dialog>'
    )
