"""The IMAP mailbox that is read and the SMTP server that takes mail: sockets and TLS, and nothing of tickets."""

from __future__ import annotations

import imaplib
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from support_bot.mail_settings import MailSettings

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
TROUBLE = (OSError, imaplib.IMAP4.error, smtplib.SMTPException, ssl.SSLError)
"""What goes wrong with a mail server that may be better a minute later."""


class Undeliverable(Exception):
    """The server refused the mail for good; the text is the server's own."""


class Mailbox:
    """One folder, open for reading and for marking what was read."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def unseen(self) -> list[tuple[str, int]]:
        """UID and size in bytes of each mail that is not marked as seen, the oldest first."""
        _, found = self._connection.uid("SEARCH", "UNSEEN")
        return [(uid, self._size(uid)) for uid in (found[0] or b"").decode("ascii").split()[:50]]

    def _size(self, uid: str) -> int:
        _, answer = self._connection.uid("FETCH", uid, "(RFC822.SIZE)")
        found = _SIZE.search(answer[0]) if answer and isinstance(answer[0], bytes) else None
        return int(found.group(1)) if found else 0

    def raw(self, uid: str) -> bytes | None:
        """The mail as it came, not marked by that; None where it is gone."""
        _, answer = self._connection.uid("FETCH", uid, "(BODY.PEEK[])")
        return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), None)

    def beginning(self, uid: str) -> bytes:
        """The headers alone."""
        _, answer = self._connection.uid("FETCH", uid, "(BODY.PEEK[HEADER]<0.65536>)")
        return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), b"")

    def mark_seen(self, uid: str) -> None:
        self._connection.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")


@contextmanager
def open_mailbox(settings: MailSettings) -> Iterator[Mailbox]:
    """The folder that the settings name. Raises one of TROUBLE."""
    if settings.imap_tls == "tls":
        connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            settings.imap_host, settings.imap_port, ssl_context=_trust(settings), timeout=settings.timeout_s
        )
    else:
        connection = imaplib.IMAP4(settings.imap_host, settings.imap_port, timeout=settings.timeout_s)
    with connection:
        if settings.imap_tls == "starttls":
            connection.starttls(ssl_context=_trust(settings))
        connection.login(settings.login, settings.secret())
        folder = settings.imap_folder.replace("\\", "\\\\").replace('"', '\\"')
        state, answer = connection.select(f'"{folder}"')
        if state != "OK":
            raise imaplib.IMAP4.error(f"the folder {settings.imap_folder} cannot be opened: {answer!r}")
        yield Mailbox(connection)


def send_mail(settings: MailSettings, message: EmailMessage, to: str) -> None:
    """Hand the mail to the server. Raises Undeliverable where it is refused for good, else one of TROUBLE."""
    with _connect(settings) as server:
        if secret := settings.secret():
            server.login(settings.login, secret)
        try:
            server.send_message(message, from_addr=settings.address, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            _give_up_if_final(code, answer)
            raise
        except smtplib.SMTPResponseException as error:
            _give_up_if_final(error.smtp_code, error.smtp_error)
            raise


def _connect(settings: MailSettings) -> smtplib.SMTP:
    if settings.smtp_tls == "tls":
        return smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=settings.timeout_s, context=_trust(settings)
        )
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.timeout_s)
    if settings.smtp_tls == "starttls":
        server.starttls(context=_trust(settings))
    return server


def _give_up_if_final(code: int, answer: bytes | str) -> None:
    if 500 <= code < 600:
        words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        raise Undeliverable(f"{code} {words}")


def _trust(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context
