"""The model on the admin's pages: which one writes, how it is and was, what went wrong, and which others there are."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.services.measures import ModelState
from support_bot.services.views import ModelRow
from ui.parts.html import action, ago, duration, escape, file_size, notice, pill, plural, table
from ui.parts.icons import icon

_INCIDENTS = {
    "stuck": "A step hung",
    "died": "Its thread ended",
    "not_loaded": "It could not be loaded",
}


def model_page(state: ModelState, writers: Sequence[ModelRow], *, told: str = "", before: str = "") -> str:
    """Which model writes and how it is, then the others that are here, each with its button; `before` is the one that
    one click goes back to."""
    rows = "".join(_writer(row, busy=state.loading) for row in writers)
    trying = "Another model is loaded and asked three questions; the one in use goes on until it has passed."
    return (
        '<div class="page-head"><h1>Model</h1><p class="small">It says the evidence in one to three sentences. '
        "While it cannot, the article is quoted.</p></div>"
        f'<div class="model">{notice(told)}{notice(trying if state.loading else "", "wait")}'
        f"{notice(state.trouble)}{_identity(state)}{_back(before, busy=state.loading)}</div>"
        f'<table class="list"><caption class="unseen">{plural(len(writers), "model")} that can write</caption>'
        "<thead><tr>"
        '<th scope="col">Model</th><th scope="col">State</th><th scope="col" class="score">Size</th>'
        f'<th scope="col">Licence</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _identity(state: ModelState) -> str:
    up = pill("Works", "good") if not state.trouble else pill("Down", "bad")
    return _facts(
        ("Writes now", f"<b>{escape(state.name)}</b> {up}"),
        *_files(state.sha256),
        ("Context", f"{state.context_tokens:,} tokens"),
    )


def _back(before: str, *, busy: bool) -> str:
    """One click to the model that served before."""
    return f"<p>{action(f'Go back to {before}', 'model-back', disabled=busy)}</p>" if before else ""


def _files(model_hash: str) -> list[tuple[str, str]]:
    """`weights`, `weights+adapter`, or `variant+parent+adapter` (`none` without one) for what tuning made; else where a
    model runs that has no hash here."""
    first, *others = (f"<code>{escape(part)}</code>" for part in model_hash.split("+"))
    if ":" in model_hash:
        return [("Runs at", f"<code>{escape(model_hash.partition(':')[2])}</code>")]
    if len(others) < 2:
        return [("SHA-256", first), ("Adapter", others[0] if others else "None")]
    return [("SHA-256", first), ("Made by tuning from", others[0]), ("Adapter in it", others[1])]


def _facts(*lines: tuple[str, str]) -> str:
    return '<dl class="facts">' + "".join(f"<dt>{name}</dt><dd>{html}</dd>" for name, html in lines) + "</dl>"


def _writer(row: ModelRow, *, busy: bool) -> str:
    if row.in_use:
        doing = pill("In use", "accent")
    elif row.present:
        doing = action("Use", "model-use", model=row.name, disabled=busy)
    else:
        command = f"support-bot models pull {row.name}"
        doing = f'<span class="small">Not here. On the server: <code>{escape(command)}</code></span>'
    mark = f"{'Trained adapter, ' if row.kind == 'adapter' else ''}<code>{escape(row.sha256[:12])}</code>"
    return (
        f'<tr><td><b>{escape(row.name)}</b><br><span class="small">{mark}</span></td>'
        f'<td><span class="pills">{doing}</span></td><td class="score">{file_size(row.bytes)}</td>'
        f"<td>{escape(row.licence)}</td></tr>"
    )


def figures_page(state: ModelState) -> str:
    """How much there is to do, how fast it was done, and what went wrong."""
    return f'<div class="model">{_now(state)}{_speed(state)}{_since(state)}{_incidents(state)}</div>'


def _now(state: ModelState) -> str:
    figures = state.figures
    return '<h2 class="section">Now</h2>' + _facts(
        ("Waiting", plural(state.queue, "draft")),
        ("Writing", f"{figures.running} of {figures.slots} at once{_bar(figures.running, figures.slots)}"),
        (
            "Memory",
            f"{figures.cells_used:,} of {figures.cells:,} tokens{_bar(figures.cells_used, figures.cells)}",
        ),
    )


def _speed(state: ModelState) -> str:
    speed = state.speed
    if speed.first_token_p50 is None or speed.first_token_p95 is None:
        told = '<p class="small">No draft has been written since the start.</p>'
        return f'<h2 class="section">Speed</h2>{told}'
    rate = "Not known yet" if speed.tokens_per_s is None else f"{speed.tokens_per_s:.1f} tokens a second for each"
    last = "draft" if speed.drafts == 1 else f"{speed.drafts} drafts"
    return f'<h2 class="section">Speed of the last {last}</h2>' + _facts(
        (
            "First word",
            f"half within {duration(speed.first_token_p50)}, 95 of 100 within {duration(speed.first_token_p95)}",
        ),
        ("Writing", rate),
    )


def _since(state: ModelState) -> str:
    figures = state.figures
    return '<h2 class="section">Since the start</h2>' + _facts(
        ("Read", _share(figures.reused_tokens, figures.prompt_tokens, "tokens of prompts were still in memory")),
        ("Written", f"{figures.answer_tokens:,} tokens"),
        ("Guessed", _share(figures.accepted_tokens, figures.drafted_tokens, "guessed tokens were right")),
        ("Failed", plural(figures.failed_steps, "step")),
    )


def _share(part: int, whole: int, words: str) -> str:
    return f"{part:,} of {whole:,} {words} ({part / whole:.0%})" if whole else "Nothing yet"


def _bar(part: int, whole: int) -> str:
    filled = round(100 * part / whole) if whole else 0
    return f'<span class="sure" aria-hidden="true"><i style="width: {filled}%"></i></span>'


def _incidents(state: ModelState) -> str:
    head = '<h2 class="section">What went wrong</h2>'
    if not state.incidents:
        return f'{head}<p class="small">{icon("check")} Nothing since the start.</p>'
    rows = "".join(
        f"<tr><td>{ago(incident.at)}</td><td>{escape(_INCIDENTS.get(incident.kind, incident.kind))}</td>"
        f"<td>{escape(incident.detail)}</td></tr>"
        for incident in state.incidents
    )
    return f"{head}{table(('When', 'What', 'Details'), rows, plural(len(state.incidents), 'incident'))}"
