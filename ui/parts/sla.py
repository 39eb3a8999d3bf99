"""How long a promise still has, in words and with a symbol: never by colour alone."""

from __future__ import annotations

import datetime as dt

from support_bot.services.views import SlaView
from ui.parts.html import escape
from ui.parts.icons import icon

_METRICS = {"first_reply": "first reply", "next_reply": "next reply", "resolution": "solution"}
_TONES = {"running": "neutral", "warned": "waiting", "breached": "bad", "paused": "neutral"}


def sla_pill(sla: SlaView | None, now: dt.datetime | None = None) -> str:
    """`SLA 6 min`, `SLA missed 12 min ago`, `SLA paused`; what is due and when on hover. Empty where nothing is due."""
    if sla is None:
        return ""
    what = _METRICS.get(sla.metric, sla.metric)
    if sla.due_at is None:
        words, title = "SLA paused", f"Time for the {what} stands still"
    else:
        seconds = (sla.due_at - (now or dt.datetime.now(dt.UTC))).total_seconds()
        span = _span(abs(seconds))
        words = f"SLA missed {span} ago" if seconds <= 0 else f"SLA {span}"
        exact = sla.due_at.astimezone(dt.UTC).strftime("%d %b %Y, %H:%M UTC")
        title = f"{what[0].upper()}{what[1:]} due {exact}"
    symbol = "alert" if sla.state in ("warned", "breached") else "clock"
    return f'<span class="pill sla {_TONES[sla.state]}" title="{escape(title)}">{icon(symbol)}{escape(words)}</span>'


def _span(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
