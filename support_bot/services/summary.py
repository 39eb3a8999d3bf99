"""Write a ticket's subject and summary from what was said, without a model. Sees messages only."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.models import Message
from support_bot.values import Author, HandoffReason

_SUBJECT_CHARS = 90
_LINE_CHARS = 240


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def subject(messages: Sequence[Message]) -> str:
    """The customer's first words; for somebody who only asked for a person, that."""
    first = next((m.text for m in messages if m.author is Author.CUSTOMER), "")
    return _short(first, _SUBJECT_CHARS) or "Asked for a person"


def summary(messages: Sequence[Message], reason: HandoffReason) -> str:
    """Why a person is needed, what the customer wrote, what the bot tried and from which articles."""
    lines = [f"Reason: {reason.value.replace('_', ' ')}."]
    asked = [m.text for m in messages if m.author is Author.CUSTOMER]
    lines += [f"Customer: {_short(text, _LINE_CHARS)}" for text in asked[-4:]]
    tried = [m for m in messages if m.author is Author.BOT and m.text]
    for message in tried[-2:]:
        titles = list(dict.fromkeys(str(c["title"]) for c in message.citations))
        source = f" (from: {', '.join(titles)})" if titles else ""
        lines.append(f"Bot: {_short(message.text, _LINE_CHARS)}{source}")
    return "\n".join(lines)
