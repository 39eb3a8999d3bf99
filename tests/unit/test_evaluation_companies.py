"""Exam questions made of hand-written examples: which facts an answer must state, and where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support_bot.errors import Invalid
from support_bot.evaluation.companies import companies, convert, pooled
from support_bot.evaluation.dataset import Prediction, read_questions
from support_bot.evaluation.facts import facts, opening
from support_bot.evaluation.metrics import Rules, score

ARTICLES = [
    {"id": "a1", "title": "Returns", "text": "You can return a lamp within 30 days. The label costs $5. Ask the desk."},
    {"id": "a2", "title": "Opening hours", "text": "| Saturday | 10 am–5 pm | closed |\n\nDogs on a lead are welcome."},
]


def example(**fields: Any) -> dict[str, Any]:
    base = {"type": "factual", "history": [], "question": "how long?", "standalone": "How long can I return a lamp?",
            "gold": ["a1"], "evidence": ["You can return a lamp within 30 days."],
            "answer": "You have 30 days to return it [a1]."}  # fmt: skip
    return {**base, **fields}


@pytest.mark.parametrize(
    ("evidence", "answer", "asked", "first_wordings"),
    [
        ("within 30 days", "You have 30 days.", "how long", [["30 day*"]]),
        ("within 14 days", "You have two weeks, 14 days.", "within 14 days?", []),  # the customer said so
        ("| S | $139 | $220 |", "Size S costs $139.", "how much is it", [["139"]]),
        ("two late passes", "You have 2 of them.", "how many", [["2"]]),
        ("Open **Orders > Return** first.", "Go to Orders > Return [a1].", "how do i", [["Orders > Return"]]),
        ("from 15 December to 15 February", "Closed 15 December to 15 February.", "when is it", [["15 December"]]),
        ("Mail a@b.example or call 555-0154.", "Mail a@b.example or call 555-0154.", "who", [["a@b.example"]]),
        ("Open 8–10 weeks", "It takes 8 to 10 weeks.", "how long", [["8 10"]]),
        ("8 a.m. to 5 p.m.", "From 8 a.m.", "what time", [["8 am"]]),
        ("Dogs on a lead are welcome.", "Your dog is welcome on a lead.", "my dog?", [["welcom*"]]),
        ("It is not possible.", "That is not possible.", "is it possible", [["not"]]),
        ("Parts are free.", "They are free.", "what do parts cost", [["free"]]),
        ("we refund the price, not the $5", "We refund the price, not the $5.", "is it lost", [["refund*"], ["not"]]),
    ],
)
def test_a_fact_stands_in_evidence_and_answer_and_not_in_the_question(
    evidence: str, answer: str, asked: str, first_wordings: list[list[str]]
) -> None:
    found = facts([evidence], answer, [asked], {})
    assert [[fact[0]] for fact in found] == first_wordings


def test_every_fact_is_stated_by_the_answer_it_was_taken_from() -> None:
    answer = "You have 30 days, and the label costs $5."
    for fact in facts([ARTICLES[0]["text"]], answer, ["how long, and what does it cost"], {}):
        question = convert(ARTICLES, [example(answer=answer)], "shop")[0].model_copy(update={"must_include": (fact,)})
        prediction = Prediction(id=question.id, answer=answer, status="answered")
        assert score(question, prediction, Rules()).figures["pass"] == 1


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        ("It is free [a1]. It takes 3 days [a1].", "It is free."),
        ("No, it is closed; it opens on Monday [a1].", "No, it is closed"),
        ("Free for 48 hours; after that $5 [a1].", "Free for 48 hours; after that $5."),
        ("1. Open it.\n2. Close it [a1].", "1. Open it.\n2. Close it."),
    ],
)
def test_the_first_sentence_answers_and_steps_answer_together(answer: str, first: str) -> None:
    assert opening(answer) == first


class TestConversion:
    def test_a_question_has_its_gold_articles_passages_and_status(self) -> None:
        [question] = convert(ARTICLES, [example()], "shop")
        assert question.id == "shop-001"
        assert question.gold_docs == ("a1.md",)
        assert question.gold_passages == ("You can return a lamp within 30 days.",)
        assert question.passage_docs == (("a1.md",),)
        assert question.expected_status == ("answered",)
        assert not question.is_multi_doc

    def test_evidence_in_two_articles_needs_both(self) -> None:
        both = example(gold=["a1", "a2"], evidence=["The label costs $5.", "Dogs on a lead are welcome."],
                       answer="The label costs $5, and dogs are welcome [a1][a2].", type="comparison")  # fmt: skip
        assert convert(ARTICLES, [both], "shop")[0].is_multi_doc

    def test_what_must_be_refused_has_no_facts(self) -> None:
        goats = example(type="unanswerable", gold=[], evidence=[], answer="Our articles do not mention goats.")
        [question] = convert(ARTICLES, [goats], "shop")
        assert (question.must_include, question.expected_status) == ((), ("refused", "handoff"))

    def test_an_answer_that_was_worked_out_is_left_out_and_keeps_the_numbers_of_the_others(self) -> None:
        found = convert(ARTICLES, [example(evidence=["Ask the desk."], answer="It is 42 [a1]."), example()], "shop")
        assert [question.id for question in found] == ["shop-002"]


class TestFolders:
    @pytest.fixture
    def training(self, tmp_path: Path) -> Path:
        place = tmp_path / "training"
        (place / "companies").mkdir(parents=True)
        for name in ("shop", "bank"):
            for kind, records in (("articles", ARTICLES), ("qa", [example()])):
                file = place / "companies" / f"{name}.{kind}.jsonl"
                file.write_text("".join(json.dumps(record) + "\n" for record in records))
        (place / "splits.json").write_text(json.dumps({"validation": ["bank"]}))
        return place

    def test_training_data_becomes_folders_of_articles(self, training: Path, tmp_path: Path) -> None:
        found = companies(training, tmp_path / "made")
        assert [base.name for base in found] == ["bank", "shop"]
        assert (found[0].folder / "a1.md").read_text().startswith("# Returns\n\nYou can return")

    def test_a_split_names_the_companies(self, training: Path, tmp_path: Path) -> None:
        assert [base.name for base in companies(training, tmp_path / "made", "validation")] == ["bank"]
        with pytest.raises(Invalid, match="does not list"):
            companies(training, tmp_path / "made", "holdout")

    def test_folders_laid_out_like_the_sample_company_are_taken_too(self, tmp_path: Path) -> None:
        (tmp_path / "all" / "shop" / "articles").mkdir(parents=True)
        line = json.dumps({"id": "q1", "question": "How long?", "type": "factual"})
        (tmp_path / "all" / "shop" / "exam.jsonl").write_text(line)
        [base] = companies(tmp_path / "all", tmp_path / "made")
        assert (base.folder, [q.id for q in base.questions]) == (tmp_path / "all" / "shop" / "articles", ["shop-q1"])

    def test_the_pooled_questions_can_be_read_again(self, training: Path, tmp_path: Path) -> None:
        bases = companies(training, tmp_path / "made")
        (tmp_path / "pooled.jsonl").write_text(pooled(bases))
        assert read_questions(tmp_path / "pooled.jsonl") == [q for base in bases for q in base.questions]

    def test_a_folder_without_a_knowledge_base_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="has no knowledge base"):
            companies(tmp_path, tmp_path / "made")
