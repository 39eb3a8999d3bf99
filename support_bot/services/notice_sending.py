"""Notices to staff go out by the clock, by mail and webhook, each once; quiet hours and closed matters are heeded."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from dataclasses import dataclass

from support_bot.connectors.chat_webhook import WebhookError, plain, post_text
from support_bot.connectors.mail_servers import TROUBLE, Undeliverable, send_mail
from support_bot.connectors.mail_writing import Letter, one_line, write_mail
from support_bot.models import Notice, NoticeState, NoticeVia, Ticket, utcnow
from support_bot.services.notice_choices import is_quiet
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction
from support_bot.values import Mode, NoticeKind, Role

_log = logging.getLogger(__name__)
_MOST_AT_ONCE = 200
_ATTEMPTS = 6
_LOOK_AGAIN = dt.timedelta(minutes=5)
_STALE = dt.timedelta(days=1)
_KEPT = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is to be sent now: a letter, or a line for the webhook."""

    notice_id: int
    attempt: int
    letter: Letter | None
    line: str


class NoticeSender:
    """Safe to call at any time and from several servers: each notice is sent by one of them."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._mail = settings.mail
        self._webhook = settings.notices.webhook_url
        self._home = settings.server.public_url.rstrip("/")
        self._company = settings.company
        self._busy = threading.Lock()

    def exchange(self) -> None:
        """Send what waits; returns at once where that is being done already."""
        if self._busy.acquire(blocking=False):
            try:
                self.send_due()
            finally:
                self._busy.release()

    def send_due(self, now: dt.datetime | None = None) -> int:
        """Send what waits; how many arrived. No transaction is open meanwhile.

        A way that is in trouble is left alone until the next time, so that this one ends soon."""
        sent, ways = 0, set(NoticeVia)
        for _ in range(_MOST_AT_ONCE):
            at = now or utcnow()  # looked at anew: after slow ones, an attempt that begins would look cut off to others
            with self._db.transaction() as tx:
                notice = tx.notices.lock_next_due(at, ways)
                if notice is None:
                    tx.notices.delete_before(at - _KEPT)
                    break
                ready = self._prepare(tx, notice, at)
            if ready is None:
                continue
            state = self._send(ready, at)
            sent += state is NoticeState.SENT
            if state is NoticeState.PENDING:
                ways.discard(NoticeVia.WEBHOOK if ready.letter is None else NoticeVia.MAIL)
        return sent

    def _prepare(self, tx: Transaction, notice: Notice, now: dt.datetime) -> _Ready | None:
        """Settle the notice, or say what to send. A webhook that was cut off may have heard: it is not told again."""
        if notice.state is NoticeState.SENDING and notice.via is NoticeVia.WEBHOOK:
            notice.end(NoticeState.FAILED, "It was cut off, and may have arrived.")
            return None
        ticket = tx.tickets.get(notice.ticket_id)
        if not self._goes(notice) or now - notice.created_at > _STALE or not _matters(tx, notice, ticket):
            notice.end(NoticeState.DROPPED)
            return None
        if notice.via is NoticeVia.WEBHOOK:
            notice.begin(now)
            return _Ready(notice.id, notice.attempts, None, self._line(tx, notice, ticket))
        person, choice = tx.staff.get(notice.staff_id or 0), tx.notices.choice_of(notice.staff_id or 0)
        if not person.may(Role.AGENT) or not choice.wants_mail(notice.kind):
            notice.end(NoticeState.DROPPED)
            return None
        if is_quiet(choice, now):
            notice.hold(now + _LOOK_AGAIN)
            return None
        notice.begin(now)
        return _Ready(notice.id, notice.attempts, self._letter(tx, notice, ticket, person.email), "")

    def _goes(self, notice: Notice) -> bool:
        """Whether there is a way for it."""
        return self._mail.sends if notice.via is NoticeVia.MAIL else self._webhook is not None

    def _send(self, ready: _Ready, now: dt.datetime) -> NoticeState:
        """What became of the attempt; `pending` where the next one follows."""
        error, final = "", ready.attempt >= _ATTEMPTS
        try:
            if ready.letter is not None:
                send_mail(self._mail, write_mail(ready.letter), ready.letter.to)
            elif self._webhook is not None:
                post_text(self._webhook.get_secret_value(), ready.line)
        except WebhookError as failed:
            error, final = str(failed), final or not failed.again
        except (Undeliverable, ValueError) as refused:
            error, final = str(refused), True
        except TROUBLE as trouble:
            error = str(trouble) or type(trouble).__name__
        if error:
            _log.warning("notice %d was not delivered: %s", ready.notice_id, error)
        with self._db.transaction() as tx:
            notice = tx.notices.lock(ready.notice_id)  # none where its ticket was erased meanwhile
            if notice is not None and error and not final:
                notice.fail(error, now)
            elif notice is not None:
                notice.end(NoticeState.FAILED if error else NoticeState.SENT, error)
        if not error:
            return NoticeState.SENT
        return NoticeState.FAILED if final else NoticeState.PENDING

    # ---- words

    def _line(self, tx: Transaction, notice: Notice, ticket: Ticket) -> str:
        """Number, subject and reason: nothing else of what a customer wrote leaves by this way."""
        who = tx.staff.names().get(ticket.assignee_id or 0, "")
        whose = f"given to {plain(who)}" if who else "nobody has it yet"
        head = "A customer waits for a person" if notice.kind is NoticeKind.ESCALATION else "A ticket was assigned"
        reason = ticket.reason.value.replace("_", " ")
        return f"{head}: #{ticket.id} {plain(ticket.subject)} ({reason}), {whose}. {self._link(ticket)}".strip()

    def _letter(self, tx: Transaction, notice: Notice, ticket: Ticket, to: str) -> Letter:
        conversation = tx.conversations.get(ticket.conversation_id)
        channel = tx.channels.get_by_id(conversation.channel_id).name
        head = "A customer waits for a person." if notice.kind is NoticeKind.ESCALATION else "This ticket is yours now."
        facts = [
            f"#{ticket.id} {ticket.subject}",
            f"Reason: {ticket.reason.value.replace('_', ' ')}",
            f"Channel: {channel}",
        ]
        link = self._link(ticket)
        foot = "Which notices you get, and when, you choose on the desk under Notices."
        return Letter(
            key=f"<{notice.key}@{self._mail.address.rpartition('@')[2]}>",
            sender=self._mail.address,
            name=self._company,
            to=to,
            subject=f"{head.rstrip('.')}: #{ticket.id} {one_line(ticket.subject)}",
            body="\n".join([head, "", *facts, *([link] if link else []), "", foot, ""]),
            at=notice.created_at,
            automatic=True,
        )

    def _link(self, ticket: Ticket) -> str:
        return f"{self._home}/desk/?conversation={ticket.conversation_id}" if self._home else ""


def _matters(tx: Transaction, notice: Notice, ticket: Ticket) -> bool:
    """Whether it is still so: a mail about a ticket that a colleague took meanwhile is of no use."""
    if not ticket.is_open:
        return False
    if notice.kind is NoticeKind.ASSIGNMENT:
        return ticket.assignee_id == notice.staff_id
    if notice.via is NoticeVia.WEBHOOK:
        return True
    return ticket.assignee_id is None and tx.conversations.get(ticket.conversation_id).mode is Mode.WAITING
