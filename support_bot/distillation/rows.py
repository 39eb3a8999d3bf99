"""Answers of people as training rows: only what the articles say is kept, each sentence with where it stands."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sentencex

from support_bot.answering import condense, evidence, grounding
from support_bot.answering.pinned import normal, same_words
from support_bot.distillation.conversations import Pair
from support_bot.evaluation.dataset import Question
from support_bot.index.keyword import terms
from support_bot.index.pieces import cut
from support_bot.index.segments import Segment
from support_bot.ingestion.likeness import NEAR_COPY, likeness
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Author, Passage

_PASSAGES_READ = 4
_LEAST_OVERLAP = 0.4  # of a sentence's words, as in `examples`
_LEAST_LIKENESS = 0.6  # words that a question shares with one of the exam; rather one too many is left out
_END = re.compile(r"([.!?]*)$")
_HELD_OUT = 0.1


def rows(
    found: Iterable[Pair], exam: Sequence[Question], retriever: Retriever, left_out: Counter[str]
) -> Iterator[dict[str, Any]]:
    """A row for each pair that can be learnt from, as the training data of a company is written, with `source` and
    `conversation`; `left_out` counts the others by reason. `retriever` searches articles called a1, a2 …"""
    known: set[str] = set()
    examined = _ways_of_asking(exam)
    for pair in found:
        key = normal(pair.question)
        if not key:
            left_out["no words in the question"] += 1
        elif key in known:
            left_out["asked in the same words before"] += 1
        elif any(is_in_exam(asked, examined) for asked in {pair.question, _standalone(pair)}):
            left_out["like a question of the exam"] += 1
        elif (row := _row(pair, retriever)) is None:
            left_out["the articles do not say what was answered"] += 1
        else:
            known.add(key)
            yield row


def _ways_of_asking(exam: Sequence[Question]) -> Sequence[str]:
    """Each question as it is written, and, where it leans on what came before, as it is searched."""
    texts = (text for one in exam for text in (one.question, condense.standalone(one.question, one.turns)))
    return list(dict.fromkeys(texts))


def is_in_exam(question: str, exam: Sequence[str]) -> bool:
    """Whether one of the texts asks the same, in the same or in nearly the same words."""
    return any(
        normal(question) == normal(asked)
        or same_words(question, asked)
        or likeness(question, asked) >= NEAR_COPY
        or _shared_words(question, asked) >= _LEAST_LIKENESS
        for asked in exam
    )


def _shared_words(one: str, other: str) -> float:
    """Jaccard over the words that a search would look for; 0 where they share one only."""
    first, second = set(terms(one)), set(terms(other))
    both = len(first & second)
    return both / len(first | second) if both > 1 else 0.0


def is_held_out(row: dict[str, Any]) -> bool:
    """Whether the row is for looking at the loss, not for training: always all of a conversation, or none."""
    digest = hashlib.sha256((row["conversation"] or row["question"]).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < _HELD_OUT


def _row(pair: Pair, retriever: Retriever) -> dict[str, Any] | None:
    asked = _standalone(pair)
    passages = retriever.retrieve(asked)[:_PASSAGES_READ]
    said: list[str] = []
    quotes: list[str] = []
    gold: list[str] = []
    for sentence in sentencex.segment("en", " ".join(pair.answer.split())):
        place = _where(sentence.strip(), passages)
        if place is not None:
            passage, piece = place
            article = Path(passage.name).stem
            said.append(_END.sub(rf" [{article}]\1", sentence.strip(), count=1))
            quotes.append(piece.text)
            gold.append(article)
    if not said:
        return None
    return {
        "type": "followup" if asked != pair.question else "factual",
        "history": [{"role": _role(turn.author), "content": turn.text} for turn in pair.history],
        "question": pair.question,
        "standalone": asked,
        "gold": list(dict.fromkeys(gold)),
        "evidence": list(dict.fromkeys(quotes)),
        "answer": " ".join(said),
        "source": pair.source,
        "conversation": pair.conversation,
    }


def _standalone(pair: Pair) -> str:
    return condense.standalone(pair.question, pair.history)


def _role(author: Author) -> str:
    return "user" if author is Author.CUSTOMER else "assistant"


def _where(sentence: str, passages: Sequence[Passage]) -> tuple[Passage, Segment] | None:
    """The piece of an article that says the sentence, the one with most of its words; none where no piece does."""
    words = terms(sentence)
    if not words:
        return None
    found = [
        (evidence.overlap(words, _whole(passage, piece)), passage, piece)
        for passage in passages
        for piece in cut(passage.text)
        if piece.kind != "heading"
        and grounding.supported(sentence, _whole(passage, piece), least_overlap=_LEAST_OVERLAP).ok
    ]
    if not found:
        return None
    best = max(found, key=lambda one: one[0])
    return best[1], best[2]


def _whole(passage: Passage, piece: Segment) -> str:
    return f"{passage.title} {passage.heading}\n{piece.context}\n{piece.text}"
