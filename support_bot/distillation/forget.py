"""Erasure down to the weights: which training rows and which students come from conversations that were erased.

The rows are taken out of the runs' folders with what was made of them; the students are marked, may not serve any more,
and their runs train a clean one when they are run again."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from support_bot.distillation.collect import OWN, OWN_HELD_OUT, conversations_in
from support_bot.distillation.manifest import opened
from support_bot.distillation.run import COLLECTED, TRAINED
from support_bot.errors import Conflict
from support_bot.storage.students import Student, changing, students


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a run has of them: its training rows by file and line, the students that saw them, how a clean one is made.

    `busy` is a run that works at this moment: it promotes nothing, and is to be forgotten from afterwards."""

    folder: str
    rows: tuple[str, ...]
    students: tuple[str, ...]
    command: str
    busy: bool = False


def find(data_dir: Path, conversations: Collection[str]) -> list[Learnt]:
    """What the runs of this machine have of these conversations; changes nothing."""
    return _each_run(data_dir, set(conversations).intersection, _rows_in)


def forget(data_dir: Path, gone: Callable[[Collection[str]], Collection[str]]) -> list[Learnt]:
    """Take out what runs have of the conversations that `gone` names of those it is asked for; what that was."""
    found = _each_run(data_dir, gone, _take_rows)
    with changing(data_dir) as known:
        for student in known:
            seen = set(gone(student.conversations)) if student.conversations else set()
            if seen:
                student.conversations = [key for key in student.conversations if key not in seen]
                student.retrain = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return found


def _each_run(
    data_dir: Path,
    gone: Callable[[Collection[str]], Collection[str]],
    rows_of: Callable[[Path, Collection[str]], tuple[str, ...]],
) -> list[Learnt]:
    runs: dict[str, list[Student]] = {}
    for student in students(data_dir):
        runs.setdefault(student.folder, []).append(student)
    found = []
    for folder, made in runs.items():
        held = set(conversations_in(Path(folder) / COLLECTED)).union(*(one.conversations for one in made))
        theirs = set(gone(held)) if held else set()
        if not theirs:
            continue
        saw = tuple(one.sha256 for one in made if one.sha256 and theirs & set(one.conversations))
        try:
            rows, busy = rows_of(Path(folder), theirs), False
        except Conflict:
            rows, busy = _rows_in(Path(folder), theirs), True
        found.append(Learnt(folder, rows, saw, made[-1].command, busy))
    return found


def _files(folder: Path) -> list[Path]:
    files = [folder / COLLECTED / "companies" / f"{company}.qa.jsonl" for company in (OWN, OWN_HELD_OUT)]
    return [file for file in files if file.is_file()]


def _rows_in(folder: Path, conversations: Collection[str]) -> tuple[str, ...]:
    return tuple(
        f"{file}:{number}"
        for file in _files(folder)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if json.loads(line)["conversation"] in conversations
    )


def _take_rows(folder: Path, conversations: Collection[str]) -> tuple[str, ...]:
    """Raises Conflict while a run works in the folder."""
    rows = _rows_in(folder, conversations)
    if not rows:
        return rows
    with opened(folder):
        # Labels and checkpoints are made of those rows, too; the next run collects anew. They go first: cut off here,
        # the rows still tell that there is something to forget.
        shutil.rmtree(folder / TRAINED, ignore_errors=True)
        for file in _files(folder):
            lines = file.read_text("utf-8").splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line)["conversation"] not in conversations]
            fresh = file.with_suffix(".new")
            fresh.write_text("".join(kept), "utf-8")
            os.replace(fresh, file)
    return rows
