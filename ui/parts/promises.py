"""The form of what a channel promises: hours, reply times, the words at a hand-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from support_bot.services.views import HANDOFF_TEXTS, METRICS, WEEKDAYS
from support_bot.values import PRIORITIES
from ui.parts.desk import words
from ui.parts.html import attributes, escape, notice
from ui.parts.icons import icon

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_METRIC_WORDS = {"first_reply": "First reply", "next_reply": "Next reply", "resolution": "Solution"}


@dataclass(frozen=True)
class PromiseForm:
    """What stands in the form, by field; with another `serial` the browser forgets what was typed."""

    slug: str
    fields: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    saved: bool = False
    serial: int = 0


def promise_form(form: PromiseForm) -> str:
    """Folded, below the channel's own form; open where something was typed."""
    saved = f'<p class="notice good" role="status">{icon("check")}<span>Saved.</span></p>' if form.saved else ""
    return (
        f'<section class="paste"><details class="promises" data-keep="promises-{escape(form.slug)}">'
        f'<summary>{icon("chevron")}<h3 class="section">Hours, reply times, hand-off texts</h3></summary>'
        f"{notice(form.told)}{saved}"
        f'<form class="pin" data-action="promise-save" data-channel="{escape(form.slug)}" data-taken="{form.serial}" '
        f'data-enter="newline">{_hours(form)}{_targets(form)}{_patience(form)}{_texts(form)}'
        '<div class="row"><button class="button primary" type="submit">Save hours and texts</button></div></form>'
        "</details></section>"
    )


def _hours(form: PromiseForm) -> str:
    days = "".join(
        _input(form, f"week-{day}", label, placeholder="closed") for day, label in zip(WEEKDAYS, _DAYS, strict=True)
    )
    return (
        f"{_input(form, 'zone', 'Time zone', placeholder='Europe/Berlin')}"
        f'<p class="small">Hours like 9:00-12:00, 13:00-17:00. Empty is closed; 22:00-6:00 ends the next day.</p>{days}'
        f"{_area(form, 'holidays', 'Holidays', '2026-12-25, or 12-25 for every year; one on each line.')}"
    )


def _targets(form: PromiseForm) -> str:
    heads = "".join(f'<th scope="col">{_METRIC_WORDS[metric]}</th>' for metric in METRICS)
    rows = ""
    for priority in PRIORITIES:
        cells = "".join(f"<td>{_minutes(form, priority, metric)}</td>" for metric in METRICS)
        rows += f'<tr><th scope="row">{priority}</th>{cells}</tr>'
    return (
        '<table class="targets"><caption class="small">Reply times in minutes of open time; empty is no promise. '
        "Customers are told the first reply of normal priority.</caption><thead><tr>"
        f'<th scope="col">Priority</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _minutes(form: PromiseForm, priority: str, metric: str) -> str:
    name = f"target-{priority}-{metric}"
    label = f"{_METRIC_WORDS[metric]}, {priority} priority, minutes"
    values = {"name": name, "class_": "field", "inputmode": "numeric", "maxlength": 6, "aria_label": label}
    return f"<input{attributes(values | {'value': form.fields.get(name, '')})}>"


def _patience(form: PromiseForm) -> str:
    hint = "Minutes until a customer for whom nobody came is told so and asked for an e-mail address; 0 is never."
    label = "Patience, in minutes"
    return f'{_input(form, "patience", label, inputmode="numeric")}<p class="small">{hint}</p>'


def _texts(form: PromiseForm) -> str:
    areas = "".join(_area(form, f"text-{reason}", words(reason).capitalize(), "") for reason in HANDOFF_TEXTS)
    hint = (
        "What customers read at a hand-off, by its reason. {when} becomes the promised time or the next opening, "
        "{next} where the reply appears, {name} who has joined. An empty text is ours again."
    )
    return f'<p class="small">{hint}</p>{areas}'


def _input(form: PromiseForm, name: str, label: str, **more: object) -> str:
    values = {"name": name, "id": f"promise-{name}", "class_": "field", "maxlength": 200, **more}
    shown = attributes(values | {"value": form.fields.get(name, "")})
    return f'<label for="promise-{name}">{label}</label><input{shown}>'


def _area(form: PromiseForm, name: str, label: str, hint: str) -> str:
    values = attributes({"name": name, "id": f"promise-{name}", "class_": "field", "rows": 2, "maxlength": 4000})
    small = f'<p class="small">{hint}</p>' if hint else ""
    typed = escape(form.fields.get(name, ""))
    return f'<label for="promise-{name}">{escape(label)}</label><textarea{values}>\n{typed}</textarea>{small}'
