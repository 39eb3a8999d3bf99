"""Look into ZIP files without trusting what they say of themselves. Writes nothing to disk and reads no format."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.sniffing import ZIP, media_type
from support_bot.settings import IngestionSettings

_STEP = 1_000_000
_MEGABYTE = 1_000_000
_ENCRYPTED = 0x1
_MOST_PARTS = 20_000
"""Far more parts than any office file has; each costs time even when it is empty."""
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_NOT_CONTENT = re.compile(r"(^|/)(\.[^./\\]|__MACOSX/|Thumbs\.db$|desktop\.ini$)", re.I)

DAMAGED = "The archive is damaged. Pack it again and upload that."
LOCKED = "The file is protected by a password. Pack it again without the password."
NESTED = "The file is an archive inside an archive. Unpack it and upload it by itself."
OUTSIDE = "The file's name leads out of the archive. Pack the folder itself again."
TWICE = "The archive holds another file of this name. Rename one of them."


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive: its bytes, or the problem that keeps it out."""

    name: str
    data: bytes = b""
    problem: str = ""


def members(data: bytes, settings: IngestionSettings) -> Iterator[Member]:
    """The files of a ZIP one by one, without folders and what operating systems leave in them.

    Nothing is given before the whole archive was measured. Raises TooLarge for too many files or too much inside,
    and UnreadableDocument for a damaged or empty archive."""
    with _opened(data) as archive:
        wanted = [entry for entry in archive.infolist() if not (entry.is_dir() or _NOT_CONTENT.search(entry.filename))]
        if len(archive.infolist()) > settings.max_archive_files:
            raise TooLarge(
                f"The archive holds {len(archive.infolist()):,} files; at most {settings.max_archive_files:,} are "
                "taken. Split it into several archives."
            )
        if not wanted:
            raise UnreadableDocument("The archive holds no files. Check the original and pack it again.")
        _measure(archive, settings.max_unpacked_mb)
        seen: set[str] = set()
        for entry in wanted:
            yield _member(archive, entry, settings.max_file_mb, seen)
            seen.add(entry.filename)


def check_parts(data: bytes, settings: IngestionSettings) -> None:
    """Refuse an office file (a ZIP of parts) that unpacks to more than the settings allow, by what comes out of it.

    Raises TooLarge, or UnreadableDocument where it is damaged or locked."""
    with _opened(data) as archive:
        if len(archive.infolist()) > _MOST_PARTS:
            raise TooLarge(f"The file is made of {len(archive.infolist()):,} parts, more than any document needs.")
        if any(entry.flag_bits & _ENCRYPTED for entry in archive.infolist()):
            raise UnreadableDocument(LOCKED)
        _measure(archive, settings.max_unpacked_mb)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGE as exc:
        raise UnreadableDocument(DAMAGED) from exc


def _measure(archive: zipfile.ZipFile, most_mb: int) -> None:
    """Unpack everything to nowhere and count; the sizes that an archive announces may be lies."""
    refusal = f"The file unpacks to more than {most_mb} MB. Split it, or leave out what is not text."
    entries = [entry for entry in archive.infolist() if not entry.flag_bits & _ENCRYPTED]
    if sum(entry.file_size for entry in entries) > most_mb * _MEGABYTE:
        raise TooLarge(refusal)
    total = 0
    try:
        for entry in entries:
            with archive.open(entry) as part:
                while step := len(part.read(_STEP)):
                    total += step
                    if total > most_mb * _MEGABYTE:
                        raise TooLarge(refusal)
    except _DAMAGE as exc:
        raise UnreadableDocument(DAMAGED) from exc


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_mb: int, seen: set[str]) -> Member:
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or ".." in PurePosixPath(name).parts or re.match(r"^[A-Za-z]:", name):
        return Member(name, problem=OUTSIDE)
    if entry.filename in seen:
        return Member(name, problem=TWICE)
    if entry.flag_bits & _ENCRYPTED:
        return Member(name, problem=LOCKED)
    if entry.file_size > most_mb * _MEGABYTE:
        size = entry.file_size / _MEGABYTE
        return Member(name, problem=f"The file has {size:.1f} MB; at most {most_mb} MB are taken.")
    data = archive.read(entry)
    return Member(name, problem=NESTED) if media_type(data) == ZIP else Member(name, data)
