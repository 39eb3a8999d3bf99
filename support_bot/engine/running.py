"""The two ends of one generation: what its reader sees and what the engine's thread reports. Knows no model."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from support_bot.engine.base import GenerationRequest, GenerationStats, TokenLogprob
from support_bot.engine.memory import Need
from support_bot.engine.step_model import AdapterUse
from support_bot.engine.terms import Terms
from support_bot.errors import EngineUnavailable, SupportBotError

_GRACE_S = 1.0  # the engine's thread ends what is too late by itself, unless its step hangs


class Owner(Protocol):
    """Who runs generations and knows their order."""

    def place(self, generation: RunningGeneration) -> int: ...

    def wait_s(self, generation: RunningGeneration) -> float: ...

    def cancel(self, generation: RunningGeneration) -> None: ...


class RunningGeneration:
    """A generation from `submit` to its end; see `base.Generation` for the reader's side."""

    def __init__(
        self, owner: Owner, prompt: Sequence[int], request: GenerationRequest, terms: Terms | None = None
    ) -> None:
        self.prompt = prompt
        self.prompt_tokens = len(prompt)
        self.request = request
        self.terms = terms or Terms()
        self.need = Need(
            prompt, request.max_tokens if self.terms.writes else 0, self.terms.adapter, read_anew=self.terms.scored + 1
        )
        self.listed: Sequence[TokenLogprob] = ()
        self.model = ""
        self.cancelled = False
        self.reused = 0
        self.drafted = 0
        self.accepted = 0
        self.written = 0
        self.started_at = self.asked_at = time.monotonic()
        self._owner = owner
        self._queue_s: float | None = None
        self._first_token_s = 0.0
        self._has_run_again = False
        self._ending = threading.Lock()  # a watchdog may end it while the engine's thread hands out text
        self._started = threading.Event()
        self._pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._error: SupportBotError | None = None
        self._stats: GenerationStats | None = None

    @property
    def adapter(self) -> AdapterUse:
        """What lies over the weights while it is read and written."""
        return self.terms.adapter

    # ---- the reader's side

    def place(self) -> int:
        """0 while it runs or is over, 1 if it is the next, 2 …"""
        return self._owner.place(self)

    def wait_s(self) -> float:
        """Seconds until it is expected to start; 0.0 once it has."""
        return self._owner.wait_s(self)

    def wait_started(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` seconds; True once it runs or is over."""
        return self._started.wait(timeout_s)

    def __iter__(self) -> Iterator[str]:
        """Pieces of text; raises Cancelled or EngineUnavailable where it ended that way."""
        while (piece := self._next_piece()) is not None:
            yield piece
        self._pieces.put(None)  # whoever iterates again sees the end again
        if self._error is not None:
            raise self._error

    def _next_piece(self) -> str | None:
        """The next piece, None at the end. Who reads keeps the deadline too, since a step may hang."""
        self._started.wait()
        while (left := self._left_s()) > 0:
            with contextlib.suppress(queue.Empty):  # others may have passed meanwhile, which gives it longer
                return self._pieces.get(timeout=min(left, threading.TIMEOUT_MAX))
        with contextlib.suppress(queue.Empty):
            return self._pieces.get_nowait()
        self.fail(too_late(self.request), "deadline")
        self._owner.cancel(self)
        return self._pieces.get()

    def _left_s(self) -> float:
        return self.started_at + self.request.deadline_s + _GRACE_S - time.monotonic()

    def cancel(self) -> None:
        """End it; the engine is free within one step."""
        self._owner.cancel(self)

    def stats(self) -> GenerationStats | None:
        """The figures, or None while it is not over."""
        return self._stats

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """What was listed so far."""
        return tuple(self.listed)

    # ---- the engine's side

    def begin(self) -> None:
        """It runs now; who runs a second time keeps the deadline of the first."""
        if self._queue_s is None:
            self.started_at = time.monotonic()
            self._queue_s = self.started_at - self.asked_at
            self._started.set()

    def passed(self, seconds: float) -> None:
        """Others were read before the rest of its prompt: for so long it waited and did not run."""
        self.started_at += seconds

    def run_again(self) -> bool:
        """After a broken step: whether it may run from the beginning, which is once, and only if no text was shown."""
        may = not (self._has_run_again or self._first_token_s or self.cancelled or self._stats)
        self._has_run_again = True
        return may

    def give(self, text: str, written: int) -> None:
        """Hand out text, which may be empty; `written` tokens so far."""
        with self._ending:
            if self._stats:
                return
            self.written = written
            if text:
                self._first_token_s = self._first_token_s or time.monotonic() - self.asked_at
                self._pieces.put(text)

    def end(self, finish: str) -> None:
        """It is over; `finish` as in GenerationStats. Only the first end counts."""
        self._end(finish, None)

    def fail(self, error: SupportBotError, finish: str) -> None:
        """It is over, and its reader gets this error after the text so far."""
        self._end(finish, error)

    def _end(self, finish: str, error: SupportBotError | None) -> None:
        with self._ending:
            if self._stats:
                return
            self._error = error
            self._stats = self._figures(finish)
            self._started.set()
            self._pieces.put(None)

    def _figures(self, finish: str) -> GenerationStats:
        total_s = time.monotonic() - self.asked_at
        return GenerationStats(
            prompt_tokens=self.prompt_tokens,
            reused_tokens=self.reused,
            answer_tokens=self.written,
            queue_s=total_s if self._queue_s is None else self._queue_s,
            first_token_s=self._first_token_s,
            total_s=total_s,
            finish=finish,
            drafted_tokens=self.drafted,
            accepted_tokens=self.accepted,
            model=self.model,
        )


def too_late(request: GenerationRequest) -> EngineUnavailable:
    """What the reader of an answer gets that has taken too long."""
    return EngineUnavailable(f"The answer took longer than {request.deadline_s:.0f} s.")
