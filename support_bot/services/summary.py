"""Write a ticket's subject and summary from what was said, without a model. Sees messages only."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.models import Message
from support_bot.values import Author, HandoffReason

_SUBJECT_CHARS = 90
_LINE_CHARS = 240


def shortened(text: str, most: int = _LINE_CHARS) -> str:
    """The text as one line of at most so many characters, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def subject(messages: Sequence[Message]) -> str:
    """The customer's first words; for somebody who only asked for a person, that."""
    first = next((m.text for m in messages if m.author is Author.CUSTOMER), "")
    return shortened(first, _SUBJECT_CHARS) or "Asked for a person"


def summary(messages: Sequence[Message], reason: HandoffReason) -> str:
    """Why a person is needed, what the customer wrote, what the bot tried and from which articles."""
    lines = [f"Reason: {reason.value.replace('_', ' ')}."]
    asked = [m.text for m in messages if m.author is Author.CUSTOMER]
    lines += [f"Customer: {shortened(text)}" for text in asked[-4:]]
    tried = [m for m in messages if m.author is Author.BOT and m.text]
    for message in tried[-2:]:
        titles = list(dict.fromkeys(str(c["title"]) for c in message.citations))
        source = f" (from: {', '.join(titles)})" if titles else ""
        lines.append(f"Bot: {shortened(message.text)}{source}")
    return "\n".join(lines)
