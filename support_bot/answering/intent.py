"""Tell a request for a person, small talk and attempts to give the bot orders from real questions, by example."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Intent(enum.StrEnum):
    QUESTION = "question"
    HUMAN_REQUEST = "human_request"
    CHITCHAT = "chitchat"
    INJECTION = "injection"
    OFFTOPIC = "offtopic"


@dataclass(frozen=True, slots=True)
class Recognised:
    """The intent, and how sure (0..1) we are of it."""

    intent: Intent
    score: float


_INTENTS = tuple(Intent)
_SHORT = 6
# The least share of each intent; a wrong hand-off or refusal costs a customer more than a question too many.
_LEAST = {Intent.HUMAN_REQUEST: 0.55, Intent.CHITCHAT: 0.45, Intent.INJECTION: 0.6, Intent.OFFTOPIC: 0.5}
_PERSON = (
    r"(human|person|agent|representative|rep|operator|advisor|adviser|someone|somebody|staff|employee|manager"
    r"|supervisor)"
)
# Said like this it leaves no doubt; said like `_MAYBE_HUMAN` it may also be about somebody else's account.
_HUMAN = re.compile(
    r"\b(speak|talk|chat|connect|transfer|escalate|put|pass|hand)\b[^.?!]{0,25}"
    rf"\b(to|with|through|over|2)\b[^.?!]{{0,20}}\b{_PERSON}\b|\b(real|live|actual) {_PERSON}\b"
    r"|\b(call|ring|phone) me back\b"
    rf"|^\W*({_PERSON}\W+)*{_PERSON}\W*(please|pls|now)?\W*$",
    re.IGNORECASE,
)
_MAYBE_HUMAN = re.compile(rf"\b(get|give|want|need|reach)\b[^.?!]{{0,30}}\b{_PERSON}\b", re.IGNORECASE)
_ORDERS = re.compile(
    r"\b(ignore|forget|disregard|override)\b[^.?!]{0,40}\b(instructions?|rules?|prompts?|guidelines?|everything)\b"
    r"|\b(system prompt|developer mode|jailbreak|you are now|act as|pretend (to be|you))\b"
    r"|</?(system|context|instructions?)>",
    re.IGNORECASE,
)


class IntentRecogniser:
    """Logistic regression on the embedder's vectors, fitted to a few hundred examples when it is built.

    Fitting on the spot takes about two seconds and works with whatever embedder serves; two patterns that leave no
    doubt are looked at first. Figures: docs/benchmarks.md."""

    def __init__(self, embed: Embed) -> None:
        source = files("support_bot.answering").joinpath("intents.json").read_text(encoding="utf-8")
        examples: dict[str, list[str]] = json.loads(source)
        labels = [_INTENTS.index(Intent(name)) for name, texts in examples.items() for _ in texts]
        vectors = embed([text for texts in examples.values() for text in texts])
        self._embed = embed
        self._weights = fit_softmax(vectors, np.array(labels), classes=len(_INTENTS))

    def recognise(self, question: str) -> Recognised:
        """The intent of one customer message; QUESTION where no other is likely enough."""
        if _ORDERS.search(question):
            return Recognised(Intent.INJECTION, 1.0)
        shares = softmax(with_bias(self._embed([question])) @ self._weights)[0]
        best = int(shares.argmax())
        short = len(question.split()) <= _SHORT
        likely = _INTENTS[best] is Intent.HUMAN_REQUEST or short
        if _HUMAN.search(question) or (likely and _MAYBE_HUMAN.search(question)):
            return Recognised(Intent.HUMAN_REQUEST, max(float(shares[best]), _LEAST[Intent.HUMAN_REQUEST]))
        if shares[best] < _LEAST.get(_INTENTS[best], 0.0):
            return Recognised(Intent.QUESTION, float(shares[_INTENTS.index(Intent.QUESTION)]))
        return Recognised(_INTENTS[best], float(shares[best]))


def with_bias(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors [n, d] with a column of ones, [n, d + 1]."""
    return np.hstack([vectors, np.ones((len(vectors), 1), dtype=np.float32)])


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows [n, classes] to shares that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def fit_softmax(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], *, classes: int, decay: float = 3e-4, steps: int = 600
) -> NDArray[np.float32]:
    """Multinomial logistic regression by gradient descent: weights [d + 1, classes] for `with_bias` vectors.

    Rare classes count more, by the square root of how rare they are; `decay` is the L2 penalty."""
    inputs, wanted = with_bias(vectors), np.eye(classes, dtype=np.float32)[labels]
    importance = 1.0 / np.sqrt(wanted.sum(axis=0))[labels]
    importance = (importance / importance.mean())[:, None]
    weights = np.zeros((inputs.shape[1], classes), dtype=np.float32)
    for _ in range(steps):
        errors = (softmax(inputs @ weights) - wanted) * importance / len(labels)
        weights -= 2.0 * (inputs.T @ errors + decay * weights)
    return weights
