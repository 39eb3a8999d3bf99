"""Training from the command line, where PyTorch is not installed: it says what to do, and nothing is begun."""

from __future__ import annotations

import importlib.util
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


def test_a_run_names_what_of_the_extra_is_missing_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("torch", "gguf") else find(name))
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "Open?"}\n')
    (tmp_path / "acme.toml").write_text('name = "acme"\nfolder = "run"\n[exam]\nquestions = "exam.jsonl"\n')
    result = CliRunner().invoke(app, ["distill", "run", str(tmp_path / "acme.toml")])
    assert isinstance(result.exception, Invalid)
    assert "torch" in result.exception.detail and "gguf" in result.exception.detail
    assert "--until collect" in result.exception.detail
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("words", [[], ["run", "--questions", "0"], ["run", "--drafts", "-1"]])
def test_a_report_is_asked_for_in_words_that_can_be_understood(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["distill", "report", *words]).exit_code == 2


def test_a_report_of_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["distill", "report", str(tmp_path)])
    assert isinstance(result.exception, Invalid) and "no folder of a run" in result.exception.detail
    assert not list(tmp_path.iterdir())
