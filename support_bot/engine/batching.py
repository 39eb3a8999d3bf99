"""What the next step reads and writes: who begins, whose adapter has its turn, who guesses. Runs no step."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

from support_bot.engine.memory import CellBudget
from support_bot.engine.own_cells import OwnCells
from support_bot.engine.pace import ReadingPace
from support_bot.engine.plan import STEP_TOKENS
from support_bot.engine.running import RunningGeneration
from support_bot.engine.slot import Slot
from support_bot.engine.speculation import DraftPlan
from support_bot.engine.step_model import PLAIN, AdapterUse, BatchToken, StepModel
from support_bot.engine.turns import AdapterTurns
from support_bot.engine.waiting import WaitingLine, due_at, rank


class Batcher:
    """All that runs or waits, and how it is put into steps of one adapter each.

    `line` and `running` change only under `changed`, as other threads look at them; all else belongs to the engine's
    thread."""

    def __init__(self, model: StepModel, slots: int, step_tokens: int, changed: threading.Condition) -> None:
        """Lets at most `slots` generations run at once; a step has at most `step_tokens` tokens."""
        self.cells = CellBudget(model, slots) if model.shares_cells else OwnCells(model)
        self.slots: dict[int, Slot] = {}
        self.running: dict[int, RunningGeneration] = {}
        self.line = WaitingLine()
        self._model = model
        self._n_slots = slots
        self._pace = ReadingPace(STEP_TOKENS, step_tokens)
        self._changed = changed
        self._drafts = DraftPlan()
        self._turns = AdapterTurns()

    def fill(self) -> tuple[AdapterUse, list[BatchToken], list[Slot]]:
        """The next step's adapter and tokens, and the slots that have some: writers, then readers, then guesses.

        No tokens where there is nothing to do after all."""
        batch: list[BatchToken] = []
        waiting = self._waiting()
        if not waiting:
            return PLAIN, batch, []
        adapter = self._turns.next(waiting)
        busy = [slot for slot in self._slots_with(adapter) if not slot.is_reading]
        most = self._pace.step_tokens(writing=bool(busy))
        for slot in busy:
            slot.add_to(batch, 1)
        while (room := most - len(batch)) > 0:
            reader = self._next_reader(adapter)
            if reader is None:
                break
            reader.add_to(batch, room)
            busy.append(reader)
        writers = [slot for slot in busy if slot.written]
        offers = [slot.offer(self._model) for slot in writers]
        lengths = self._drafts.lengths(offers, most - len(batch))
        for slot, length in zip(writers, lengths, strict=True):
            slot.add_draft(batch, length)
        return adapter, batch, busy

    def learn(self, tokens: int, busy: Sequence[Slot], seconds: float) -> None:
        """The step was run. One that laid another adapter over the weights does not tell what its size takes."""
        if all(slot.written for slot in busy) and not self._turns.changed:
            self._drafts.learn(tokens, seconds)
        elif not self._turns.changed:
            self._pace.learn(tokens, seconds)
        self._turns.count(tokens)
        for slot in self.slots.values():
            if slot.is_reading and slot not in busy:
                self.running[slot.sequence].passed(seconds)

    def _waiting(self) -> dict[AdapterUse, float]:
        """The adapters that have work, and since when by `due_at`: those of who runs, and of who may begin now."""
        since: dict[AdapterUse, float] = {}
        for running in self.running.values():
            since[running.adapter] = min(due_at(running), since.get(running.adapter, math.inf))
        with self._changed:
            behind = self.line.first(self._may_begin, self._rank)
        if behind is not None and behind.adapter not in since and self.cells.has_room(behind.need):
            since[behind.adapter] = due_at(behind)
        return since

    def _slots_with(self, adapter: AdapterUse) -> list[Slot]:
        return [slot for slot in self.slots.values() if self.running[slot.sequence].adapter == adapter]

    def _next_reader(self, adapter: AdapterUse) -> Slot | None:
        """Whose prompt is read on: the one of least `rank`, running or not."""
        reading = [slot for slot in self._slots_with(adapter) if slot.is_reading]
        first = min(reading, key=self._rank_of_slot, default=None)
        with self._changed:
            behind = self.line.first(self._may_begin, self._rank)
            if behind is None or (first and self._rank_of_slot(first) <= self._rank(behind)):
                return first
            if behind.adapter != adapter or not self.cells.has_room(behind.need):
                return first  # whoever is next waits for its turn and the memory; letting others pass could starve it
            self.line.remove(behind)
            sequence = next(free for free in range(self._n_slots) if free not in self.running)
            self.running[sequence] = behind
            behind.begin()
        behind.reused = self.cells.begin(sequence, behind.need)
        self.slots[sequence] = Slot(sequence, behind.prompt, behind.request, behind.terms, behind.reused)
        return self.slots[sequence]

    def _rank(self, generation: RunningGeneration) -> float:
        """Of one that waits."""
        unread = len(generation.prompt) - self.cells.known(generation.need)
        return rank(generation, unread * self._pace.token_s)

    def _rank_of_slot(self, slot: Slot) -> float:
        return rank(self.running[slot.sequence], slot.unread * self._pace.token_s)

    def _may_begin(self, generation: RunningGeneration) -> bool:
        """Whether there is a slot for it. Background work leaves one to chats."""
        free = self._n_slots - len(self.running)
        if generation.request.background and self._n_slots > 1:
            return free > 1
        return free > 0
