"""Find and mask personal data in text: e-mail addresses, IBANs, card and phone numbers. Knows patterns, not people.

Patterns with a check digit (IBAN, card) are verified, so an order number is masked only where it reads like a phone
number. Every pattern runs in time linear in the text."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class PersonalKind(enum.StrEnum):
    """What kind of personal data a piece of text is; its value is what the mask shows."""

    EMAIL = "email"
    IBAN = "iban"
    CARD = "card"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """Where personal data stands: character offsets, `end` exclusive."""

    kind: PersonalKind
    start: int
    end: int


_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", re.IGNORECASE)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_PHONE = re.compile(
    r"(?<![\w.+-])"
    r"(?!\d{1,2}([./-])\d{1,2}\1\d{2,4}\b)"  # 01.02.2026 is a date
    r"(?:"
    r"(?:\+|00)[1-9](?:[ ./()-]{0,2}\d){6,14}"  # +49 30 901820, 0049 (0)30 901820
    r"|\(?0[1-9](?:[ ./()-]{0,2}\d){6,11}"  # 030 901820, (020) 7946 0018
    r"|(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # (415) 555-0123
    r")(?!-?\w)"
)


def find_personal_data(text: str) -> list[PersonalSpan]:
    """Every span of personal data in the text, in order, none overlapping another; stricter patterns win."""
    taken: list[PersonalSpan] = []
    for kind, search in _SEARCHES:
        for start, end in search(text):
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(PersonalSpan(kind, start, end))
    return sorted(taken, key=lambda span: span.start)


def mask(text: str) -> str:
    """The text with each piece of personal data replaced by its kind: `Call [phone]`."""
    parts, position = [], 0
    for span in find_personal_data(text):
        parts += [text[position : span.start], f"[{span.kind}]"]
        position = span.end
    return "".join([*parts, text[position:]])


def _emails(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        candidate = match.group()
        # The pattern may have swallowed short words behind the number; give them back one by one.
        while not _is_iban(candidate) and " " in candidate:
            candidate = candidate.rpartition(" ")[0]
        if _is_iban(candidate):
            yield match.start(), match.start() + len(candidate)


def _cards(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _CARD.finditer(text) if _is_card(match.group()))


def _phones(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _PHONE.finditer(text))


def _is_iban(candidate: str) -> bool:
    """ISO 13616: 15 to 34 characters, and the number they spell leaves 1 when divided by 97."""
    compact = candidate.replace(" ", "").upper()
    spelled = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return 15 <= len(compact) <= 34 and int(spelled) % 97 == 1


def _is_card(candidate: str) -> bool:
    """Luhn's check (ISO/IEC 7812): every second digit from the right is doubled; the digit sums add up to tens."""
    digits = [int(character) for character in candidate if character.isdigit()]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return any(digits) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_SEARCHES: tuple[tuple[PersonalKind, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    (PersonalKind.EMAIL, _emails),
    (PersonalKind.IBAN, _ibans),
    (PersonalKind.CARD, _cards),
    (PersonalKind.PHONE, _phones),
)
