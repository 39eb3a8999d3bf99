"""Examples as the token ids that the serving engine would read and write."""

from __future__ import annotations

from support_bot.distillation.examples import Example
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
