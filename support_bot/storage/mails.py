"""All SQL about mails that came in and what is to be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support_bot.models import MailState, OutgoingMail, ReceivedMail


class MailRepository:
    """What came in and what goes out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_received(self, mail: ReceivedMail) -> ReceivedMail:
        self._session.add(mail)
        self._session.flush()
        return mail

    def find_received(self, channel_id: int, key: str) -> ReceivedMail | None:
        query = select(ReceivedMail).where(ReceivedMail.channel_id == channel_id, ReceivedMail.key == key)
        return self._session.scalars(query).one_or_none()

    def count_since(self, sender: str, since: dt.datetime) -> int:
        """Mails of this address that became messages since then."""
        query = select(func.count()).select_from(ReceivedMail)
        query = query.where(ReceivedMail.sender == sender, ReceivedMail.created_at >= since, ReceivedMail.refused == "")
        return self._session.scalar(query) or 0

    def received_of(self, conversation_id: str) -> Sequence[ReceivedMail]:
        """The mails of a conversation, the oldest first."""
        query = select(ReceivedMail).where(ReceivedMail.conversation_id == conversation_id).order_by(ReceivedMail.id)
        return self._session.scalars(query).all()

    def head_of(self, mail_id: int, size: int) -> bytes | None:
        """The first so many bytes of a mail that came in; None where they were not kept."""
        return self._session.scalar(select(func.substr(ReceivedMail.raw, 1, size)).where(ReceivedMail.id == mail_id))

    def conversation_we_wrote_in(self, keys: Collection[str]) -> str | None:
        """The conversation in which one of these Message-IDs is ours; the newest one."""
        query = select(OutgoingMail.conversation_id).where(OutgoingMail.key.in_(keys))
        return self._session.scalars(query.order_by(OutgoingMail.id.desc()).limit(1)).one_or_none()

    def conversation_they_wrote_in(self, keys: Collection[str], sender: str) -> str | None:
        """The conversation that has a mail of this sender with one of these Message-IDs."""
        query = select(ReceivedMail.conversation_id).where(
            ReceivedMail.key.in_(keys), ReceivedMail.sender == sender, ReceivedMail.conversation_id.is_not(None)
        )
        return self._session.scalars(query.order_by(ReceivedMail.id.desc()).limit(1)).one_or_none()

    def add_outgoing(self, mail: OutgoingMail) -> OutgoingMail:
        self._session.add(mail)
        self._session.flush()
        return mail

    def outgoing_of(self, conversation_id: str) -> Sequence[OutgoingMail]:
        query = select(OutgoingMail).where(OutgoingMail.conversation_id == conversation_id).order_by(OutgoingMail.id)
        return self._session.scalars(query).all()

    def lock_next_due(self, now: dt.datetime) -> OutgoingMail | None:
        """What is to be sent next; nobody else gets it before this transaction ends."""
        query = select(OutgoingMail).where(OutgoingMail.state == MailState.PENDING, OutgoingMail.next_at <= now)
        query = query.order_by(OutgoingMail.id).limit(1).with_for_update(skip_locked=True)
        return self._session.scalars(query).one_or_none()

    def lock_outgoing(self, mail_id: int) -> OutgoingMail | None:
        """None where its conversation was erased meanwhile."""
        query = select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()
        return self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
