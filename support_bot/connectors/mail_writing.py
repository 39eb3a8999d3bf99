"""Text → a mail with right headers. Nothing that anybody typed can add a header to it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

ADDRESS = re.compile(r"[^\s@<>\"',;:\\()\[\]\x00-\x1f\x7f]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address; `answers` are Message-IDs, the newest last; `automatic` where no person wrote it."""

    key: str
    sender: str
    name: str
    to: str
    subject: str
    body: str
    at: dt.datetime
    answers: tuple[str, ...] = ()
    automatic: bool = False


def write_mail(letter: Letter) -> EmailMessage:
    """The mail, ready to be sent. Raises ValueError for an address that is none."""
    if not ADDRESS.fullmatch(letter.to):
        raise ValueError(f"“{letter.to[:80]}” is no e-mail address.")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(letter.name), addr_spec=letter.sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.key
    if letter.answers:
        message["In-Reply-To"] = letter.answers[-1]
        message["References"] = " ".join(letter.answers)
    if letter.automatic:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body.encode("utf-8", "replace").decode("utf-8"))
    return message


def one_line(text: str) -> str:
    """The text without line ends and other control characters: it cannot end a header."""
    return " ".join(_CONTROL.sub(" ", text).split())
