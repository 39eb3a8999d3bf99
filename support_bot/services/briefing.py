"""Where a ticket stands, in a few lines for somebody who has not read it. Written without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.models import Message
from support_bot.services.summary import shortened, summary
from support_bot.storage.database import Database
from support_bot.values import Audience, Author


@dataclass(frozen=True, slots=True)
class Briefing:
    """A ticket's state, and a summary of all that was said until now, notes included: for staff alone."""

    ticket_id: int
    conversation_id: str
    subject: str
    status: str
    priority: str
    assignee: str | None
    summary: str


class BriefingService:
    """Sums tickets up as they are now; what was written at the hand-off stays on the ticket."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, ticket_id: int) -> Briefing:
        """Raises NotFound."""
        with self._db.reading() as tx:
            ticket = tx.tickets.get(ticket_id)
            said = tx.conversations.messages(ticket.conversation_id, audience=Audience.INTERNAL)
            names = tx.staff.names()
            told = summary([m for m in said if m.audience is Audience.PUBLIC], ticket.reason)
            return Briefing(
                ticket_id=ticket.id,
                conversation_id=ticket.conversation_id,
                subject=ticket.subject,
                status=ticket.status.value,
                priority=ticket.priority,
                assignee=names.get(ticket.assignee_id) if ticket.assignee_id else None,
                summary="\n".join([told, *_by_staff(said, names)]),
            )


def _by_staff(said: Sequence[Message], names: dict[int, str]) -> list[str]:
    """The last reply and the last note, in the order they were written."""
    ours = [m for m in said if m.author is Author.STAFF and m.text]
    last = {m.audience: m for m in ours}
    return [
        f"{'Note' if m.audience is Audience.INTERNAL else 'Reply'} by {names.get(m.staff_id or 0, 'staff')}: "
        f"{shortened(m.text)}"
        for m in ours
        if last[m.audience] is m
    ]
