"""Chat messages to prompt text by the template inside the model file. What people wrote never becomes markup."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from support_bot.engine.base import ChatTurn
from support_bot.errors import Invalid, WeightsError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class PromptPart(NamedTuple):
    """A stretch of the prompt. Only the template's own words (`control`) may be read as control tokens."""

    text: str
    control: bool


class ChatFormat:
    """One model's way of laying out a chat. The template runs in a sandbox: a model file is not trusted code."""

    def __init__(self, template: str | None, *, begin: str = "", end: str = "") -> None:
        """`template` in Jinja, None takes ChatML; `begin` and `end` are the texts of the model's boundary tokens.

        Raises WeightsError when the template cannot be parsed."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, undefined=jinja2.ChainableUndefined
        )
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(template or CHATML)
        except jinja2.TemplateError as error:
            raise WeightsError(f"The chat template inside the model cannot be read: {error}") from error
        self._begin = begin
        self._end = end

    def parts(self, messages: Sequence[ChatTurn]) -> list[PromptPart]:
        """The prompt up to where the assistant is to write.

        The template sees place-holders instead of the contents, so it cannot mix the two, and a content is put in
        only after the template's text is fixed. Raises Invalid when the template refuses the messages."""
        key = secrets.token_hex(8)
        shown = [{"role": turn.role, "content": f"\ue000{key}:{i}\ue001"} for i, turn in enumerate(messages)]
        try:
            text = self._template.render(
                messages=shown, add_generation_prompt=True, bos_token=self._begin, eos_token=self._end
            )
        except jinja2.TemplateError as error:
            raise Invalid(f"The model's chat template refuses these messages: {error}") from error
        parts: list[PromptPart] = []
        for i, piece in enumerate(re.split(f"\ue000{key}:(\\d+)\ue001", text)):
            if i % 2:
                parts.append(PromptPart(messages[int(piece)].content, control=False))
            elif piece:
                parts.append(PromptPart(piece, control=True))
        return parts


def _refuse(message: str) -> str:
    raise jinja2.TemplateError(message)
