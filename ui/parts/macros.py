"""Macros on the pages: the list and form in which a lead writes them, and the palette from which agents choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.macro_words import VARIABLES
from support_bot.services.views import MacroView
from support_bot.values import PRIORITIES
from ui.parts.html import action, ago, attributes, escape, notice, pill, plural, symbol_button, table
from ui.parts.icons import icon
from ui.parts.ticket_history import words

STATUSES = ("open", "pending", "on_hold", "solved")
_PREVIEW_CHARS = 160


@dataclass(frozen=True)
class MacroForm:
    """What stands in the form: as stored, or as typed and not taken yet. `id` 0 is a new one."""

    id: int = 0
    name: str = ""
    text: str = ""
    note: bool = False
    status: str = ""
    priority: str = ""
    tags: str = ""
    assign: bool = False

    @classmethod
    def of(cls, view: MacroView) -> MacroForm:
        return cls(
            view.id, view.name, view.text, view.note, view.status or "", view.priority or "", ", ".join(view.tags),
            view.assign,
        )  # fmt: skip


def does(macro: MacroView, whom: str = "you") -> tuple[str, ...]:
    """What is done with the ticket when the macro is sent, in words; `whom` is who uses it."""
    done = [f"assigned to {whom}"] if macro.assign else []
    if macro.priority:
        done.append(f"priority {macro.priority}")
    if macro.tags:
        done.append("adds " + " ".join(f"#{tag}" for tag in macro.tags))
    if macro.status:
        done.append(f"status {words(macro.status)}")
    return tuple(done)


# ---- what leads see


def macro_list(macros: Sequence[MacroView], selected: int) -> str:
    """All macros; a row opens one."""
    new = action("Write a macro", "macro-new", kind="primary", symbol="plus")
    head = (
        '<div class="page-head with-action"><div><h1>Macros</h1>'
        '<p class="small">Words that your team uses again and again, with what is done to the ticket when they are '
        f"sent. Agents choose one with <kbd>p</kbd>; nothing is sent by itself.</p></div>{new}</div>"
    )
    if not macros:
        hint = "Write the first one: a greeting, a refund, a request for more details."
        return f'{head}<div class="empty">{icon("note")}<p><b>No macros yet</b></p><p class="small">{hint}</p></div>'
    rows = "".join(_row(macro, selected) for macro in macros)
    return head + table(("Name", "What it does", "Text", "Changed"), rows, plural(len(macros), "macro"))


def _row(macro: MacroView, selected: int) -> str:
    here = macro.id == selected
    values = attributes({"data_action": "macro-open", "data_macro": macro.id, "data_row": True, "data_selected": here})
    kind = pill("note", "waiting") if macro.note else ""
    pills = "".join(pill(done) for done in does(macro, "whoever uses it"))
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(macro.name)}</b></button></td><td><span class="pills">{kind}{pills}</span></td>'
        f'<td class="said">{escape(_short(macro.text))}</td><td>{ago(macro.updated_at)}</td></tr>'
    )


def macro_form(form: MacroForm, told: str = "") -> str:
    """The form beside the list."""
    variables = ", ".join(f"<code>{{{{{name}}}}}</code>" for name in VARIABLES)
    buttons = f'<button class="button primary" type="submit">{"Save" if form.id else "Add it"}</button>'
    if form.id:
        buttons += action("Delete", "macro-ask-delete", kind="danger", macro=form.id)
    name = attributes({"name": "name", "id": "macro-name", "value": form.name, "maxlength": 100, "required": True})
    tags = attributes({"name": "tags", "id": "macro-tags", "value": form.tags, "maxlength": 900})
    # A first line break right behind the tag of a textarea would be dropped.
    fields = (
        f'<label for="macro-name">Name</label><input class="field"{name}>'
        f'<label for="macro-text">Text</label><textarea class="field" name="text" id="macro-text" rows="6">\n'
        f"{escape(form.text)}</textarea>"
        f'<p class="small">Filled in for each ticket: {variables}. What is not known is marked, and must be '
        "written before it is sent.</p>"
        f"{_select('kind', 'Sent as', (('reply', 'a reply'), ('note', 'a note')), 'note' if form.note else 'reply')}"
        f"{_select('status', 'Status', _kept(STATUSES), form.status)}"
        f"{_select('priority', 'Priority', _kept(PRIORITIES), form.priority)}"
        f'<label for="macro-tags">Add tags</label><input class="field"{tags}><p class="small">Separated by commas.</p>'
        f'<label class="check"><input type="checkbox" name="assign" value="yes"{" checked" if form.assign else ""}>'
        "<span>Assign the ticket to whoever uses it</span></label>"
    )
    return (
        f'<article class="detail"><header><h2>{"Macro" if form.id else "Write a macro"}</h2>'
        f"{symbol_button('Close', 'macro-close', 'close')}</header>{notice(told)}"
        f'<form class="pin" data-action="macro-save" data-macro="{form.id}" data-enter="newline">{fields}'
        f'<div class="row">{buttons}</div></form></article>'
    )


def _kept(names: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "stays as it is"), *((name, words(name)) for name in names)]


def _select(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{shown}</option>' for value, shown in choices
    )
    values = attributes({"name": name, "id": f"macro-{name}"})
    return f'<label for="macro-{name}">{label}</label><select class="field"{values}>{options}</select>'


def delete_dialog(macro: MacroView, serial: int) -> str:
    """Asks once more."""
    cancel = action("Keep it", "close-dialog")
    delete = action("Delete for good", "macro-delete", kind="danger", macro=macro.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Delete this macro">'
        f"<h2>Delete “{escape(macro.name)}”?</h2><p>Nobody can choose it any more. Tickets keep what it did.</p>"
        f'<div class="row">{cancel}{delete}</div></dialog>'
    )


# ---- what agents see


def palette(ticket_id: int, macros: Sequence[MacroView]) -> str:
    """The dialog from which an agent chooses; the browser filters it and puts the words into the composer."""
    items = "".join(_option(ticket_id, macro) for macro in macros)
    hint = "" if macros else '<p class="small">There are no macros yet. An admin writes them under Macros.</p>'
    return (
        '<dialog class="ask palette" id="macros" aria-label="Macros">'
        '<input class="field" type="search" data-macro-find autofocus placeholder="Find a macro" '
        'aria-label="Find a macro" role="combobox" aria-expanded="true" aria-controls="macro-options" '
        f'autocomplete="off"><ul id="macro-options" role="listbox" aria-label="Macros">{items}</ul>{hint}'
        '<p class="small" data-none hidden>No macro has these words.</p>'
        '<p class="small"><kbd>↑</kbd> <kbd>↓</kbd> choose, <kbd>Enter</kbd> inserts. Nothing is sent yet.</p></dialog>'
    )


def _option(ticket_id: int, macro: MacroView) -> str:
    done = does(macro)
    values = attributes(
        {
            "id": f"macro-option-{macro.id}",
            "data_action": "macro",
            "data_ticket": ticket_id,
            "data_macro": macro.id,
            "data_version": macro.version,
            "data_name": macro.name,
            "data_text": macro.text,
            "data_note": macro.note,
            "data_does": " · ".join(done),
        }
    )
    kind = pill("note", "waiting") if macro.note else ""
    pills = "".join(pill(each) for each in done)
    return (
        f'<li role="option" aria-selected="false"{values}><b>{escape(macro.name)}</b>'
        f'<span class="pills">{kind}{pills}</span><span class="small">{escape(_short(macro.text))}</span></li>'
    )


def chosen_line() -> str:
    """Where the browser writes above the composer which macro is sent along, and what that does."""
    drop = symbol_button("Leave the macro out", "drop-macro", "close")
    return (
        '<input type="hidden" name="macro"><input type="hidden" name="version"><input type="hidden" name="seen">'
        f'<div class="macro-line" data-macro-line hidden><span role="status"></span>{drop}</div>'
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW_CHARS else line[: _PREVIEW_CHARS - 1].rsplit(" ", 1)[0] + "…"
