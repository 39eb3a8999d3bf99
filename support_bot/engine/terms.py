"""What a request asks beyond its prompt, in the tokens of one model. Knows no weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.base import GenerationRequest
from support_bot.engine.step_model import PLAIN, AdapterUse
from support_bot.errors import Invalid

_MOST_LISTED = 1024


class Grammar(Protocol):
    """What may be written next, by a grammar that follows one answer. All calls come from the engine's thread."""

    def reset(self) -> None:
        """Nothing is written yet; an answer may be begun again."""
        ...

    def allows(self, token: int) -> bool:
        """Whether the grammar goes on with this token; an end token where it may end."""
        ...

    def mask(self, logits: NDArray[np.float32], depth: float) -> NDArray[np.float32]:
        """The logits [n_vocab] of tokens that it `allows`, minus infinity elsewhere, maybe everywhere.

        What lies more than `depth` below the best of them may be left out."""
        ...

    def accept(self, token: int) -> None:
        """An allowed token was written."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """The last `scored` tokens of the prompt are scored, or `choices` weighed after it; then nothing is written.

    `grammar` belongs to this one answer."""

    adapter: AdapterUse = PLAIN
    scored: int = 0
    choices: tuple[int, ...] = ()
    grammar: Grammar | None = None

    @property
    def writes(self) -> bool:
        """Whether an answer follows the prompt."""
        return not self.scored and not self.choices


def check_together(request: GenerationRequest) -> None:
    """Raises Invalid where `logprobs`, `scored`, `choices` and a grammar do not go together."""
    if not 0 <= request.logprobs <= _MOST_LISTED:
        raise Invalid(f"logprobs must be from 0 to {_MOST_LISTED}.")
    if request.scored and request.choices:
        raise Invalid("Either a text is scored or choices are weighed, not both.")
    if request.grammar and request.json_schema:
        raise Invalid("Either a grammar or a JSON schema binds the answer, not both.")
    if (request.grammar or request.json_schema) and (request.scored or request.choices):
        raise Invalid("A grammar binds what is written, and a score or a choice writes nothing.")


def first_tokens(choices: Sequence[str], tokenize: Callable[[str], Sequence[int]]) -> tuple[int, ...]:
    """The token that each choice begins with. Raises Invalid for an empty one, or two that begin alike."""
    beginnings: dict[int, str] = {}
    for choice in choices:
        tokens = tokenize(choice)
        if not tokens:
            raise Invalid("A choice must not be empty.")
        if tokens[0] in beginnings:
            raise Invalid(f"The choices {beginnings[tokens[0]]!r} and {choice!r} begin with the same token.")
        beginnings[tokens[0]] = choice
    return tuple(beginnings)
