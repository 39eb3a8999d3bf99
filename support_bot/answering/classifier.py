"""Sort short texts into classes learned from labelled ones: kernel ridge regression on sentence vectors and letters.

Arithmetic only: knows no ticket, no label's meaning and no model. Figures: docs/benchmarks.md."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WAVES = 4096
NEARNESS = 1.2
"""One over the width of the Gaussian that tells how alike two unit vectors are."""
BUCKETS = 2048
LETTERS = 0.3
"""How much letters and words weigh beside the meaning, whose features have length 1."""
PENALTY = 0.1
_SHARPNESS = (1.0, 2.0, 4.0, 8.0, 16.0)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Classifier:
    """What was learned: `weights` [features, classes], `bias` [classes], and how rare each bucket is.

    `held_out` (0..1) is the share of the texts that are told rightly by all the others."""

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats
    rarity: Floats
    sharpness: float
    held_out: float

    def shares(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """How likely (0..1, rows sum to 1) each class is, [texts, classes]; `vectors` [texts, dimension] are unit."""
        return _softmax(self.sharpness * (_features(texts, vectors, self.rarity) @ self.weights + self.bias))


def learn(texts: Sequence[str], vectors: Floats, labels: Sequence[str]) -> Classifier:
    """A classifier of these texts with their unit vectors [texts, dimension]; at least two classes."""
    classes = tuple(sorted(set(labels)))
    places = {name: place for place, name in enumerate(classes)}
    wanted = np.eye(len(classes), dtype=np.float32)[[places[label] for label in labels]]
    counts = _counts(texts)
    rarity = np.asarray(np.log((1 + len(texts)) / (1 + (counts != 0).sum(axis=0))) + 1, dtype=np.float32)
    inputs = _joined(counts, vectors, rarity)
    weights, bias, left_out = _ridge(inputs, wanted)
    right = wanted.argmax(axis=1)
    held_out = float((left_out.argmax(axis=1) == right).mean())

    def cost(sharpness: float) -> float:
        own = _softmax(sharpness * left_out)[np.arange(len(right)), right]
        return float(-np.log(np.maximum(own, 1e-9)).mean())

    return Classifier(classes, weights, bias, rarity, min(_SHARPNESS, key=cost), held_out)


def _ridge(inputs: Floats, wanted: Floats) -> tuple[Floats, Floats, Floats]:
    """Weights, bias, and what each row would get had it been left out (closed form, Allen 1974: e / (1 - h))."""
    mean, prior = inputs.mean(axis=0), wanted.mean(axis=0)
    centred, target = inputs - mean, wanted - prior
    rows, columns = centred.shape
    if rows < columns:
        inverse = np.linalg.inv(centred @ centred.T + PENALTY * np.eye(rows, dtype=np.float32))
        weights = centred.T @ (inverse @ target)
        leverage = 1 - PENALTY * np.diagonal(inverse)
    else:
        inverse = np.linalg.inv(centred.T @ centred + PENALTY * np.eye(columns, dtype=np.float32))
        weights = inverse @ (centred.T @ target)
        leverage = np.einsum("ij,ij->i", centred @ inverse, centred)
    leverage = np.minimum(leverage + 1 / rows, 0.999)
    errors = (target - centred @ weights) / (1 - leverage)[:, None]
    return weights, np.asarray(prior - mean @ weights, dtype=np.float32), wanted - errors


def _features(texts: Sequence[str], vectors: Floats, rarity: Floats) -> Floats:
    return _joined(_counts(texts), vectors, rarity)


def _joined(counts: Floats, vectors: Floats, rarity: Floats) -> Floats:
    weighed = counts * rarity
    weighed /= np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-9)
    return np.hstack([_waves(vectors), LETTERS * weighed])


def _waves(vectors: Floats) -> Floats:
    """Random Fourier features of a Gaussian kernel (Rahimi and Recht 2007): [texts, waves], the same for each run."""
    draw = np.random.default_rng(0)
    directions = draw.normal(size=(vectors.shape[1], WAVES)).astype(np.float32) * NEARNESS
    phases = draw.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
    return np.asarray(np.cos(vectors @ directions + phases) * np.sqrt(2 / WAVES), dtype=np.float32)


def _counts(texts: Sequence[str]) -> Floats:
    """Words, pairs of words and groups of three and four letters, hashed into buckets with a sign: [texts, buckets]
    (Weinberger et al. 2009)."""
    counts = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for piece in set(_pieces(text)):
            code = zlib.crc32(piece.encode())
            counts[row, code % BUCKETS] += 1 if code >> 20 & 1 else -1
    return counts


def _pieces(text: str) -> Iterator[str]:
    words = _WORD.findall(text.lower())
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))
    for word in words:
        framed = f"<{word}>"
        for size in (3, 4):
            yield from (f"#{framed[place : place + size]}" for place in range(len(framed) - size + 1))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
