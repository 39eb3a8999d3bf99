"""How fast a model runs, and how far its predictions are from those of another. Knows nothing of files and choices."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from statistics import median

import numpy as np
import psutil
from numpy.typing import NDArray

from support_bot.engine.llama import LlamaModel
from support_bot.engine.plan import Plan
from support_bot.engine.step_model import BatchToken

ANSWER = 40
CHATS = 4
SEQUENCES = CHATS + 1
CELLS = 2048
WINDOW = 256
"""Tokens of an answer, chats at once, tokens remembered, tokens of a window of the calibration text."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is timed: a prompt of chosen evidence, one of whole passages, and so many steps of an answer; in tokens."""

    short: int = 150
    long: int = 900
    writes: int = 24

    @property
    def tokens(self) -> int:
        """How many tokens of text this takes."""
        return self.long + CHATS * self.writes


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds to the first token of a short and a long prompt, for one step of one and of four answers, and for each
    token of the long prompt."""

    first_short_s: float
    first_long_s: float
    step_alone_s: float
    step_four_s: float
    token_s: float

    @property
    def typical_s(self) -> float:
        """Seconds for a prompt and its answer: the geometric mean of a short one, a long one and four short at once."""
        short = self.first_short_s + ANSWER * self.step_alone_s
        long = self.first_long_s + ANSWER * self.step_alone_s
        four = CHATS * self.first_short_s + ANSWER * self.step_four_s
        return float(np.cbrt(short * long * four))

    def longest_step_s(self, plan: Plan) -> float:
        """Seconds that a full step takes while a long prompt is read."""
        return self.token_s * plan.step_tokens


@dataclass(frozen=True, slots=True)
class Distance:
    """Mean KL divergence in nats for each token, and the share of tokens whose likeliest successor is the same."""

    kl: float
    same_top: float


def measure_speed(model: LlamaModel, tokens: Sequence[int], load: Load) -> Speed:
    """Time one round; there are at least `load.tokens` tokens.

    The long prompt stays in the memory while the rest is timed, as what other chats left there does."""
    model.clear()
    first_long = _timed(lambda: _read(model, tokens[: load.long]))
    model.copy_sequence(0, CHATS, 0, load.long)
    first_short = _timed(lambda: _read(model, tokens[: load.short]))
    alone = _timed(lambda: _write(model, tokens[load.long :], 1, load)) / load.writes
    _read(model, tokens[: load.short])
    for chat in range(1, CHATS):
        model.copy_sequence(0, chat, 0, load.short)
    four = _timed(lambda: _write(model, tokens[load.long :], CHATS, load)) / load.writes
    model.clear()
    return Speed(first_short, first_long, alone, four, first_long / load.long)


def middle(speeds: Sequence[Speed]) -> Speed:
    """The median of each figure over rounds."""
    return Speed(*(median(figures) for figures in zip(*map(astuple, speeds), strict=True)))


def predictions(model: LlamaModel, tokens: Sequence[int], step: int = 0) -> Iterator[NDArray[np.float32]]:
    """Log-probabilities [n, n_vocab] of what follows each token, a step at a time; texts are cut into windows.

    Steps of other sizes show what rounding alone does; 0 takes the largest that the model allows."""
    size = min(step or model.n_batch, model.n_batch)
    for begin in range(0, len(tokens), WINDOW):
        model.clear()
        window = tokens[begin : begin + WINDOW]
        for at in range(0, len(window), size):
            part = window[at : at + size]
            model.decode([BatchToken(token, at + place, 0, True) for place, token in enumerate(part)])
            yield _log_softmax(np.stack([model.logits(row) for row in range(len(part))]))
    model.clear()


def distance(reference: NDArray[np.float16], found: Iterator[NDArray[np.float32]]) -> Distance:
    """How far predictions are from `reference` (log-probabilities [n, n_vocab]), which they follow row by row."""
    kl = same = 0.0
    row = 0
    for part in found:
        truth = reference[row : row + len(part)].astype(np.float32)
        kl += float((np.exp(truth) * (truth - part)).sum())
        same += int((truth.argmax(axis=1) == part.argmax(axis=1)).sum())
        row += len(part)
    return Distance(kl / row, same / row)


class OtherWork:
    """How much of the processor other programs take, from now on."""

    def __init__(self) -> None:
        self._begin = self._times()

    def share(self) -> float:
        """0 to 1, of all cores."""
        busy, own, total = (now - then for now, then in zip(self._times(), self._begin, strict=True))
        return max(0.0, (busy - own) / total) if total else 0.0

    def _times(self) -> tuple[float, float, float]:
        """Seconds since the machine started that it was busy, this process ran, and there were, over all cores."""
        machine, own = psutil.cpu_times(), psutil.Process().cpu_times()
        total = sum(machine) - getattr(machine, "guest", 0.0) - getattr(machine, "guest_nice", 0.0)
        idle = machine.idle + getattr(machine, "iowait", 0.0)
        return total - idle, own.user + own.system, total


def resident_mb() -> float:
    """Memory of this process now, in megabytes."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)


def _timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _read(model: LlamaModel, tokens: Sequence[int]) -> None:
    """A prompt in a sequence that was empty or is forgotten, up to the logits after it."""
    model.remove_sequence(0)
    last = len(tokens) - 1
    for at in range(0, len(tokens), model.n_batch):
        part = tokens[at : at + model.n_batch]
        model.decode([BatchToken(token, at + i, 0, at + i == last) for i, token in enumerate(part)])
    model.logits(len(part) - 1).argmax()


def _write(model: LlamaModel, tokens: Sequence[int], chats: int, load: Load) -> None:
    """Steps of one token for each chat, after a short prompt; the tokens are given, so that all write the same."""
    for step in range(load.writes):
        model.decode(
            [BatchToken(tokens[step * chats + chat], load.short + step, chat, True) for chat in range(chats)]
        )  # fmt: skip
        for row in range(chats):
            model.logits(row).argmax()


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)
