"""Words by which a customer would be found again: what they are called, and what they alone have written."""

from __future__ import annotations

import re

from support_bot.storage.database import Transaction
from support_bot.values.customers import Customer

_MOST = 20
_MOST_TRIED = 60
_MOST_TEXTS = 500
_SHORTEST = 6
_PIECE = re.compile(r"[^\s,;:!?()\"'<>\[\]{}]+")


def telling_words(tx: Transaction, customer: Customer) -> tuple[str, ...]:
    """Addresses and ids, names that no other customer's name contains, and up to twenty words of theirs that stand in
    nobody else's messages and in no article. They are told to whoever asks, and stored nowhere."""
    named = [name for name in customer.visitors if not name.startswith("mailto:")]
    tried = list(dict.fromkeys([*named, *_candidates(tx.customers.said(customer)[:_MOST_TEXTS])]))[:_MOST_TRIED]
    own = tx.customers.only_theirs(customer, tried)[:_MOST]
    return tuple(dict.fromkeys([*customer.emails, *customer.conversations[:_MOST], *own]))


def _candidates(texts: list[str]) -> list[str]:
    """Pieces of text that may be rare: with a digit first, then the longest."""
    pieces = {piece.strip(".-_/") for text in texts for piece in _PIECE.findall(text)}
    long = [piece[:80] for piece in pieces if len(piece) >= _SHORTEST]
    return sorted(long, key=lambda piece: (not any(map(str.isdigit, piece)), -len(piece), piece))
