"""The copilot panel that other help desks show beside their tickets, and which of their pages may show it."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Header, Query, Request, Security
from fastapi.responses import HTMLResponse, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from support_bot.api.auth import SESSION_COOKIE, Admin, Bearer, calling_staff
from support_bot.api.deps import Bot, RequestLimits
from support_bot.api.errors import error_responses
from support_bot.api.fields import Key, Line, PathSlug
from support_bot.errors import Forbidden, Unauthorized
from support_bot.services.panel import PanelTicket
from support_bot.services.views import SuggestionView
from support_bot.values import Role

router = APIRouter(prefix="/api/v1/connectors/{slug}", tags=["copilot panel"])

_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_ERRORS = error_responses(400, 401, 403, 404, 413, 422, 429, 503)
_panel_scheme = HTTPBearer(
    scheme_name="panelToken", auto_error=False, description="A token for one ticket, signed by the help desk."
)


class PanelOrigins(BaseModel):
    origins: list[Line] = Field(max_length=50, description="Such as https://desk.example.com; none: no panel.")


class WantedTicket(BaseModel):
    ticket: Key = Field("", description="Number over there, for who signed in here; a token names its own.")


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever looks at a panel: `ticket` is the one their token is for, empty for staff who signed in here."""

    ticket: str


def panel_guest(
    slug: PathSlug,
    request: Request,
    app: Bot,
    limits: RequestLimits,
    bearer: Annotated[Bearer, Security(_panel_scheme)],
    session: Annotated[str | None, Cookie(alias=SESSION_COOKIE)] = None,
) -> Guest:
    """A token of the help desk, or an agent's own session or key. A token is never made good by a session."""
    if bearer is not None and bearer.credentials.count(".") == 2:  # a JWT; keys have no dots
        ticket = app.panel.ticket_of(slug, bearer.credentials)
        limits.count_request(f"panel {slug} {ticket}")
        return Guest(ticket)
    caller = calling_staff(request, app, limits, bearer, session)
    if not caller.staff.may(Role.AGENT):
        raise Forbidden("A viewer may read everything on the desk; the panel is for agents.")
    return Guest("")


Looking = Annotated[Guest, Depends(panel_guest)]


@router.get("/panel", responses=error_responses(401, 403, 404, 422, 429))
def read_panel_origins(slug: PathSlug, app: Bot, admin: Admin) -> PanelOrigins:
    """Whose pages may show the copilot panel."""
    return PanelOrigins(origins=list(app.panel.allowed(slug)))


@router.put("/panel", responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def allow_panel_origins(slug: PathSlug, body: PanelOrigins, app: Bot, admin: Admin) -> PanelOrigins:
    """Let pages of these origins, and of no others, show the copilot panel in a frame."""
    return PanelOrigins(origins=list(app.panel.allow(slug, body.origins)))


@router.post("/panel/ticket", responses=_ERRORS)
def open_panel_ticket(slug: PathSlug, body: WantedTicket, app: Bot, guest: Looking) -> PanelTicket:
    """How the ticket stands, read over there at this moment."""
    return app.panel.open(slug, _ticket(guest, body), signed=bool(guest.ticket))


@router.post("/panel/suggestion", responses=_ERRORS)
def suggest_panel_reply(
    slug: PathSlug, body: WantedTicket, app: Bot, limits: RequestLimits, guest: Looking
) -> SuggestionView:
    """A draft for the customer's last question, with what it rests on; nothing is sent or kept."""
    ticket = _ticket(guest, body)
    limits.count_message(f"panel {slug} {ticket}")
    return app.panel.suggest(slug, ticket, signed=bool(guest.ticket))


def _ticket(guest: Guest, body: WantedTicket) -> str:
    if guest.ticket and body.ticket not in ("", guest.ticket):
        raise Forbidden("This token is for another ticket.")
    if not (guest.ticket or body.ticket):
        raise Unauthorized("The page has to say which ticket this is.")
    return guest.ticket or body.ticket


def panel_router(folder: Path) -> APIRouter:
    """`/copilot`, its files below `/copilot/`, and `/copilot.js` for the pages around it; read once."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _TYPES}
    page = (folder / "panel.html").read_text(encoding="utf-8")
    pages = APIRouter(include_in_schema=False)

    @pages.get("/copilot")
    def show_panel(app: Bot, connector: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
        origins = app.panel.origins(connector)
        filled = page.replace("{{connector}}", html.escape(connector, quote=True))
        filled = filled.replace("{{origins}}", html.escape(" ".join(origins), quote=True))
        policy = _POLICY + (" ".join(origins) or "'none'")
        return HTMLResponse(filled, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})

    @pages.get("/copilot.js")
    def send_script(known: Annotated[str, Header(alias="If-None-Match")] = "") -> Response:
        return _send("host.js", files["host.js"], known)

    @pages.get("/copilot/{name}")
    def send_file(name: str, known: Annotated[str, Header(alias="If-None-Match")] = "") -> Response:
        content = files.get(name)
        return Response(status_code=404) if content is None else _send(name, content, known)

    return pages


def _send(name: str, content: bytes, known: str) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
