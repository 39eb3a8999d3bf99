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
    """The intent, and how sure (0..1) the nearest examples make us."""

    intent: Intent
    score: float


_PERSON = (
    r"(human|person|agent|representative|rep|operator|advisor|adviser|someone|somebody|staff|employee|manager"
    r"|supervisor)"
)
_HUMAN = re.compile(
    r"\b(speak|talk|chat|connect|transfer|escalate|put|pass|get|give|want|need|reach)\b[^.?!]{0,30}"
    rf"\b(real |live |actual |human )?{_PERSON}\b|\b(real|live|actual|human) {_PERSON}\b|^\W*{_PERSON}\W*(please|pls|now)?\W*$",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(ignore|forget|disregard|override)\b[^.?!]{0,40}\b(instructions?|rules?|prompts?|guidelines?|everything)\b"
    r"|\b(system prompt|developer mode|jailbreak|you are now|act as|pretend (to be|you))\b"
    r"|</?(system|context|instructions?)>",
    re.IGNORECASE,
)


class IntentRecogniser:
    """Nearest examples by cosine, helped by two patterns. Built once: the examples are embedded then."""

    def __init__(self, embed: Embed, *, threshold: float = 0.55, neighbours: int = 3) -> None:
        source = files("support_bot.answering").joinpath("intents.json").read_text(encoding="utf-8")
        examples: dict[str, list[str]] = json.loads(source)
        self._embed = embed
        self._labels = [Intent(name) for name, texts in examples.items() for _ in texts]
        self._vectors = embed([text for texts in examples.values() for text in texts])
        self._threshold = threshold
        self._neighbours = neighbours

    def recognise(self, question: str) -> Recognised:
        """The intent of one customer message; QUESTION where no example is near enough."""
        if _ORDERS.search(question):
            return Recognised(Intent.INJECTION, 1.0)
        cosines = self._vectors @ self._embed([question])[0]
        nearest = np.argsort(-cosines)[: self._neighbours]
        best = self._labels[int(nearest[0])]
        score = float(np.mean([cosines[i] for i in nearest if self._labels[int(i)] is best]))
        if _HUMAN.search(question) and (best is Intent.HUMAN_REQUEST or len(question.split()) <= 6):
            return Recognised(Intent.HUMAN_REQUEST, max(score, self._threshold))
        if best is Intent.QUESTION or score < self._threshold:
            return Recognised(Intent.QUESTION, 1.0 - score)
        return Recognised(best, score)
