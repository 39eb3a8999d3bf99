"""Reading questions and predictions, with errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.errors import Invalid
from support_bot.evaluation.dataset import (
    Prediction,
    Retrieved,
    drop_torn_line,
    read_predictions,
    read_questions,
)
from support_bot.values import Author, Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


class TestQuestions:
    def test_three_fields_are_enough(self, path: Path) -> None:
        path.write_text('{"id": "a", "question": "Why?", "history": [{"role": "user", "content": "Hi"}]}\n\n')
        [question] = read_questions(path)
        assert question.turns == [Turn(Author.CUSTOMER, "Hi")]
        assert question.type is None

    def test_fields_that_are_null_or_unknown_do_not_matter(self, path: Path) -> None:
        path.write_text('{"id": 7, "question": "Why?", "gold_docs": null, "colour": "red"}')
        [question] = read_questions(path)
        assert (question.id, question.gold_docs) == ("7", ())

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"id": "a", "question": "Why?"}\n{"id": "b"', "line 2 is no JSON"),
            ('{"id": "a"}', "line 1: question: Field required"),
            ("[1]", "line 1: the line:"),
            ('{"id": "a", "question": "1"}\n{"id": "a", "question": "2"}', "the id a appears twice"),
            ("\n", "has no questions"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_place(self, path: Path, text: str, message: str) -> None:
        path.write_text(text)
        with pytest.raises(Invalid, match=message):
            read_questions(path)

    def test_a_file_that_is_not_there_is_named(self, path: Path) -> None:
        with pytest.raises(Invalid, match=r"lines\.jsonl does not exist"):
            read_questions(path)

    def test_a_file_that_is_no_text_is_refused(self, path: Path) -> None:
        path.write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(Invalid, match="cannot be read"):
            read_questions(path)


class TestPredictions:
    def test_a_line_is_read_back_as_it_was_written(self, path: Path) -> None:
        prediction = Prediction(
            id="a",
            answer="Ja – 30 Tage.\nWirklich.",
            citations=("de/rückgabe.md",),
            retrieved=(Retrieved(doc="de/rückgabe.md", text="30\u2028Tage", score=0.5),),
            status="answered",
            seconds_total=1.5,
        )
        path.write_text(prediction.to_line() + "\n")
        assert read_predictions(path) == {"a": prediction}

    def test_the_last_line_of_an_id_counts(self, path: Path) -> None:
        path.write_text('{"id": "a", "answer": "1"}\n{"id": "a", "answer": null, "status": null}\n')
        assert read_predictions(path)["a"].answer == ""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('{"id": "a"}\n{"id": "b", "ans', '{"id": "a"}\n'),
            ('{"id": "a"}\n', '{"id": "a"}\n'),
            ('{"id"', ""),
            ("", ""),
        ],
    )
    def test_a_torn_last_line_is_dropped(self, path: Path, before: str, after: str) -> None:
        path.write_text(before)
        drop_torn_line(path)
        assert path.read_text() == after

    def test_a_line_torn_within_a_letter_is_dropped(self, path: Path) -> None:
        path.write_bytes(b'{"id": "a"}\n{"id": "\xc3')
        drop_torn_line(path)
        assert path.read_text() == '{"id": "a"}\n'
