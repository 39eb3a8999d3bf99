"""Hand-written answers become prompts and targets, with the evidence as the product shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support_bot.answering.prompt import instructions
from support_bot.commands.local import SearchOnly
from support_bot.distillation.company import open_company
from support_bot.distillation.examples import Example, Shown, example, materials, read_examples, write_examples
from support_bot.errors import Invalid
from support_bot.retrieval.retriever import Retriever

from ..factories import settings

ARTICLES = [
    {
        "id": "a1",
        "title": "Prices",
        "text": "| Plan | Small | Large |\n|---|---|---|\n| Price | $5 a month | $9 a month |\n| Users | 2 | 10 |",
    },
    {
        "id": "a2",
        "title": "Change your address",
        "text": "It takes a minute.\n\n1. Open **Account**.\n2. Choose **Address**.\n3. Press **Save**.\n\n"
        "Parcels already sent keep the old address. A pickup point cannot be changed at all.",
    },
]


def record(**given: object) -> dict[str, Any]:
    return {
        "type": "factual", "history": [], "question": "whats the large one", "standalone": "What does Large cost?",
        "gold": ["a1"], "evidence": ["| Price | $5 a month | $9 a month |"],
        "answer": "Large costs $9 a month [a1].",
    } | given  # fmt: skip


STEPS = record(
    type="howto", question="change adress", standalone="How do I change my address?", gold=["a2"],
    evidence=["2. Choose **Address**.", "Parcels already sent keep the old address."],
    answer="1. Open Account.\n2. Choose Address.\n3. Press Save [a2].\n\nParcels already sent keep the old one [a2].",
)  # fmt: skip


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companies")
    (folder / "shop.articles.jsonl").write_text("\n".join(map(json.dumps, ARTICLES)))
    return folder


@pytest.fixture
def company(tmp_path: Path) -> Any:
    @contextmanager
    def opened(articles: Path) -> Iterator[Retriever]:
        with open_company(settings(tmp_path), articles, lambda given: SearchOnly(given, tell)) as retriever:
            yield retriever

    return opened


def tell(stage: str, done: int, total: int) -> None:
    pass


def made(companies: Path, company: Any, *records: dict[str, Any], selected: float = 0.4) -> list[Example | None]:
    (companies / "shop.qa.jsonl").write_text("\n".join(map(json.dumps, records)))
    return [example(material, selected) for material in materials(companies, "shop", company, most_words=54)]


def test_a_row_keeps_its_header_and_a_step_its_list(companies: Path, company: Any) -> None:
    price, steps = made(companies, company, record(), STEPS)
    assert price and steps
    assert price.system == steps.system == instructions()
    assert "| Plan | Small | Large |\n| --- | --- | --- |\n| Price |" in price.user
    assert price.answer == "Large costs $9 a month [1]."
    assert "1. Open **Account**.\n2. Choose **Address**.\n3. Press **Save**." in steps.user
    assert steps.answer.startswith("1. Open Account.\n2. Choose Address.")
    assert "[a2]" not in steps.answer


def test_citations_count_the_excerpts_and_no_article_is_always_the_first(companies: Path, company: Any) -> None:
    both = record(
        gold=["a1", "a2"], evidence=["| Users | 2 | 10 |", "A pickup point cannot be changed at all."],
        answer="A pickup point cannot be changed at all [a2]. Large has 10 users [a1].",
    )  # fmt: skip
    [found] = made(companies, company, both)
    assert found
    order = ["Change your address", "Prices"]
    numbers = {title: found.user.index(title) for title in order}
    first, second = sorted(order, key=numbers.__getitem__)
    assert found.user.startswith(f"[1] {first}") and f"[2] {second}" in found.user
    assert (
        f"at all [{1 + (first == 'Prices')}]" in found.answer
        and f"10 users [{2 - (first == 'Prices')}]" in found.answer
    )


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("Large costs $7 a month [a1].", None),  # the excerpt says no such number
        ("Large costs $9 a month [a7].", None),  # an article that is not shown
        ("No, sorry: Large costs $9 a month [a1].", "Large costs $9 a month [1]."),
        ("Not much: Large costs $9 a month [a1].", "Large costs $9 a month [1]."),
        ("Large costs $9 a month [a1]. The articles are silent about a refund.", "Large costs $9 a month [1]."),
        ("I am sorry to hear that.", None),
    ],
)
def test_only_what_the_excerpts_say_is_taught(companies: Path, company: Any, answer: str, wanted: str | None) -> None:
    [found] = made(companies, company, record(answer=answer))
    assert (found and found.answer) == wanted


@pytest.mark.parametrize(
    "unfit", [record(type="unanswerable"), record(evidence=[]), record(evidence=["| Price | $1 | $2 |"])]
)
def test_what_has_no_evidence_is_left_out(companies: Path, company: Any, unfit: dict[str, Any]) -> None:
    assert made(companies, company, unfit) == []


def test_the_same_records_make_the_same_file(companies: Path, company: Any, tmp_path: Path) -> None:
    (companies / "shop.qa.jsonl").write_text("\n".join(map(json.dumps, [record(), STEPS])))
    for name in ("one", "two"):
        assert write_examples(companies, ["shop"], tmp_path / name, company, Shown(54), tell) == 2
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert [found.type for found in read_examples(tmp_path / "one")] == ["factual", "howto"]


def test_articles_that_are_none_are_named(companies: Path, company: Any, tmp_path: Path) -> None:
    (tmp_path / "odd.articles.jsonl").write_text('{"id": "a1"}')
    with pytest.raises(Invalid, match=r"odd\.articles"), company(tmp_path / "odd.articles.jsonl"):
        pass


def test_what_the_product_selects_is_shown_with_what_was_marked(companies: Path, company: Any) -> None:
    [marked], [selected] = (made(companies, company, record(), selected=share) for share in (0, 1))
    assert marked and selected
    assert (marked.evidence, selected.evidence) == ("marked", "selected")
    assert "| Price |" in marked.user and "| Users |" not in marked.user
    assert "| Price |" in selected.user and len(selected.user) > len(marked.user)
