"""Beside each file of weights: its size and time when its content was last checked in full. Hashes nothing."""

from __future__ import annotations

import json
import logging
from pathlib import Path

logger = logging.getLogger(__name__)


def matches_note(place: Path) -> bool:
    """Whether the file is as it was at its last full check."""
    try:
        return bool(json.loads(_note(place).read_text("utf-8")) == _facts(place))
    except (OSError, ValueError):
        return False


def write_note(place: Path) -> None:
    """Note that the file was checked just now."""
    try:
        _note(place).write_text(json.dumps(_facts(place)), "utf-8")
    except OSError:  # a read-only folder (an image, a share) is hashed once per process instead
        logger.debug("no note for %s: the folder is read-only", place.name)


def remove_note(place: Path) -> None:
    """Let the next use check the file in full."""
    _note(place).unlink(missing_ok=True)


def _note(place: Path) -> Path:
    return place.parent / "verified.json"


def _facts(place: Path) -> dict[str, int]:
    status = place.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
