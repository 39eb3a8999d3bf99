"""Which students were trained here, of which conversations, and which of them must not serve any more: one JSON file in
the data folder. Commands and servers write it, one at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

_FILE = "students.json"


@dataclass
class Student:
    """A student by the SHA-256 of its file (empty: not made yet), with the ids of the conversations that it saw.

    `retrain` says since when it has to be made anew: somebody it learnt from was erased. `order` is the file that the
    run was ordered with."""

    sha256: str
    folder: str
    order: str = ""
    conversations: list[str] = field(default_factory=list)
    retrain: str = ""

    @property
    def command(self) -> str:
        """What trains it anew, without those who were erased."""
        return f"support-bot distill run {self.order or f'ORDER.toml, whose folder is {self.folder}'}"


def students(data_dir: Path) -> list[Student]:
    """All of them, in the order of their making."""
    file = data_dir / _FILE
    return [Student(**entry) for entry in json.loads(file.read_text("utf-8"))] if file.exists() else []


def to_be_retrained(data_dir: Path) -> dict[str, Student]:
    """Those that must not serve any more, by their SHA-256."""
    return {student.sha256: student for student in students(data_dir) if student.retrain and student.sha256}


def remember(data_dir: Path, folder: Path, order: str, sha256: str = "", conversations: Collection[str] = ()) -> None:
    """Note a run in this folder, and the student that it has made; a student that is known gets nothing new."""
    with changing(data_dir) as known:
        known[:] = [one for one in known if one.sha256 or one.folder != str(folder)]
        if all((one.sha256, one.folder) != (sha256, str(folder)) for one in known):
            known.append(Student(sha256, str(folder), order, sorted(conversations)))


@contextmanager
def changing(data_dir: Path) -> Iterator[list[Student]]:
    """The list to be changed, nobody else's meanwhile; written whole when the block ends well."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(data_dir / f"{_FILE}.lock", timeout=30):
        known = students(data_dir)
        yield known
        fresh = data_dir / f"{_FILE}.new"
        fresh.write_text(json.dumps([asdict(one) for one in known], indent=1), "utf-8")
        os.replace(fresh, data_dir / _FILE)
