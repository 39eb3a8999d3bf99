"""Uploaded files by content hash. Knows nothing of documents; the caller decides when a blob may go."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from support_bot.errors import NotFound
from support_bot.storage.trouble import storage_trouble


class BlobStore:
    """Files under `root`, named by SHA-256; writing the same content twice is one file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Store and return the SHA-256. A crash leaves no half-written blob: the name appears with the whole file.

        Raises StorageFull, or Invalid where the disk refuses otherwise; then nothing is left behind."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        if target.exists():
            return sha256
        with storage_trouble(self._root):
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
                try:
                    part.write(data)
                    part.flush()
                    os.fsync(part.fileno())
                    Path(part.name).replace(target)
                except OSError:
                    Path(part.name).unlink(missing_ok=True)
                    raise
        return sha256

    def get(self, sha256: str) -> bytes:
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound("The stored file is gone; upload it again.") from None

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def keep(self, sha256: str, place: Path) -> bool:
        """Let `place` hold the file too, whatever becomes of it here; False where there is no such file."""
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self._path(sha256), place)
        except FileNotFoundError:
            return False
        except OSError:  # a file system without hard links
            try:
                shutil.copyfile(self._path(sha256), place)
            except FileNotFoundError:
                return False
        return True

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256
