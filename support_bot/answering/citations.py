"""Turn the model's indices into sources the customer can open. An index that points nowhere is dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support_bot.values import Excerpt, SourceRef

_INDEX = re.compile(r"\s*\[(\d{1,2})\]")
_QUOTE_CHARS = 400


def sources(excerpts: Sequence[Excerpt]) -> tuple[SourceRef, ...]:
    """One source per excerpt, counted from 1 in the order the model sees them."""
    return tuple(
        SourceRef(
            index=number,
            document_id=excerpt.passage.document_id,
            chunk_id=excerpt.passage.chunk_id,
            name=excerpt.passage.name,
            title=excerpt.passage.title,
            heading=excerpt.passage.heading,
            quote=excerpt.text[:_QUOTE_CHARS],
            url=excerpt.passage.url,
        )
        for number, excerpt in enumerate(excerpts, start=1)
    )


def cited(sentence: str, known: Sequence[SourceRef]) -> list[SourceRef]:
    """The sources whose indices the sentence names; unknown indices are ignored."""
    wanted = {int(number) for number in _INDEX.findall(sentence)}
    return [source for source in known if source.index in wanted]


def without_indices(sentence: str) -> str:
    """The sentence as the customer reads it."""
    return _INDEX.sub("", sentence).strip()
