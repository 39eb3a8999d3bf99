"""Everything of one customer as one file: JSON for programs, pages to read, and mails as they came."""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from support_bot.errors import NotFound
from support_bot.models import utcnow
from support_bot.services.tickets import TicketService
from support_bot.services.views import ConversationView, MessageView
from support_bot.storage.database import Database
from support_bot.values import Audience, Author

_WHO = {Author.CUSTOMER: "Customer", Author.BOT: "Automated assistant", Author.SYSTEM: "Note of the system"}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "article{border-top:1px solid #8884;padding:.6rem 0}small{opacity:.7}.note{background:#fc03;padding:.6rem}"
    "p{white-space:pre-wrap;overflow-wrap:anywhere}"
)


class CustomerService:
    """What a customer may ask for: all that is kept of them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tickets = TicketService(db)

    def export(self, key: str, *, only: bool = False) -> bytes:
        """A ZIP of all that belongs to a customer, notes of staff included. Raises NotFound where there is nothing."""
        with self._db.reading() as tx:
            customer = tx.customers.find(key, only=only)
            records = tx.customers.records(customer)
            mails = tx.customers.raw_mails(customer)
        if not records:
            raise NotFound(f"Nothing is known of {key}.")
        views = [self._tickets.conversation(conversation) for conversation in customer.conversations]
        views.sort(key=lambda view: view.row.created_at)
        about = {
            "exported_at": utcnow().isoformat(timespec="seconds"),
            "emails": customer.emails,
            "visitors": customer.visitors,
        }
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            whole = json.dumps({**about, "records": records}, ensure_ascii=False, indent=1, default=str)
            archive.writestr("customer.json", whole)
            archive.writestr("index.html", _index(key, about, views))
            for view in views:
                archive.writestr(f"conversations/{view.row.id}.html", _page(view))
            for number, raw in mails:
                archive.writestr(f"mails/{number}.eml", raw)
        return out.getvalue()


def _index(key: str, about: dict[str, Any], views: Sequence[ConversationView]) -> str:
    listed = "".join(
        f'<li><a href="conversations/{view.row.id}.html">{view.row.created_at:%Y-%m-%d %H:%M} UTC</a> '
        f"{html.escape(view.row.first_words[:120])}</li>"
        for view in views
    )
    known = ", ".join([*about["emails"], *about["visitors"]])
    return _document(
        f"Everything of {key}",
        f"<p>{html.escape(known)}</p><p>Exported {about['exported_at']}. customer.json has every record.</p>"
        f"<ol>{listed}</ol>",
    )


def _page(view: ConversationView) -> str:
    row, ticket = view.row, view.ticket
    facts = [f"Channel {row.channel}", f"visitor {row.visitor}" if row.visitor else "", view.email or ""]
    facts += [f"ticket #{ticket.row.id}: {ticket.row.subject} ({ticket.row.status})"] if ticket else []
    head = f"<p><small>{html.escape(' · '.join(filter(None, facts)))}</small></p>"
    return _document(f"Conversation of {row.created_at:%Y-%m-%d}", head + "".join(map(_said, view.messages)))


def _said(message: MessageView) -> str:
    who = message.name or _WHO.get(message.author, "Support")
    note = message.audience is Audience.INTERNAL
    more = " · internal note" if note else " · taken back" if message.status == "retracted" else ""
    sources = "".join(f"<li>{html.escape(source.title)}</li>" for source in message.citations)
    return (
        f"<article{' class=note' if note else ''}><b>{html.escape(who)}</b> "
        f"<small>{message.created_at:%Y-%m-%d %H:%M} UTC{more}</small><p>{html.escape(message.text)}</p>"
        f"{f'<ul>{sources}</ul>' if sources else ''}</article>"
    )


def _document(title: str, body: str) -> str:
    name = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{_STYLE}</style><h1>{name}</h1>{body}</html>"
    )
