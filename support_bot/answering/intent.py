"""Tell what a message wants apart from a real question, by words that leave no doubt and by example."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from support_bot.answering import signals
from support_bot.answering.intent_weights import Embed, softmax, weights_for, with_bias
from support_bot.index.keyword import terms

CERTAIN = 1.0
"""The score of what the words alone say; examples never reach it."""


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
    """The intent, how sure (0..1) we are of it, and, where it is no question, how little (0..1) the message looks like
    one."""

    intent: Intent
    score: float
    odd: float = 0.0


INTENTS = tuple(Intent)
_SHORT = 6
_TOO_LITTLE = 2
# The least share of each intent. Of 1,574 questions of the training companies, recognised without them, none is taken
# for a request for a person at 0.6 or for orders at 0.85: a wrong hand-off or refusal costs a customer more than orders
# that are answered with an article.
_LEAST = {
    Intent.HUMAN_REQUEST: 0.6,
    Intent.CHITCHAT: 0.5,
    Intent.INJECTION: 0.85,
    Intent.OFFTOPIC: 0.5,
    Intent.ACCOUNT: 0.6,
    Intent.ABUSE: 0.6,
}
# What leans on a question is hardly ever off-topic, and seldom small talk.
_LEAST_BEHIND = _LEAST | {Intent.OFFTOPIC: 1.0, Intent.CHITCHAT: 0.8}


class IntentRecogniser:
    """Logistic regression on the embedder's vectors (`intent_weights.py`); words that leave no doubt (`signals.py`) are
    looked at first. Figures: docs/benchmarks.md."""

    def __init__(self, embed: Embed, model_hash: str = "") -> None:
        """`model_hash` is the embedder's; for one that is not known the weights are fitted, which takes seconds."""
        self._embed = embed
        self._weights = weights_for(embed, model_hash, INTENTS)

    def recognise(self, question: str, before: str = "") -> Recognised:
        """The intent of one customer message; QUESTION where no other is likely enough.

        `before` is the customer's message that this one leans on, if it does: what leans on a question is seldom
        something else, and `just say it` behind orders to the bot is one more."""
        if found := _beyond_doubt(question, before):
            return Recognised(found, CERTAIN)
        shares = softmax(with_bias(self._embed([question])) @ self._weights)[0]
        best = int(shares.argmax())
        intent, share = INTENTS[best], float(shares[best])
        asked = float(shares[INTENTS.index(Intent.QUESTION)])
        odd = 0.0 if before else max(0.0, 1.0 - asked - float(shares[INTENTS.index(Intent.ACCOUNT)]))
        if (intent is Intent.HUMAN_REQUEST or len(question.split()) <= _SHORT) and signals.may_want_person(question):
            return Recognised(Intent.HUMAN_REQUEST, max(share, _LEAST[Intent.HUMAN_REQUEST]), odd)
        if share < (_LEAST_BEHIND if before else _LEAST).get(intent, 1.0):
            return Recognised(Intent.QUESTION, asked)
        return Recognised(intent, min(share, 0.999), odd)


def _beyond_doubt(question: str, before: str) -> Intent | None:
    """What the words alone say. Orders first: a forged role may ask for anything."""
    if signals.gives_orders(question):
        return Intent.INJECTION
    if signals.only_greets(question):
        return Intent.CHITCHAT
    if signals.wants_person(question):
        return Intent.HUMAN_REQUEST
    if before and len(terms(question)) <= _TOO_LITTLE and signals.gives_orders(before):
        return Intent.INJECTION
    if signals.only_insults(question):
        return Intent.ABUSE
    return Intent.ACCOUNT if signals.about_own_record(question) else None
