"""Say an agent's reply in another tone, and prove that it still says the same. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.answering import tone as tones
from support_bot.services.typed import typed
from support_bot.values import Tone

_MOST = 20_000
_ENGLISH_ONLY = "Only replies in English can be said in another tone."


@dataclass(frozen=True, slots=True)
class RewriteView:
    """`text` is what may be sent instead, the same as before where `changed` is false; `note` says why."""

    text: str
    tone: Tone
    changed: bool
    note: str = ""


def rewrite(text: str, tone: Tone) -> RewriteView:
    """The reply in another tone. Numbers, dates, names, links and denials are compared; what differs stays as it was.

    Raises Invalid for an empty text, TooLong."""
    given = typed(text, what="reply", most=_MOST)
    if not tones.is_english(given):
        return RewriteView(given, tone, False, _ENGLISH_ONLY)
    before = tones.essential(given) if tone is Tone.SHORTER else given
    found, wrong = tones.checked(before, tones.by_rules(given, tone)) if before else (given, ())
    note = f"A part stayed as it was: {'; '.join(wrong)}." if wrong else ""
    if found == given and not note:
        note = f"Nothing in it can be said {'in fewer words' if tone is Tone.SHORTER else 'otherwise'} without a risk."
    return RewriteView(found, tone, found != given, note)
