"""What a mail says: own words, HTML, and mails that were made to be slow."""

from __future__ import annotations

import datetime as dt

import pytest

from support_bot.connectors.mail_html import html_to_text
from support_bot.connectors.mail_reading import own_words, read_mail
from support_bot.connectors.mail_writing import Letter, write_mail

HEAD = b"From: ana@shop.example\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Hi.\n\nOn Mon, 1 Jan 2026, Acme <a@b.example> wrote:\n> There", "Hi."),
        ("Danke\n\nAm 01.02.2026 um 10:00 schrieb Acme:\n> hallo", "Danke"),
        ("Merci\n\nLe 1 janv. 2026 à 10:00, Acme <a@b.example> a écrit :\n> x", "Merci"),
        ("Hi\n\n-----Original Message-----\nFrom: a\nTo: b\nSubject: x\n\nhello", "Hi"),
        ("Hi\n-- \nBo\nTel 123", "Hi"),
        ("Hi\n\nSent from my iPhone", "Hi"),
        ("I need the following:", "I need the following:"),
        ("> nothing but a quote", "> nothing but a quote"),
        ("", ""),
    ],
)
def test_own_words(text: str, own: str) -> None:
    assert own_words(text) == own


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a</p><div>b</div>c", "a\n\nb\nc"),
        ("<p>mine</p><div class='gmail_quote x'>On Monday <div>you</div> wrote</div>", "mine"),
        ("mine<div id='divRplyFwdMsg'>From</div><p>theirs</p>", "mine"),
        ("<blockquote>all that there is</blockquote>", "all that there is"),
        ("<b>5 &lt; 6</b> <img src=x onerror=alert(1)> &amp; so", "5 < 6 & so"),
        ("<span style='DISPLAY : none'>x<span>y</span></span>z", "z"),
        ("</div></p>z<!-- c --><scr", "z<scr"),
    ],
)
def test_html(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


class TestMailsThatWereMadeToBeSlow:
    @pytest.mark.parametrize(
        "raw",
        [HTML + b"<div>" * 90_000 + b"x", HTML + b"x<blockquote>" * 40_000, HEAD + b"\r\n" + b"\n" * 500_000 + b"x"],
        ids=["deep", "quotes", "lines"],
    )
    def test_are_read(self, raw: bytes) -> None:
        assert read_mail(raw, []).text.startswith("x")

    @pytest.mark.parametrize(
        "raw",
        [HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\r\n\r\nx", b"From: " + b"a@b, " * 90_000 + b"\r\n\r\nx"],
    )
    def test_are_refused_where_the_parser_would_take_minutes(self, raw: bytes) -> None:
        with pytest.raises(ValueError, match="headers are too long"):
            read_mail(raw, [])


class TestWriting:
    def letter(self, **values: str) -> Letter:
        given = {"to": "ana@shop.example", "subject": "Re: x", "name": "Bo (Acme)", **values}
        at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        return Letter(key="<1@acme.example>", sender="help@acme.example", body="Hi", at=at, **given)

    def test_nothing_typed_adds_a_header(self) -> None:
        evil = "x\r\nBcc: eve@evil.example\r\n\r\nbody\u2028\x0b\x00"
        written = write_mail(self.letter(subject=evil, name=f'"{evil}')).as_bytes()
        head = written.partition(b"\r\n\r\n")[0]
        assert not any(line.lower().startswith(b"bcc") for line in head.splitlines())

    @pytest.mark.parametrize(
        "to", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "", "a", "a@@b", "<a@b>"]
    )
    def test_an_address_that_is_none_is_refused(self, to: str) -> None:
        with pytest.raises(ValueError, match="no e-mail address"):
            write_mail(self.letter(to=to))
