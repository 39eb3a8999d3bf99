"""Pinned answers: the list of them, and the form in which one is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.views import PinnedView
from support_bot.values import PinState
from ui.parts.html import action, ago, attributes, escape, notice, pill, plural, symbol_button, table
from ui.parts.icons import icon
from ui.parts.markdown import plain

_STATES = {
    PinState.ACTIVE: ("Given", "good"),
    PinState.OFF: ("Off", "neutral"),
    PinState.LAPSED: ("Lapsed", "waiting"),
}
_HINTS = {
    "others": "One on each line. A question matches only with the same names, numbers and other important words, so "
    "write synonyms here.",
    "answer": "Said exactly like this. Markdown is allowed.",
    "url": "Optional. Opened from the citation.",
    "article": "Optional: a file name. The article is cited too; when it changes, the pinned answer lapses until you "
    "check it.",
}


@dataclass(frozen=True)
class PinForm:
    """What stands in the form: as stored, or as typed and not taken yet. `id` 0 is a new one."""

    id: int = 0
    question: str = ""
    others: str = ""
    answer: str = ""
    url: str = ""
    article: str = ""
    enabled: bool = True
    lapsed: str = ""


def pinned_list(pinned: Sequence[PinnedView], selected: int) -> str:
    """All pinned answers; a row opens one."""
    new = action("Pin an answer", "pin-new", kind="primary", symbol="pin")
    head = (
        '<div class="page-head with-action"><div><h1>Pinned answers</h1>'
        '<p class="small">Given word for word to a question with the same important words, before any article is '
        f"searched. A request for a person still comes first.</p></div>{new}</div>"
    )
    if not pinned:
        hint = "Pin the answer to a question that must be answered in exactly your words."
        return f'{head}<div class="empty">{icon("pin")}<p><b>Nothing pinned</b></p><p class="small">{hint}</p></div>'
    rows = "".join(_row(view, selected) for view in pinned)
    return head + table(("Question", "State", "Answer", "Changed"), rows, plural(len(pinned), "pinned answer"))


def _row(view: PinnedView, selected: int) -> str:
    here = view.id == selected
    values = attributes({"data_action": "pin-open", "data_pin": view.id, "data_row": True, "data_selected": here})
    more = f"and {plural(len(view.others), 'other way', 'other ways')} to ask" if view.others else ""
    why = f'<span class="why">{escape(view.reason)}</span>' if view.state is PinState.LAPSED else ""
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(view.question)}</b><span class="small">{more}</span></button></td>'
        f"<td>{pill(*_STATES[view.state])}{why}</td>"
        f'<td class="said">{escape(plain(view.answer)[:140])}</td><td>{ago(view.updated_at)}</td></tr>'
    )


def pinned_form(form: PinForm, articles: Sequence[str], told: str = "") -> str:
    """The form beside the list; `articles` are names to choose from."""
    names = "".join(f'<option value="{escape(name)}"></option>' for name in articles)
    lapsed = f"{form.lapsed} It is not given until you check it and save." if form.lapsed else ""
    buttons = f'<button class="button primary" type="submit">{"Save" if form.id else "Pin it"}</button>'
    if form.id:
        other = "off" if form.enabled else "on"
        buttons += action(f"Switch {other}", "pin-switch", pin=form.id, to=other)
        buttons += action("Delete", "pin-ask-delete", kind="danger", pin=form.id)
    fields = (
        _field("Question", "question", form.question, required=True)
        + _area("Other ways to ask it", "others", form.others, _HINTS["others"])
        + _area("Answer", "answer", form.answer, _HINTS["answer"], required=True)
        + _field("Link", "url", form.url, _HINTS["url"])
        + _field("Article", "article", form.article, _HINTS["article"], list_="articles")
    )
    return (
        f'<article class="detail"><header><h2>{"Pinned answer" if form.id else "Pin an answer"}</h2>'
        f"{symbol_button('Close', 'pin-close', 'close')}</header>{notice(told)}{notice(lapsed)}"
        f'<form class="pin" data-action="pin-save" data-pin="{form.id}" data-enter="newline">{fields}'
        f'<datalist id="articles">{names}</datalist><div class="row">{buttons}</div></form></article>'
    )


def _field(label: str, name: str, value: str, hint: str = "", **more: object) -> str:
    values = attributes({"name": name, "id": f"pin-{name}", "class_": "field", "value": value, **more})
    return f'<label for="pin-{name}">{label}</label><input{values}>{_hint(hint)}'


def _area(label: str, name: str, value: str, hint: str = "", **more: object) -> str:
    values = attributes({"name": name, "id": f"pin-{name}", "class_": "field", "rows": 3, **more})
    # A first line break right behind the tag would be dropped.
    return f'<label for="pin-{name}">{label}</label><textarea{values}>\n{escape(value)}</textarea>{_hint(hint)}'


def _hint(hint: str) -> str:
    return f'<p class="small">{hint}</p>' if hint else ""


def delete_dialog(view: PinnedView, serial: int) -> str:
    """Asks once more; says what deleting does."""
    cancel = action("Keep it", "close-dialog")
    delete = action("Delete for good", "pin-delete", kind="danger", pin=view.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Delete this pinned answer">'
        f"<h2>Delete the answer to “{escape(view.question)}”?</h2>"
        "<p>The question is answered from the articles again. To keep it for later, switch it off.</p>"
        f'<div class="row">{cancel}{delete}</div></dialog>'
    )
