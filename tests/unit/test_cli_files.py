"""Which files `ingest` takes, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.commands.forward import readable_files
from support_bot.errors import Invalid

SUFFIXES = (".md", ".txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.md", "a/c.TXT", "a/picture.png", ".git/x.md", "a/.hidden.md"):
        path = tmp_path / "kb" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path / "kb"


def test_files_of_a_folder_are_named_within_it(folder: Path) -> None:
    assert [name for name, _ in readable_files([str(folder)], SUFFIXES)] == ["a/c.TXT", "b.md"]


def test_a_file_that_is_named_is_taken_whatever_it_is(folder: Path) -> None:
    picture = folder / "a" / "picture.png"
    assert readable_files([str(picture)], SUFFIXES) == [("picture.png", picture)]


def test_a_path_that_does_not_exist_is_refused(folder: Path) -> None:
    with pytest.raises(Invalid, match="no file and no folder"):
        readable_files([str(folder), str(folder / "missing.md")], SUFFIXES)


def test_a_web_address_stays_one(folder: Path) -> None:
    url = "https://help.example.com/returns"
    assert readable_files([url, str(folder / "b.md")], SUFFIXES) == [("b.md", folder / "b.md"), (url, url)]


def test_a_folder_without_anything_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"\.md, \.txt"):
        readable_files([str(tmp_path)], SUFFIXES)


def test_two_files_of_one_name_are_refused_before_one_replaces_the_other(tmp_path: Path) -> None:
    for team in ("a", "b"):
        (tmp_path / team).mkdir()
        (tmp_path / team / "faq.md").write_text(team)
    with pytest.raises(Invalid, match=r"faq\.md"):
        readable_files([str(tmp_path / "a"), str(tmp_path / "b")], SUFFIXES)
    assert len(readable_files([str(tmp_path)], SUFFIXES)) == 2
