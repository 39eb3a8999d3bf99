"""One thread that owns a model: a queue that can be seen, steps that can be interrupted. Knows tokens, not chats."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence

from support_bot.engine.base import GenerationRequest
from support_bot.engine.running import RunningGeneration
from support_bot.engine.slot import Slot
from support_bot.engine.step_model import BatchToken, StepModel
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded

logger = logging.getLogger(__name__)

CHUNK = 64
_FIRST_GUESS_S = 4.0
_NEWEST_WEIGHT = 0.2


class Scheduler:
    """First come, first served. Between two steps it admits, cancels and looks at the clock.

    There is one slot now; the loop is written over all slots, so that more can run in one batch."""

    def __init__(self, model: StepModel, *, queue_limit: int = 32, chunk: int = CHUNK, name: str = "engine") -> None:
        self._model = model
        self._queue_limit = queue_limit
        self._slots = [Slot(0, chunk)]
        self._running: dict[int, RunningGeneration] = {}
        self._waiting: deque[RunningGeneration] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._broken = False
        self._mean_s = _FIRST_GUESS_S
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # ---- from any thread

    def submit(self, prompt: Sequence[int], request: GenerationRequest) -> RunningGeneration:
        """Queue a prompt of token ids. Raises Overloaded, Invalid (it does not fit) or EngineUnavailable."""
        room = self._model.context_tokens
        if not prompt or len(prompt) >= room:
            raise Invalid(f"The prompt has {len(prompt)} tokens; this model takes 1 to {room - 1}. Shorten it.")
        if request.max_tokens < 1:
            raise Invalid("max_tokens must be at least 1.")
        generation = RunningGeneration(self, prompt, request)
        with self._changed:
            if not self.alive():
                raise EngineUnavailable("The model is not running.")
            if len(self._waiting) >= self._queue_limit:
                wait = max(1.0, self._expected_s(len(self._waiting)))
                raise Overloaded(
                    f"{len(self._waiting)} requests wait already; try again in {wait:.0f} s.", retry_after=wait
                )
            self._waiting.append(generation)
            self._changed.notify_all()
        return generation

    def place(self, generation: RunningGeneration) -> int:
        """0 when it runs or is over, else its place in the queue from 1."""
        with self._changed:
            for place, waiting in enumerate(self._waiting, start=1):
                if waiting is generation:
                    return place
        return 0

    def wait_s(self, generation: RunningGeneration) -> float:
        """Seconds until it is expected to start, by the moving average of how long generations run."""
        with self._changed:
            for ahead, waiting in enumerate(self._waiting):
                if waiting is generation:
                    return self._expected_s(ahead)
        return 0.0

    def cancel(self, generation: RunningGeneration) -> None:
        """End it: at once while it waits, after the step under way when it runs."""
        with self._changed:
            generation.cancelled = True
            if generation in self._waiting:
                self._waiting.remove(generation)
                generation.fail(Cancelled("The generation was cancelled."), "cancelled")
            self._changed.notify_all()

    def queue_length(self) -> int:
        """How many generations wait."""
        with self._changed:
            return len(self._waiting)

    def alive(self) -> bool:
        """Whether new work is taken."""
        return not (self._closing or self._broken) and self._thread.is_alive()

    def close(self, timeout_s: float = 30.0) -> bool:
        """Cancel everything and end the thread; True once it has ended and nothing uses the model any more."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _expected_s(self, ahead: int) -> float:
        """Seconds until all running ones and `ahead` waiting ones are done, divided among the slots."""
        now = time.monotonic()
        busy = sum(max(0.0, self._mean_s - (now - running.started_at)) for running in self._running.values())
        return (busy + ahead * self._mean_s) / len(self._slots)

    # ---- in the engine's thread

    def _run(self) -> None:
        try:
            while self._admit():
                self._step()
        except Exception:
            logger.exception("the engine's thread broke")
        finally:
            with self._changed:
                self._broken = not self._closing
                left = [*self._running.values(), *self._waiting]
                self._running.clear()
                self._waiting.clear()
            for generation in left:
                if self._closing:
                    generation.fail(Cancelled("The engine was closed."), "cancelled")
                else:
                    generation.fail(EngineUnavailable("The model has stopped working."), "failed")

    def _admit(self) -> bool:
        """Give free slots to those who wait longest; sleep while there is nothing to do. False when closing."""
        with self._changed:
            while not self._closing and not self._running and not self._waiting:
                self._changed.wait()
            if self._closing:
                return False
            for slot in self._slots:
                if slot.sequence not in self._running and self._waiting:
                    generation = self._waiting.popleft()
                    generation.begin()
                    self._running[slot.sequence] = generation
                    slot.take_on(generation.prompt, generation.request)
        return True

    def _step(self) -> None:
        """One step of the model for all that run, then hand out the text."""
        self._end_the_unwanted()
        busy = [slot for slot in self._slots if slot.sequence in self._running]
        if not busy:
            return
        batch: list[BatchToken] = []
        try:
            for slot in busy:
                slot.add_to(batch, self._model)
            self._model.decode(batch)
            texts = [slot.take(self._model) for slot in busy]
        except Exception:
            logger.exception("a step of the model failed")
            self._recover()
            return
        for slot, text in zip(busy, texts, strict=True):
            generation = self._running[slot.sequence]
            generation.reused = slot.reused
            generation.give(text, slot.written)
            if slot.finish:
                self._free(slot)
                self._remember_time(generation)
                generation.end(slot.finish)

    def _end_the_unwanted(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            generation = self._running.get(slot.sequence)
            if generation is None:
                continue
            limit = generation.request.deadline_s
            if generation.cancelled:
                self._free(slot)
                generation.fail(Cancelled("The generation was cancelled."), "cancelled")
            elif now - generation.started_at >= limit:
                self._free(slot)
                self._remember_time(generation)
                generation.fail(EngineUnavailable(f"The answer took longer than {limit:.0f} s."), "deadline")

    def _free(self, slot: Slot) -> None:
        with self._changed:
            del self._running[slot.sequence]

    def _remember_time(self, generation: RunningGeneration) -> None:
        took = time.monotonic() - generation.started_at
        with self._changed:
            self._mean_s += _NEWEST_WEIGHT * (took - self._mean_s)

    def _recover(self) -> None:
        """After a broken step: everything that ran has failed, the memory is empty, the thread goes on.

        When even the memory cannot be emptied the exception ends the thread."""
        with self._changed:
            failed = list(self._running.values())
            self._running.clear()
        for slot in self._slots:
            slot.forget()
        for generation in failed:
            generation.fail(EngineUnavailable("The model failed while it wrote the answer."), "failed")
        self._model.clear()
