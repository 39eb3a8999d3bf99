"""Several tickets at once: the line that says how many are chosen, what may be done with them, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.services.views import BulkResult, MacroView
from support_bot.values import PRIORITIES
from ui.parts.html import action, attributes, escape, notice, plural
from ui.parts.macros import STATUSES, does
from ui.parts.ticket_history import words


def bulk_bar(done: int) -> str:
    """Stands below the list; the browser shows it once a ticket is chosen, and forgets the choice when `done` grows."""
    change = action("Change …", "ask-bulk", kind="primary", key="b", tickets="")
    clear = action("Clear", "clear-picks")
    return f'<div class="bulk" data-bulk="{done}" hidden><span role="status"></span>{clear}{change}</div>'


def bulk_dialog(tickets: Sequence[int], macros: Sequence[MacroView], serial: int, told: str = "") -> str:
    """Asks what is to change; what is left as it is stays."""
    numbers = ",".join(map(str, tickets))
    tags = attributes({"name": "tags", "id": "bulk-tags", "maxlength": 900, "placeholder": "with commas"})
    known = [(str(macro.id), _named(macro)) for macro in macros]
    fields = (
        _choice("assign", "Assigned to", [("", "stays as it is"), ("me", "me")])
        + _choice("status", "Status", _kept(STATUSES))
        + _choice("priority", "Priority", _kept(PRIORITIES))
        + f'<dt><label for="bulk-tags">Add tags</label></dt><dd><input class="field"{tags}></dd>'
        + (_choice("macro", "Macro", [("", "none"), *known]) if known else "")
    )
    cancel = action("Cancel", "close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Change tickets"><form data-action="bulk" '
        f'data-tickets="{numbers}" data-ask="{serial}">'
        f"<h2>Change {plural(len(tickets), 'ticket')}</h2>{notice(told)}<dl>{fields}</dl>"
        '<p class="small">A macro with words sends them to each customer at once.</p>'
        f'<div class="row">{cancel}<button class="button primary" type="submit">Change</button></div></form></dialog>'
    )


def _named(macro: MacroView) -> str:
    said = [("a note" if macro.note else "a reply")] if macro.text else []
    return f"{macro.name} ({', '.join([*said, *does(macro)])})"


def _kept(names: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "stays as it is"), *((name, words(name)) for name in names)]


def _choice(name: str, label: str, choices: Sequence[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{escape(value)}">{escape(shown)}</option>' for value, shown in choices)
    values = attributes({"name": name, "id": f"bulk-{name}", "autofocus": name == "assign"})
    return f'<dt><label for="bulk-{name}">{label}</label></dt><dd><select class="field"{values}>{options}</select></dd>'


def bulk_told(result: BulkResult, serial: int) -> str:
    """How many were changed; which were not, and why."""
    changed = plural(len(result.changed), "ticket")
    items = "".join(f"<li>#{refused.ticket}: {escape(refused.why)}</li>" for refused in result.refused)
    left = (
        f'<p>{plural(len(result.refused), "ticket")} not changed:</p><ul class="refused">{items}</ul>' if items else ""
    )
    close = action("Close", "close-dialog", kind="primary")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="What was changed"><h2>{changed} changed</h2>{left}'
        f'<div class="row">{close}</div></dialog>'
    )
