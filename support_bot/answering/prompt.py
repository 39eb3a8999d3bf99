"""Build what the model is told. Article text and customer text go in as data, fenced off from the instructions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from support_bot.engine.base import ChatTurn
from support_bot.values import Excerpt

QUESTION = "Customer's question:"
"""Stands between the excerpts and what the customer asked."""
ECHOES = (f"\n{QUESTION}", "\nCustomer's answer:")
"""Where a draft goes on with the prompt instead of the answer, it has ended."""


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


def title_line(excerpt: Excerpt) -> str:
    """Article and heading, as they stand above the excerpt."""
    return " > ".join(filter(None, (excerpt.passage.title, excerpt.passage.heading)))


def _fenced(text: str) -> str:
    # Control tokens are also kept apart by the tokenizer; here only what looks like one of our own labels is bent.
    return text.replace("<|", "<\u200a|").replace("|>", "|\u200a>").strip()
