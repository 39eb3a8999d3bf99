"""What disks and databases complain about, in words that say what to do. Knows no rule of the product."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from support_bot.errors import DatabaseUnavailable, Invalid, StorageFull, SupportBotError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = ("disk i/o error", "readonly database", "unable to open database", "read-only transaction")
_REMEDY = "Free some space, then try again; what was stored before is safe."


@contextmanager
def storage_trouble(path: Path) -> Iterator[None]:
    """Raise StorageFull or Invalid, naming the place, where the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"There is no room left on the disk of {path}. {_REMEDY}") from error
        raise Invalid(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def database_trouble() -> Iterator[None]:
    """Raise StorageFull or DatabaseUnavailable where the database cannot work right now; other errors pass on."""
    try:
        yield
    except DBAPIError as error:
        found = in_words(str(error.orig).lower())
        if found is None:
            raise
        raise found from error


def in_words(complaint: str) -> SupportBotError | None:
    """The error that says what a database's complaint (lower case) means; None where it is none of these."""
    if "disk is full" in complaint or "no space left" in complaint:
        return StorageFull(f"There is no room left on the disk of the database. {_REMEDY}")
    if "database is locked" in complaint or "database table is locked" in complaint:
        return DatabaseUnavailable("Another program keeps the database locked. Try again in a moment.", retry_after=5)
    if any(words in complaint for words in _NOT_WRITABLE):
        return DatabaseUnavailable(
            f"The database cannot be written ({complaint}). Run `support-bot doctor`.", retry_after=30
        )
    if "malformed" in complaint or "not a database" in complaint:
        return DatabaseUnavailable("The database is damaged. Run `support-bot doctor`, and restore the newest backup.")
    return None
