"""What a ZIP says of itself is not believed: sizes are counted, names and passwords looked at."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.archive import check_parts, members
from support_bot.settings import IngestionSettings
from tests.factories_files.office import archive, bomb, locked, lying, warranty_docx, xlsx

LIMITS = IngestionSettings(max_file_mb=2, max_unpacked_mb=5, max_archive_files=10)


def problems(data: bytes) -> dict[str, str]:
    return {member.name: member.problem for member in members(data, LIMITS)}


def test_the_files_come_out_with_their_names_and_without_what_systems_leave() -> None:
    data = archive({"help/": b"", "help/a.md": b"A", "b.md": b"B", "__MACOSX/._b.md": b"x", "help/.DS_Store": b"x"})
    assert [(member.name, member.data) for member in members(data, LIMITS)] == [("help/a.md", b"A"), ("b.md", b"B")]


def test_an_office_file_inside_is_a_file_and_no_archive() -> None:
    document = warranty_docx()
    (found,) = members(archive({"warranty.docx": document}), LIMITS)
    assert (found.data, found.problem) == (document, "")


def test_a_bomb_is_refused_before_anything_comes_out() -> None:
    data = archive({"good.md": b"# Good", "bomb.txt": b"0" * 6_000_000})
    assert len(data) < 10_000
    with pytest.raises(TooLarge, match="more than 5 MB"):
        next(members(data, LIMITS))


def test_a_bomb_that_lies_about_its_size_yields_nothing() -> None:
    with pytest.raises(UnreadableDocument, match="damaged"):
        list(members(lying(bomb(6), 1000), LIMITS))


def test_an_office_file_that_is_a_bomb_is_refused_too() -> None:
    with pytest.raises(TooLarge, match="more than 5 MB"):
        check_parts(bomb(6, "word/document.xml"), LIMITS)
    check_parts(xlsx({"S": [["a", "b"]]}), LIMITS)


def test_too_many_files_are_refused() -> None:
    with pytest.raises(TooLarge, match="11 files; at most 10"):
        list(members(archive({f"{n}.md": b"x" for n in range(11)}), LIMITS))


@pytest.mark.parametrize("name", ["../../x.md", "/etc/x.md", "C:/x.md", "a/../../x.md", "..\\x.md"])
def test_names_that_lead_out_are_refused_one_by_one(name: str) -> None:
    found = problems(archive({name: b"x", "good.md": b"y"}))
    assert found["good.md"] == ""
    assert [problem for problem in found.values() if "leads out of the archive" in problem]


def test_archives_inside_and_files_that_are_too_large_are_refused_one_by_one() -> None:
    found = problems(archive({"inner.zip": archive({"a.md": b"A"}), "big.txt": b"0" * 3_000_000, "good.md": b"x"}))
    assert "archive inside an archive" in found["inner.zip"]
    assert "3.0 MB; at most 2 MB" in found["big.txt"]
    assert found["good.md"] == ""


def test_locked_files_say_so() -> None:
    assert "protected by a password" in problems(locked(archive({"a.md": b"A"})))["a.md"]


def test_a_name_that_is_there_twice_is_taken_once() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed, pytest.warns(UserWarning, match="Duplicate name"):
        packed.writestr("a.md", b"one")
        packed.writestr("a.md", b"two")
    assert [bool(member.problem) for member in members(buffer.getvalue(), LIMITS)] == [False, True]


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nothing", archive({"a.md": b"A" * 5000})[:-30]])
def test_a_damaged_archive_says_so(data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="damaged"):
        list(members(data, LIMITS))


def test_an_empty_archive_says_so() -> None:
    with pytest.raises(UnreadableDocument, match="holds no files"):
        list(members(archive({}), LIMITS))
