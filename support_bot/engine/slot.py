"""One sequence of the model's memory: what of its prompt is still unread, what it writes. Knows no queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support_bot.engine.base import GenerationRequest
from support_bot.engine.sampling import sample
from support_bot.engine.step_model import BatchToken, StepModel
from support_bot.engine.text_stream import TextStream


class Slot:
    """A prompt and the answer after it, from the first piece that is read to the last token."""

    finish: str
    """Why the answer is over, as in GenerationStats; empty while it is not."""

    def __init__(self, sequence: int, prompt: Sequence[int], request: GenerationRequest, reused: int) -> None:
        """`sequence` has the first `reused` tokens of the prompt in its cells already."""
        self.sequence = sequence
        self.reused = reused
        self.written = 0
        self.finish = ""
        self._tokens = list(prompt)
        self._position = reused
        self._rows: range = range(0)
        self._request = request
        self._random = np.random.default_rng(request.seed)
        self._text = TextStream(request.stop)

    @property
    def is_reading(self) -> bool:
        """Whether more than the last token is still to be read before anything is written."""
        return self.written == 0 and self._position < len(self._tokens)

    def in_memory(self) -> list[int]:
        """The tokens that the sequence has in its cells."""
        return self._tokens[: self._position]

    def add_to(self, batch: list[BatchToken], most: int) -> int:
        """Append the next piece of the prompt, at most `most` tokens, or the token written last; how many it were."""
        now = self._tokens[self._position : self._position + most]
        end = self._position + len(now)
        self._rows = range(len(batch) + len(now) - 1, len(batch) + len(now)) if end == len(self._tokens) else range(0)
        for position, token in enumerate(now, start=self._position):
            batch.append(BatchToken(token, position, self.sequence, position == len(self._tokens) - 1))
        self._position = end
        return len(now)

    def take(self, model: StepModel) -> str:
        """After the step: the text that is now certain, maybe none. Sets `finish` when the answer is over."""
        text = ""
        for row in self._rows:
            token = sample(model.logits(row), self._request.temperature, self._request.top_p, self._random)
            text += self._write(token, model)
        return text

    def _write(self, token: int, model: StepModel) -> str:
        if model.is_end(token):
            self.finish = "end"
            return self._text.finish()
        text = self._text.feed(model.piece(token))
        self.written += 1
        self._tokens.append(token)
        if self._text.stopped:
            self.finish = "stop"
        elif self.written >= self._request.max_tokens or len(self._tokens) > model.context_tokens:
            self.finish = "length"
            text += self._text.finish()
        return text
