"""The two ends of one generation: what its reader sees and what the engine's thread reports. Knows no model."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from support_bot.engine.base import GenerationRequest, GenerationStats
from support_bot.errors import SupportBotError


class Owner(Protocol):
    """Who runs generations and knows their order."""

    def place(self, generation: RunningGeneration) -> int: ...

    def wait_s(self, generation: RunningGeneration) -> float: ...

    def cancel(self, generation: RunningGeneration) -> None: ...


class RunningGeneration:
    """A generation from `submit` to its end; see `base.Generation` for the reader's side."""

    def __init__(self, owner: Owner, prompt: Sequence[int], request: GenerationRequest) -> None:
        self.prompt = prompt
        self.prompt_tokens = len(prompt)
        self.request = request
        self.cancelled = False
        self.reused = 0
        self.drafted = 0
        self.accepted = 0
        self.written = 0
        self.started_at = self.asked_at = time.monotonic()
        self._owner = owner
        self._queue_s: float | None = None
        self._first_token_s = 0.0
        self._started = threading.Event()
        self._pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._error: SupportBotError | None = None
        self._stats: GenerationStats | None = None

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
        while (piece := self._pieces.get()) is not None:
            yield piece
        self._pieces.put(None)  # whoever iterates again sees the end again
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """End it; the engine is free within one step."""
        self._owner.cancel(self)

    def stats(self) -> GenerationStats | None:
        """The figures, or None while it is not over."""
        return self._stats

    # ---- the engine's side

    def begin(self) -> None:
        """It runs now."""
        self.started_at = time.monotonic()
        self._queue_s = self.started_at - self.asked_at
        self._started.set()

    def give(self, text: str, written: int) -> None:
        """Hand out text, which may be empty; `written` tokens so far."""
        self.written = written
        if text:
            if not self._first_token_s:
                self._first_token_s = time.monotonic() - self.asked_at
            self._pieces.put(text)

    def end(self, finish: str) -> None:
        """It is over; `finish` as in GenerationStats."""
        total_s = time.monotonic() - self.asked_at
        self._stats = GenerationStats(
            prompt_tokens=self.prompt_tokens,
            reused_tokens=self.reused,
            answer_tokens=self.written,
            queue_s=total_s if self._queue_s is None else self._queue_s,
            first_token_s=self._first_token_s,
            total_s=total_s,
            finish=finish,
            drafted_tokens=self.drafted,
            accepted_tokens=self.accepted,
        )
        self._started.set()
        self._pieces.put(None)

    def fail(self, error: SupportBotError, finish: str) -> None:
        """It is over, and its reader gets this error after the text so far."""
        self._error = error
        self.end(finish)
