"""One thread that owns a model: a queue that can be seen, steps that can be interrupted. Knows tokens, not chats."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from support_bot.engine.base import EngineFigures, GenerationRequest
from support_bot.engine.batching import Batcher
from support_bot.engine.plan import STEP_TOKENS
from support_bot.engine.running import RunningGeneration, too_late
from support_bot.engine.slot import Slot
from support_bot.engine.step_model import StepFailed, StepModel
from support_bot.engine.tally import Tally
from support_bot.engine.terms import Terms
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded

logger = logging.getLogger(__name__)

_MOST_FAILURES = 4  # steps in a row


class Scheduler:
    """Continuous batching: every step writes one token of each answer under way and reads on in the prompts.

    Between two steps it admits, cancels and looks at the clock. A step has at most `step_tokens` tokens, so a long
    prompt is read in pieces and stops nobody's stream. Prompts are read one after another: the first ones are written
    soonest, and the next ones find in memory what they have in common with them."""

    def __init__(
        self,
        model: StepModel,
        *,
        slots: int = 1,
        queue_limit: int = 32,
        step_tokens: int = STEP_TOKENS,
        name: str = "engine",
        label: str = "",
    ) -> None:
        """Runs at most `slots` generations at once; `queue_limit` more may wait. `label` is the model's, for stats."""
        self._label = label
        self._model = model
        self._queue_limit = queue_limit
        self._tally = Tally(slots, model.n_cells)
        self._changed = threading.Condition()
        self._batcher = Batcher(model, slots, step_tokens, self._changed)
        self._cells, self._slots = self._batcher.cells, self._batcher.slots
        self._running, self._line = self._batcher.running, self._batcher.line
        self._closing = self._retiring = self._broken = False
        self._steps = self._failures = 0
        self._in_step = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # ---- from any thread

    def submit(
        self, prompt: Sequence[int], request: GenerationRequest, terms: Terms | None = None
    ) -> RunningGeneration:
        """Queue a prompt of token ids. Raises Overloaded, Invalid (it does not fit) or EngineUnavailable."""
        room = self._model.context_tokens
        if not prompt or len(prompt) >= room:
            raise Invalid(f"The prompt has {len(prompt)} tokens; this model takes 1 to {room - 1}. Shorten it.")
        if request.max_tokens < 1:
            raise Invalid("max_tokens must be at least 1.")
        generation = RunningGeneration(self, prompt, request, terms)
        generation.model = self._label
        with self._changed:
            if not self.alive():
                raise EngineUnavailable("The model is not running.")
            if len(self._line) >= self._queue_limit:
                wait = max(1.0, self._expected_s(len(self._line)))
                raise Overloaded(
                    f"{len(self._line)} requests wait already; try again in {wait:.0f} s.", retry_after=wait
                )
            self._line.add(generation)
            self._changed.notify_all()
        return generation

    def place(self, generation: RunningGeneration) -> int:
        """0 when it runs or is over, else its place in the queue from 1."""
        with self._changed:
            return self._line.place(generation)

    def wait_s(self, generation: RunningGeneration) -> float:
        """Seconds until it is expected to start, by the moving average of how long generations run."""
        with self._changed:
            place = self._line.place(generation)
            return self._expected_s(place - 1) if place else 0.0

    def cancel(self, generation: RunningGeneration) -> None:
        """End it: at once while it waits, after the step under way when it runs."""
        with self._changed:
            generation.cancelled = True
            if self._line.remove(generation):
                generation.fail(Cancelled("The generation was cancelled."), "cancelled")
            self._changed.notify_all()

    def queue_length(self) -> int:
        """How many generations wait."""
        with self._changed:
            return len(self._line)

    def figures(self) -> EngineFigures:
        """How it stood after the last step."""
        return self._tally.figures

    def alive(self) -> bool:
        """Whether new work is taken."""
        return not (self._closing or self._retiring or self._broken) and self._thread.is_alive()

    def step(self) -> int:
        """The number of the step under way; 0 between two steps."""
        return self._steps if self._in_step else 0

    def abandon(self) -> None:
        """Give up a step that does not end: everybody's reader gets EngineUnavailable now, nothing new is taken.

        The thread cannot be ended from outside; should its step end after all, it ends."""
        with self._changed:
            self._broken = True
            left = [*self._running.values(), *self._line.drain()]
            self._changed.notify_all()
        for generation in left:
            generation.fail(EngineUnavailable("The model does not answer."), "failed")

    def retire(self) -> None:
        """Take nothing new; the thread ends once all that run or wait are over."""
        with self._changed:
            self._retiring = True
            self._changed.notify_all()

    def ended(self) -> bool:
        """Whether the thread has ended: nothing uses the model any more."""
        return not self._thread.is_alive()

    def close(self, timeout_s: float = 30.0) -> bool:
        """Cancel everything and end the thread; True once it has ended and nothing uses the model any more."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _expected_s(self, ahead: int) -> float:
        """Seconds until all running ones and `ahead` waiting ones are done, divided among the slots."""
        return self._tally.expected_s(self._running.values(), ahead)

    # ---- in the engine's thread

    def _run(self) -> None:
        try:
            while self._has_work():
                self._step()
        except Exception:
            logger.exception("the engine's thread broke")
        finally:
            with self._changed:
                self._broken = not self._closing
                left = [*self._running.values(), *self._line.drain()]
                self._running.clear()
            for generation in left:
                if self._closing:
                    generation.fail(Cancelled("The engine was closed."), "cancelled")
                else:
                    generation.fail(EngineUnavailable("The model has stopped working."), "failed")

    def _has_work(self) -> bool:
        """Sleep while there is nothing to do. False when closing."""
        with self._changed:
            while not (self._closing or self._retiring or self._broken or self._running or self._line):
                self._changed.wait()
            return not (self._closing or self._broken) and bool(self._running or self._line)

    def _step(self) -> None:
        """One step of the model for all that run, then hand out the text."""
        self._steps, self._in_step = self._steps + 1, True
        try:
            self._end_the_unwanted()
            adapter, batch, busy = self._batcher.fill()
            if batch:
                began = time.monotonic()
                self._model.set_adapter(adapter)
                self._model.decode(batch)
                self._batcher.learn(len(batch), busy, time.monotonic() - began)
                self._hand_out(busy)
                self._failures = 0
            self._tally.stands(len(self._running), self._cells.in_use)
        except Exception:
            logger.exception("a step of the model failed")
            self._recover()
        finally:
            self._in_step = False

    def _hand_out(self, busy: Sequence[Slot]) -> None:
        """Share what was read, give readers what was written. Texts come first: logits are gone with the next step."""
        for slot in busy:
            if not slot.written:
                self._cells.keep(slot.sequence, slot.in_memory())
        texts = [slot.take(self._model) for slot in busy]
        for slot, text in zip(busy, texts, strict=True):
            generation = self._running[slot.sequence]
            generation.drafted, generation.accepted, generation.listed = slot.drafted, slot.accepted, slot.listed
            generation.give(text, slot.written)
            if slot.finish:
                self._free(slot.sequence)
                self._tally.learn_time(generation)
                if slot.finish == "failed":
                    generation.fail(Invalid("The grammar goes on with nothing that the model could write."), "failed")
                else:
                    generation.end(slot.finish)

    def _end_the_unwanted(self) -> None:
        now = time.monotonic()
        for sequence, generation in list(self._running.items()):
            if generation.cancelled:
                self._free(sequence)
                generation.fail(Cancelled("The generation was cancelled."), "cancelled")
            elif now - generation.started_at >= generation.request.deadline_s:
                self._free(sequence)
                self._tally.learn_time(generation)
                generation.fail(too_late(generation.request), "deadline")

    def _free(self, sequence: int) -> None:
        slot = self._slots.pop(sequence)
        self._cells.keep(sequence, slot.in_memory())
        self._cells.end(sequence)
        self._tally.count(self._running[sequence], slot)
        with self._changed:
            del self._running[sequence]

    def _recover(self) -> None:
        """After a broken step: who has shown no text is run once more, the others have failed, the memory is empty.

        When even the memory cannot be emptied, or nothing but failures follows, the exception ends the thread."""
        with self._changed:
            ran = list(self._running.values())
            self._running.clear()
            again = [generation for generation in ran if generation.run_again()]
            for generation in again:
                self._line.add(generation)
        self._slots.clear()
        for generation in ran:
            if generation not in again:
                generation.fail(EngineUnavailable("The model failed while it wrote the answer."), "failed")
        self._failures += 1
        self._tally.failed()
        if self._failures >= _MOST_FAILURES:
            raise StepFailed(f"{self._failures} steps failed one after another")
        self._model.clear()
        self._cells.forget()
