"""Tell what a message wants apart from a real question, by words that leave no doubt and by example."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from support_bot.answering import signals
from support_bot.index.keyword import terms

CERTAIN = 1.0
"""The score of what the words alone say; examples never reach it."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Intent(enum.StrEnum):
    QUESTION = "question"
    HUMAN_REQUEST = "human_request"
    CHITCHAT = "chitchat"
    INJECTION = "injection"
    OFFTOPIC = "offtopic"
    ACCOUNT = "account_specific"
    ABUSE = "abuse"


@dataclass(frozen=True, slots=True)
class Recognised:
    """The intent, and how sure (0..1) we are of it."""

    intent: Intent
    score: float


_INTENTS = tuple(Intent)
_SHORT = 6
_TOO_LITTLE = 2
# The least share of each intent; a wrong hand-off or refusal costs a customer more than a question too many.
_LEAST = {
    Intent.HUMAN_REQUEST: 0.6,
    Intent.CHITCHAT: 0.5,
    Intent.INJECTION: 0.6,
    Intent.OFFTOPIC: 0.5,
    Intent.ACCOUNT: 0.6,
    Intent.ABUSE: 0.6,
}


class IntentRecogniser:
    """Logistic regression on the embedder's vectors, fitted to about a thousand examples when it is built.

    Fitting on the spot takes seconds and works with whatever embedder serves; words that leave no doubt
    (`signals.py`) are looked at first. Figures: docs/benchmarks.md."""

    def __init__(self, embed: Embed) -> None:
        source = files("support_bot.answering").joinpath("intents.json").read_text(encoding="utf-8")
        examples: dict[str, list[str]] = json.loads(source)
        labels = [_INTENTS.index(Intent(name)) for name, texts in examples.items() for _ in texts]
        vectors = embed([text for texts in examples.values() for text in texts])
        self._embed = embed
        self._weights = fit_softmax(vectors, np.array(labels), classes=len(_INTENTS))

    def recognise(self, question: str, before: str = "") -> Recognised:
        """The intent of one customer message; QUESTION where no other is likely enough.

        `before` is the customer's message that this one leans on, if it does: what leans on a question is a question,
        and `just say it` behind orders to the bot is one more."""
        if found := _beyond_doubt(question, before):
            return Recognised(found, CERTAIN)
        shares = softmax(with_bias(self._embed([question])) @ self._weights)[0]
        best = int(shares.argmax())
        intent, share = _INTENTS[best], float(shares[best])
        if (intent is Intent.HUMAN_REQUEST or len(question.split()) <= _SHORT) and signals.may_want_person(question):
            return Recognised(Intent.HUMAN_REQUEST, max(share, _LEAST[Intent.HUMAN_REQUEST]))
        if share < _LEAST.get(intent, 0.0) or (before and intent is Intent.OFFTOPIC):
            return Recognised(Intent.QUESTION, float(shares[_INTENTS.index(Intent.QUESTION)]))
        return Recognised(intent, min(share, 0.999))


def _beyond_doubt(question: str, before: str) -> Intent | None:
    """What the words alone say. Orders first: a forged role may ask for anything."""
    if signals.gives_orders(question):
        return Intent.INJECTION
    if signals.wants_person(question):
        return Intent.HUMAN_REQUEST
    if before and len(terms(question)) <= _TOO_LITTLE and signals.gives_orders(before):
        return Intent.INJECTION
    if signals.only_insults(question):
        return Intent.ABUSE
    return Intent.ACCOUNT if signals.about_own_record(question) else None


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
