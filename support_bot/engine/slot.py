"""One place in the model's memory: what it remembers, what it still has to read, what it writes. Knows no queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.base import GenerationRequest
from support_bot.engine.sampling import sample
from support_bot.engine.step_model import BatchToken, StepModel
from support_bot.engine.text_stream import TextStream


class Slot:
    """A sequence of the model's memory and the answer that is written in it.

    The prompt is read in pieces of `chunk` tokens that begin at multiples of `chunk`, and only such pieces are reused
    by a later prompt: then every number is computed in a batch of the same shape with reuse and without, and a greedy
    answer is the same in both cases."""

    reused: int
    """Tokens of the prompt that did not have to be read again."""
    written: int
    """Tokens of the answer so far."""
    finish: str
    """Why the answer is over, as in GenerationStats; empty while it is not."""

    def __init__(self, sequence: int, chunk: int) -> None:
        self.sequence = sequence
        self._chunk = chunk
        self._remembered: list[int] = []

    def forget(self) -> None:
        """Nothing of the memory can be relied on any more."""
        self._remembered = []

    def take_on(self, prompt: Sequence[int], request: GenerationRequest) -> None:
        """Begin an answer, keeping what the memory already holds of its prompt."""
        shared = shared_beginning(self._remembered, prompt[:-1])
        self.reused = shared // self._chunk * self._chunk
        self._remembered = self._remembered[: self.reused]
        self._is_cut = False
        self._position = self.reused
        self._unread = list(prompt[self.reused :])
        self._row = -1
        self._request = request
        self._random = np.random.default_rng(request.seed)
        self._text = TextStream(request.stop)
        self.written = 0
        self.finish = ""

    def add_to(self, batch: list[BatchToken], model: StepModel) -> None:
        """Append this slot's share of the next step: a piece of the prompt, or the token written last.

        Raises StepFailed when the model cannot forget the earlier answer."""
        if not self._is_cut:
            model.remove_sequence(self.sequence, self.reused)
            self._is_cut = True
        now, self._unread = self._unread[: self._chunk], self._unread[self._chunk :]
        for offset, token in enumerate(now):
            wanted = not self._unread and offset == len(now) - 1
            batch.append(BatchToken(token, self._position + offset, self.sequence, wanted))
        if len(now) == self._chunk and self.written == 0:
            self._remembered += now
        self._position += len(now)
        self._row = -1 if self._unread else len(batch) - 1

    def take(self, model: StepModel) -> str:
        """After the step: the text that is now certain, maybe none. Sets `finish` when the answer is over."""
        if self._row < 0:
            return ""
        token = self._choose(model.logits(self._row))
        if model.is_end(token):
            self.finish = "end"
            return self._text.finish()
        text = self._text.feed(model.piece(token))
        self.written += 1
        self._unread = [token]
        if self._text.stopped:
            self.finish = "stop"
        elif self.written >= self._request.max_tokens or self._position >= model.context_tokens:
            self.finish = "length"
            text += self._text.finish()
        return text

    def _choose(self, logits: NDArray[np.float32]) -> int:
        return sample(logits, self._request.temperature, self._request.top_p, self._random)


def shared_beginning(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences share from the beginning."""
    for i, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return i
    return min(len(left), len(right))
