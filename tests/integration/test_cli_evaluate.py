"""An evaluation from files to scores, with the fake engine; the real data folder is never touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.commands import local
from support_bot.errors import Invalid
from support_bot.evaluation.companies import companies
from support_bot.evaluation.run import Options, Result, evaluate, evaluate_all
from support_bot.settings import Settings
from tests.factories import DELIVERY, RETURNS, settings

QUESTIONS = [
    {"id": "q1", "question": "How much is standard delivery?", "type": "factual", "gold_docs": ["delivery.md"],
     "must_include": [["4.90"]]},
    {"id": "q2", "question": "And how long does it take?", "type": "followup", "gold_docs": ["delivery.md"],
     "history": [{"role": "user", "content": "How much is standard delivery?"},
                 {"role": "assistant", "content": "It costs $4.90."}]},
    {"id": "q3", "question": "Quiero hablar con una persona", "type": "human_request", "language": "es"},
    {"id": "q4", "question": "I want to talk to a human", "type": "human_request"},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kb" / "en").mkdir(parents=True)
    (tmp_path / "kb" / "en" / "returns.md").write_text(RETURNS)
    (tmp_path / "kb" / "delivery.md").write_text(DELIVERY)
    (tmp_path / "kb" / "empty.md").write_text("")
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(question) + "\n" for question in QUESTIONS))
    return tmp_path


def build(given: Settings) -> App:
    return local.build(given, lambda *_: None)


def run(folder: Path, **options: Any) -> Result:
    files = (folder / "kb", folder / "questions.jsonl", folder / "out.jsonl")
    return evaluate(settings(folder), *files, Options(**options), build)


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    records = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    return {record["id"]: record for record in records}


def test_every_question_becomes_a_line_with_answer_sources_and_times(folder: Path) -> None:
    result = run(folder)
    found = lines(folder)
    assert list(found) == ["q1", "q2", "q3", "q4"]
    first = found["q1"]
    assert first["status"] == "answered"
    assert "$4.90" in first["answer"]
    assert first["citations"] == ["delivery.md"]
    assert first["retrieved"][0]["doc"] == "delivery.md"
    assert first["retrieved"][0]["score"] > 0
    assert 0 < first["seconds_first_token"] <= first["seconds_total"]
    assert found["q4"]["status"] == "handoff"
    assert result.unreadable == {"empty.md": "The file is empty. Check the original and upload it again."}
    assert (result.asked, result.failed) == (4, {})


def test_a_follow_up_is_searched_with_what_was_said_before(folder: Path) -> None:
    run(folder, types=("followup",))
    assert lines(folder)["q2"]["standalone"] == "How much is standard delivery? And how long does it take?"


def test_the_real_data_is_not_touched_and_nothing_is_left_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))
    run(folder, limit=1)
    assert not settings(folder).data_dir.exists()
    assert list((folder / "tmp").iterdir()) == []


def test_resuming_asks_only_what_is_missing_after_a_torn_line(folder: Path) -> None:
    run(folder, limit=1)
    kept = (folder / "out.jsonl").read_text()
    with (folder / "out.jsonl").open("a") as file:
        file.write('{"id": "q2", "ans')
    result = run(folder, resume=True, limit=2)
    assert result.asked == 1
    assert (folder / "out.jsonl").read_text().startswith(kept)
    assert list(lines(folder)) == ["q1", "q2"]


def test_a_finished_file_is_scored_without_asking_anything(folder: Path) -> None:
    run(folder)
    told: list[str] = []
    result = run(folder, resume=True, progress=lambda stage, done, total: told.append(stage))
    assert (result.asked, told) == (0, [])
    assert len(result.predictions) == 4


def test_without_resuming_the_file_begins_anew(folder: Path) -> None:
    run(folder)
    run(folder, limit=1)
    assert list(lines(folder)) == ["q1"]


def test_questions_are_chosen_by_language_and_type(folder: Path) -> None:
    result = run(folder, languages=("es",), types=("human_request", "factual"))
    assert [question.id for question in result.questions] == ["q3"]
    with pytest.raises(Invalid, match="No question is left"):
        run(folder, languages=("de",))


def test_retrieval_alone_writes_what_the_search_found(folder: Path) -> None:
    run(folder, retrieval_only=True, types=("factual", "followup"))
    found = lines(folder)
    assert [record["answer"] for record in found.values()] == ["", ""]
    assert found["q2"]["standalone"].startswith("How much is standard delivery?")
    assert found["q2"]["retrieved"][0]["doc"] == "delivery.md"


def test_progress_is_told_for_documents_and_questions(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run(folder, limit=2, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert ("Reading documents", 2, 2) in told
    assert told[-1] == ("Asking", 2, 2)


@pytest.mark.parametrize(("name", "message"), [("kb", "is no folder"), ("questions.jsonl", "does not exist")])
def test_what_is_missing_is_named_before_anything_is_built(folder: Path, name: str, message: str) -> None:
    (folder / name).rename(folder / "elsewhere")
    with pytest.raises(Invalid, match=message):
        run(folder)


def test_the_questions_are_never_written_over(folder: Path) -> None:
    questions = folder / "questions.jsonl"
    with pytest.raises(Invalid, match="are the questions"):
        evaluate(settings(folder), folder / "kb", questions, questions, Options(), build)


def test_a_folder_without_readable_files_is_refused(folder: Path) -> None:
    (folder / "bare").mkdir()
    with pytest.raises(Invalid, match="no file that can be read"):
        evaluate(settings(folder), folder / "bare", folder / "questions.jsonl", folder / "out.jsonl", Options(), build)


def test_each_knowledge_base_is_asked_its_own_questions_from_its_own_articles(folder: Path) -> None:
    for name, article in (("one", DELIVERY), ("two", RETURNS)):
        (folder / "all" / name / "articles").mkdir(parents=True)
        (folder / "all" / name / "articles" / f"{name}.md").write_text(article)
        (folder / "all" / name / "exam.jsonl").write_text(json.dumps(QUESTIONS[0]))
    bases = companies(folder / "all", folder / "made")
    result = evaluate_all(settings(folder), bases, folder / "out.jsonl", Options(), build)
    found = lines(folder)
    assert list(found) == [question.id for question in result.questions] == ["one-q1", "two-q1"]
    assert {passage["doc"] for passage in found["two-q1"]["retrieved"]} == {"two.md"}
    assert found["one-q1"]["trace"]["decision"] == "answer:question"
