"""One customer as the product knows them, what there is of them, and where something of them was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything that a customer is known by: names that sites gave, e-mail addresses, conversations, ticket numbers.

    All empty where nothing is known of them."""

    visitors: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Remain:
    """A place in which something of a customer was found: a column or a file; `count` of rows, or of places in it."""

    place: str
    count: int
