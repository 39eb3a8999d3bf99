"""One file that holds many, with a manifest of their hashes at its end. Knows nothing of what the files mean."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from support_bot.errors import Invalid
from support_bot.storage.trouble import storage_trouble

FORMAT = 1
_MANIFEST = "manifest.json"
_PIECE = 1 << 20
_LARGEST_MANIFEST = 500_000_000  # bytes: some millions of files
_DAMAGE = (BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, ValueError, OSError, RuntimeError)
"""What reading a ZIP file raises where a byte was changed; RuntimeError for a packing that it seems to have."""


def pack(files: Iterable[tuple[str, Path]], about: Mapping[str, Any]) -> Iterator[bytes]:
    """The bytes of an archive as it grows: the files under their names, then `about` and their SHA-256.

    Nothing needs to be known beforehand and nothing is kept, so that it can be sent while it is made."""
    out = _Outlet()
    entries: dict[str, dict[str, Any]] = {}
    with ZipFile(cast(IO[bytes], out), "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in files:
            digest, size = hashlib.sha256(), 0
            with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    target.write(piece)
                    yield out.take()
            entries[name] = {"sha256": digest.hexdigest(), "bytes": size}
        manifest = {"format": FORMAT, **about, "files": entries}
        archive.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    yield out.take()


def store(pieces: Iterable[bytes], target: Path) -> int:
    """Write `target` as a whole or not at all, for its owner's eyes only; its size in bytes.

    Raises Invalid where it exists or cannot be written, and whatever `pieces` raises; then nothing is left behind."""
    if target.exists():
        raise Invalid(f"{target} exists already; choose another name, or delete it first.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with storage_trouble(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            size = part.stat().st_size
            part.replace(target)
            return size
    finally:
        part.unlink(missing_ok=True)


def add(path: Path, name: str, data: bytes) -> None:
    """Add a file to an archive that is there already; the manifest does not know of it."""
    with storage_trouble(path), ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


class Archive:
    """An archive that is open: its manifest can be read, its files are compared with it when they are unpacked."""

    def __init__(self, path: Path, archive: ZipFile, manifest: dict[str, Any]) -> None:
        self._path = path
        self._zip = archive
        self.about = manifest

    def read_extra(self, name: str) -> bytes | None:
        """A file that was added later, or None. Raises Invalid where it is damaged."""
        return b"".join(self._pieces(name)) if name in self._zip.namelist() else None

    def unpack(self, folder: Path, progress: Callable[[int, int], None] | None = None) -> None:
        """Write every file into `folder`. Raises Invalid at the first one that is not what the manifest says."""
        entries: dict[str, dict[str, Any]] = self.about["files"]
        for done, (name, entry) in enumerate(entries.items(), start=1):
            self._unpack_one(name, entry, folder / name)
            if progress:
                progress(done, len(entries))

    def _unpack_one(self, name: str, entry: Mapping[str, Any], target: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with storage_trouble(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                for piece in self._pieces(name):
                    digest.update(piece)
                    size += len(piece)
                    if size > entry["bytes"]:
                        break
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        if size != entry["bytes"] or digest.hexdigest() != entry["sha256"]:
            raise self._damaged(name)

    def _pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file, bit by bit. Raises Invalid where it cannot be unpacked."""
        try:
            with self._zip.open(name) as source:
                while piece := source.read(_PIECE):
                    yield piece
        except _DAMAGE:
            raise self._damaged(name) from None

    def _damaged(self, name: str) -> Invalid:
        return Invalid(f"{self._path} is damaged: {name} is not what was backed up. Nothing was restored.")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """An archive for reading. Raises Invalid, naming what is wrong with it."""
    if not path.is_file():
        raise Invalid(f"{path} is no file.")
    try:
        file = path.open("rb")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        try:
            archive = ZipFile(file)
        except _DAMAGE:
            raise Invalid(f"{path} is no backup, or its end is missing: take another copy of it.") from None
        with archive:
            yield Archive(path, archive, _manifest(path, archive))


def _manifest(path: Path, archive: ZipFile) -> dict[str, Any]:
    names = set(archive.namelist())
    if _MANIFEST not in names or archive.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
        raise Invalid(f"{path} is no backup of this product: it has no manifest.")
    try:
        manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        number = int(manifest["format"])
        files = {name: (str(entry["sha256"]), int(entry["bytes"])) for name, entry in manifest["files"].items()}
    except (*_DAMAGE, TypeError, AttributeError):
        raise Invalid(f"{path} is damaged: its manifest cannot be read.") from None
    if number > FORMAT:
        raise Invalid(f"{path} was made by a newer version of the product (format {number}); restore it with that one.")
    if bad := [name for name in files if not _is_within(name)]:
        raise Invalid(f"{path} is no backup of this product: it holds {bad[0]!r}.")
    if missing := files.keys() - names:
        raise Invalid(f"{path} is damaged: {min(missing)} is missing.")
    return manifest


def _is_within(name: str) -> bool:
    """Whether a name stays below the folder it is unpacked into."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and not set(name) & set("\\:\0")


class _Outlet:
    """A file that only grows, and whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
