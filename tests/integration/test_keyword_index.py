"""The keyword search gives like results on both databases, in languages with spaces and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.index.keyword import KeywordEntry, KeywordIndex
from support_bot.models import Document
from support_bot.settings import Settings
from support_bot.storage.database import Database
from support_bot.storage.inspection import make_newest
from support_bot.values import Audience, ChunkDraft

ARTICLES = {
    "Refunds": "A refund reaches your card within 5 business days. Shipping is not refunded.",
    "Shipping": "Shipping costs $4.90 and takes three days. A naïve café in Zürich takes longer.",
    "Warranty": "The warranty covers jackets for two years. Order AB-1234 was repaired. Shipping is paid by us.",
    "退換貨": "收到商品後七天內可以申請退換貨。運費由買家負擔。",
    "返品について": "商品の返品は30日以内にお願いします。iPhoneケースの返品はできません。税込価格です。",
    "환불": "환불은 영업일 기준 5일 이내에 처리됩니다.",
}


@pytest.fixture
def stored(database: str, tmp_path: Path) -> Iterator[tuple[Database, dict[str, int]]]:
    """A database with the articles, the warranty for agents only; chunk ids by title."""
    url = Settings(data_dir=tmp_path).effective_database_url
    make_newest(url)
    ids: dict[str, int] = {}
    with closing(Database(url)) as db:
        _fill(db, ids)
        yield db, ids


def _fill(db: Database, ids: dict[str, int]) -> None:
    with db.transaction() as tx:
        for title, body in ARTICLES.items():
            audience = Audience.INTERNAL if title == "Warranty" else Audience.PUBLIC
            document = tx.documents.add(Document(name=title, title=title, audience=audience))
            (chunk,) = tx.documents.replace_chunks(
                document.id, 1, [ChunkDraft(position=0, text=body, start=0, end=len(body), heading_path=())]
            )
            ids[title] = chunk.id
            KeywordIndex().add(tx.connection, [KeywordEntry(chunk.id, title, "", body)])


Stored = tuple[Database, dict[str, int]]


def titles(stored: Stored, question: str, audience: Audience | None = None) -> list[str]:
    db, ids = stored
    names = {number: title for title, number in ids.items()}
    with db.read_connection() as connection:
        hits = KeywordIndex().search(connection, question, 10, audience)
    scores = [score for _, score in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    return [names[number] for number, _ in hits]


FIRST = {
    "How long do refunds take?": "Refunds",
    "what does REFUNDING cost": "Refunds",
    "order ab-1234": "Warranty",
    "naive cafe zurich": "Shipping",
    "4.90": "Shipping",
    "shipping": "Shipping",
    "運費誰負擔": "退換貨",
    "我想退換貨": "退換貨",
    "返品したいのですが": "返品について",
    "税": "返品について",
    "iphone": "返品について",
    "환불은 언제": "환불",
}


def test_the_right_article_comes_first(stored: Stored) -> None:
    assert {question: titles(stored, question)[:1] for question in FIRST} == {q: [title] for q, title in FIRST.items()}


def test_what_no_article_has_finds_nothing(stored: Stored) -> None:
    strange = ("", "   ", "?!", "zebra", "斑馬", "' OR 1=1 --", 'a" NEAR b', ":*", "& | !", "\x00", "😀")
    assert {question: titles(stored, question) for question in strange} == {question: [] for question in strange}


def test_a_rare_word_counts_more_than_a_frequent_one(stored: Stored) -> None:
    assert titles(stored, "shipping jackets")[0] == "Warranty"


def test_internal_articles_stay_with_agents(stored: Stored) -> None:
    assert "Warranty" in titles(stored, "warranty jackets shipping")
    assert "Warranty" not in titles(stored, "warranty jackets shipping", Audience.PUBLIC)
    assert titles(stored, "warranty jackets", Audience.INTERNAL) == ["Warranty"]


def test_a_question_of_many_thousand_words_is_answered(stored: Stored) -> None:
    assert titles(stored, "refund " + " ".join(f"word{n}" for n in range(5000)) + "退" * 5000)[0] == "Refunds"


def test_entries_go_with_their_document_one_by_one_or_all(stored: Stored) -> None:
    db, ids = stored
    index = KeywordIndex()
    with db.transaction() as tx:
        document = tx.documents.find_by_name("Refunds")
        assert document is not None
        index.remove_document(tx.connection, document.id)
        index.remove(tx.connection, [ids["환불"], 999_999])
    with db.read_connection() as connection:
        assert index.ids(connection) == set(ids.values()) - {ids["Refunds"], ids["환불"]}
    with db.transaction() as tx:
        index.clear(tx.connection)
    with db.read_connection() as connection:
        assert index.ids(connection) == set()


def test_words_that_many_chunks_have_are_left_out_where_rarer_ones_are_asked(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(titles(stored, "shipping refund unheardof")) == {"Refunds", "Shipping", "Warranty"}
    monkeypatch.setattr("support_bot.index.keyword._MOST_SCORED", 2)
    assert titles(stored, "shipping refund unheardof") == ["Refunds"]
    assert set(titles(stored, "shipping")) == {"Refunds", "Shipping", "Warranty"}
    assert titles(stored, "unheardof") == []
