"""Variables in the words of a macro: which there are, what a ticket knows of each, and marks where it knows nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from support_bot.connectors.mail_reading import sender_name
from support_bot.errors import Invalid
from support_bot.models import Ticket
from support_bot.services.mail_outbox import address_of
from support_bot.storage.database import Transaction

VARIABLES = {
    "customer_name": "customer name",
    "customer_email": "customer e-mail",
    "agent_name": "agent name",
    "ticket_number": "ticket number",
    "subject": "subject",
    "company": "company",
}
_USED = re.compile(r"\{\{([^{}]*)\}\}")
_MARK = re.compile(rf"⟦(?:{'|'.join(map(re.escape, VARIABLES.values()))})⟧")
_HEAD = 16_384  # bytes of a mail in which its sender is looked for


def require_known_variables(text: str) -> None:
    """Raises Invalid for a variable that there is not."""
    for name in _USED.findall(text):
        if name.strip() not in VARIABLES:
            there = ", ".join(f"{{{{{known}}}}}" for known in VARIABLES)
            raise Invalid(f"There is no variable {{{{{name.strip()[:40]}}}}}. There are {there}.")


def filled(text: str, values: Mapping[str, str | None]) -> str:
    """The text with values for its variables; one without a value becomes a mark like `⟦customer name⟧`."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name not in VARIABLES:
            return found[0]
        return values.get(name) or f"⟦{VARIABLES[name]}⟧"

    return _USED.sub(value, text)


def require_no_mark(text: str) -> None:
    """Raises Invalid where a variable without a value is still marked."""
    marks = list(dict.fromkeys(_MARK.findall(text)))
    if marks:
        raise Invalid(f"{' and '.join(marks)} is not known here. Write what belongs there, or take it out.")


def values_of(tx: Transaction, ticket: Ticket, agent: str, company: str) -> dict[str, str | None]:
    """What is known for each variable: the customer's name from the site that signed it in, or from a mail of theirs; a
    visitor's id is no name."""
    profile = tx.visitors.find(ticket.conversation_id)
    received = tx.mails.received_of(ticket.conversation_id)
    head = tx.mails.head_of(received[0].id, _HEAD) if received else None
    return {
        "customer_name": (profile and profile.name) or (sender_name(head) if head else None),
        "customer_email": address_of(tx, ticket.conversation_id) or (profile.email if profile else None),
        "agent_name": agent,
        "ticket_number": f"#{ticket.id}",
        "subject": ticket.subject,
        "company": company,
    }
