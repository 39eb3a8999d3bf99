"""How `support-bot evaluate` may be ordered, and what it says where the options do not fit together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support_bot.cli import app
from support_bot.commands import exam
from support_bot.commands.exam_options import ExamOptions
from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.evaluation.dataset import Prediction, read_questions
from support_bot.evaluation.run import Result
from tests.factories import settings

QUESTION = {"id": "q1", "question": "How long?", "type": "factual", "must_include": [["30 days"]]}


@pytest.fixture
def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExamOptions:
    """An exam whose one question has been answered already."""
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.md").write_text("# Returns\n\n30 days.")
    (tmp_path / "questions.jsonl").write_text(json.dumps(QUESTION))
    line = Prediction(id="q1", answer="You have 30 days to send it back.", status="answered").to_line()
    (tmp_path / "out.jsonl").write_text(line + "\n")
    return ExamOptions(
        kb=tmp_path / "kb", questions=tmp_path / "questions.jsonl", out=tmp_path / "out.jsonl", resume=True,
        report=tmp_path / "reports" / "exam.html",
    )  # fmt: skip


def changed(options: ExamOptions, **fields: Any) -> ExamOptions:
    return ExamOptions(**{**{name: getattr(options, name) for name in ExamOptions.__slots__}, **fields})


def quiet(stage: str, done: int, total: int) -> None:
    """A progress that nobody watches."""


def examine(options: ExamOptions, folder: Path, progress: Progress = quiet) -> exam.Outcome:
    return exam.examine(settings(folder), options, progress)


def test_a_finished_exam_is_scored_gated_and_reported(answered: ExamOptions, tmp_path: Path) -> None:
    found = examine(changed(answered, least="factual.pass=1"), tmp_path)
    assert (found.short, found.problems) == ([], {})
    assert "Passed: factual.pass=1" in (tmp_path / "reports" / "exam.html").read_text()


def test_what_falls_short_is_named_and_reported(answered: ExamOptions, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text(
        Prediction(id="q1", answer="No idea at all, sorry.", status="refused").to_line()
    )
    found = examine(changed(answered, least="factual.pass=0.5"), tmp_path)
    assert found.short == ["factual.pass is 0.000 (n = 1), wanted at least 0.5"]
    assert found.short[0] in (tmp_path / "reports" / "exam.html").read_text()


def test_an_earlier_run_is_compared_with(answered: ExamOptions, tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text(Prediction(id="q1", answer="", status="refused").to_line())
    examine(changed(answered, compare=tmp_path / "old.jsonl"), tmp_path)
    assert "Right now, wrong before: q1." in (tmp_path / "reports" / "exam.html").read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kb": None},
        {"companies": Path("all")},
        {"split": "validation"},
        {"calibrate": True, "retrieval_only": True},
        {"wrong_at_most": 0.1},
        {"compare": Path("nowhere.jsonl")},
        {"least": "good"},
    ],
)
def test_options_that_do_not_fit_together_are_refused_at_once(
    answered: ExamOptions, tmp_path: Path, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exam, "_ask", lambda *given: pytest.fail("the run began"))
    with pytest.raises(Invalid):
        examine(changed(answered, **wrong), tmp_path)


def test_the_command_takes_the_options_and_its_exit_status_is_the_gates(
    answered: ExamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Result(tuple(read_questions(tmp_path / "questions.jsonl")), {}, 0, {}, {})
    seen: list[ExamOptions] = []

    def ask(given: Any, options: ExamOptions, progress: Any) -> Result:
        seen.append(options)
        return result

    monkeypatch.setattr(exam, "_ask", ask)
    monkeypatch.chdir(tmp_path)
    words = [
        "evaluate",
        "--kb",
        "kb",
        "--questions",
        "questions.jsonl",
        "--out",
        "new.jsonl",
        "--min",
        "total.pass=0.1",
    ]
    done = CliRunner().invoke(app, [*words, "--quote-only", "--limit", "3"])
    assert (done.exit_code, seen[0].quote_only, seen[0].limit) == (1, True, 3)
    assert "Fell short: total.pass is 0.000" in done.output
