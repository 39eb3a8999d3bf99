"""How likely a text is to a model, and which of a few answers it would begin with. Knows engines, no tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from support_bot.engine.base import Generation, GenerationRequest, TextEngine, TokenLogprob
from support_bot.errors import Invalid


def score(engine: TextEngine, request: GenerationRequest, text: str) -> tuple[TokenLogprob, ...]:
    """The tokens of `text` as an answer to the request, as if the model had written it, and last the end of the answer.

    Their sum of `logprob` is the log-probability of that very answer; `request.logprobs` likeliest tokens are listed
    at each place, which is what a student learns from. Blocks until its turn came; raises what `start` and iterating
    raise, Invalid for an empty text."""
    if not text:
        raise Invalid("There is no text to score.")
    return _listed(engine, replace(request, scored=text, choices=()))


def scores(
    engine: TextEngine, asked: Iterable[tuple[GenerationRequest, str]], ahead: int
) -> Iterator[tuple[TokenLogprob, ...]]:
    """What `score` tells of each request and its text, in their order; `ahead` of them are under way at once, so that
    the engine reads several in one step. Raises as `score`; what is under way is then cancelled."""
    under_way: deque[Generation] = deque()
    try:
        for request, text in asked:
            if not text:
                raise Invalid("There is no text to score.")
            under_way.append(engine.start(replace(request, scored=text, choices=())))
            if len(under_way) >= ahead:
                yield _over(under_way[0])
                under_way.popleft()
        while under_way:
            yield _over(under_way[0])
            under_way.popleft()
    finally:
        for generation in under_way:
            generation.cancel()


def choose(engine: TextEngine, request: GenerationRequest, choices: Sequence[str]) -> tuple[float, ...]:
    """How probable each of these beginnings of an answer is, among them; sums to 1.

    One step after the prompt decides, so choices must differ in their first token, and should be what the model would
    write itself ("Yes", not " yes"). Blocks and raises as `score`; Invalid for less than two choices."""
    if len(choices) < 2:
        raise Invalid("There must be two choices or more.")
    found = _listed(engine, replace(request, scored="", choices=tuple(choices)))
    weights = np.exp(np.array([one.logprob for one in found]) - max(one.logprob for one in found))
    return tuple(float(weight) for weight in weights / weights.sum())


def _listed(engine: TextEngine, request: GenerationRequest) -> tuple[TokenLogprob, ...]:
    generation = engine.start(request)
    try:
        return _over(generation)
    finally:
        generation.cancel()


def _over(generation: Generation) -> tuple[TokenLogprob, ...]:
    for _ in generation:
        pass  # nothing is written; the loop ends when it is over
    return generation.logprobs()
