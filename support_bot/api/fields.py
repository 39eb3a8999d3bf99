"""Types of single fields that requests carry: text a database can hold, ids in its range. Knows no route."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, StringConstraints

LARGEST_ID = 2**31 - 1  # what an id in a table can be at most; PostgreSQL refuses to look for a larger one


def storable(text: str) -> str:
    """Refuse what JSON can spell but no database holds: the character NUL, and halves of characters."""
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be valid Unicode")
    return text


Words = Annotated[str, AfterValidator(storable)]
"""Text of any length; its limit is a rule of the service that takes it."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(storable)]
Comment = Annotated[str, StringConstraints(max_length=4000), AfterValidator(storable)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(storable)]
WebAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(storable)
]
Key = Annotated[str, StringConstraints(max_length=64), AfterValidator(storable)]

PathId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
SourceId = Annotated[int, Path(ge=0, le=LARGEST_ID, description="0 is an answer of the team's own.")]
PathSlug = Annotated[Slug, Path()]
Before = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only what is older than this id.")]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only what is newer than this id.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most entries to return.")]
SearchWords = Annotated[str, Query(max_length=500), AfterValidator(storable)]
