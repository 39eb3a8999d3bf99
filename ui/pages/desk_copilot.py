"""The part of the desk that helps: drafts, similar tickets, a priority, flags. Sends nothing by itself."""

from __future__ import annotations

from typing import Any

from support_bot.assembly import App
from support_bot.services.rewriting import rewrite
from support_bot.services.views import ConversationView, StaffView, TicketRow
from support_bot.values import OPEN_STATUSES, Author, FlagReason, Tone
from ui.pages.desk_state import Desk
from ui.pages.surface import number
from ui.parts import copilot as parts


class DeskCopilot:
    """What its buttons do, and its two pieces of the page."""

    def __init__(self, app: App) -> None:
        self._app = app

    def suggest(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        """A draft for the chosen conversation; takes seconds, in which the page goes on."""
        conversation, aid = desk.conversation, desk.aid
        if not conversation or conversation in aid.writing:
            return
        aid.writing.add(conversation)
        try:
            newest = _newest(self._app.tickets.conversation(conversation))
            aid.drafts[conversation] = self._app.desk.copilot.suggest(number(data, "ticket"), staff.id), newest
        finally:
            aid.writing.discard(conversation)

    def drop(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        """Put the draft away, or the reply in another tone."""
        desk.aid.drafts.pop(desk.conversation, None)
        desk.aid.rewritten.pop(desk.conversation, None)

    def rewrite(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        """What stands in the composer, in another tone."""
        if (value := str(data.get("value", ""))) in list(Tone):
            desk.aid.rewritten[desk.conversation] = rewrite(str(data.get("text", "")), Tone(value))

    def flag(self, desk: Desk, staff: StaffView, data: dict[str, Any]) -> None:
        """Flag an answer, or take the flag back."""
        message, value = number(data, "message"), str(data.get("value", ""))
        if value in list(FlagReason):
            self._app.desk.flags.flag(message, staff.id, FlagReason(value))
        else:
            self._app.desk.flags.unflag(message)

    def replied(self, desk: Desk, staff: StaffView, ticket_id: int, message_id: int, text: str) -> None:
        """A reply was sent: the draft has done its work."""
        self.drop(desk, staff, {})
        self._app.desk.copilot.sent(ticket_id, staff.id, message_id, text)

    def panel(self, desk: Desk, view: ConversationView) -> str:
        """The piece above the composer; empty where nobody can reply."""
        ticket = _open(view)
        if ticket is None:
            return ""
        if desk.conversation in desk.aid.writing:
            return parts.writing()
        if rewritten := desk.aid.rewritten.get(desk.conversation):
            return parts.rewritten(ticket, rewritten)
        if held := desk.aid.drafts.get(desk.conversation):
            return parts.draft(held[0], outdated=_newest(view) > held[1])
        return parts.offer(ticket)

    def beside(self, desk: Desk, view: ConversationView) -> str:
        """The piece of the last column; looked for anew when the customer has written."""
        if (ticket := _open(view)) is None:
            return ""
        now = (desk.conversation, _newest(view))
        if desk.aid.beside is None or desk.aid.beside[0] != now:
            desk.aid.beside = (now, self._app.desk.similar.find(ticket.id), self._app.desk.triage.priority(ticket.id))
        return parts.beside(ticket, desk.aid.beside[1], desk.aid.beside[2])


def _open(view: ConversationView) -> TicketRow | None:
    return view.ticket.row if view.ticket and view.ticket.row.status in OPEN_STATUSES else None


def _newest(view: ConversationView) -> int:
    return max((message.id for message in view.messages if message.author is Author.CUSTOMER), default=0)
