"""One process owns the data folder, the others learn who it is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from support_bot.errors import DataFolderInUse, Invalid
from support_bot.storage.data_folder import DataFolder, Owner

URL = "http://127.0.0.1:7860"


def test_a_folder_that_nobody_owns_has_no_owner(tmp_path: Path) -> None:
    assert DataFolder(tmp_path / "not made yet").find_owner() is None
    assert DataFolder(tmp_path).find_owner() is None


def test_others_find_the_owner_while_it_owns_the_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with folder.own(URL, "secret"):
        assert DataFolder(tmp_path / "data").find_owner() == Owner(URL, "secret", os.getpid())
    assert folder.find_owner() is None
    assert not (tmp_path / "data" / "server.json").exists()


def test_a_server_announces_where_it_listens_once_it_does(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.own() as ownership:
        assert folder.find_owner() == Owner("", "", os.getpid())
        ownership.announce(URL, "secret")
        assert folder.find_owner() == Owner(URL, "secret", os.getpid())


def test_the_token_is_for_the_owner_alone(tmp_path: Path) -> None:
    with DataFolder(tmp_path).own(URL, "secret"):
        assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600


def test_a_folder_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "new" / "data").own():
        assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_a_second_owner_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    with (
        DataFolder(tmp_path).own(URL, "secret"),
        pytest.raises(DataFolderInUse, match=URL),
        DataFolder(tmp_path).own(),
    ):
        pass


def test_a_second_command_is_told_which_process_it_waits_for(tmp_path: Path) -> None:
    with (
        DataFolder(tmp_path).own(),
        pytest.raises(DataFolderInUse, match=f"process {os.getpid()}"),
        DataFolder(tmp_path).own(),
    ):
        pass


def test_what_a_dead_process_left_behind_does_not_count(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from support_bot.storage.data_folder import DataFolder\n"
        f"with DataFolder(pathlib.Path(sys.argv[1])).own({URL!r}, 'old'):\n"
        "    os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert json.loads((tmp_path / "server.json").read_text())["url"] == URL
    folder = DataFolder(tmp_path)
    assert folder.find_owner() is None
    with folder.own():
        assert folder.find_owner() == Owner("", "", os.getpid())


def test_an_owner_whose_record_cannot_be_read_still_counts(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.own(URL, "secret"):
        (tmp_path / "server.json").write_text("{")
        assert folder.find_owner() == Owner("", "", 0)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Invalid, match="file/data"), DataFolder(tmp_path / "file" / "data").own():
        pass
