"""The copilot inside another help desk: who may see which ticket of it there, how it stands, what to reply.

A ticket's number from a page counts for nothing. With a token that the help desk signed it is that token's ticket;
somebody who signed in here sees tickets that came from here. Either way the ticket is read over there at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jwt

from support_bot.connectors.base import ConnectorError, Entry, RemoteTicket, Who
from support_bot.errors import HelpdeskUnavailable, Invalid, NotFound, Unauthorized
from support_bot.models import Connector, Ticket
from support_bot.services.channels import clean_origin
from support_bot.services.connectors import ConnectorService
from support_bot.services.copilot import CopilotService
from support_bot.services.summary import shortened, summary
from support_bot.services.views import SuggestionView
from support_bot.storage.database import Database
from support_bot.values import Author, Turn

AUDIENCE = "copilot"
_LIFE_S = 3600
_LEEWAY_S = 30
_MOST_ORIGINS = 10
_MOST_CHARS = 20_000
_SHOWN = 4
_MARKER = re.compile(r"\s*\[chat [A-Za-z0-9-]{1,64}\]")
_AUTHORS = {Who.CUSTOMER: Author.CUSTOMER, Who.AGENT: Author.STAFF, Who.BOT: Author.BOT}
_REFUSED = "This panel's token is not valid or has ended: load the ticket's page again."


@dataclass(frozen=True, slots=True)
class PanelTicket:
    """A ticket over there. `came_from_here` where it began as a conversation with the bot."""

    id: str
    subject: str
    status: str
    summary: str
    came_from_here: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was said, ours and theirs, and the lines that sum it up."""

    ticket: PanelTicket
    turns: tuple[Turn, ...]


class PanelService:
    """Looks on behalf of agents over there; writes nothing, here or there."""

    def __init__(self, db: Database, connectors: ConnectorService, copilot: CopilotService) -> None:
        self._db = db
        self._connectors = connectors
        self._copilot = copilot

    # ---- where it may be shown

    def origins(self, name: str) -> tuple[str, ...]:
        """The origins whose pages may frame the panel: none where the connector is off or unknown."""
        with self._db.reading() as tx:
            found = tx.connectors.find(name)
            return _origins(found) if found is not None and found.enabled else ()

    def allow(self, name: str, origins: Sequence[str]) -> tuple[str, ...]:
        """Let pages of these origins, and of no others, frame the panel. Raises NotFound, Invalid."""
        cleaned = list(dict.fromkeys(map(clean_origin, origins)))
        if len(cleaned) > _MOST_ORIGINS:
            raise Invalid(f"At most {_MOST_ORIGINS} origins may show the panel.")
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            found = tx.connectors.get(name)
            found.config = found.config | {"panel_origins": cleaned}
            return _origins(found)

    def allowed(self, name: str) -> tuple[str, ...]:
        """What `allow` wrote down. Raises NotFound."""
        with self._db.reading() as tx:
            return _origins(tx.connectors.get(name))

    # ---- who asks

    def ticket_of(self, name: str, token: str) -> str:
        """The ticket over there that a token is for. Raises Unauthorized unless the help desk signed it this hour."""
        with self._db.reading() as tx:
            found = tx.connectors.find(name)
        secrets = found.config.get("secrets", ()) if found is not None and found.enabled else ()
        for secret in secrets:
            try:
                claims = jwt.decode(
                    token, signing_key(secret), ["HS256"], audience=AUDIENCE, issuer=name, leeway=_LEEWAY_S,
                    options={"require": ["aud", "iss", "sub", "ticket", "iat", "exp"]},
                )  # fmt: skip
            except jwt.InvalidTokenError:
                continue
            ticket, life = claims["ticket"], int(claims["exp"]) - int(claims["iat"])
            if isinstance(ticket, str) and ticket and len(ticket) <= 120 and life <= _LIFE_S:
                return ticket
        raise Unauthorized(_REFUSED)

    # ---- what they see

    def open(self, name: str, external_id: str, *, signed: bool) -> PanelTicket:
        """How a ticket stands. Without a signature it has to have come from here: raises NotFound otherwise, and
        HelpdeskUnavailable where it cannot be read over there."""
        return self._seen(name, external_id, signed).ticket

    def suggest(self, name: str, external_id: str, *, signed: bool) -> SuggestionView:
        """A draft for the customer's last question, as on the desk; raises what `open` raises."""
        return self._copilot.draft(self._seen(name, external_id, signed).turns)

    def _seen(self, name: str, external_id: str, signed: bool) -> _Seen:
        with self._db.reading() as tx:
            connector = tx.connectors.get(name)
            link = tx.connectors.link_of(connector.id, external_id)
            ticket = tx.tickets.get(link.ticket_id) if link is not None else None
            ours = tx.conversations.messages(ticket.conversation_id) if ticket is not None else []
            told = summary(ours, ticket.reason) if ticket is not None else ""
        if ticket is None and not signed:
            raise NotFound("There is no such ticket here.")
        try:
            there = self._connectors.read(name, external_id)
        except ConnectorError as error:
            raise HelpdeskUnavailable(f"The help desk could not be read: {error.detail}") from error
        entries = _theirs(there, came_from_here=ticket is not None)
        turns = [Turn(m.author, m.text) for m in ours if m.author is not Author.SYSTEM and m.text]
        turns += [Turn(_AUTHORS[e.who], e.text) for e in entries if not e.private and e.who in _AUTHORS]
        lines = [told, *_lines(entries)] if told else list(_lines(entries))
        return _Seen(_shown(there, ticket, "\n".join(lines)), tuple(turns))


def signing_key(secret: str) -> bytes:
    """The key of panel tokens: made from the connector's signing secret, so that neither signs for the other."""
    return hmac.new(base64.b64decode(secret.removeprefix("whsec_")), AUDIENCE.encode(), hashlib.sha256).digest()


def _origins(connector: Connector) -> tuple[str, ...]:
    return tuple(connector.config.get("panel_origins", ()))


def _theirs(there: RemoteTicket, *, came_from_here: bool) -> list[Entry]:
    """What was written over there alone, each once: what we carried there has our mark, the first entry too."""
    kept: list[Entry] = []
    for entry in there.entries:
        # People's public replies came back into the conversation here.
        carried = _MARKER.search(entry.text) is not None or entry.who is Who.BOT
        ours = came_from_here and (carried or (entry.who is Who.AGENT and not entry.private))
        text = _MARKER.sub("", entry.text).strip()[:_MOST_CHARS]
        doubled = any(k.text == text for k in kept[:1])  # a description is often the first entry as well
        if text and not ours and not doubled:
            kept.append(Entry(entry.id, entry.who, text, entry.private))
    return kept


def _lines(entries: Sequence[Entry]) -> Iterator[str]:
    names = {Who.CUSTOMER: "Customer", Who.AGENT: "Agent", Who.BOT: "Bot"}
    known = [entry for entry in entries if entry.who in names]
    for entry in [*known[:1], *known[1:][-_SHOWN:]]:
        yield f"{'Note' if entry.private else names[entry.who]}: {shortened(entry.text)}"


def _shown(there: RemoteTicket, ticket: Ticket | None, summed: str) -> PanelTicket:
    subject = ticket.subject if ticket is not None else ""
    return PanelTicket(there.id, subject, there.status.value, summed, ticket is not None)
