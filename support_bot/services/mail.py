"""The e-mail channel by the clock: fetch what came, send what waits. Trouble with a server is logged."""

from __future__ import annotations

import datetime as dt
import logging
import threading

from support_bot.connectors.mail_reading import IncomingMail, read_mail
from support_bot.connectors.mail_servers import TROUBLE, Mailbox, Undeliverable, open_mailbox, send_mail
from support_bot.connectors.mail_writing import Letter, write_mail
from support_bot.errors import NotFound
from support_bot.mail_settings import MailSettings
from support_bot.models import Channel, OutgoingMail, TicketEventKind, utcnow
from support_bot.services.mail_intake import refuse, take_mail
from support_bot.services.terms import Promise, store_promise
from support_bot.services.ticket_merging import note_to_staff
from support_bot.storage.database import Database

_log = logging.getLogger(__name__)
_MEGABYTE = 1_000_000
_MOST_AT_ONCE = 50


class MailService:
    """Safe to call at any time and from several servers: a mail is taken once, and sent by one at a time."""

    def __init__(self, db: Database, settings: MailSettings) -> None:
        self._db = db
        self._settings = settings
        self._busy = threading.Lock()

    def exchange(self) -> None:
        """Fetch and send; returns at once where that is being done already."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            if self._settings.receives:
                self.fetch()
            if self._settings.sends:
                self.send_due()
        finally:
            self._busy.release()

    # ---- in

    def fetch(self) -> int:
        """Take the mails that were not seen yet; how many became messages. A mail is marked as seen once what became
        of it is stored: one that a crash interrupts comes again, and is known then."""
        taken = 0
        try:
            channel_id = self._channel()
            with open_mailbox(self._settings) as mailbox:
                for uid, size in mailbox.unseen():
                    taken += self._take(mailbox, uid, size, channel_id)
                    mailbox.mark_seen(uid)
        except TROUBLE as error:
            _log.warning("mails cannot be fetched from %s: %s", self._settings.imap_host, error)
        return taken

    def _take(self, mailbox: Mailbox, uid: str, size: int, channel_id: int) -> bool:
        too_large = size > self._settings.max_mb * _MEGABYTE
        raw = mailbox.beginning(uid) if too_large else mailbox.raw(uid)
        if raw is None:
            return False
        mail, reason = self._read(raw)
        if too_large:
            reason = f"it has {size // _MEGABYTE} MB, and at most {self._settings.max_mb} are taken"
        with self._db.transaction() as tx:
            tx.one_at_a_time("mail")
            if tx.mails.find_received(channel_id, mail.key):
                return False
            hour_ago = utcnow() - dt.timedelta(hours=1)
            if not reason and tx.mails.count_since(mail.sender, hour_ago) >= self._settings.per_sender_per_hour:
                reason = f"more than {self._settings.per_sender_per_hour} mails came from its sender in an hour"
            if reason:
                refuse(tx, channel_id, mail, size, reason)
            else:
                take_mail(tx, channel_id, mail, raw)
        if reason:
            _log.warning("a mail of %d bytes was left in the mailbox: %s", size, reason)
        return not reason

    def _read(self, raw: bytes) -> tuple[IncomingMail, str]:
        """The mail, and why it is no message for us; empty where it is one."""
        try:
            mail = read_mail(raw, [self._settings.address])
        except Exception:  # noqa: BLE001 - whatever a stranger sends must not stop the mails behind it
            _log.warning("a mail of %d bytes cannot be read", len(raw), exc_info=True)
            return IncomingMail.unreadable(raw), "it cannot be read"
        return mail, mail.by_machine

    def _channel(self) -> int:
        """The channel of mails, made when the first are fetched. It is off for chats, and nobody is asked for an
        address in it."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("channels")
            found = tx.channels.find(self._settings.channel)
            if found is None:
                found = tx.channels.add(Channel(slug=self._settings.channel, name="E-mail", enabled=False))
                store_promise(tx, found.id, Promise(patience_minutes=0))
            return found.id

    # ---- out

    def send_due(self, now: dt.datetime | None = None) -> int:
        """Send what waits; how many mails the server took. No transaction is open while it is spoken to."""
        sent = 0
        for _ in range(_MOST_AT_ONCE):
            with self._db.transaction() as tx:
                mail = tx.mails.lock_next_due(now or utcnow())
                if mail is None:
                    break
                mail.begin(now or utcnow())
            sent += self._send(mail, now or utcnow())
        return sent

    def _send(self, mail: OutgoingMail, now: dt.datetime) -> bool:
        error, final = "", False
        try:
            with self._db.reading() as tx:
                body = tx.conversations.get_message(mail.message_id).text
            send_mail(self._settings, write_mail(self._letter(mail, body)), mail.target)
        except NotFound:
            return False  # its conversation was erased meanwhile
        except (Undeliverable, ValueError) as refused:
            error, final = str(refused), True
        except TROUBLE as trouble:
            error, final = str(trouble) or type(trouble).__name__, mail.attempts >= self._settings.attempts
        if error:
            _log.warning("mail %s could not be sent (attempt %d): %s", mail.key, mail.attempts, error)
        self._note(mail.id, error, now, final=final)
        return not error

    def _letter(self, mail: OutgoingMail, body: str) -> Letter:
        return Letter(
            key=mail.key,
            sender=self._settings.address,
            name=mail.name,
            to=mail.target,
            subject=mail.subject,
            body=body,
            at=mail.created_at,
            answers=tuple(mail.answers),
        )

    def _note(self, mail_id: int, error: str, now: dt.datetime, *, final: bool) -> None:
        """What became of an attempt; a failure for good is told on the ticket."""
        with self._db.transaction() as tx:
            mail = tx.mails.lock_outgoing(mail_id)
            if mail is None:
                return
            if not error:
                mail.succeed(now)
                return
            mail.fail(error, now, final=final)
            if final:
                tx.conversations.lock(mail.conversation_id)
                tx.tickets.lock(mail.ticket_id).record(
                    TicketEventKind.MAIL_FAILED, None, to=mail.target, error=mail.error
                )
                note_to_staff(tx, mail.conversation_id, f"The mail to {mail.target} was not delivered: {mail.error}")
