"""By which ids and addresses conversations belong to one customer: such as were proved, and such as were only told.

Proved are an id that a site signed, an address that it signed, and one from which mail came into the conversation. Told
is everything else: pages may name any visitor, and anybody may type anybody's address."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from support_bot.models import Conversation, FollowUp, ReceivedMail, VisitorProfile

AT_ONCE = 500
MAILTO = "mailto:"
Named = tuple[str, str]
"""A conversation and an id or an address in small letters."""


def parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


class CustomerNames:
    """Names of conversations, and conversations of names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def proved(self, conversations: Collection[str]) -> tuple[set[Named], set[Named]]:
        """Ids, and addresses, that are proved in these conversations."""
        ids, addresses = set[Named](), set[Named]()
        for part in parts(sorted(conversations)):
            ids |= self._pairs(_SUBJECTS.where(VisitorProfile.conversation_id.in_(part)))
            for query, conversation, _ in _PROVED_ADDRESSES:
                addresses |= self._pairs(query.where(conversation.in_(part)))
        addresses |= {(key, name.removeprefix(MAILTO).lower()) for key, name in ids if "@" in name}
        return ids, addresses

    def where_proved(self, ids: Collection[str], addresses: Collection[str]) -> set[str]:
        """Conversations in which one of them is proved; ids that are addresses in any case."""
        found = set[str]()
        for part in parts(sorted(ids)):
            found |= {key for key, _ in self._pairs(_SUBJECTS.where(VisitorProfile.subject.in_(part)))}
        for part in parts(sorted(addresses)):
            spelt = [*part, *(f"{MAILTO}{address}" for address in part)]
            found |= {key for key, _ in self._pairs(_SUBJECTS.where(func.lower(VisitorProfile.subject).in_(spelt)))}
            for query, _, address in _PROVED_ADDRESSES:
                found |= {key for key, _ in self._pairs(query.where(func.lower(address).in_(part)))}
        return found

    def told(self, conversations: Collection[str]) -> tuple[set[str], set[str]]:
        """Ids and addresses that stand in these conversations, proved or not."""
        ids, addresses = set[str](), set[str]()
        for part in parts(sorted(conversations)):
            ids |= {name for _, name in self._pairs(_VISITORS.where(Conversation.id.in_(part)))}
            for query, conversation, _ in _TOLD_ADDRESSES:
                addresses |= {name for _, name in self._pairs(query.where(conversation.in_(part)))}
        return ids, addresses | {name.removeprefix(MAILTO).lower() for name in ids if "@" in name}

    def where_told(self, ids: Collection[str], addresses: Collection[str]) -> set[Named]:
        """Conversations in which one of them stands, proved or not, with what stands there."""
        found = set[Named]()
        for part in parts(sorted(ids)):
            found |= self._pairs(_VISITORS.where(Conversation.visitor.in_(part)))
        for part in parts(sorted(addresses)):
            spelt = [*part, *(f"{MAILTO}{address}" for address in part)]
            written = self._pairs(_VISITORS.where(func.lower(Conversation.visitor).in_(spelt)))
            found |= {(key, name.removeprefix(MAILTO).lower()) for key, name in written}
            for query, _, address in _TOLD_ADDRESSES:
                found |= self._pairs(query.where(func.lower(address).in_(part)))
        return found

    def senders(self, addresses: Collection[str]) -> set[Named]:
        """Those of the addresses that sent mail, with the conversation it went into; empty where it was refused."""
        query = select(ReceivedMail.conversation_id, func.lower(ReceivedMail.sender))
        return {
            pair
            for part in parts(sorted(addresses))
            for pair in self._pairs(query.where(func.lower(ReceivedMail.sender).in_(part)))
        }

    def _pairs(self, query: Any) -> set[Named]:
        return {(key or "", name) for key, name in self._session.execute(query.distinct()) if name}


_SUBJECTS = select(VisitorProfile.conversation_id, VisitorProfile.subject).where(VisitorProfile.subject.is_not(None))
_VISITORS = select(Conversation.id, Conversation.visitor).where(Conversation.visitor.is_not(None))
_SENDER = func.lower(ReceivedMail.sender)
_SIGNED = select(VisitorProfile.conversation_id, func.lower(VisitorProfile.email)).where(VisitorProfile.signed)
# Whoever joins a thread from another address is not its customer.
_MAILED = (
    select(ReceivedMail.conversation_id, _SENDER)
    .join(Conversation, Conversation.id == ReceivedMail.conversation_id)
    .outerjoin(FollowUp, FollowUp.conversation_id == ReceivedMail.conversation_id)
    .where(or_(func.lower(Conversation.visitor) == MAILTO + _SENDER, func.lower(FollowUp.email) == _SENDER))
)
_PROVED_ADDRESSES: tuple[tuple[Any, Any, Any], ...] = (
    (_SIGNED, VisitorProfile.conversation_id, VisitorProfile.email),
    (_MAILED, ReceivedMail.conversation_id, ReceivedMail.sender),
)
_TOLD_ADDRESSES: tuple[tuple[Any, Any, Any], ...] = tuple(
    (select(table.conversation_id, func.lower(table.email)), table.conversation_id, table.email)
    for table in (FollowUp, VisitorProfile)
)
