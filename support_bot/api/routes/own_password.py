"""Changing one's own password with a browser: a plain form, as the sign-in is. The page itself is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field
from starlette.status import HTTP_303_SEE_OTHER

from support_bot.api.deps import Address, Bot, RequestLimits
from support_bot.api.origins import outside
from support_bot.api.routes.sign_in import Session, no_store, require_own_form
from support_bot.api.staff_gate import LOGIN
from support_bot.assembly import App
from support_bot.errors import Invalid, LimitExceeded
from support_bot.services.views import StaffView

PASSWORD = "/password"
OwnPasswordPage = Callable[[StaffView, str, bool], str]
"""From who is signed in, what went wrong (or "") and whether it has just been changed to HTML."""


class OwnPasswordForm(BaseModel):
    """What is typed in; whatever is missing is simply wrong."""

    old: str = Field("", max_length=1000)
    new: str = Field("", max_length=1000)
    again: str = Field("", max_length=1000)


def own_password_router(page: OwnPasswordPage) -> APIRouter:
    """`GET /password` and `POST /password`; who is not signed in is led to the sign-in."""
    router = APIRouter(include_in_schema=False)

    @router.get(PASSWORD, response_model=None)
    def show_form(
        app: Bot, changed: Annotated[str, Query()] = "", session: Session = None
    ) -> HTMLResponse | RedirectResponse:
        staff = _signed_in(app, session)
        return _to_sign_in(app) if staff is None else HTMLResponse(page(staff, "", bool(changed)), headers=no_store())

    @router.post(PASSWORD, response_model=None)
    def change(
        request: Request,
        app: Bot,
        limits: RequestLimits,
        address: Address,
        form: Annotated[OwnPasswordForm, Form()],
        session: Session = None,
    ) -> HTMLResponse | RedirectResponse:
        require_own_form(request, app)
        staff = _signed_in(app, session)
        if staff is None:
            return _to_sign_in(app)
        try:
            limits.count_sign_in(address)
            _change(app, staff, form, session or "")
        except (Invalid, LimitExceeded) as error:
            return HTMLResponse(page(staff, error.detail, False), error.status, headers=no_store(error))
        return RedirectResponse(outside(app, f"{PASSWORD}?changed=yes"), HTTP_303_SEE_OTHER)

    return router


def _change(app: App, staff: StaffView, form: OwnPasswordForm, session: str) -> None:
    if form.new != form.again:
        raise Invalid("The new password is not the same in both fields.")
    app.staff.change_own_password(staff.id, form.old, form.new, session=session)


def _signed_in(app: App, session: str | None) -> StaffView | None:
    signed_in = app.staff.find_session(session) if session else None
    return signed_in.staff if signed_in else None


def _to_sign_in(app: App) -> RedirectResponse:
    return RedirectResponse(outside(app, f"{LOGIN}?next={PASSWORD}"), HTTP_303_SEE_OTHER, headers=no_store())
