"""Measure the formats of one file and the ways to run it, and choose. Takes minutes; `tuned.py` keeps what it found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import psutil

from support_bot.engine.adapter import Adapter
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.judging import (
    SHIPPED,
    Measured,
    as_plan_row,
    as_row,
    best_format,
    best_threads,
    clearly_best,
    is_close,
    judged,
)
from support_bot.engine.llama import LlamaModel, core_count
from support_bot.engine.measuring import (
    CELLS,
    SEQUENCES,
    Distance,
    Load,
    OtherWork,
    Speed,
    distance,
    measure_speed,
    middle,
    predictions,
    resident_mb,
)
from support_bot.engine.plan import LONGEST_STEP_S, STEP_TOKENS, USUAL, Memory, Plan
from support_bot.engine.step_model import AdapterUse
from support_bot.engine.tuned import Choice
from support_bot.engine.variants import Variants
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Invalid, WeightsError

logger = logging.getLogger(__name__)

MEMORY_SHARE = 0.5
"""A variant's file may be at most this share of the memory that is free."""

_OTHER_STEP = 48

Key = TypeVar("Key")
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How thorough: rounds of which medians are taken, what each times, calibration tokens, formats tried.

    While others take a larger share of the processor than `most_other_work`, differences between ways to run are noise,
    and two threads seem slower than one: only the format is chosen then."""

    rounds: int
    load: Load
    calibration: int
    formats: tuple[str, ...]
    most_other_work: float = 0.1


FULL = Effort(5, Load(), 1024, ("bf16", "f16", "q8_0", "q4_0", "iq4_nl"))
QUICK = Effort(2, Load(writes=12), 512, ("bf16", "q8_0", "q4_0"))


class Tuner:
    """Tunes one file of weights with its adapter on this machine."""

    def __init__(
        self,
        store: WeightsStore,
        entry: CatalogueEntry,
        adapter: Adapter | None,
        effort: Effort,
        report: Report,
        threads: int = 0,
    ) -> None:
        """`threads` other than 0 are what settings give the model; then no other number is tried."""
        self._store = store
        self._entry = entry
        self._adapter = adapter
        self._effort = effort
        self._report = report
        self._usual = replace(USUAL, threads=threads, batch_threads=threads)
        self._variants = Variants(store, entry, adapter)
        self._rows: list[dict[str, Any]] = []

    def run(self, text: str) -> Choice:
        """Make, measure and choose; `text` is what predictions are compared on, some thousand words.

        Variants that were not chosen are deleted. Raises WeightsError when the file itself cannot be used, Invalid
        when the text is too short."""
        with closing(self._load(SHIPPED, self._usual)) as model:
            self._tokens = model.tokenize(text, control=False)
        need = max(self._effort.load.tokens, self._effort.calibration)
        if len(self._tokens) < need:
            raise Invalid(f"The calibration text has {len(self._tokens)} tokens; tuning takes {need}.")
        compared = self._with_distances(self._made())
        work = OtherWork()
        rows = judged(self._with_speeds(compared))
        others = work.share()
        best = best_format(rows)
        self._variants.keep_only(best.format)
        self._rows = [as_row(row, best.format) for row in rows]
        noise = next(row.distance for row in rows if row.format == SHIPPED)
        if others > self._effort.most_other_work:
            why = f"not tuned: other programs took {others:.0%} of the processor"
            return Choice(best.format, USUAL, [*self._rows, {"variant": "ways to run", "verdict": why}])
        plan = self._best_plan(best.format, noise)
        if self._usual.threads:  # the setting says how many, for as long as it is there
            plan = replace(plan, threads=0, batch_threads=0)
        return Choice(best.format, plan, self._rows)

    # ---- formats

    def _made(self) -> list[Measured]:
        rows = [Measured(SHIPPED, self._entry.bytes)]
        free = psutil.virtual_memory().available
        for number, name in enumerate(self._effort.formats):
            self._report("Making variants", number, len(self._effort.formats))
            size, refused = self._variants.bytes_of(name), ""
            if size > MEMORY_SHARE * free:
                refused = "takes too much of the free memory"
            else:
                try:
                    size = self._variants.make(name).bytes
                except (WeightsError, OSError) as error:
                    refused = str(error)
            rows.append(Measured(name, size, refused=refused))
        return rows

    def _with_distances(self, rows: Sequence[Measured]) -> list[Measured]:
        tokens = self._tokens[: self._effort.calibration]
        self._report("Comparing predictions", 0, len(rows))
        with closing(self._load(SHIPPED, self._usual)) as model:
            self._reference = np.concatenate([part.astype(np.float16) for part in predictions(model, tokens)])
            noise = distance(self._reference, predictions(model, tokens, _OTHER_STEP))
        found = []
        for number, row in enumerate(rows):
            self._report("Comparing predictions", number, len(rows))
            if row.format == SHIPPED:
                row = replace(row, distance=noise)
            elif not row.refused:
                row = replace(row, distance=self._distance(row.format, self._usual))
            found.append(row)
        return found

    def _distance(self, format: str, plan: Plan) -> Distance:
        with closing(self._load(format, plan)) as model:
            return distance(self._reference, predictions(model, self._tokens[: self._effort.calibration]))

    def _with_speeds(self, rows: Sequence[Measured]) -> list[Measured]:
        trials = {row.format: (row.format, self._usual) for row in rows if row.distance}
        speeds, memory = self._compare("Measuring variants", trials)
        return [
            replace(row, speed=speeds[row.format], memory_mb=memory[row.format]) if row.format in speeds else row
            for row in rows
        ]

    # ---- ways to run

    def _best_plan(self, format: str, noise: Distance | None) -> Plan:
        """Threads, then the size of a step, then memory and attention: each the usual one unless clearly slower."""
        counts = sorted({1, max(1, core_count() // 2), core_count()})
        plan = self._usual
        if len(counts) > 1 and not plan.threads:
            plans = [replace(self._usual, threads=count, batch_threads=count) for count in counts]
            speeds = self._ways("Measuring threads", format, plans)
            plan = best_threads(speeds)
            self._note(format, speeds, plan)
        sizes = (STEP_TOKENS // 2, STEP_TOKENS, 2 * STEP_TOKENS, 4 * STEP_TOKENS)
        speeds = self._ways("Measuring steps", format, [replace(plan, step_tokens=size) for size in sizes])
        plan = clearly_best(
            plan, {way: speed for way, speed in speeds.items() if speed.longest_step_s(way) <= LONGEST_STEP_S}
        )
        self._note(format, speeds, plan)
        ways = [plan, *(replace(plan, kv_type=kind) for kind in ("q8_0", "bf16")), replace(plan, flash_attention=False)]
        speeds = self._ways("Measuring the memory", format, ways)
        best = clearly_best(plan, speeds)
        if best.kv_type != plan.kv_type and not is_close(self._distance(format, best), noise):
            best = plan
        self._note(format, speeds, best)
        return best

    def _ways(self, label: str, format: str, plans: Sequence[Plan]) -> dict[Plan, Speed]:
        speeds, _ = self._compare(label, {plan: (format, plan) for plan in plans if self._runs(format, plan)})
        return speeds

    def _runs(self, format: str, plan: Plan) -> bool:
        """Whether llama.cpp takes the file this way: a type of keys and values may not fit the size of its heads."""
        try:
            self._load(format, plan).close()
        except WeightsError:
            return False
        return True

    def _note(self, format: str, speeds: Mapping[Plan, Speed], chosen: Plan) -> None:
        for plan, speed in speeds.items():
            self._rows.append(as_plan_row(format, plan, speed, "chosen" if plan == chosen else ""))

    # ---- both

    def _compare(self, label: str, trials: Mapping[Key, tuple[str, Plan]]) -> tuple[dict[Key, Speed], dict[Key, float]]:
        """Rounds of each trial in turn, so that a busy moment hits all: medians, and the most memory each took."""
        speeds: dict[Key, list[Speed]] = {key: [] for key in trials}
        memory = dict.fromkeys(trials, 0.0)
        for number in range(self._effort.rounds):
            for place, (key, (format, plan)) in enumerate(trials.items()):
                self._report(label, number * len(trials) + place, self._effort.rounds * len(trials))
                before = resident_mb()
                with closing(self._load(format, plan)) as model:
                    speeds[key].append(measure_speed(model, self._tokens, self._effort.load))
                    memory[key] = max(memory[key], resident_mb() - before)
        return {key: middle(found) for key, found in speeds.items()}, memory

    def _load(self, format: str, plan: Plan) -> LlamaModel:
        entry = self._entry if format == SHIPPED else self._variants.make(format)
        model = LlamaModel(
            self._store.path(entry.name), n_ctx=CELLS, plan=plan, memory=Memory(sequences=SEQUENCES, cells=CELLS)
        )
        if format == SHIPPED and self._adapter:
            model.load_adapter(SHIPPED, self._adapter.path)
            model.set_adapter(AdapterUse(SHIPPED, 1.0))
        return model
