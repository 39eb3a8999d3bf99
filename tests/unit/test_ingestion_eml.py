"""Saved e-mails become articles: subject and body, without who wrote to whom."""

from __future__ import annotations

import pytest

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.eml import EmlLoader
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.settings import IngestionSettings
from support_bot.values import ParsedDocument
from tests.factories_files.office import eml

TABLE = "<p>Fees:</p><table><tr><th>Country</th><th>Fee</th></tr><tr><td>Spain</td><td>$5</td></tr></table>"


def read(data: bytes) -> ParsedDocument:
    return IngestionPipeline({"eml": EmlLoader}, IngestionSettings()).read("mail.eml", data)


def test_the_subject_is_the_title_and_nobody_is_named() -> None:
    found = read(eml("Re: AW: Gift cards", "Dear all,\n\nGift cards last for three years.\n\n- Keep the code."))
    assert found.title == "Gift cards"
    assert found.text == "# Gift cards\n\nDear all,\n\nGift cards last for three years.\n\n- Keep the code."
    assert "ana" not in str(found).lower()


def test_an_html_mail_is_read_and_its_table_is_kept_even_beside_plain_text() -> None:
    for plain in ("", "Fees: Country Fee Spain $5"):
        text = read(eml("Fees", plain, TABLE)).text
        assert text == "# Fees\n\nFees:\n\n| Country | Fee |\n| --- | --- |\n| Spain | $5 |"


def test_letters_of_any_encoding_come_out_right() -> None:
    head = b"Subject: =?iso-8859-1?Q?R=FCckgabe?=\nContent-Type: text/plain; charset=iso-8859-1\n\n"
    assert read(head + "Für Geschenke gilt das auch.".encode("latin-1")).text == (
        "# Rückgabe\n\nFür Geschenke gilt das auch."
    )
    unknown = b"Subject: x\nContent-Type: text/plain; charset=no-such-set\n\nPlain words."
    assert "Plain words." in read(unknown).text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no header at all, only words", "not an e-mail"),
        (b"Subject: x\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAAAA", "is encrypted"),
        (b"Subject: x\nContent-Type: application/pdf\n\nAAAA", "upload the attachment"),
    ],
)
def test_a_mail_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        read(data)
