"""Training from the command line, where PyTorch is not installed: it says what to do, and nothing is begun."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_bot.cli import app
from support_bot.errors import Invalid


def test_without_pytorch_it_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torch", "peft", "gguf", "transformers")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "support_bot.commands.training", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "gguf", None)
    words = ["distill", "writer", "--companies", str(tmp_path), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, Invalid)
    assert "support-bot[distill]" in result.exception.detail
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("words", [[], ["--companies", "x"], ["--companies", "x", "--out", "y", "--rank", "0"]])
def test_words_that_cannot_be_understood_give_status_2(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["distill", "writer", *words]).exit_code == 2
