"""Examples as the token ids that the serving engine would read and write."""

from __future__ import annotations

from itertools import accumulate

from support_bot.distillation.alignment import Target, Vocabulary, targets
from support_bot.distillation.examples import Example
from support_bot.distillation.soft_labels import SoftLabels
from support_bot.engine.base import ChatTurn
from support_bot.engine.chat_format import ChatFormat
from support_bot.engine.llama import LlamaModel


class Tokenizer:
    """The words and the chat template of one GGUF file."""

    def __init__(self, model: LlamaModel) -> None:
        begin, end = model.boundary_texts()
        self._model = model
        self._format = ChatFormat(model.chat_template(), begin=begin, end=end)
        self._end = model.tokenize(end, control=True)

    def prompt(self, example: Example) -> tuple[int, ...]:
        """The prompt up to where the answer begins."""
        parts = self._format.parts((ChatTurn("system", example.system), ChatTurn("user", example.user)))
        return tuple(t for part in parts for t in self._model.tokenize(part.text, control=part.control))

    def answer(self, example: Example) -> tuple[int, ...]:
        """The answer wanted, with the token that ends it."""
        return (*self._model.tokenize(example.answer, control=False), *self._end)

    def targets(self, example: Example, labels: SoftLabels, words: Vocabulary) -> tuple[Target, ...]:
        """What a teacher foresees in the answer, in the tokens of this file."""
        answer = self.answer(example)
        return targets(labels, answer, tuple(accumulate(len(self._model.piece(token)) for token in answer)), words)

    def vocabulary(self) -> Vocabulary:
        """All its tokens by their bytes."""
        return Vocabulary(((token, self._model.piece(token)) for token in range(self._model.n_vocab)), self._end[-1])
