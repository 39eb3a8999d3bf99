"""A mail's bytes → what it says, who wrote it and what it answers. Knows no ticket, and asks nobody."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr

import quotequail
from charset_normalizer import from_bytes

from support_bot.connectors.mail_html import html_to_text

MOST_CHARS = 20_000
MOST_HEADER_CHARS = 60_000  # longer ones take the parser minutes: its time grows with the square
_ID = re.compile(r"<[^<>\s]{1,250}>")
_SIGNATURE = re.compile(r"^(?:-- ?|_{5,}|Sent from my [\w ]{1,40}|Von meinem [\w ]{1,40} gesendet)$", re.M)
_INTRODUCES = re.compile(r"(?::|-{3,})\s*$")  # “On Monday Ana wrote:”, “-----Original Message-----”
_BY_MACHINES = ("mailer-daemon", "postmaster")
_LIST_KINDS = ("bulk", "junk", "list", "auto_reply")


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail, read. `by_machine` says why nobody should answer it, empty where a person wrote it; `text` has neither
    what it quotes nor its signature; `answers` are the Message-IDs it follows, the nearest first."""

    key: str
    sender: str
    subject: str
    text: str
    answers: tuple[str, ...]
    attachments: tuple[str, ...]
    by_machine: str

    @classmethod
    def unreadable(cls, raw: bytes) -> IncomingMail:
        """What is known of a mail that the parser cannot read: its hash."""
        return cls(_hash(raw), "", "", "", (), (), "")


def read_mail(raw: bytes, own: Collection[str]) -> IncomingMail:
    """Read a mail; `own` are the addresses from which we write. Raises what the parser raises on what is no mail."""
    message = message_from_bytes(raw, policy=policy.default)
    for part in message.walk():
        if sum(len(str(value)) for _, value in part.raw_items()) > MOST_HEADER_CHARS:
            raise ValueError("its headers are too long")
    sender = parseaddr(_header(message, "From"))[1].strip().lower()[:254]
    return IncomingMail(
        key=_key(message, raw),
        sender=sender,
        subject=_header(message, "Subject")[:250],
        text=_text(message),
        answers=tuple(dict.fromkeys(_answers(message))),
        attachments=tuple(_attachments(message)),
        by_machine=_by_machine(message, sender, own),
    )


def sender_name(head: bytes) -> str | None:
    """The name by which a mail's sender goes; `head` is the mail, or its beginning. None where it tells none."""
    try:
        name = parseaddr(_header(message_from_bytes(head, policy=policy.default), "From"))[0]
    except (ValueError, LookupError, IndexError, AttributeError):  # what the parser raises on what is no address
        return None
    return name[:100].strip() or None if "@" not in name else None


def _header(message: EmailMessage, name: str) -> str:
    """A header's text on one line; empty where there is none. Lone surrogates and zero characters are taken out."""
    text = str(message.get(name, "")).encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return " ".join(text.split())


def _key(message: EmailMessage, raw: bytes) -> str:
    found = _ID.search(_header(message, "Message-ID"))
    return found.group() if found else _hash(raw)


def _hash(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _answers(message: EmailMessage) -> list[str]:
    last = _ID.findall(_header(message, "In-Reply-To"))
    return [*last, *reversed(_ID.findall(_header(message, "References"))[-50:])]


def _by_machine(message: EmailMessage, sender: str, own: Collection[str]) -> str:
    """RFC 3834 and what is usual beside it; each reason names its header."""
    automatic = _header(message, "Auto-Submitted").lower()
    suppress = _header(message, "X-Auto-Response-Suppress").lower()
    reasons = {
        "it names no sender": "@" not in sender,
        "it comes from our own address": sender in {address.lower() for address in own},
        "Auto-Submitted: a machine wrote it": bool(automatic) and not automatic.startswith("no"),
        "X-Auto-Response-Suppress: a machine wrote it": suppress not in ("", "none"),
        "X-Autoreply: a machine wrote it": "X-Autoreply" in message or "X-Autorespond" in message,
        "Precedence: it went to many": _header(message, "Precedence").lower() in _LIST_KINDS,
        "List-Id: it came through a mailing list": "List-Id" in message or "List-Unsubscribe" in message,
        "Return-Path: it is a bounce": _header(message, "Return-Path") == "<>",
        "it is a delivery report": message.get_content_type() == "multipart/report",
        "it comes from a mail server": sender.partition("@")[0] in _BY_MACHINES,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _text(message: EmailMessage) -> str:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    text = _content(plain).strip() if plain is not None else ""
    if not text and html is not None:
        text = html_to_text(_content(html))
    text = "\n".join(line.rstrip() for line in text.replace("\x00", "").splitlines()).strip()
    shown = own_words(text[: 4 * MOST_CHARS])
    return shown if len(shown) <= MOST_CHARS else shown[:MOST_CHARS].rstrip() + "\n[…]"


def own_words(text: str) -> str:
    """The text before the mail that it quotes at its end, without the signature; all where nothing would be left.

    Answers between quoted lines stay where they are, with what they answer."""
    parts = quotequail.quote(text)
    if parts and not parts[-1][0]:
        parts = parts[:-1]
    own = "\n".join(part for _, part in parts)
    lines = _SIGNATURE.split(own, maxsplit=1)[0].strip().splitlines()
    if lines and len(lines) < len(text.splitlines()) and _INTRODUCES.search(lines[-1]):
        lines.pop()
    return "\n".join(lines).strip() or text


def _content(part: MIMEPart) -> str:
    """A part's text; where its charset is wrong or unknown, what its bytes most likely say."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeError):
        best = from_bytes(data[: 4 * MOST_CHARS]).best()
        return str(best) if best is not None else data.decode("utf-8", "replace")


def _attachments(message: EmailMessage) -> list[str]:
    names = []
    for part in message.iter_attachments():
        name = part.get_filename() or part.get_content_type()
        names.append(" ".join(str(name).encode("utf-8", "replace").decode("utf-8").split())[:120])
    return names[:20]
