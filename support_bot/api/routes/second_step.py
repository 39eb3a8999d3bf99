"""One's own two-factor sign-in with a browser: plain forms, as the sign-in is. The page itself is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field
from starlette.status import HTTP_303_SEE_OTHER

from support_bot.api.deps import Address, Bot, RequestLimits
from support_bot.api.origins import outside
from support_bot.api.routes.sign_in import Session, no_store, require_own_form
from support_bot.api.staff_gate import LOGIN, TWO_FACTOR
from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, LimitExceeded
from support_bot.services.two_factor import Shown
from support_bot.services.views import StaffView

TwoFactorPage = Callable[[Shown], str]


class TwoFactorForm(BaseModel):
    """What is typed in; whatever is missing is simply wrong."""

    doing: Literal["begin", "confirm", "codes", "off", ""] = ""
    password: str = Field("", max_length=1000)
    code: str = Field("", max_length=100)


def two_factor_router(page: TwoFactorPage) -> APIRouter:
    """`GET` and `POST /two-factor`, also for who may do nothing else before; strangers are led to the sign-in."""
    router = APIRouter(include_in_schema=False)

    @router.get(TWO_FACTOR, response_model=None)
    def show(app: Bot, session: Session = None) -> HTMLResponse | RedirectResponse:
        staff = _who(app, session)
        return _to_sign_in(app) if staff is None else HTMLResponse(page(_shown(app, staff)), headers=no_store())

    @router.post(TWO_FACTOR, response_model=None)
    def change(
        request: Request,
        app: Bot,
        limits: RequestLimits,
        address: Address,
        form: Annotated[TwoFactorForm, Form()],
        session: Session = None,
    ) -> HTMLResponse | RedirectResponse:
        require_own_form(request, app)
        staff = _who(app, session)
        if staff is None:
            return _to_sign_in(app)
        try:
            limits.count_sign_in(address)
            codes = _change(app, staff, form, session or "")
        except (Invalid, Conflict, LimitExceeded) as error:
            html = page(_shown(app, staff, error=error.detail))
            return HTMLResponse(html, error.status, headers=no_store(error))
        return HTMLResponse(page(_shown(app, staff, codes)), headers=no_store())

    return router


def _change(app: App, staff: StaffView, form: TwoFactorForm, session: str) -> tuple[str, ...]:
    """Do it; recovery codes that were made, or none."""
    two_factor = app.accounts.two_factor
    match form.doing:
        case "begin":
            two_factor.begin(staff.id, form.password)
        case "confirm":
            return two_factor.confirm(staff.id, form.code, session=session)
        case "codes":
            return two_factor.renew_codes(staff.id, form.code)
        case "off":
            two_factor.switch_off(staff.id, form.code)
    return ()


def _shown(app: App, staff: StaffView, codes: tuple[str, ...] = (), error: str = "") -> Shown:
    two_factor = app.accounts.two_factor
    return Shown(staff, two_factor.state(staff.id), two_factor.find_setup(staff.id), codes, error)


def _who(app: App, session: str | None) -> StaffView | None:
    signed_in = app.staff.find_session(session, setting_up=True) if session else None
    return signed_in.staff if signed_in else None


def _to_sign_in(app: App) -> RedirectResponse:
    return RedirectResponse(outside(app, f"{LOGIN}?next={TWO_FACTOR}"), HTTP_303_SEE_OTHER, headers=no_store())
