"""Plain text keeps what its author meant by lines and spaces, in whatever encoding it was saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.loaders.text import TextLoader


def load(tmp_path: Path, text: str | bytes) -> Document:
    path = tmp_path / "article.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (document,) = TextLoader(path).lazy_load()
    return document


def body(tmp_path: Path, text: str) -> str:
    return load(tmp_path, text).page_content


def test_a_short_first_line_is_the_title(tmp_path: Path) -> None:
    found = load(tmp_path, "Returning an order\n\nSend it back within 30 days.")
    assert found.metadata["title"] == "Returning an order"
    assert found.page_content == "# Returning an order\n\nSend it back within 30 days."


@pytest.mark.parametrize("first", ["Send it back within 30 days.", "- a list item", "word " * 20])
def test_a_sentence_or_a_list_is_no_title(tmp_path: Path, first: str) -> None:
    assert "title" not in load(tmp_path, f"{first}\n\nMore text.").metadata


def test_wrapped_lines_become_paragraphs(tmp_path: Path) -> None:
    text = "The store keeps your order for five days after the message\narrived. Then we refund it to your card."
    assert body(tmp_path, text) == text.replace("\n", " ")


def test_a_line_that_was_ended_on_purpose_stays_a_line(tmp_path: Path) -> None:
    text = "Monday: 9 to 5\nTuesday: 9 to 7\nThe other days of the week we are closed, but the lockers stay open."
    assert body(tmp_path, text) == (
        "Monday: 9 to 5  \nTuesday: 9 to 7  \nThe other days of the week we are closed, but the lockers stay open."
    )


def test_words_hyphenated_at_the_end_of_a_line_are_whole_again(tmp_path: Path) -> None:
    text = (
        "The store keeps your order for five days, then our cus-\ntomer service refunds the whole amount to your card."
    )
    assert "customer service" in body(tmp_path, text)


def test_lists_stay_lists_whatever_the_bullet(tmp_path: Path) -> None:
    text = "Bring:\n• an ID card\n• the code\n  from the message"
    assert body(tmp_path, text) == "Bring:\n- an ID card\n- the code from the message"


def test_two_columns_become_items_with_their_hanging_lines(tmp_path: Path) -> None:
    text = (
        "Lights\n\nGreen dot      All is well.\nRed dot        The pump has stopped. Refill\n               the tank."
    )
    assert body(tmp_path, text) == (
        "# Lights\n\n- Green dot: All is well.\n- Red dot: The pump has stopped. Refill the tank."
    )


def test_more_columns_become_a_table(tmp_path: Path) -> None:
    text = "Prices for this year.\n\nPlan     UK      US\nBasic    £5      $6\nPro      £15     $18"
    assert body(tmp_path, text).endswith(
        "| Plan | UK | US |\n| --- | --- | --- |\n| Basic | £5 | $6 |\n| Pro | £15 | $18 |"
    )


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("OPENING HOURS\n\nNine to five.", "## OPENING HOURS\n\nNine to five."),
        ("Opening hours\n=============\nNine to five.", "## Opening hours\n\nNine to five."),
        ("2.1 Opening hours\n\nNine to five.", "## 2.1 Opening hours\n\nNine to five."),
        ("Opening hours\n  Nine to five.", "### Opening hours\n\nNine to five."),
        ("Opening hours\n\nNine to five.", "### Opening hours\n\nNine to five."),
    ],
)
def test_headings_are_seen_by_their_shape(tmp_path: Path, source: str, markdown: str) -> None:
    assert body(tmp_path, f"The first paragraph.\n\n{source}").split("\n\n", 1)[1] == markdown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_western_text_is_read_in_any_encoding(encoding: str) -> None:
    text = "Die Rückgabe ist kostenlos – auch bei „Sonderangeboten“. Größe: 5 m², Preis: 7 €."
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("naïve", "cp1252"),
        ("Возврат товара возможен в течение 30 дней. Обратитесь в службу поддержки.", "cp1251"),
        ("返品は30日以内に可能です。サポートにお問い合わせください。", "shift_jis"),
        ("Vrácení zboží je možné do 30 dnů. Žádost pošlete e-mailem. Příliš žluťoučký kůň.", "cp1250"),
        ("Η επιστροφή γίνεται εντός 30 ημερών.", "cp1253"),
    ],
)
def test_old_code_pages_are_guessed(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_binary_data_is_no_text() -> None:
    with pytest.raises(UnreadableDocument, match="binary data"):
        decode(bytes(range(256)) * 20)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="empty"):
        load(tmp_path, " \n\n ")
