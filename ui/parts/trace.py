"""How one answer came about, in plain words: what was understood, found, decided, cut, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support_bot.services.views import TraceView
from ui.parts.html import duration, escape
from ui.parts.markdown import plain

_DECISIONS = {
    "answer": "answer from the articles",
    "refuse": "say that the articles do not tell",
    "decline": "decline",
    "small_talk": "friendly words, no facts",
    "hand_off": "pass it to a person",
    "ask": "ask one question back",
}
_STEPS = {
    "intent": "recognise what is wanted",
    "condense": "make the question stand alone",
    "retrieve": "search",
    "evidence": "choose sentences",
    "queue": "wait for the model",
    "first_token": "first word",
    "write": "write and check",
    "total": "in all",
}
# Score: what it is called, and what it means.
_SCORES = {
    "vector": ("meaning", "Cosine similarity of meaning, up to 1"),
    "keyword": ("words", "BM25: how rare and how frequent the shared words are"),
    "fused": ("together", "Both searches' ranks put together"),
    "rerank": ("covers", "Share of the question that the passage's best sentences cover, 0 to 1"),
}


def trace(view: TraceView) -> str:
    """A folded line below an answer that opens to everything that is known about it."""
    step, _, intent = view.decision.partition(":")
    decision = _DECISIONS.get(step, step.replace("_", " ") or "nothing")
    sure = f"{view.confidence:.0%} sure, {view.threshold:.0%} needed" if view.passages else ""
    seen_as = f", seen as: {escape(intent.replace('_', ' '))}" if intent else ""
    parts = [
        _line("Understood as", f"“{escape(view.standalone)}”"),
        _line("Decision", f"{escape(decision)}{seen_as}{'; ' + sure if sure else ''}"),
        _passages(view.passages),
        _excerpts(view.excerpts),
        _cut(view),
        _line("Model", escape(view.model or "none was asked") + _tokens(view.tokens)),
        _line("Instructions", escape(view.prompt_hash[:12])),
        _line("Time", _timings(view.timings)),
    ]
    summary = f"How this answer came about: {decision}{', ' + sure if sure else ''}"
    return (
        f'<details class="trace" data-keep="trace-{view.question_id}-{view.message_id}">'
        f"<summary>{escape(summary)}</summary><dl>{''.join(parts)}</dl></details>"
    )


def _line(name: str, html: str) -> str:
    return f"<dt>{name}</dt><dd>{html}</dd>" if html else ""


def known_scores(passages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The scores that at least one of the passages has."""
    return [name for name in _SCORES if any(passage.get(name) is not None for passage in passages)]


def score_cells(passage: Mapping[str, Any], names: Sequence[str]) -> str:
    """The scores of a passage as table cells; a dash where that search did not find it."""
    return "".join(f'<td class="score">{score(passage.get(name), name)}</td>' for name in names)


def score(value: float | None, name: str) -> str:
    """A score as a reader can use it."""
    if value is None:
        return "–"
    return f"{value:.4f}" if name == "fused" else f"{value:.2f}"


def score_heads(names: Sequence[str]) -> str:
    """Column heads for `score_cells`, each with what it means."""
    heads = (_SCORES[name] for name in names)
    return "".join(f'<th scope="col" class="score" title="{meaning}">{label}</th>' for label, meaning in heads)


def _passages(passages: list[dict[str, Any]]) -> str:
    if not passages:
        return ""
    names = known_scores(passages)
    rows = "".join(
        f'<tr><td><b>{escape(p.get("title", ""))}</b> <span class="small">{escape(p.get("heading") or "")}</span></td>'
        f"{score_cells(p, names)}</tr>"
        for p in passages
    )
    table = (
        f'<table><thead><tr><th scope="col">Passage</th>{score_heads(names)}</tr></thead><tbody>{rows}</tbody></table>'
    )
    return _line("Found", table)


def _excerpts(excerpts: list[dict[str, Any]]) -> str:
    items = "".join(
        f"<li>{escape(plain(str(excerpt.get('text', ''))))} "
        f'<span class="small">{escape(excerpt.get("title", ""))}, {excerpt.get("score", 0):.2f}</span></li>'
        for excerpt in excerpts
    )
    return _line("Chosen", f"<ul>{items}</ul>" if items else "")


def _cut(view: TraceView) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in view.sentences_cut)
    draft = f"<p>Draft of the model: {escape(view.draft)}</p>" if view.draft and view.sentences_cut else ""
    return _line("Cut by the check", f"<ul>{items}</ul>{draft}" if items else "")


def _tokens(tokens: Mapping[str, int]) -> str:
    said = ", ".join(f"{count} {escape(name)}" for name, count in tokens.items())
    return f" ({said} tokens)" if said else ""


def _timings(timings: Mapping[str, float]) -> str:
    return ", ".join(f"{escape(_STEPS.get(name, name))} {duration(seconds)}" for name, seconds in timings.items())
