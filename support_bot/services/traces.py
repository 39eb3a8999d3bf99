"""Turn what the chain knows into the stored trace."""

from __future__ import annotations

from typing import Any

from support_bot.models import AnswerTrace, BotTurn
from support_bot.values import Excerpt, Passage, TraceDraft


def trace_row(trace: TraceDraft, turn: BotTurn, answer: str) -> AnswerTrace:
    """The row for one turn."""
    return AnswerTrace(
        conversation_id=turn.conversation_id,
        question_id=turn.message_id,
        message_id=turn.bot_message_id,
        answer=answer,
        **trace_fields(trace),
    )


def trace_fields(trace: TraceDraft) -> dict[str, Any]:
    """What the chain knows, as it is kept and shown; figures are rounded to what a reader can use."""
    return {
        "standalone": trace.standalone,
        "decision": trace.decision,
        "confidence": round(trace.confidence, 4),
        "threshold": trace.threshold,
        "passages": [_passage(p) for p in trace.passages],
        "excerpts": [_excerpt(e) for e in trace.excerpts],
        "model": trace.model,
        "prompt_hash": trace.prompt_hash,
        "draft": trace.draft,
        "sentences_cut": list(trace.sentences_cut),
        "timings": {name: round(seconds, 4) for name, seconds in trace.timings.items()},
        "tokens": dict(trace.tokens),
    }


def _passage(passage: Passage) -> dict[str, Any]:
    scores = passage.scores
    return {
        "chunk_id": passage.chunk_id,
        "document_id": passage.document_id,
        "name": passage.name,
        "title": passage.title,
        "heading": passage.heading,
        "text": passage.text,
        "vector": _rounded(scores.vector),
        "keyword": _rounded(scores.keyword),
        "fused": round(scores.fused, 5),
        "rerank": _rounded(scores.rerank),
    }


def _excerpt(excerpt: Excerpt) -> dict[str, Any]:
    passage = excerpt.passage
    return {"name": passage.name, "title": passage.title, "text": excerpt.text, "score": round(excerpt.score, 4)}


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
