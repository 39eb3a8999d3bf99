"""Measure the formats of one file and ways to run it, and choose. Takes minutes; kept by `tuned.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import psutil
from numpy.typing import NDArray

from support_bot.engine.adapter import Adapter
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.llama import LlamaModel, core_count
from support_bot.engine.measuring import (
    CELLS,
    CHATS,
    LONG,
    SEQUENCES,
    Distance,
    Speed,
    distance,
    measure_speed,
    middle,
    predictions,
    resident_mb,
)
from support_bot.engine.plan import STEP_TOKENS, USUAL, Plan
from support_bot.engine.tuned import SHIPPED, Choice
from support_bot.engine.variants import Variants
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Invalid, WeightsError

logger = logging.getLogger(__name__)

MOST_KL = 0.02
LEAST_SAME = 0.95
GAIN = 0.95
LONGEST_STEP_S = 0.15
MEMORY_SHARE = 0.5
_OTHER_STEP = 48

Key = TypeVar("Key")
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How thorough: rounds of which medians are taken, tokens written in each, calibration tokens, formats tried."""

    rounds: int
    writes: int
    calibration: int
    formats: tuple[str, ...]


FULL = Effort(5, 24, 1024, ("bf16", "f16", "q8_0", "q4_0", "iq4_nl"))
QUICK = Effort(2, 12, 256, ("bf16", "q8_0", "q4_0"))


@dataclass(frozen=True, slots=True)
class Measured:
    """One format: its file in bytes, its memory in megabytes, its figures; `refused` says why it may not serve."""

    format: str
    bytes: int
    memory_mb: float = 0.0
    speed: Speed | None = None
    distance: Distance | None = None
    refused: str = ""


def judged(rows: Sequence[Measured]) -> list[Measured]:
    """With the reason why a format may not serve: it predicts otherwise, or is not clearly faster than the shipped file."""
    shipped = next(row for row in rows if row.format == SHIPPED)
    usual = _cost(shipped.speed)
    found = []
    for row in rows:
        if row.format != SHIPPED and not row.refused:
            if not _close(row.distance):
                row = replace(row, refused="predicts too differently")
            elif _cost(row.speed) > GAIN * usual:
                row = replace(row, refused="not clearly faster than the shipped file")
        found.append(row)
    return found


def clearly_best(usual: Plan, speeds: Mapping[Plan, Speed]) -> Plan:
    """The fastest plan, or the usual one where it takes at most a twentieth more."""
    best = min(speeds, key=lambda plan: speeds[plan].typical_s, default=usual)
    if usual in speeds and speeds[best].typical_s > GAIN * speeds[usual].typical_s:
        return usual
    return best


def best_threads(speeds: Mapping[Plan, Speed]) -> Plan:
    """Threads for writing alone and for larger steps, each as it is fastest; more only where they clearly help."""

    def fewest(cost: Callable[[Speed], float]) -> Plan:
        least = min(cost(speed) for speed in speeds.values())
        return min((plan for plan in speeds if GAIN * cost(speeds[plan]) <= least), key=lambda plan: plan.threads)

    alone = fewest(lambda speed: speed.step_alone_s)
    batch = fewest(lambda speed: speed.first_short_s * speed.first_long_s * speed.step_four_s)
    return replace(alone, batch_threads=batch.threads)


def _cost(speed: Speed | None) -> float:
    return speed.typical_s if speed else float("inf")


def _close(found: Distance | None) -> bool:
    return found is not None and found.kl <= MOST_KL and found.same_top >= LEAST_SAME


def _as_row(row: Measured, chosen: str) -> dict[str, Any]:
    found: dict[str, Any] = {"format": row.format, "mb": round(row.bytes / 1e6), "memory_mb": round(row.memory_mb)}
    if speed := row.speed:
        found |= {
            "prompt_per_s": round(LONG / speed.first_long_s),
            "alone_per_s": round(1 / speed.step_alone_s, 1),
            "four_per_s": round(CHATS / speed.step_four_s, 1),
            "first_short_s": round(speed.first_short_s, 3),
            "first_long_s": round(speed.first_long_s, 3),
        }
    if row.distance:
        found |= {"kl": round(row.distance.kl, 5), "same_top": round(row.distance.same_top, 4)}
    return found | {"verdict": "chosen" if row.format == chosen else row.refused or "slower than the chosen one"}


