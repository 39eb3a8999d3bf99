"""What a run did, stage by stage: inputs, outputs by hash, seconds, figures. What was done is not done again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from support_bot.engine.digest import file_sha256
from support_bot.errors import Conflict, Invalid
from support_bot.storage.trouble import storage_trouble

_FILE = "manifest.json"


class Manifest:
    """The stages of one run in its folder, kept in `manifest.json`. Made by `opened`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stages: dict[str, Any] = {}
        if (folder / _FILE).exists():
            try:
                self.stages = dict(json.loads((folder / _FILE).read_text("utf-8"))["stages"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise Invalid(f"{folder / _FILE} cannot be read ({error}); use an empty folder.") from None

    def stage(
        self, name: str, inputs: Mapping[str, Any], outputs: Sequence[str], work: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """The figures of a stage: those on file where the inputs and the files it wrote are the same, else `work` is
        done. `inputs` is anything that JSON can hold; a file stands in it by its hash.

        Raises StorageFull or Invalid where the disk refuses; the earlier stages stay done."""
        digest = _digest(inputs)
        known = self.stages.get(name)
        if known and known["digest"] == digest and known["outputs"] == self._hashes(outputs):
            figures: Mapping[str, Any] = known["figures"]
            return figures
        begin = time.monotonic()
        with storage_trouble(self._folder):
            figures = work()
            self.stages[name] = {
                "digest": digest,
                "inputs": inputs,
                "outputs": self._hashes(outputs),
                "seconds": round(time.monotonic() - begin, 1),
                "figures": figures,
            }
            self._write()
        return figures

    def is_made_of(self, name: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the stage was done with these inputs, whatever became of its files."""
        return name in self.stages and self.stages[name]["digest"] == _digest(inputs)

    def is_whole(self, name: str) -> bool:
        """Whether the stage was done and its files are as it wrote them."""
        known = self.stages.get(name)
        return known is not None and known["outputs"] == self._hashes(list(known["outputs"]))

    def _hashes(self, names: Sequence[str]) -> dict[str, str]:
        paths = {name: self._folder / name for name in names}
        return {name: file_sha256(path) for name, path in paths.items() if path.is_file()}

    def _write(self) -> None:
        fresh = self._folder / f"{_FILE}.new"
        fresh.write_text(json.dumps({"stages": self.stages}, indent=1, default=str), "utf-8")
        os.replace(fresh, self._folder / _FILE)


@contextmanager
def opened(folder: Path) -> Iterator[Manifest]:
    """The manifest of a run's folder, which is this run's alone while the block lasts. Raises Conflict, Invalid."""
    lock = FileLock(folder / "run.lock", timeout=0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what customers asked will lie in it
        lock.acquire()
    except Timeout:
        raise Conflict(f"Another run works in {folder}; wait for it, or give this one a folder of its own.") from None
    except OSError as error:
        raise Invalid(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        yield Manifest(folder)
    finally:
        lock.release()


def _digest(inputs: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()
