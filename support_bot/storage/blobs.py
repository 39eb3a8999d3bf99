"""Uploaded files by content hash. Knows nothing of documents; the caller decides when a blob may go."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from support_bot.errors import DamagedFile, NotFound
from support_bot.storage.trouble import storage_trouble

_REMEDY = "Upload it again, or restore a backup; `support-bot doctor` looks at every file."


class BlobStore:
    """Files under `root`, named by SHA-256; writing the same content twice is one file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Store and return the SHA-256. A crash leaves no half-written blob: the name appears with the whole file.

        A file that is there but damaged is replaced. Raises StorageFull, or Invalid where the disk refuses otherwise;
        then nothing is left behind."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        if self.is_whole(sha256):
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
        """The content, which is what was stored. Raises NotFound, or DamagedFile where it is not that any more."""
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound("The stored file is gone; upload it again.") from None
        except OSError as error:
            raise DamagedFile(f"The stored file cannot be read ({error.strerror}). {_REMEDY}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedFile(f"The stored file is damaged: it is not what was uploaded. {_REMEDY}")
        return data

    def is_whole(self, sha256: str) -> bool:
        """Whether the file is there and is what was stored."""
        try:
            self.get(sha256)
        except (NotFound, DamagedFile):
            return False
        return True

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
