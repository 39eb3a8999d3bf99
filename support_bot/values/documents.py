"""What is looked for among documents, and how pinned answers stand."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from support_bot.values.states import Audience, DocumentStatus


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are wanted; what is left out does not matter. `search` looks in names and titles."""

    search: str = ""
    status: DocumentStatus | None = None
    audience: Audience | None = None


EVERY_DOCUMENT = DocumentFilter()


class DocumentSort(enum.StrEnum):
    """What a list of documents is ordered by."""

    NAME = "name"
    TITLE = "title"
    STATUS = "status"
    AUDIENCE = "audience"
    CHUNKS = "chunks"
    UPDATED = "updated"


class PinState(enum.StrEnum):
    """Whether a pinned answer is given: it is, it was switched off, or its article changed and it waits for a look."""

    ACTIVE = "active"
    OFF = "off"
    LAPSED = "lapsed"
