"""One process owns the data folder, and others can find out where it listens. Knows nothing of what lies inside."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from support_bot.errors import DataFolderInUse, Invalid
from support_bot.storage.restoring import finish

# A look at the lock holds it for a moment (`find_owner`); whoever wants to own the folder waits that long at least.
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns the folder. `url` is empty while it does not listen: a short command, or a server that
    starts; `token` lets the owner's user in as an admin."""

    url: str
    token: str
    pid: int


class Ownership:
    """The folder is ours. A server says where it listens once it does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def announce(self, url: str, token: str) -> None:
        """Write down, for this user's eyes only, where commands may be sent."""
        record = json.dumps(asdict(Owner(url, token, os.getpid())))
        # A temporary file is the owner's alone (0600) from its first byte on, and the name appears with the whole text.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
            file.write(record)
        os.replace(file.name, self._path)


class DataFolder:
    """The folder of the database, the index and uploaded files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._record = path / "server.json"

    @contextmanager
    def own(self, url: str = "", token: str = "", *, wait_s: float = _LOOK_S) -> Iterator[Ownership]:
        """Own the folder, which is made if need be, until the block ends; the system frees it if the process dies.

        Raises DataFolderInUse after `wait_s` seconds, naming the owner, and Invalid when the folder cannot be used."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys and conversations are in it
            lock = self._lock()
            lock.acquire(timeout=max(wait_s, _LOOK_S), poll_interval=0.05)
        except Timeout:
            raise DataFolderInUse(self._in_use(self._read())) from None
        except OSError as error:
            raise Invalid(f"The data folder {self._path} cannot be used: {error.strerror or error}.") from None
        ownership = Ownership(self._record)
        try:
            finish(self._path)  # a restore that a crash cut off
            ownership.announce(url, token)
            yield ownership
        finally:
            self._record.unlink(missing_ok=True)
            lock.release()

    def find_owner(self) -> Owner | None:
        """Who owns the folder now, or None. What a dead process left behind does not count."""
        if not (self._path / "server.lock").exists():
            return None
        lock = self._lock()
        try:
            lock.acquire(blocking=False)
        except (Timeout, PermissionError):
            return self._read()
        lock.release()
        return None

    def _lock(self) -> FileLock:
        return FileLock(self._path / "server.lock", thread_local=False)

    def _read(self) -> Owner:
        """What the owner wrote; nothing but its existence is known where that cannot be read (yet)."""
        try:
            return Owner(**json.loads(self._record.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return Owner("", "", 0)

    def _in_use(self, owner: Owner) -> str:
        if owner.url:
            return f"The data folder {self._path} is in use by the server at {owner.url} (process {owner.pid})."
        who = f"process {owner.pid}" if owner.pid else "another user's process"
        return f"The data folder {self._path} is in use by {who}; try again in a moment."
