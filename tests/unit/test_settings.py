"""How settings are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.cli import main
from support_bot.settings import Settings


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("written", "read"),
    [("10.0.0.1", ["10.0.0.1"]), ("10.0.0.1, 10.0.0.2", ["10.0.0.1", "10.0.0.2"]), ('["::1"]', ["::1"]), ("", [])],
)
def test_a_list_in_the_environment_is_separated_by_commas(
    written: str, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_SERVER__TRUSTED_PROXIES", written)
    assert Settings().server.trusted_proxies == read


def test_a_list_in_the_file_is_a_list() -> None:
    Path("support-bot.toml").write_text('[server]\ntrusted_proxies = ["10.0.0.1", "10.0.0.2"]\n')
    assert Settings().server.trusted_proxies == ["10.0.0.1", "10.0.0.2"]


def test_a_variable_that_cannot_be_read_is_not_blamed_on_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_SERVER", "{half")
    monkeypatch.setattr("sys.argv", ["support-bot", "doctor"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert "A setting cannot be read" in said
    assert "support-bot.toml" not in said


def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("support-bot.toml").write_text("[server\n")
    monkeypatch.setattr("sys.argv", ["support-bot", "doctor"])
    with pytest.raises(SystemExit):
        main()
    assert "support-bot.toml cannot be read" in capsys.readouterr().err
