"""`support-bot distill` says what is missing before it begins."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_bot import cli
from support_bot.errors import Invalid

_ORDER = ["distill", "reader", "--companies", "companies", "--out", "run", "--start", "model.safetensors"]


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "support_bot.commands.reader_training", raising=False)
    found = CliRunner().invoke(cli.app, _ORDER)
    assert isinstance(found.exception, Invalid)
    assert "support-bot[distill]" in found.exception.detail
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["--companies", "--out", "--start"])
def test_what_it_cannot_do_without_is_asked_for(missing: str) -> None:
    place = _ORDER.index(missing)
    found = CliRunner().invoke(cli.app, _ORDER[:place] + _ORDER[place + 2 :])
    assert found.exit_code == 2
    assert missing in found.output


@pytest.mark.parametrize("pairs", ["0", "-3", "many"])
def test_a_training_has_at_least_one_pair(pairs: str) -> None:
    assert CliRunner().invoke(cli.app, [*_ORDER, "--pairs", pairs]).exit_code == 2
