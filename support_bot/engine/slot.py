"""One sequence of the model's memory: what of its prompt is still unread, what it writes. Knows no queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.base import GenerationRequest, TokenLogprob
from support_bot.engine.logprobs import listed
from support_bot.engine.sampling import sample
from support_bot.engine.speculation import Drafter
from support_bot.engine.step_model import BatchToken, StepModel
from support_bot.engine.terms import Terms
from support_bot.engine.text_stream import TextStream

_DEPTH = 10.0  # nats; what lies further below the best token is drawn once in 20,000 times


class Slot:
    """A prompt and the answer after it, from the first piece that is read to the last token."""

    finish: str
    """Why the answer is over, as in GenerationStats; empty while it is not."""

    def __init__(
        self, sequence: int, prompt: Sequence[int], request: GenerationRequest, terms: Terms, reused: int
    ) -> None:
        """`sequence` has the first `reused` tokens of the prompt in its cells already."""
        self.sequence = sequence
        self.reused = reused
        self.written = 0
        self.drafted = 0
        self.accepted = 0
        self.finish = ""
        self.listed: list[TokenLogprob] = []
        self._tokens = list(prompt)
        self._wanted = len(prompt) - 1 - terms.scored  # logits are, from this position on
        self._position = reused
        self._rows: list[int] = []
        self._draft: list[int] = []
        self._drafter = Drafter()
        self._request = request
        self._terms = terms
        if terms.grammar is not None:
            terms.grammar.reset()
        self._random = np.random.default_rng(request.seed)
        self._text = TextStream(request.stop)

    @property
    def is_reading(self) -> bool:
        """Whether more than the last token is still to be read before anything is written."""
        return self.written == 0 and self._position < len(self._tokens)

    @property
    def unread(self) -> int:
        """Tokens of the prompt that are still to be read."""
        return max(0, len(self._tokens) - self.written - self._position)

    def in_memory(self) -> list[int]:
        """The tokens that the sequence has in its cells."""
        return self._tokens[: self._position]

    def add_to(self, batch: list[BatchToken], most: int) -> int:
        """Append the next piece of the prompt, at most `most` tokens, or the token written last; how many it were."""
        now = self._tokens[self._position : self._position + most]
        end = self._position + len(now)
        self._rows = []
        self._draft = []
        for position, token in enumerate(now, start=self._position):
            if position >= self._wanted:
                self._rows.append(len(batch))
            batch.append(BatchToken(token, position, self.sequence, position >= self._wanted))
        self._position = end
        return len(now)

    def offer(self, model: StepModel) -> tuple[float, int]:
        """For one that writes: how likely a guessed token is right (0..1), and how many there are to be tried."""
        if self._terms.grammar is not None:
            return 0.0, 0  # a guess would have to be checked in a copy of the grammar, and taken back where it is wrong
        left = min(self._request.max_tokens - self.written - 1, model.context_tokens - len(self._tokens))
        self._drafter.add(self._tokens[len(self._drafter) :])
        self._draft = self._drafter.draft()[: max(0, left)]
        return self._drafter.chance, len(self._draft)

    def add_draft(self, batch: list[BatchToken], length: int) -> None:
        """After `add_to`, append the first `length` guesses, which the same step will prove right or wrong."""
        self._draft = self._draft[:length]
        for position, token in enumerate(self._draft, start=self._position):
            self._rows.append(len(batch))
            batch.append(BatchToken(token, position, self.sequence, True))

    def take(self, model: StepModel) -> str:
        """After the step: the text that is now certain, maybe none. Sets `finish` when the answer is over.

        A guessed token counts where it is the one that the model chooses; the first wrong one and what follows it are
        forgotten. So drafts change how long an answer takes, never what it says."""
        if not self._terms.writes:
            self._score(model)
            return ""
        text, right = "", 0
        for row, guess in zip(self._rows, [*self._draft, None], strict=False):
            logits = model.logits(row)
            token = self._choose(logits)
            if token is None:
                self.finish = "failed"
                break
            if self._request.logprobs and not model.is_end(token):
                self.listed += listed(model, logits, [token], self._request.logprobs)
            text += self._write(token, model)
            if self.finish or token != guess:
                break
            right += 1
        self._position += right
        if self._draft:
            self.drafted += len(self._draft)
            self.accepted += right
            self._drafter.learn(len(self._draft), right)
            if right < len(self._draft):
                model.remove_sequence(self.sequence, self._position)
        return text

    def _choose(self, logits: NDArray[np.float32]) -> int | None:
        """The next token; None where the grammar goes on with none."""
        token, grammar = self._sample(logits), self._terms.grammar
        if grammar is None:
            return token
        if not grammar.allows(token):
            # A free draw is kept where it is allowed, as llama.cpp does it: most are, and looking at all is slow.
            masked = grammar.mask(logits, _DEPTH * self._request.temperature)
            if masked.max() == -np.inf:
                return None
            token = self._sample(masked)
        grammar.accept(token)
        return token

    def _sample(self, logits: NDArray[np.float32]) -> int:
        return sample(logits, self._request.temperature, self._request.top_p, self._random)

    def _score(self, model: StepModel) -> None:
        """List what stands after each row of this step; the answer is over with the last one."""
        top, first = self._request.logprobs, self._position - len(self._rows) + 1
        following = [*self._tokens, model.end_token]
        for position, row in enumerate(self._rows, start=first):
            wanted = self._terms.choices or [following[position]]
            self.listed += listed(model, model.logits(row), wanted, top)
        if self._position == len(self._tokens):
            self.finish = "end"

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
