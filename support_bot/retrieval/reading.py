"""Passages as the reader sees them."""

from __future__ import annotations

from support_bot.values import Passage

READ = 3
"""Passages of a question that are read."""


def as_text(passage: Passage) -> str:
    """A passage as the reader is trained on it: `title > heading: text`."""
    return f"{' > '.join(filter(None, (passage.title, passage.heading)))}: {passage.text}"
