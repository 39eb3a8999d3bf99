"""Choose the next token from a row of logits. Pure arithmetic; knows no token's meaning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def greedy(logits: NDArray[np.float32]) -> int:
    """The token with the highest logit; logits [n_vocab]. Of equals the lowest id, so the answer is always the same."""
    return int(np.argmax(logits))


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Natural logarithms of the probabilities [n_vocab], summed in double precision."""
    shifted = logits.astype(np.float64) - float(logits.max())
    shifted -= np.log(np.exp(shifted).sum())
    return shifted


def likeliest(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """The `count` tokens with the highest values [n_vocab], highest first; of equals the lowest id first."""
    if count < 1:
        return np.empty(0, dtype=np.intp)
    bound = np.partition(values, -min(count, len(values)))[-min(count, len(values))]
    found = np.flatnonzero(values >= bound)
    return found[np.argsort(-values[found], kind="stable")][:count]


def nucleus(
    logits: NDArray[np.float32], temperature: float, top_p: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The smallest set of tokens whose probability reaches `top_p` (Holtzman et al. 2020), likeliest first.

    logits [n_vocab], temperature > 0, top_p in (0..1]. Gives ids [k] and their probabilities [k], which sum to 1."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max())
    order = np.argsort(-weights, kind="stable")
    mass = np.cumsum(weights[order]) / weights.sum()
    kept = order[: int(np.searchsorted(mass, top_p)) + 1]
    return kept, weights[kept] / weights[kept].sum()


def sample(logits: NDArray[np.float32], temperature: float, top_p: float, random: np.random.Generator) -> int:
    """One token: greedy at `temperature` 0, else drawn from the nucleus with `random`."""
    if temperature <= 0.0:
        return greedy(logits)
    tokens, chances = nucleus(logits, temperature, top_p)
    return int(tokens[np.searchsorted(np.cumsum(chances), random.random() * (1.0 - 1e-12), side="right")])
