"""How the engine bears many chats at once, against one answer at a time. Real prompts; the answers are not judged."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support_bot.answering import evidence
from support_bot.answering.prompt import answer_prompt
from support_bot.engine.base import ChatTurn, GenerationRequest, GenerationStats, TextEngine
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Excerpt, Passage

Messages = tuple[ChatTurn, ...]
Write = Callable[[Messages, int], Iterator[str]]

ZIPF = 1.1
WHOLE_PASSAGES = 4


@dataclass(frozen=True, slots=True)
class Round:
    """Some chats that asked at once: seconds until each one's first text, and the texts' tokens per second."""

    first_s: tuple[float, ...]
    tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Side:
    """One side's figures at a number of chats: medians over the rounds."""

    first_p50_s: float
    first_p95_s: float
    tokens_per_s: float


class Counted:
    """Our engine, with the figures of all that it wrote."""

    def __init__(self, engine: TextEngine) -> None:
        self.stats: list[GenerationStats] = []
        self._engine = engine

    def write(self, messages: Messages, max_tokens: int) -> Iterator[str]:
        """The greedy answer in pieces."""
        generation = self._engine.start(GenerationRequest(messages, max_tokens=max_tokens, deadline_s=600.0))
        yield from generation
        stats = generation.stats()
        if stats is not None:
            self.stats.append(stats)


def prompts(
    questions: Sequence[str], retriever: Retriever, *, most_words: int, passages: int, whole: bool
) -> list[Messages]:
    """What the model is told for each question that finds something: chosen evidence, or whole passages."""
    found = []
    for question in questions:
        hits: Sequence[Passage] = retriever.retrieve(question)[:passages]
        if whole:
            excerpts = tuple(Excerpt(hit, hit.text, 1.0) for hit in hits[:WHOLE_PASSAGES])
        else:
            excerpts = evidence.select(question, hits, retriever, most_words=most_words).excerpts
        if excerpts:
            found.append(answer_prompt(question, excerpts))
    return found


def draw(count: int, size: int, random: np.random.Generator) -> NDArray[np.intp]:
    """`count` ranks below `size` by Zipf's law: few questions are asked often, most of them seldom."""
    weights = np.arange(1, size + 1) ** -ZIPF
    return random.choice(size, count, p=weights / weights.sum())


def together(write: Write, asked: Sequence[Messages], max_tokens: int, count: Callable[[str], int]) -> Round:
    """Ask all of this at once and read it to the end."""
    first: list[float] = [0.0] * len(asked)
    texts: list[str] = [""] * len(asked)
    begin = time.monotonic()

    def read(at: int) -> None:
        for piece in write(asked[at], max_tokens):
            if piece:
                first[at] = first[at] or time.monotonic() - begin
            texts[at] += piece

    readers = [threading.Thread(target=read, args=(at,)) for at in range(len(asked))]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    took = time.monotonic() - begin
    return Round(tuple(first), sum(map(count, texts)) / took)


def side(rounds: Sequence[Round]) -> Side:
    """The medians."""
    half, tail = (statistics.median(float(np.percentile(one.first_s, at)) for one in rounds) for at in (50, 95))
    return Side(round(half, 3), round(tail, 3), round(statistics.median(one.tokens_per_s for one in rounds), 1))
