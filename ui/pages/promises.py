"""What a channel promises, on the admin's pages: the form of an open channel, and what saving it does."""

from __future__ import annotations

from typing import Any

from support_bot.assembly import App
from support_bot.errors import Invalid, SupportBotError
from support_bot.services.terms import Promise
from support_bot.services.views import HANDOFF_TEXTS, METRICS, WEEKDAYS
from support_bot.values import PRIORITIES
from ui.pages.shelf import Shelf
from ui.parts.promises import PromiseForm, promise_form


class PromiseEditor:
    """The form stays as typed where it is refused, and says why."""

    def __init__(self, app: App) -> None:
        self._app = app

    def save(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """Promise what was typed."""
        slug = str(data.get("channel", ""))[:60]
        self._app.channels.get(slug)
        typed = {name: str(value).replace("\x00", "")[:5000] for name, value in data.items() if name not in _NOT_TYPED}
        serial = shelf.promise.serial if shelf.promise else shelf.next_serial()
        try:
            stored = self._app.desk.promises.replace(slug, _promise(typed))
        except SupportBotError as error:
            shelf.promise = PromiseForm(slug, typed, told=error.detail, serial=serial)
            return
        shelf.promise = PromiseForm(slug, _fields(stored), saved=True, serial=shelf.next_serial())

    def form(self, shelf: Shelf) -> str:
        """The form of the channel that is open, or nothing."""
        slug = shelf.channel.slug if shelf.channel else ""
        if not slug:
            shelf.promise = None
            return ""
        if shelf.promise is None or shelf.promise.slug != slug:
            shelf.promise = PromiseForm(slug, _fields(self._app.desk.promises.get(slug)), serial=shelf.next_serial())
        return promise_form(shelf.promise)


_NOT_TYPED = ("action", "channel", "taken", "enter")


def _promise(typed: dict[str, str]) -> Promise:
    targets: dict[str, dict[str, int]] = {}
    for priority in PRIORITIES:
        for metric in METRICS:
            if words := typed.get(f"target-{priority}-{metric}", "").strip():
                targets.setdefault(priority, {})[metric] = _minutes(words)
    return Promise(
        zone=typed.get("zone", "").strip(),
        week={day: typed.get(f"week-{day}", "") for day in WEEKDAYS},
        holidays=typed.get("holidays", "").splitlines(),
        targets=targets,
        texts={reason: typed.get(f"text-{reason}", "") for reason in HANDOFF_TEXTS},
        patience_minutes=_minutes(typed.get("patience", "").strip() or "0"),
    )


def _minutes(words: str) -> int:
    if not (words.isascii() and words.isdigit() and len(words) < 8):
        raise Invalid(f"“{words[:20]}” is no number of minutes.")
    return int(words)


def _fields(promise: Promise) -> dict[str, str]:
    fields = {"zone": promise.zone, "holidays": "\n".join(promise.holidays)}
    fields["patience"] = str(promise.patience_minutes)
    fields |= {f"week-{day}": promise.week.get(day, "") for day in WEEKDAYS}
    fields |= {
        f"target-{priority}-{metric}": str(minutes)
        for priority, metrics in promise.targets.items()
        for metric, minutes in metrics.items()
    }
    return fields | {f"text-{reason}": promise.texts.get(reason) or ours for reason, ours in HANDOFF_TEXTS.items()}
