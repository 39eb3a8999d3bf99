"""What a writer alone makes of whole passages, however many: no choice of evidence before, no check behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.answering.citations import without_indices
from support_bot.answering.condense import standalone
from support_bot.answering.prompt import answer_prompt, answer_tokens
from support_bot.engine.base import GenerationRequest, TextEngine
from support_bot.evaluation.dataset import Question
from support_bot.evaluation.matching import holds_passage
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Excerpt, Passage

MOST_PASSAGES = 8
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Draft:
    """The text without its marks. Of `prompt_tokens`, `read_tokens` were not in memory from an earlier prompt; seconds
    until the first text and until the end."""

    text: str
    prompt_tokens: int
    read_tokens: int
    answer_tokens: int
    first_s: float
    total_s: float


def draft(engine: TextEngine, retriever: Retriever, question: Question, passages: int) -> Draft | None:
    """The greedy draft from so many passages: the one with the answer, and the best others that the search finds, in
    its order. None where none of the first `MOST_PASSAGES` holds the whole answer.

    Raises Invalid where the prompt is longer than the model's context."""
    alone = standalone(question.question, question.turns)
    shown = _shown(question, retriever.retrieve(alone, limit=MOST_PASSAGES), passages)
    if not shown:
        return None
    excerpts = [Excerpt(passage, passage.text, 1.0) for passage in shown]
    request = GenerationRequest(
        answer_prompt(alone, excerpts), max_tokens=answer_tokens(excerpts), deadline_s=_DEADLINE_S
    )
    generation = engine.start(request)
    text = "".join(generation)
    stats = generation.stats()
    if stats is None:
        return None
    return Draft(
        without_indices(text),
        stats.prompt_tokens,
        stats.prompt_tokens - stats.reused_tokens,
        stats.answer_tokens,
        round(stats.first_token_s, 4),
        round(stats.total_s, 4),
    )


def _shown(question: Question, found: Sequence[Passage], count: int) -> list[Passage]:
    wanted = question.gold_passages
    right = next((one for one in found if all(holds_passage(quote, one.text) for quote in wanted)), None)
    if right is None or not wanted:
        return []
    others = [one for one in found if one is not right][: count - 1]
    return [one for one in found if one is right or one in others]
