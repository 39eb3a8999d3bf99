"""Small builders of HTML: escaping, buttons that name their action, times. Everything that was typed by somebody is
escaped here."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from typing import Any

from ui.parts.icons import icon

_STEPS = ((60, 60, "min"), (3600, 24, "h"), (86400, 7, "d"))


def escape(value: object) -> str:
    """Text for HTML, in elements and in quoted attributes."""
    return html.escape(str(value), quote=True)


def attributes(values: dict[str, Any]) -> str:
    """` data-id="3" disabled`: underscores become hyphens; None and False leave the attribute out."""
    parts = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        written = name.rstrip("_").replace("_", "-")
        parts.append(f" {written}" if value is True else f' {written}="{escape(value)}"')
    return "".join(parts)


def action(label: str, name: str, *, kind: str = "quiet", symbol: str = "", **data: Any) -> str:
    """A button that asks the page for `name`; `data` travels with it as `data-…`, `aria_…` and `title` as they are."""
    plain = ("aria_", "title", "disabled", "id", "key")
    values = {key if key.startswith(plain) else f"data_{key}": value for key, value in data.items()}
    if "key" in values:
        values["data_key"] = values.pop("key")
        values["aria_keyshortcuts"] = values["data_key"]
    words = f"<span>{escape(label)}</span>" if label else ""
    return (
        f'<button type="button" class="button {kind}" data-action="{escape(name)}"{attributes(values)}>'
        f"{icon(symbol) if symbol else ''}{words}</button>"
    )


def symbol_button(label: str, name: str, symbol: str, **data: Any) -> str:
    """A button that shows an icon only; `label` is what it is called."""
    return action("", name, kind="symbol", symbol=symbol, aria_label=label, title=label, **data)


def ago(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """`4 min`, with the exact time on hover; older than a week shows the date."""
    now = now or dt.datetime.now(dt.UTC)
    seconds = max(0.0, (now - moment).total_seconds())
    words = "now" if seconds < 60 else moment.strftime("%d %b %Y")
    for size, count, unit in _STEPS:
        if size <= seconds < size * count:
            words = f"{int(seconds // size)} {unit}"
            break
    exact = moment.astimezone(dt.UTC).strftime("%d %b %Y, %H:%M UTC")
    return f'<time datetime="{moment.isoformat()}" title="{exact}">{words}</time>'


def pill(words: str, tone: str = "neutral") -> str:
    """A short state in words, tinted: `neutral`, `waiting`, `good`, `bad`, `accent`."""
    return f'<span class="pill {tone}">{escape(words)}</span>'


def duration(seconds: float) -> str:
    """`0.14 s`, `12 s`, `3 min`."""
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def file_size(size: int) -> str:
    """`812 B`, `14 KB`, `3.2 MB`."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 document`, `3 documents`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def table(columns: Sequence[str], rows: str, caption: str = "") -> str:
    """A list that fills the page: its columns' names, its rows as HTML, and what it is, for those who cannot see it."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    unseen = f'<caption class="unseen">{escape(caption)}</caption>' if caption else ""
    return f'<table class="list">{unseen}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def progress(words: str = "") -> str:
    """Three breathing dots: somebody or something is at work."""
    return f'<p class="progress"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>{escape(words)}</p>'


def notice(text: str, tone: str = "bad") -> str:
    """A calm line about something that did not work; empty for no text."""
    if not text:
        return ""
    return f'<p class="notice {tone}" role="alert">{icon("alert")}<span>{escape(text)}</span></p>'
