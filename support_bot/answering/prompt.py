"""Build what the model is told. Article text and customer text go in as data, fenced off from the instructions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from support_bot.engine.base import ChatTurn
from support_bot.errors import Invalid
from support_bot.values import Excerpt

QUESTION = "Customer's question:"
"""Stands between the excerpts and what the customer asked."""
ECHOES = (f"\n{QUESTION}", "\nCustomer's answer:")
"""Where a draft goes on with the prompt instead of the answer, it has ended."""
NO_DRAFT = "(no draft: "
"""How a trace notes, among what was cut, that the model could not write."""
_MARKUP_TOKENS = 16  # of the chat template, for each message; the templates of the catalogue take 9 at most


@cache
def instructions(name: str = "answer") -> str:
    """The text of `prompts/<name>.md`."""
    return files("support_bot.answering").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").strip()


@cache
def prompt_hash(name: str = "answer") -> str:
    """SHA-256 of the instructions, kept in every trace."""
    return hashlib.sha256(instructions(name).encode()).hexdigest()


def answer_prompt(question: str, excerpts: Sequence[Excerpt]) -> tuple[ChatTurn, ...]:
    """System: the instructions, which stay the same (and are reused); user: numbered excerpts, then the question."""
    shown = "\n\n".join(
        f"[{number}] {title_line(excerpt)}\n{_fenced(excerpt.text)}" for number, excerpt in enumerate(excerpts, start=1)
    )
    return (
        ChatTurn("system", instructions()),
        ChatTurn("user", f"{shown}\n\n{QUESTION} {_fenced(question)}"),
    )


def answer_tokens(excerpts: Sequence[Excerpt]) -> int:
    """The most tokens a draft from these excerpts may have."""
    # A draft much longer than its evidence cannot pass the gate; two tokens a word leave room enough.
    return min(160, 24 + 2 * sum(len(excerpt.text.split()) for excerpt in excerpts))


def fitted_prompt(
    question: str, excerpts: Sequence[Excerpt], room: int, count_tokens: Callable[[str], int]
) -> tuple[tuple[ChatTurn, ...], tuple[str, ...]]:
    """The prompt with as many excerpts, from the best one on, as fit into `room` tokens; the titles of those left out.

    Instructions, question and excerpts are whole or not there: half of one may say the opposite. What was said before
    is in no prompt, since the question stands alone. Raises Invalid where not even the best excerpt fits."""
    for kept in range(len(excerpts), 0, -1):
        messages = answer_prompt(question, excerpts[:kept])
        if _fits(messages, room, count_tokens):
            return messages, tuple(title_line(excerpt) for excerpt in excerpts[kept:])
    raise Invalid("The question and its best excerpt are longer than the model's context.")


def _fits(messages: Sequence[ChatTurn], room: int, count_tokens: Callable[[str], int]) -> bool:
    room -= _MARKUP_TOKENS * len(messages)
    if sum(len(turn.content.encode()) for turn in messages) <= room:
        return True  # a token has at least one byte, so nothing has to be counted
    return sum(count_tokens(turn.content) for turn in messages) <= room


def title_line(excerpt: Excerpt) -> str:
    """Article and heading, as they stand above the excerpt."""
    return " > ".join(filter(None, (excerpt.passage.title, excerpt.passage.heading)))


def _fenced(text: str) -> str:
    # Control tokens are also kept apart by the tokenizer; here only what looks like one of our own labels is bent.
    return text.replace("<|", "<\u200a|").replace("|>", "|\u200a>").strip()
