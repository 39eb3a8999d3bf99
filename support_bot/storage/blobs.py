"""Uploaded files by content hash. Knows nothing of documents; the caller decides when a blob may go."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from support_bot.errors import NotFound


class BlobStore:
    """Files under `root`, named by SHA-256; writing the same content twice is one file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Store and return the SHA-256. A crash leaves no half-written blob: the name appears with the whole file."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        if target.exists():
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
        return sha256

    def get(self, sha256: str) -> bytes:
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound("The stored file is gone; upload it again.") from None

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256
