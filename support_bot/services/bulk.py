"""One change to many tickets: each on its own, with its own history; whoever asked hears which were not changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from support_bot.errors import Conflict, Invalid, NotFound, SupportBotError
from support_bot.services.handoff import lock_ticket
from support_bot.services.macros import MacroService
from support_bot.services.ticket_edits import apply_edit, checked
from support_bot.services.views import BulkResult, NotChanged
from support_bot.storage.database import Database
from support_bot.values import BulkChange, TicketEdit

MOST_TICKETS = 100
_SO_ALREADY = "It was so already."


class BulkService:
    """What agents do with the tickets that they chose in the list."""

    def __init__(self, db: Database, macros: MacroService) -> None:
        self._db = db
        self._macros = macros

    def change(self, tickets: Sequence[int], staff_id: int, change: BulkChange) -> BulkResult:
        """Each ticket wholly or not at all. Raises Invalid for none or too many tickets, and for no change.

        Where the database goes away behind some of them, the rest is not changed."""
        tickets = list(dict.fromkeys(tickets))
        if not 0 < len(tickets) <= MOST_TICKETS:
            raise Invalid(f"Choose tickets, at most {MOST_TICKETS} at once.")
        change = replace(change, edit=checked(change.edit))
        if change.edit == TicketEdit() and change.macro is None:
            raise Invalid("Choose what is to change.")
        if change.macro is not None:
            self._macros.get(change.macro.macro)
        changed, refused, trouble = list[int](), list[NotChanged](), ""
        for ticket_id in tickets:
            try:
                why = trouble or ("" if self._change(ticket_id, staff_id, change) else _SO_ALREADY)
            except (Conflict, Invalid, NotFound) as error:
                why = error.detail
            except SupportBotError as error:
                if not changed:
                    raise
                why = trouble = error.detail  # whoever did not hear which were changed would change them again
            if why:
                refused.append(NotChanged(ticket_id, why))
            else:
                changed.append(ticket_id)
        return BulkResult(tuple(changed), tuple(refused))

    def _change(self, ticket_id: int, staff_id: int, change: BulkChange) -> bool:
        """Whether anything was changed."""
        with self._db.transaction() as tx:
            ticket, conversation = lock_ticket(tx, ticket_id)
            before = len(ticket.events)
            if change.macro is not None:
                self._macros.use_in(tx, ticket_id, staff_id, change.macro)
                ticket, conversation = lock_ticket(tx, ticket_id)
            apply_edit(tx, ticket, conversation, staff_id, change.edit)
            return len(ticket.events) > before
