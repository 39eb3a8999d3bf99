"""Workbooks and tables of text become tables that can be read piece by piece."""

from __future__ import annotations

import datetime as dt

import pytest

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.loaders.csv import CsvLoader, delimiter
from support_bot.ingestion.loaders.xlsx import XlsxLoader
from support_bot.ingestion.loaders.xlsx_values import shown
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.ingestion.tables import sheet, table
from support_bot.settings import IngestionSettings
from tests.factories_files.office import changed, xlsx

PIPELINE = IngestionPipeline({"csv": CsvLoader, "xlsx": XlsxLoader}, IngestionSettings(chunk_words=40))
DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FEES = [["Country", "Fee", "Days"], ["Spain", 4.9, 3], ["Chile", 12, 9]]


def test_a_sheet_is_a_table_with_numbers_as_they_are_shown() -> None:
    data = xlsx({"Fees": FEES}, {"B2": '"$"#,##0.00', "B3": "[$€-407] #,##0.00"})
    found = PIPELINE.read("delivery-fees.xlsx", data)
    assert found.title == "Delivery fees"
    assert found.text == (
        "| Country | Fee | Days |\n| --- | --- | --- |\n| Spain | $4.90 | 3 |\n| Chile | € 12.00 | 9 |"
    )


def test_each_visible_sheet_is_a_section() -> None:
    data = xlsx(
        {"Fees": FEES, "Margins": [["Secret", "40 %"]], "Hours": [["Day", "Open"], ["Monday", "9-17"]]}, {}, ["Margins"]
    )
    text = PIPELINE.read("a.xlsx", data).text
    assert text.index("## Fees") < text.index("## Hours\n\n| Day | Open |")
    assert "Secret" not in text


def test_lines_above_a_table_are_text_and_empty_rows_and_columns_part_and_go() -> None:
    rows = [
        ["", "Prices of 2026"],
        [""],
        ["", "Item", "", "Price"],
        ["", "Lamp", "", "$9"],
        [],
        ["", "Tax is included."],
    ]
    assert sheet(rows) == "Prices of 2026\n\n| Item | Price |\n| --- | --- |\n| Lamp | $9 |\n\nTax is included."


def test_a_table_of_whole_texts_becomes_a_section_for_each() -> None:
    long = "Send it back within thirty days. " * 12
    text = table([["Question", "Answer", "Topic"], ["Can I return it?", long.strip(), "returns"]])
    assert text.startswith("### Can I return it?\n\n**Answer:**\n\nSend it back")
    assert text.endswith("**Topic:** returns")


def test_cells_with_lines_and_bars_stay_in_their_cell() -> None:
    assert table([["A", "B"], ["x|y", "one\ntwo."]]).splitlines()[-1] == r"| x\|y | one; two. |"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.25, "0%", "25%"), (0.125, "0.0%", "12.5%"), (1234.5, "#,##0.00", "1,234.50"), (4.9, "General", "4.9"),
        (5.0, "General", "5"), (0.1 + 0.2, "General", "0.3"), (-3, '0.00 "kg"', "-3.00 kg"), (7, "$#,##0", "$7"),
        (3, "0.##", "3"), (-2.5, "#,##0.00;(#,##0.00)", "-2.50"), (0, '0;-0;"none"', "0"), (True, "General", "yes"),
        (DAY, "yyyy", "2026-03-01"), (DAY.replace(hour=9, minute=5), "x", "2026-03-01 09:05"),
        (dt.time(17, 30), "hh:mm", "17:30"), (" words ", "@", "words"), (49.9, '#,##0.00\\ "€"', "49.90 €"),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_its_format_shows_it(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


def test_a_workbook_without_values_says_so() -> None:
    with pytest.raises(UnreadableDocument, match="shows no values"):
        PIPELINE.read("a.xlsx", xlsx({"Sheet": [["=1+1"]]}))


def test_a_sheet_that_says_it_is_huge_is_as_large_as_it_is() -> None:
    data = changed(
        xlsx({"S": FEES}), "xl/worksheets/sheet1.xml", b'<dimension ref="A1:C3"', b'<dimension ref="A1:XFD1048576"'
    )
    assert "| Spain | 4.9 | 3 |" in PIPELINE.read("a.xlsx", data).text


def test_rows_that_reach_to_the_last_column_are_too_many_cells() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="XFD%d" t="inlineStr"><is><t>x</t></is></c></row>' % (n, n) for n in range(1, 200)
    )
    data = changed(xlsx({"S": []}), "xl/worksheets/sheet1.xml", b"</sheetData>", rows + b"</sheetData>")
    with pytest.raises(TooLarge, match="2,000,000 cells"):
        PIPELINE.read("a.xlsx", data)


def test_entities_in_a_workbook_are_not_expanded() -> None:
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    data = changed(xlsx({"S": [["x", "y"]]}), "xl/worksheets/sheet1.xml", b"<worksheet", evil + b"<worksheet")
    with pytest.raises(UnreadableDocument, match="damaged"):
        PIPELINE.read("a.xlsx", data)


@pytest.mark.parametrize(
    "text",
    [
        "Country,Fee\nSpain,$4.90\nChile,$12\n",
        "Country;Fee\r\nSpain;$4.90\r\nChile;$12\r\n",
        "Country\tFee\nSpain\t$4.90\nChile\t$12",
        "sep=|\nCountry|Fee\nSpain|$4.90\nChile|$12",
        '"Country","Fee"\n"Spain","$4.90"\n"Chile","$12"',
    ],
)
def test_a_table_of_text_is_read_whatever_parts_its_cells(text: str) -> None:
    found = PIPELINE.read("fees.csv", text.encode("utf-8-sig"))
    assert found.text == "| Country | Fee |\n| --- | --- |\n| Spain | $4.90 |\n| Chile | $12 |"


def test_commas_in_figures_do_not_part_cells() -> None:
    assert delimiter("Land;Preis\nSpanien;4,90\nChile;12,00\n") == ";"


def test_a_long_table_of_text_repeats_its_header_in_every_chunk() -> None:
    data = "Country,Price of delivery\n" + "".join(f"Country number {n},{n} dollars\n" for n in range(60))
    chunks = PIPELINE.chunks(PIPELINE.read("fees.csv", data.encode()))
    assert len(chunks) > 5
    assert all(chunk.text.startswith("| Country | Price of delivery |\n| --- | --- |") for chunk in chunks)


@pytest.mark.parametrize(
    ("data", "reason"), [(b",,\n,,\n", "holds no text|no cells"), (b'a,"' + b"x" * 200_000, "quotation mark")]
)
def test_a_table_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        PIPELINE.read("a.csv", data)


def test_a_workbook_named_csv_is_read_as_the_workbook_it_is() -> None:
    assert "| Spain | 4.9 | 3 |" in PIPELINE.read("fees.csv", xlsx({"S": FEES})).text
