"""Two engines as one: the second one writes while the first one cannot. Knows no model."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import fields, replace

from support_bot.engine.base import (
    EngineFigures,
    Generation,
    GenerationRequest,
    GenerationStats,
    TextEngine,
    TokenLogprob,
    model_label,
)
from support_bot.engine.supervised import SupervisedEngine
from support_bot.errors import Cancelled, EngineUnavailable, Invalid

logger = logging.getLogger(__name__)


class FallbackEngine:
    """A TextEngine that starts with `first`; see `base.TextEngine`.

    A generation that `first` could not begin to write is written by `second`; text that has been given out is never
    written twice. Name and hash are those of `first`."""

    def __init__(self, first: TextEngine, second: TextEngine) -> None:
        self.closed = False
        self._first = first
        self._second = second
        self._lock = threading.Lock()
        self._fallbacks = 0

    @property
    def name(self) -> str:
        return self._first.name

    @property
    def model_hash(self) -> str:
        return self._first.model_hash

    @property
    def context_tokens(self) -> int:
        """What fits both."""
        return min(self._first.context_tokens, self._second.context_tokens)

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises Overloaded, Invalid, or EngineUnavailable where both engines cannot work."""
        try:
            return _Relayed(self, request, self._first.start(request), switched=False)
        except EngineUnavailable as error:
            return _Relayed(self, request, self.start_second(request, error), switched=True)
        except Invalid:
            if not request.is_special():
                raise
            return _Relayed(self, request, self._second.start(request), switched=True)

    def start_second(self, request: GenerationRequest, error: EngineUnavailable) -> Generation:
        """Queue it with the second engine, because of this error of the first one.

        Raises that error where the second one cannot do what is asked."""
        try:
            generation = self._second.start(request)
        except Invalid:
            raise error from None
        with self._lock:
            self._fallbacks += 1
        logger.info("%s writes: %s", self._second.name, error.detail)
        return generation

    @property
    def first(self) -> TextEngine:
        return self._first

    @property
    def second(self) -> TextEngine:
        return self._second

    def count_tokens(self, text: str) -> int:
        """The larger count of both, so that what fits one fits the other."""
        return max(self._first.count_tokens(text), self._second.count_tokens(text))

    def queue_length(self) -> int:
        """How many generations wait for either."""
        return self._first.queue_length() + self._second.queue_length()

    def figures(self) -> EngineFigures:
        """The sums over both, and how many generations the second one was given."""
        first, second = self._first.figures(), self._second.figures()
        sums = {field.name: getattr(first, field.name) + getattr(second, field.name) for field in fields(EngineFigures)}
        return EngineFigures(**sums | {"fallbacks": self._fallbacks})

    def alive(self) -> bool:
        """Whether one of them is."""
        return self._first.alive() or self._second.alive()

    def close(self) -> None:
        """Close both."""
        self.closed = True
        self._first.close()
        self._second.close()


class _Relayed:
    """A Generation that may change engines before its first text."""

    def __init__(
        self, owner: FallbackEngine, request: GenerationRequest, at_first: Generation, *, switched: bool
    ) -> None:
        self._owner = owner
        self._request = request
        self._now = at_first
        self._switched = self._settled = switched
        self._lock = threading.Lock()
        self._cancelled = False
        self._lost_s = 0.0

    def place(self) -> int:
        """0 while it runs or is over, 1 if it is the next, 2 …"""
        return self._now.place()

    def wait_s(self) -> float:
        """Seconds until it is expected to start; 0.0 once it has."""
        return self._now.wait_s()

    def wait_started(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` seconds; True once it runs or is over."""
        return self._now.wait_started(timeout_s)

    def __iter__(self) -> Iterator[str]:
        """Pieces of text; raises Cancelled, or EngineUnavailable where the second engine failed too, or too late."""
        try:
            for piece in self._now:
                self._settled = True
                yield piece
            return
        except EngineUnavailable as error:
            if self._settled or not self._switch(error):
                raise
        yield from self._now

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """What the engine that writes has listed."""
        return self._now.logprobs()

    def cancel(self) -> None:
        """End it. Does nothing when it is over."""
        with self._lock:
            self._cancelled = True
            self._now.cancel()

    def stats(self) -> GenerationStats | None:
        """The figures, with the time that the first engine took from it, or None while it is not over."""
        stats = self._now.stats()
        if stats is None or not self._switched:
            return stats
        return replace(
            stats,
            queue_s=stats.queue_s + self._lost_s,
            first_token_s=stats.first_token_s and stats.first_token_s + self._lost_s,
            total_s=stats.total_s + self._lost_s,
            model=stats.model or model_label(self._owner.second),
        )

    def _switch(self, error: EngineUnavailable) -> bool:
        """Go on with the second engine, in what is left of the time. False where none is left.

        Raises Cancelled, and what the second engine raises."""
        stats = self._now.stats()
        self._settled = True
        spent = stats.total_s - stats.queue_s if stats else 0.0
        left = self._request.deadline_s - spent
        with self._lock:
            if self._cancelled or self._owner.closed:
                raise Cancelled("The generation was cancelled.") from None
            if left <= 0 or (stats and stats.finish == "deadline"):
                return False
            self._now = self._owner.start_second(replace(self._request, deadline_s=left), error)
            self._switched = True
            self._lost_s = stats.total_s if stats else 0.0
        return True


def watched(engine: TextEngine) -> SupervisedEngine | None:
    """This engine, or the one behind it, where its model runs in this process."""
    if isinstance(engine, FallbackEngine):
        return watched(engine.first) or watched(engine.second)
    return engine if isinstance(engine, SupervisedEngine) else None
