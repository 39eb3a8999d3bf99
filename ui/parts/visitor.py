"""The customer of a conversation, as the desk shows them: what is proved stands apart from what a page told."""

from __future__ import annotations

from support_bot.services.views import ConversationView
from ui.parts.html import escape, pill


def visitor_name(view: ConversationView) -> str:
    """Their name or id, with a mark where the site has proved it."""
    customer = view.customer
    name = (customer.name or customer.subject if customer else None) or view.row.visitor
    if customer is None or not customer.verified:
        return escape(name or "Visitor without a name")
    return f'<span class="pills">{escape(name or "")} {pill("Verified", "good")}</span>'


def visitor_facts(view: ConversationView) -> dict[str, str]:
    """Addresses and the site's own id, as HTML by label."""
    customer, facts = view.customer, {}
    if customer is not None and customer.email:
        facts["E-mail"] = escape(customer.email) + _told(customer.signed)
    if view.email and (customer is None or view.email != customer.email):
        facts["E-mail left in the chat" if "E-mail" in facts else "E-mail"] = escape(view.email)
    if customer is None:
        return facts
    if customer.name and customer.subject:
        facts["Customer id"] = escape(customer.subject)
    if customer.name and not customer.signed:
        facts["Name"] = escape(customer.name) + _told(False)
    return facts


def visitor_details(view: ConversationView) -> str:
    """What the page told besides. A list of its own: none of it can take the place of what is known."""
    details = view.customer.details if view.customer else ()
    if not details:
        return ""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in details)
    return f'<section><h2 class="section">Told by the page</h2><dl class="facts">{lines}</dl></section>'


def _told(signed: bool) -> str:
    return "" if signed else ' <span class="small">told by the page</span>'
