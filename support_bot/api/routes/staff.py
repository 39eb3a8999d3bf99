"""Staff and their API keys, and who the caller is."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, Member
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId
from support_bot.api.staff_schemas import (
    Email,
    KeyCreated,
    KeyIn,
    KeysOut,
    Me,
    OwnPasswordIn,
    PasswordIn,
    StaffIn,
    StaffOut,
    StaffPatch,
)
from support_bot.services.views import StaffView

router = APIRouter(prefix="/api/v1", tags=["staff"])

_ERRORS = error_responses(401, 403, 429)
_CHANGE_ERRORS = error_responses(400, 401, 403, 409, 413, 422, 429)


@router.get("/me", responses=_ERRORS)
def who_am_i(caller: Member) -> Me:
    """The caller, and the token that a browser sends along with changes."""
    return Me(staff=caller.staff, csrf_token=caller.csrf_token)


@router.put("/me/password", status_code=HTTP_204_NO_CONTENT, responses=error_responses(400, 401, 403, 413, 422, 429))
def change_own_password(body: OwnPasswordIn, app: Bot, caller: Member) -> None:
    """Change the caller's own password; all their sessions end, but the one that asks."""
    old, new = body.old.get_secret_value(), body.password.get_secret_value()
    app.staff.change_own_password(caller.id, old, new, session=caller.session)


@router.get("/staff", responses=_ERRORS)
def list_staff(app: Bot, admin: Admin) -> StaffOut:
    """Viewers, agents and admins; who is not `active` cannot sign in."""
    return StaffOut(staff=app.staff.page())


@router.post("/staff", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def add_staff(body: StaffIn, app: Bot, admin: Admin) -> StaffView:
    """Add somebody with a password that you pass on."""
    return app.staff.add(body.email, body.name, body.role, body.password.get_secret_value())


@router.patch("/staff/{email}", responses=error_responses(400, 401, 403, 404, 409, 413, 422, 429))
def change_staff(email: Email, body: StaffPatch, app: Bot, admin: Admin) -> StaffView:
    """Deactivate somebody, whose sessions and keys end at once and whose name stays on old messages; or reactivate."""
    if body.active:
        return app.staff.reactivate(email)
    return app.staff.deactivate(email, None if admin.is_owner else admin.id)


@router.put("/staff/{email}/password", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def change_password(email: Email, body: PasswordIn, app: Bot, admin: Admin) -> None:
    """Give somebody a new password; all their sessions end."""
    app.staff.set_password(email, body.password.get_secret_value())


@router.get("/keys", responses=_ERRORS)
def list_keys(app: Bot, admin: Admin) -> KeysOut:
    """API keys by name and prefix, revoked ones too."""
    return KeysOut(keys=app.staff.keys())


@router.post("/keys", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def create_key(body: KeyIn, app: Bot, admin: Admin) -> KeyCreated:
    """Make an API key; the answer is the only place where it is shown."""
    details, key = app.staff.create_key(body.name, body.role, admin.id)
    return KeyCreated(key=key, details=details)


@router.delete("/keys/{key_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def revoke_key(key_id: PathId, app: Bot, admin: Admin) -> None:
    """Make a key useless at once."""
    app.staff.revoke_key(key_id)
