"""Does a text state this fact, claim this falsehood, hold this passage? Works on words, never on meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable

from support_bot.evaluation.normalise import has_cjk, normalise, sentences, squeezed

_NEGATORS = frozenset(
    "not no never cannot without nor neither unable isnt instead rather avoid "
    "nunca ni sin ninguna ningun ne n pas sans jamais aucun aucune".split()
)
_CJK_NEGATORS = re.compile("[不没無无未别勿非]")
_NEGATION_WORDS = 5
_NEGATION_CHARACTERS = 8
_COVERED = 0.8  # share of a passage's word trigrams that make it "found"


def positions(phrase: str, text: str) -> list[int]:
    """Where a phrase starts in normalised text (for a CJK phrase: in the squeezed text).

    It must stand there as whole words; `*` at one of its ends leaves that end open."""
    words = normalise(phrase.strip("*"))
    if not words:
        return []
    if has_cjk(words):
        return _starts(re.escape(squeezed(words)), squeezed(text))
    before = "" if phrase.startswith("*") else r"(?<!\w)"
    after = "" if phrase.endswith("*") else r"(?!\w)"
    found = _starts(before + re.escape(words) + after, text)
    if not found and has_cjk(text):
        # Chinese characters count as letters, so "12个" has no boundary after 12 in the sense above.
        found = _starts(rf"(?<![a-z0-9]){re.escape(words)}(?![a-z0-9])", text)
    return found


def states(alternatives: Iterable[str], text: str) -> bool:
    """Whether normalised text holds a fact in one of its accepted wordings."""
    return any(positions(phrase, text) for phrase in alternatives)


def claims(phrase: str, answer: str) -> bool:
    """Whether a raw answer says the phrase without a negation shortly before it in the same sentence."""
    return any(_claimed_in(sentence, phrase) for sentence in map(normalise, sentences(answer)))


def holds_passage(passage: str, text: str) -> bool:
    """Whether raw text holds a raw passage: all of it, or at least 80 % of its word trigrams (CJK: 6 characters)."""
    wanted, there = normalise(passage), normalise(text)
    if not wanted:
        return False
    if has_cjk(wanted):
        wanted, there = squeezed(wanted), squeezed(there)
        pieces = {wanted[i : i + 6] for i in range(max(1, len(wanted) - 5))}
    else:
        words = wanted.split()
        pieces = {f" {' '.join(words[i : i + 3])} " for i in range(max(1, len(words) - 2))}
        wanted, there = f" {wanted} ", f" {there} "
    return wanted in there or sum(piece in there for piece in pieces) / len(pieces) >= _COVERED


def _starts(pattern: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(pattern, text)]


def _claimed_in(sentence: str, phrase: str) -> bool:
    cjk = has_cjk(phrase)
    text = squeezed(sentence) if cjk else sentence
    for start in positions(phrase, sentence):
        if cjk:
            negated = bool(_CJK_NEGATORS.search(text[max(0, start - _NEGATION_CHARACTERS) : start]))
        else:
            negated = not _NEGATORS.isdisjoint(text[:start].split()[-_NEGATION_WORDS:])
        if not negated:
            return True
    return False
