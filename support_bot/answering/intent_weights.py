"""The weights of the recogniser: from a file where it has them for this embedder, fitted to the examples where not."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

EXAMPLES = "intents.json"
FITTED = "intents.npz"
_OF = "examples"


def examples() -> dict[str, list[str]]:
    """Messages by the intent they show, written for this project."""
    found: dict[str, list[str]] = json.loads(_read(EXAMPLES))
    return found


def count() -> int:
    """How many examples there are."""
    return sum(map(len, examples().values()))


def weights_for(embed: Embed, model_hash: str, classes: Sequence[str]) -> NDArray[np.float32]:
    """Weights [d + 1, classes] for vectors of this embedder; one that the file does not know is fitted here, which
    takes seconds."""
    with np.load(io.BytesIO(_read(FITTED)), allow_pickle=False) as known:
        if model_hash in known and str(known[_OF]) == _digest():
            return np.asarray(known[model_hash], dtype=np.float32)
    return fit(embed, classes)


def fit(embed: Embed, classes: Sequence[str]) -> NDArray[np.float32]:
    """Weights [d + 1, classes] fitted to the examples as this embedder sees them."""
    found = examples()
    labels = [classes.index(name) for name, texts in found.items() for _ in texts]
    vectors = embed([text for texts in found.values() for text in texts])
    return fit_softmax(vectors, np.array(labels), classes=len(classes))


def save(weights: Mapping[str, NDArray[np.float32]], file: Path) -> None:
    """Write weights by the hash of their embedder, for the examples of now. Half the digits are enough."""
    halves: dict[str, Any] = {model_hash: values.astype(np.float16) for model_hash, values in weights.items()}
    np.savez_compressed(file, **(halves | {_OF: np.array(_digest())}))


def with_bias(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors [n, d] with a column of ones, [n, d + 1]."""
    return np.hstack([vectors, np.ones((len(vectors), 1), dtype=np.float32)])


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows [n, classes] to shares that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def fit_softmax(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], *, classes: int, decay: float = 1e-4, steps: int = 300
) -> NDArray[np.float32]:
    """Multinomial logistic regression by gradient descent with momentum; weights [d + 1, classes] for `with_bias`.

    Rare classes count more, by the square root of how rare they are; `decay` is the L2 penalty."""
    inputs, wanted = with_bias(vectors), np.eye(classes, dtype=np.float32)[labels]
    importance = 1.0 / np.sqrt(wanted.sum(axis=0))[labels]
    importance = (importance / importance.mean())[:, None]
    weights = np.zeros((inputs.shape[1], classes), dtype=np.float32)
    speed = np.zeros_like(weights)
    for _ in range(steps):
        errors = (softmax(inputs @ weights) - wanted) * importance / len(labels)
        speed = 0.9 * speed + inputs.T @ errors + decay * weights
        weights -= speed
    return weights


def _digest() -> str:
    return hashlib.sha256(_read(EXAMPLES)).hexdigest()


def _read(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
