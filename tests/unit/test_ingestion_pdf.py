"""A PDF comes out as the article it was printed from, or with the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.pdf import PdfLoader
from tests.factories_files import Ink, column, pdf

PROSE = (
    "You can send back what you bought within thirty days of delivery, as long as the",
    "box is complete. We check the parcel when it arrives and refund the price to the",
    "card you paid with.",
)


def load(tmp_path: Path, data: bytes) -> Document:
    path = tmp_path / "file.pdf"
    path.write_bytes(data)
    (document,) = PdfLoader(path).lazy_load()
    return document


def body(tmp_path: Path, *pages: list[Ink]) -> str:
    return load(tmp_path, pdf(*pages)).page_content


def test_large_type_becomes_headings_and_the_largest_the_title(tmp_path: Path) -> None:
    page = [
        Ink("Returns and refunds", 72, 780, 20),
        Ink("Sending it back", 72, 740, 14),
        *column(*PROSE),
        Ink("What it costs", 72, 640, 14),
        *column("Returns are free in all countries that we deliver to.", top=620),
    ]
    found = load(tmp_path, pdf(page, title="Microsoft Word - returns_final2.docx"))
    assert found.metadata == {"title": "Returns and refunds", "pages": "1"}
    lines = found.page_content.split("\n")
    assert [line for line in lines if line.startswith("#")] == [
        "# Returns and refunds",
        "## Sending it back",
        "## What it costs",
    ]


def test_lines_become_paragraphs(tmp_path: Path) -> None:
    text = body(tmp_path, [*column(*PROSE), *column("Gifts are different.", top=640)])
    assert text == f"{' '.join(PROSE)}\n\n\nGifts are different."


def test_bold_lines_become_headings(tmp_path: Path) -> None:
    page = [Ink("Gift cards", 72, 740, 10, "Helvetica-Bold"), *column(*PROSE)]
    assert body(tmp_path, page).startswith("# Gift cards\n")


def test_section_numbers_make_headings_where_all_type_is_the_same(tmp_path: Path) -> None:
    page = [Ink("2.1 Gift cards", 72, 740), *column(*PROSE)]
    assert body(tmp_path, page).startswith("## 2.1 Gift cards\n")


def test_words_hyphenated_at_line_ends_are_whole_again(tmp_path: Path) -> None:
    lines = (
        "You can return what you bought within thirty days if the pack-",
        "age is complete, by e-mail or in a shop with a sign-in-",
        "page, or where you find the blue sign in the self-",
        "service area.",
    )
    assert body(tmp_path, column(*lines)) == (
        "You can return what you bought within thirty days if the package is complete, by e-mail or in a shop with a "
        "sign-in-page, or where you find the blue sign in the self-service area."
    )


def test_running_heads_and_page_numbers_go(tmp_path: Path) -> None:
    pages = [
        [
            Ink("Tindlewort help centre", 72, 810, 8),
            *column(*PROSE),
            *column(f"This page says {word}.", top=600),
            Ink(f"Page {number} of 3", 280, 30, 8),
        ]
        for number, word in enumerate(("one", "two", "three"), start=1)
    ]
    text = body(tmp_path, *pages)
    assert "help centre" not in text
    assert "Page" not in text
    assert all(f"This page says {word}." in text for word in ("one", "two", "three"))


def test_a_sentence_goes_on_over_a_page_break(tmp_path: Path) -> None:
    first = column("We check the parcel when it arrives, and", "after that we refund the price")
    assert "the price to the card" in body(tmp_path, first, column("to the card you paid with. This takes two days."))


def test_steps_and_bullets_become_lists(tmp_path: Path) -> None:
    page = [
        *column(*PROSE),
        *column("1. Open the account page and choose the order that you", top=640),
        *column("want to return.", top=628, x=86),
        *column("2. Print the label.", top=616),
        *column("• Tape it to the box.", top=604, x=90),
    ]
    assert body(tmp_path, page).strip().split("\n")[-3:] == [
        "1. Open the account page and choose the order that you want to return.",
        "2. Print the label.",
        "   - Tape it to the box.",
    ]


def test_bullets_drawn_apart_from_their_text_find_it_again(tmp_path: Path) -> None:
    page = [*column(*PROSE), Ink("an identity card", 90, 640), Ink("the code", 90, 628)]
    page += [Ink("•", 78, 640), Ink("•", 78, 628)]
    assert body(tmp_path, page).strip().endswith("- an identity card\n- the code")


def test_columns_become_a_table(tmp_path: Path) -> None:
    rows = [("Plan", "UK", "US"), ("Basic", "5 pounds", "6 dollars"), ("Pro", "15 pounds", "18 dollars")]
    cells = [
        Ink(cell, 72 + 150 * column_, 600 - 16 * row)
        for row, line in enumerate(rows)
        for column_, cell in enumerate(line)
    ]
    assert body(tmp_path, [*column(*PROSE), *cells]).strip().split("\n")[-4:] == [
        "| Plan | UK | US |",
        "| --- | --- | --- |",
        "| Basic | 5 pounds | 6 dollars |",
        "| Pro | 15 pounds | 18 dollars |",
    ]


def test_tables_of_contents_go(tmp_path: Path) -> None:
    page = [*column("1 Returns . . . . . . . . . . . . . 4", top=760), *column(*PROSE)]
    assert ". . ." not in body(tmp_path, page)


def test_code_keeps_its_lines(tmp_path: Path) -> None:
    page = [
        *column(*PROSE),
        *(Ink(line, 72, y, 10, "Courier") for line, y in (("npm install", 640), ("npm start", 628))),
    ]
    assert "```\nnpm install\nnpm start\n```" in body(tmp_path, page)


def test_a_title_given_by_a_person_is_used_where_the_page_shows_none(tmp_path: Path) -> None:
    assert load(tmp_path, pdf(column(*PROSE), title="Returns")).metadata["title"] == "Returns"
    assert "title" not in load(tmp_path, pdf(column(*PROSE), title="untitled")).metadata


def test_a_password_is_named_as_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="protected by a password"):
        load(tmp_path, pdf(column(*PROSE), password="secret"))


def test_a_scan_is_named_as_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="only images"):
        load(tmp_path, pdf([], []))


def test_a_file_that_is_no_pdf_is_named_as_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="not a PDF"):
        load(tmp_path, b"just some text")


@pytest.mark.parametrize("keep", [30, 200, 600])
def test_a_damaged_file_is_named_as_the_reason(tmp_path: Path, keep: int) -> None:
    with pytest.raises(UnreadableDocument, match="damaged"):
        load(tmp_path, pdf(column(*PROSE))[:keep])
