"""How one answer came about, in plain words: what was understood, found, decided, cut, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support_bot.services.views import TraceView
from ui.parts.html import duration, escape
from ui.parts.markdown import plain

_DECISIONS = {
    "pinned": "give the team's own answer, which is pinned",
    "answer": "answer from the articles",
    "refuse": "say that the articles do not tell",
    "decline": "decline",
    "small_talk": "friendly words, no facts",
    "hand_off": "pass it to a person",
    "ask": "ask one question back",
}
_STEPS = {
    "intent": "recognise what is wanted",
    "pinned": "look for a pinned answer",
    "condense": "make the question stand alone",
    "retrieve": "search",
    "evidence": "choose sentences",
    "queue": "wait for the model",
    "first_token": "first word",
    "draft": "whole draft",
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
    decision = decision_words(view.decision)
    sure = how_sure(view.decision, view.confidence, view.threshold) if view.passages or view.excerpts else ""
    parts = [
        _line("Understood as", f"“{escape(view.standalone)}”"),
        _line("Decision", escape(f"{decision}{seen_as(view.decision)}{'; ' + sure if sure else ''}")),
        _passages(view.passages),
        _excerpts(view.excerpts),
        steps(view.model, view.tokens, view.timings, view.draft, view.sentences_cut),
        _line("Instructions", escape(view.prompt_hash[:12])),
    ]
    summary = f"How this answer came about: {decision}{', ' + sure if sure else ''}"
    return (
        f'<details class="trace" data-keep="trace-{view.question_id}-{view.message_id}">'
        f"<summary>{escape(summary)}</summary><dl>{''.join(parts)}</dl></details>"
    )


def decision_words(decision: str) -> str:
    """What `answer:question` and the like mean."""
    step = decision.partition(":")[0]
    return _DECISIONS.get(step, step.replace("_", " ") or "nothing")


def seen_as(decision: str) -> str:
    """As what the message was recognised."""
    intent = decision.partition(":")[2]
    return f", seen as: {intent.replace('_', ' ')}" if intent else ""


def how_sure(decision: str, confidence: float, threshold: float) -> str:
    """The confidence beside what it must reach; nothing where no search decided."""
    step = decision.partition(":")[0]
    if step == "pinned":
        return f"{confidence:.0%} alike, {threshold:.0%} needed"
    return f"{confidence:.0%} sure, {threshold:.0%} needed" if step in ("answer", "refuse", "ask") else ""


def steps(
    model: str, tokens: Mapping[str, int], timings: Mapping[str, float], draft: str, cut: Sequence[str]
) -> str:  # fmt: skip
    """What the check cut, which model wrote, and how long each step took, as lines of a list."""
    return (
        _cut(draft, cut)
        + _line("Model", escape(model or "none was asked") + _tokens(tokens))
        + _line("Time", _timings(timings))
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


def _cut(draft: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    said = f"<p>Draft of the model: {escape(draft)}</p>" if draft and sentences else ""
    return _line("Cut by the check", f"<ul>{items}</ul>{said}" if items else "")


def _tokens(tokens: Mapping[str, int]) -> str:
    said = ", ".join(f"{count} {escape(name)}" for name, count in tokens.items())
    return f" ({said} tokens)" if said else ""


def _timings(timings: Mapping[str, float]) -> str:
    return ", ".join(f"{escape(_STEPS.get(name, name))} {duration(seconds)}" for name, seconds in timings.items())
