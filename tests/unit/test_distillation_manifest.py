"""A run of training goes on where it was, and never twice in one folder."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from support_bot.distillation.manifest import opened
from support_bot.errors import Conflict, Invalid, StorageFull


class Work:
    """Writes a file and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "out.txt"
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        self.file.write_text("done")
        return {"loss": 1.5}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def run(folder: Path, work: Work, **inputs: object) -> object:
    with opened(folder) as manifest:
        return manifest.stage("train", inputs, [work.file.name], work)


def test_what_is_done_is_not_done_again(tmp_path: Path, work: Work) -> None:
    assert run(tmp_path, work, rank=8) == run(tmp_path, work, rank=8) == {"loss": 1.5}
    assert work.times == 1


def test_another_input_begins_anew(tmp_path: Path, work: Work) -> None:
    run(tmp_path, work, rank=8)
    run(tmp_path, work, rank=16)
    assert work.times == 2


@pytest.mark.parametrize("text", ["changed", None])
def test_a_lost_or_changed_file_is_made_again(tmp_path: Path, work: Work, text: str | None) -> None:
    run(tmp_path, work)
    work.file.write_text(text) if text else work.file.unlink()
    run(tmp_path, work)
    assert work.times == 2 and work.file.read_text() == "done"


def test_a_stage_that_fails_leaves_the_earlier_ones(tmp_path: Path, work: Work) -> None:
    def fails() -> dict[str, Any]:
        raise ValueError("power cut")

    with pytest.raises(ValueError, match="power cut"), opened(tmp_path) as manifest:
        manifest.stage("train", {}, ["out.txt"], work)
        manifest.stage("export", {}, [], fails)
    with opened(tmp_path) as manifest:
        assert set(manifest.stages) == {"train"}


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(Conflict, match="Another run"), opened(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stages": 3}'])
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(Invalid, match=r"manifest\.json"), opened(tmp_path):
        pass


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "run"):
        assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_trouble_with_another_file_is_not_taken_for_the_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), opened(tmp_path):
        (tmp_path / "elsewhere").read_text()
    with opened(tmp_path):
        pass  # and the folder is free again


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match="cannot be written"), opened(tmp_path / "file" / "run"):
        pass


def test_a_full_disk_is_said_and_what_was_done_stays(tmp_path: Path, work: Work) -> None:
    run(tmp_path, work)

    def fills() -> dict[str, Any]:
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(tmp_path) as manifest, pytest.raises(StorageFull, match="no room left"):
        manifest.stage("export", {}, [], fills)
    assert list(json.loads((tmp_path / "manifest.json").read_text())["stages"]) == ["train"]
    run(tmp_path, work)
    assert work.times == 1


def test_a_manifest_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, work: Work) -> None:
    run(tmp_path, work)
    before = (tmp_path / "manifest.json").read_bytes()
    (tmp_path / "manifest.json.new").mkdir()  # in the way of what is written first
    with pytest.raises(Invalid, match="cannot be written"):
        run(tmp_path, work, rank=16)
    assert (tmp_path / "manifest.json").read_bytes() == before