class Tuner:
    """Tunes one file of weights with its adapter on this machine."""

    def __init__(
        self,
        store: WeightsStore,
        entry: CatalogueEntry,
        adapter: Adapter | None,
        effort: Effort,
        report: Report = logger.info,
    ) -> None:
        self._store = store
        self._entry = entry
        self._adapter = adapter
        self._effort = effort
        self._report = report
        self._variants = Variants(store, entry, adapter)
        self._tokens: list[int] = []
        self._reference = np.empty((0, 0), np.float16)

    def run(self, text: str) -> Choice:
        """Make, measure and choose; `text` is what predictions are compared on, some thousand words.

        Variants that were not chosen are deleted. Raises WeightsError when the file itself cannot be used, Invalid
        when the text is too short."""
        with closing(self._load(SHIPPED, USUAL)) as model:
            self._tokens = model.tokenize(text, control=False)
        need = max(LONG + CHATS * self._effort.writes, self._effort.calibration)
        if len(self._tokens) < need:
            raise Invalid(f"The calibration text has {len(self._tokens)} tokens; tuning takes {need}.")
        rows = self._speeds(self._distances(self._made()))
        rows = judged(rows)
        best = min((row for row in rows if not row.refused and row.speed), key=lambda row: _cost(row.speed))
        for row in rows:
            if row.format not in (SHIPPED, best.format):
                self._variants.drop(row.format)
        plan = self._best_plan(best.format)
        return Choice(best.format, plan, [_as_row(row, best.format) for row in rows])

    # ---- formats

    def _made(self) -> list[Measured]:
        rows = [Measured(SHIPPED, self._entry.bytes)]
        free = psutil.virtual_memory().available
        for name in self._effort.formats:
            self._report(f"making {name}")
            expected = self._variants.bytes_of(name)
            if expected > MEMORY_SHARE * free:
                rows.append(Measured(name, expected, refused="takes too much of the free memory"))
                continue
            try:
                rows.append(Measured(name, self._variants.make(name).bytes))
            except WeightsError as error:
                rows.append(Measured(name, expected, refused=error.detail))
        return rows

    def _distances(self, rows: Sequence[Measured]) -> list[Measured]:
        """With the distance of each from the shipped file, whose own is what rounding does in steps of another size."""
        tokens = self._tokens[: self._effort.calibration]
        with closing(self._load(SHIPPED, USUAL)) as model:
            self._report("comparing predictions")
            reference = np.concatenate([part.astype(np.float16) for part in predictions(model, tokens)])
            noise = distance(reference, predictions(model, tokens, _OTHER_STEP))
        found = []
        for row in rows:
            if row.format == SHIPPED:
                row = replace(row, distance=noise)
            elif not row.refused:
                row = replace(row, distance=self._distance(row.format, USUAL, reference))
            found.append(row)
        self._reference = reference
        return found

    def _distance(self, format: str, plan: Plan, reference: NDArray[np.float16]) -> Distance:
        with closing(self._load(format, plan)) as model:
            return distance(reference, predictions(model, self._tokens[: self._effort.calibration]))

    def _speeds(self, rows: Sequence[Measured]) -> list[Measured]:
        here = [row for row in rows if row.distance]
        speeds, memory = self._compare({row.format: (row.format, USUAL) for row in here})
        return [
            replace(row, speed=middle(speeds[row.format]), memory_mb=memory[row.format]) if row.distance else row
            for row in rows
        ]

    # ---- ways to run

    def _best_plan(self, format: str) -> Plan:
        """The fastest way to run this format, changed from the usual one only where that is clearly faster."""
        plan = USUAL
        counts = sorted({1, max(1, core_count() // 2), core_count()})
        if len(counts) > 1:
            speeds = self._plan_speeds(format, [replace(plan, threads=n, batch_threads=n) for n in counts])
            plan = best_threads(speeds)
        steps = [
            replace(plan, step_tokens=n) for n in (STEP_TOKENS // 2, STEP_TOKENS, 2 * STEP_TOKENS, 4 * STEP_TOKENS)
        ]
        speeds = self._plan_speeds(format, steps)
        plan = clearly_best(
            plan, {p: s for p, s in speeds.items() if s.first_long_s / LONG * p.step_tokens <= LONGEST_STEP_S}
        )
        others = [
            plan,
            replace(plan, kv_type="q8_0"),
            replace(plan, kv_type="bf16"),
            replace(plan, flash_attention=False),
        ]
        speeds = self._plan_speeds(format, others)
        best = clearly_best(plan, speeds)
        if best.kv_type != plan.kv_type and not _close(self._distance(format, best, self._reference)):
            return plan
        return best

    def _plan_speeds(self, format: str, plans: Sequence[Plan]) -> dict[Plan, Speed]:
        speeds, _ = self._compare({plan: (format, plan) for plan in plans})
        return {plan: middle(found) for plan, found in speeds.items()}

    # ---- both

    def _compare(self, trials: Mapping[Key, tuple[str, Plan]]) -> tuple[dict[Key, list[Speed]], dict[Key, float]]:
        """Rounds of each trial in turn, so that a busy moment hits all; and the most memory each took."""
        speeds: dict[Key, list[Speed]] = {key: [] for key in trials}
        memory = dict.fromkeys(trials, 0.0)
        for number in range(self._effort.rounds):
            self._report(f"measuring, round {number + 1} of {self._effort.rounds}")
            for key, (format, plan) in trials.items():
                before = resident_mb()
                with closing(self._load(format, plan)) as model:
                    speeds[key].append(measure_speed(model, self._tokens, writes=self._effort.writes))
                    memory[key] = max(memory[key], resident_mb() - before)
        return speeds, memory

    def _load(self, format: str, plan: Plan) -> LlamaModel:
        entry = self._entry if format == SHIPPED else self._variants.make(format)
        model = LlamaModel(self._store.path(entry.name), n_ctx=CELLS, plan=plan, n_sequences=SEQUENCES, n_cells=CELLS)
        if format == SHIPPED and self._adapter:
            model.put_adapter(self._adapter.path)
        return model
