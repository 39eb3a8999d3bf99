"""How the engine bears many chats at once, against one answer at a time. Real prompts; the answers are not judged."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support_bot.answering import evidence
from support_bot.answering.prompt import QUESTION, answer_prompt
from support_bot.engine.base import ChatTurn, GenerationRequest, GenerationStats, TextEngine
from support_bot.errors import Overloaded, SupportBotError
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Excerpt, Passage

Messages = tuple[ChatTurn, ...]
Write = Callable[[Messages, int], Iterator[str]]

ZIPF = 1.1
WHOLE_PASSAGES = 4


@dataclass(frozen=True, slots=True)
class Round:
    """Some chats that asked at once: seconds until each one's first text and its end, the texts' tokens per second."""

    first_s: tuple[float, ...]
    total_s: tuple[float, ...]
    tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Side:
    """One side's figures at a number of chats: medians over the rounds."""

    first_p50_s: float
    first_p95_s: float
    total_p50_s: float
    tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """Chats that came by chance: how many were answered, told to wait, or failed; seconds until the first text."""

    chats: int
    answered: int
    told_to_wait: int
    failed: int
    first_p50_s: float
    first_p95_s: float


@dataclass(frozen=True, slots=True)
class Again:
    """Median seconds until the first text: of a prompt that is new but for its instructions, of the same asked by
    somebody else, and of another question about the same passages."""

    new_s: float
    same_question_s: float
    same_passages_s: float


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


def draw(count: int, size: int, random: np.random.Generator, *, distinct: bool = False) -> NDArray[np.intp]:
    """`count` ranks below `size` by Zipf's law: few questions are asked often, most of them seldom. Or each once, as
    long as there are any."""
    if distinct:
        return np.resize(random.permutation(size), count)
    weights = np.arange(1, size + 1) ** -ZIPF
    return random.choice(size, count, p=weights / weights.sum())


def together(write: Write, asked: Sequence[Messages], max_tokens: int, count: Callable[[str], int]) -> Round:
    """Ask all of this at once and read it to the end."""
    first: list[float] = [0.0] * len(asked)
    total: list[float] = [0.0] * len(asked)
    texts: list[str] = [""] * len(asked)
    begin = time.monotonic()

    def read(at: int) -> None:
        for piece in write(asked[at], max_tokens):
            if piece:
                first[at] = first[at] or time.monotonic() - begin
            texts[at] += piece
        total[at] = time.monotonic() - begin

    readers = [threading.Thread(target=read, args=(at,)) for at in range(len(asked))]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    took = time.monotonic() - begin
    return Round(tuple(first), tuple(total), sum(map(count, texts)) / took)


def by_chance(
    write: Write, asked: Sequence[Messages], max_tokens: int, *, within_s: float, random: np.random.Generator
) -> Crowd:
    """Ask all of this at moments drawn evenly within some seconds, a Poisson process of so many. Reads to the end."""
    moments = np.sort(random.uniform(0.0, within_s, len(asked)))
    first: list[float] = []
    ends: Counter[str] = Counter()

    def read(messages: Messages) -> None:
        began, at = time.monotonic(), 0.0
        try:
            for piece in write(messages, max_tokens):
                at = at or (time.monotonic() - began if piece else 0.0)
        except SupportBotError as error:
            ends["told_to_wait" if isinstance(error, Overloaded) else "failed"] += 1
        else:
            ends["answered"] += 1
            first.append(at)

    readers = []
    begin = time.monotonic()
    for moment, messages in zip(moments, asked, strict=True):
        time.sleep(max(0.0, begin + float(moment) - time.monotonic()))
        readers.append(threading.Thread(target=read, args=(messages,)))
        readers[-1].start()
    for reader in readers:
        reader.join()
    half, tail = np.percentile(first, (50, 95)) if first else (0.0, 0.0)
    return Crowd(
        len(asked),
        ends["answered"],
        ends["told_to_wait"],
        ends["failed"],
        first_p50_s=round(float(half), 3),
        first_p95_s=round(float(tail), 3),
    )


def again(write: Write, asked: Sequence[Messages], max_tokens: int, count: Callable[[str], int]) -> Again:
    """Ask each new prompt, then the same, then the question of its neighbour about the same passages. One at a time."""
    times: list[tuple[float, ...]] = []
    for at, messages in enumerate(asked):
        other = with_question_of(messages, asked[at - 1])
        rounds = [together(write, [one], max_tokens, count) for one in (messages, messages, other)]
        times.append(tuple(one.first_s[0] for one in rounds))
    return Again(*(round(statistics.median(column), 3) for column in zip(*times, strict=True)))


def with_question_of(messages: Messages, other: Messages) -> Messages:
    """The same passages with the question of another prompt."""
    shown, asked = messages[-1].content.split(QUESTION)[0], other[-1].content.split(QUESTION)[-1]
    return (*messages[:-1], ChatTurn("user", shown + QUESTION + asked))


def side(rounds: Sequence[Round]) -> Side:
    """The medians."""
    half, tail = (statistics.median(float(np.percentile(one.first_s, at)) for one in rounds) for at in (50, 95))
    total = statistics.median(float(np.percentile(one.total_s, 50)) for one in rounds)
    speed = statistics.median(one.tokens_per_s for one in rounds)
    return Side(round(half, 3), round(tail, 3), round(total, 3), round(speed, 1))
