"""Macros: written by support leads, filled for a ticket, and used by agents in one transaction with what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from support_bot.errors import Conflict, Invalid
from support_bot.models import Macro, Message, Ticket, TicketEventKind
from support_bot.services.handoff import lock_ticket
from support_bot.services.macro_words import filled, require_known_variables, values_of
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.ticket_edits import apply_edit, checked, require_text
from support_bot.services.ticket_writing import write_note, write_reply
from support_bot.services.views import MacroSent, MacroView, MessageView, TicketView
from support_bot.storage.database import Database, Transaction
from support_bot.values import KEEP, MacroDraft, MacroUse, TicketEdit

MOST_MACROS = 500
_NAME_CHARS = 100


class MacroService:
    """What leads do with macros, and what agents do with them on a ticket."""

    def __init__(self, db: Database, outbox: MailOutbox, company: str) -> None:
        self._db = db
        self._outbox = outbox
        self._company = company

    # ---- what leads do

    def page(self) -> list[MacroView]:
        """All of them, by name, as they were written."""
        with self._db.reading() as tx:
            return [MacroView.of(macro) for macro in tx.macros.page()]

    def get(self, macro_id: int) -> MacroView:
        with self._db.reading() as tx:
            return MacroView.of(tx.macros.get(macro_id))

    def add(self, draft: MacroDraft) -> MacroView:
        """Raises Invalid for what cannot be used, Conflict where the name is taken or there are too many."""
        draft = _checked(draft)
        with self._db.transaction() as tx:
            tx.one_at_a_time("macros")
            if len(tx.macros.page()) >= MOST_MACROS:
                raise Conflict(f"There are {MOST_MACROS} macros already; delete one that nobody uses.")
            macro = Macro(name=draft.name, key=Macro.key_of(draft.name), version=0)
            macro.rewrite(draft)
            return MacroView.of(tx.macros.add(macro))

    def change(self, macro_id: int, draft: MacroDraft) -> MacroView:
        """Replace it as a whole. Whoever has chosen it and not sent yet is asked to look again."""
        draft = _checked(draft)
        with self._db.transaction() as tx:
            macro = tx.macros.lock(macro_id)
            macro.rewrite(draft)
            tx.macros.flush()
            return MacroView.of(macro)

    def delete(self, macro_id: int) -> None:
        """Histories keep its name."""
        with self._db.transaction() as tx:
            tx.macros.delete(tx.macros.lock(macro_id))

    # ---- what agents do

    def stamp(self) -> tuple[object, ...]:
        """Something that is another once a macro was added, changed or deleted."""
        with self._db.reading() as tx:
            return tx.macros.stamp()

    def ready(self, ticket_id: int, staff_id: int) -> Sequence[MacroView]:
        """All of them by name, with their variables filled for this ticket and agent. Raises NotFound."""
        with self._db.reading() as tx:
            values = self._values(tx, tx.tickets.get(ticket_id), staff_id)
            return [MacroView.of(macro, filled(macro.text, values)) for macro in tx.macros.page()]

    def use(self, ticket_id: int, staff_id: int, use: MacroUse) -> MacroSent:
        """Send the macro's words, as the agent left them, and do what it says: all of it or nothing.

        Raises NotFound, Invalid (a mark is left), Conflict, AnsweredMeanwhile."""
        with self._db.transaction() as tx:
            message = self.use_in(tx, ticket_id, staff_id, use)
            ticket, conversation = lock_ticket(tx, ticket_id)
            names = tx.staff.names()
            sent = MessageView.of(message, names=names) if message else None
            return MacroSent(TicketView.of(ticket, conversation.mode, names), sent)

    def use_in(self, tx: Transaction, ticket_id: int, staff_id: int, use: MacroUse) -> Message | None:
        """The same as a step of a transaction; what was sent, None where the macro only does something."""
        ticket, _ = lock_ticket(tx, ticket_id)
        macro = tx.macros.get(use.macro)
        if use.version is not None and use.version != macro.version:
            raise Conflict(f"The macro “{macro.name}” was changed meanwhile. Choose it again.")
        text = filled(macro.text, self._values(tx, ticket, staff_id)) if use.text is None else use.text
        ticket.record(TicketEventKind.MACRO_USED, staff_id, macro=macro.name)
        note, message = macro.note if use.note is None else use.note, None
        if text.strip() or macro.text:
            if note:
                message = write_note(tx, ticket_id, staff_id, text)
            else:
                message = write_reply(tx, self._outbox, ticket_id, staff_id, text, use.seen)
        ticket, conversation = lock_ticket(tx, ticket_id)
        apply_edit(tx, ticket, conversation, staff_id, _edit(macro, staff_id))
        return message

    def _values(self, tx: Transaction, ticket: Ticket, staff_id: int) -> Mapping[str, str | None]:
        return values_of(tx, ticket, tx.staff.names().get(staff_id, ""), self._company)


def _edit(macro: Macro, staff_id: int) -> TicketEdit:
    assignee = staff_id if macro.assign else KEEP
    return TicketEdit(priority=macro.priority, status=macro.status, add_tags=tuple(macro.tags), assignee=assignee)


def _checked(draft: MacroDraft) -> MacroDraft:
    """The draft with its words trimmed and its tags normalised. Raises Invalid."""
    name = " ".join(draft.name.replace("\x00", "").split())
    if not name or len(name) > _NAME_CHARS:
        raise Invalid(f"A macro needs a name, of at most {_NAME_CHARS} characters.")
    edit = checked(TicketEdit(status=draft.status, priority=draft.priority, add_tags=draft.tags))
    text = require_text(draft.text) if draft.text.replace("\x00", "").strip() else ""
    require_known_variables(text)
    if not (text or edit.status or edit.priority or edit.add_tags or draft.assign):
        raise Invalid("A macro says something or does something: write a text, or choose what is done.")
    return MacroDraft(name, text, draft.note, edit.status, edit.priority, edit.add_tags, draft.assign)
