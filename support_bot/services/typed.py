"""What people type, made fit to be stored: without spare space, neither empty nor too long. Knows no page."""

from __future__ import annotations

from support_bot.errors import Invalid, TooLong


def typed(text: str, *, what: str, most: int) -> str:
    """The text without zero characters and spaces around it. Raises Invalid where nothing is left, and TooLong."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid(f"The {what} is empty.")
    if len(text) > most:
        raise TooLong(f"The {what} is too long: at most {most} characters, this one has {len(text)}.")
    return text
