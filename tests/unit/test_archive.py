"""An archive of files: whatever a byte of it is changed to, it gives what was packed or says that it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.errors import Invalid
from support_bot.storage.archive import add, opened, pack, store

FILES = {"database.sqlite": b"hello" * 300, "files/ab/abc": bytes(range(256)) * 4}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    store(pack([(name, tmp_path / "in" / name) for name in FILES], {"database": "sqlite"}), tmp_path / "a.zip")
    add(tmp_path / "a.zip", "exam.json", b"[]" * 50)
    return tmp_path / "a.zip"


def test_what_was_packed_is_unpacked(archive: Path, tmp_path: Path) -> None:
    with opened(archive) as found:
        found.unpack(tmp_path / "out")
        assert found.read_extra("exam.json") == b"[]" * 50
        assert found.read_extra("other.json") is None
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize("change", [1, 8, 255])
def test_a_changed_byte_is_harmless_or_named(archive: Path, tmp_path: Path, change: int) -> None:
    whole, spoiled, out = archive.read_bytes(), tmp_path / "b.zip", tmp_path / "out"
    named = 0
    for place in range(len(whole)):
        spoiled.write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
        try:
            with opened(spoiled) as found:
                found.unpack(out)
                found.read_extra("exam.json")
        except Invalid as error:
            named += 1
            assert str(spoiled) in error.detail
        else:
            assert {name: (out / name).read_bytes() for name in FILES} == FILES
    assert named > len(whole) / 2
