"""The history of a ticket in plain words: who changed what from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from support_bot.services.views import TicketHistoryLine
from ui.parts.html import ago, escape, plural

_NOTHING = "nothing"
_TOLD = {
    "kept_waiting": "Nobody came: the customer was told, and asked for an e-mail address",
    "email_left": "The customer left an e-mail address",
}
_BY_ITSELF = {
    "unmerged": "The other customer left: it is no longer merged into #{out_of}",
    "mail_failed": "The mail to {to} could not be sent: {error}",
}
_RULES = {"round_robin": "Round robin", "least_busy": "The rule (least busy)"}
_DONE = {
    "replied": "replied",
    "noted": "wrote a note",
    "solved": "solved it",
    "reopened": "reopened it",
    "handed_back": "handed it back to the assistant",
    "merged": "merged it into #{into}",
    "received": "merged #{ticket} into it",
    "unmerged": "undid the merge into #{out_of}",
    "macro_used": "used the macro “{macro}”",
}


def words(name: str) -> str:
    """`customer_request` as `customer request`."""
    return name.replace("_", " ")


def history(lines: Sequence[TicketHistoryLine]) -> str:
    """Everything that happened to the ticket, the newest first."""
    if not lines:
        return ""
    items = "".join(f"<li><span>{escape(told(line))}</span>{ago(line.at)}</li>" for line in reversed(lines))
    return f'<section><h2 class="section">Ticket history</h2><ul class="history">{items}</ul></section>'


def told(line: TicketHistoryLine) -> str:
    """One line of the history as a sentence, without marks of HTML."""
    who = line.by or "The assistant"
    match line.kind:
        case "opened":
            return f"Opened: {words(str(line.detail.get('reason', '')))}"
        case "assigned":
            return _assigned(line)
        case "changed":
            return _changed(line)
        case "snoozed":
            return f"{who} snoozed it until {exact(line.detail.get('until'))}"
        case "woken":
            return _woken(line)
        case "watched" | "unwatched":
            return _watched(line)
        case "rated":
            comment = f": “{line.detail['comment']}”" if line.detail.get("comment") else ""
            return f"The customer rated it {line.detail['score']} of 5{comment}"
        case "closed" if line.by is None:
            return _closed(line)
    if line.by is None and line.kind in _BY_ITSELF:
        return _BY_ITSELF[line.kind].format(**line.detail)
    return _TOLD.get(line.kind) or _late(line) or who + " " + _done(line)


def _done(line: TicketHistoryLine) -> str:
    return _DONE.get(line.kind, words(line.kind)).format(**line.detail)


def _late(line: TicketHistoryLine) -> str:
    end = {"sla_warned": "runs out soon", "sla_breached": "has run out"}.get(line.kind, "")
    return end and f"The time for the {words(str(line.detail.get('metric', '')))} {end}"


def _closed(line: TicketHistoryLine) -> str:
    days = line.detail.get("silent_days")
    if days:
        return f"Closed: the customer was silent for {plural(days, 'day')}"
    return "The customer ended the conversation"


def exact(moment: object) -> str:
    """A time that is written in the history (ISO 8601), as `31 Jan 2030, 09:00 UTC`."""
    return dt.datetime.fromisoformat(str(moment)).astimezone(dt.UTC).strftime("%d %b %Y, %H:%M UTC")


def _changed(line: TicketHistoryLine) -> str:
    if line.by is None and "team" in line.detail:
        _, team = line.detail["team"]
        return f"It is for the team “{team}”" if team else "Its team was dissolved"
    changes = "; ".join(_change(name, pair) for name, pair in line.detail.items())
    return f"{line.by} changed {changes}" if line.by else f"The customer wrote: {changes}"


def _change(name: str, pair: Any) -> str:
    was, now = pair
    if name == "tags":
        added = [f"added #{tag}" for tag in now if tag not in was]
        return "the tags: " + ", ".join(added + [f"removed #{tag}" for tag in was if tag not in now])
    old, new = (
        f"“{value}”" if name in ("subject", "team") and value else words(str(value or _NOTHING)) for value in (was, now)
    )
    return f"the {name} from {old} to {new}"


def _woken(line: TicketHistoryLine) -> str:
    if line.by:
        return f"{line.by} ended the snooze"
    return "The customer wrote: it is no longer snoozed" if line.detail.get("customer") else "The snooze ended"


def _watched(line: TicketHistoryLine) -> str:
    starts = line.kind == "watched"
    if line.by == line.to:
        return f"{line.by} {'watches it' if starts else 'stopped watching it'}"
    return f"{line.by} {'added' if starts else 'removed'} {line.to or 'somebody'} as a watcher"


def _assigned(line: TicketHistoryLine) -> str:
    who, was = line.by or "Somebody", line.was or "Somebody"
    if line.detail.get("rule"):
        return f"{_RULES[line.detail['rule']]} gave it to {line.to or 'somebody'}"
    if line.detail.get("deactivated"):
        left = f"{line.by} deactivated {was}" if line.by else f"{was} was deactivated"
        return f"{left}: it went back to nobody"
    if line.detail.get("to") is None:
        return f"{who} gave it back to nobody" if line.by else "It went back to nobody"
    return f"{who} took it" if line.to == line.by else f"{who} assigned it to {line.to}"
