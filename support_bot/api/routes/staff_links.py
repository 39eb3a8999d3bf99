"""One-time links for staff: invitations and new passwords. Following one is a page, see `join.py`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.account_schemas import InvitationIn, LinkMade, LinksOut
from support_bot.api.auth import Admin, Caller
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId
from support_bot.api.staff_schemas import Email
from support_bot.assembly import App
from support_bot.services.staff_links import MadeLink

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])

_CHANGE_ERRORS = error_responses(400, 401, 403, 409, 413, 422, 429)


@router.get("/links", responses=error_responses(401, 403, 429))
def list_links(app: Bot, admin: Admin) -> LinksOut:
    """Links that can still be used, the newest first; what makes them work is not kept."""
    return LinksOut(links=app.accounts.links.page())


@router.post("/invitations", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def invite_staff(body: InvitationIn, request: Request, app: Bot, admin: Admin) -> LinkMade:
    """Make a link by which somebody joins, with a name and a password of their own; an earlier one ends."""
    return _shown(app, request, app.accounts.links.invite(body.email, body.name, body.role, _id(admin)))


@router.post(
    "/{email}/password-link",
    status_code=HTTP_201_CREATED,
    responses=error_responses(401, 403, 404, 409, 422, 429),
)
def offer_password(email: Email, request: Request, app: Bot, admin: Admin) -> LinkMade:
    """Make a link by which somebody sets a new password; until then the old one works."""
    return _shown(app, request, app.accounts.links.offer_password(email, _id(admin)))


@router.delete("/links/{link_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def withdraw_link(link_id: PathId, app: Bot, admin: Admin) -> None:
    """Make a link useless at once."""
    app.accounts.links.withdraw(link_id)


def _id(admin: Caller) -> int | None:
    return None if admin.is_owner else admin.id


def _shown(app: App, request: Request, made: MadeLink) -> LinkMade:
    """With the public address, or without one the address by which the caller came."""
    base = app.settings.server.public_url or str(request.base_url)
    return LinkMade(url=f"{base.rstrip('/')}{made.path}", details=made.details)
