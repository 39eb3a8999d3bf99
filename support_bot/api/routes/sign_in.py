"""Signing in and out with a browser: plain forms that work without scripts. The page itself is handed in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Cookie, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field
from starlette.status import HTTP_303_SEE_OTHER

from support_bot.api.auth import SESSION_COOKIE
from support_bot.api.deps import Address, Bot, RequestLimits
from support_bot.api.origins import is_own_form, outside
from support_bot.api.staff_gate import DESK, LOGIN
from support_bot.assembly import App
from support_bot.errors import CodeNeeded, Forbidden, LimitExceeded, SupportBotError, Unauthorized
from support_bot.services.views import SignedIn

SignInPage = Callable[[str, str, str], str]
"""From where to go afterwards, what went wrong (or "") and the address that was typed in (or "") to HTML."""

CodePage = Callable[[str, str, str], str]
"""From where to go afterwards, what went wrong (or "") and the ticket of the first step to HTML."""

_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_FOREIGN_FORM = "This form was sent by a page of another site."
Session = Annotated[str | None, Cookie(alias=SESSION_COOKIE)]


class SignInForm(BaseModel):
    """What is typed in; whatever is missing is simply wrong."""

    email: str = Field("", max_length=200)
    password: str = Field("", max_length=1000)
    next: str = Field(DESK, max_length=2000)


class CodeForm(BaseModel):
    """The second step, with the ticket of the first."""

    ticket: str = Field("", max_length=1000)
    code: str = Field("", max_length=100)
    next: str = Field(DESK, max_length=2000)


def sign_in_router(page: SignInPage, code_page: CodePage) -> APIRouter:
    """`GET /login`, `POST /login`, `POST /login-code` and `POST /logout`."""
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    def show_form(next: Annotated[str, Query()] = DESK) -> HTMLResponse:
        return _form(page, next)

    @router.post(LOGIN, response_model=None)
    def sign_in(
        request: Request, app: Bot, limits: RequestLimits, address: Address, form: Annotated[SignInForm, Form()]
    ) -> HTMLResponse | RedirectResponse:
        require_own_form(request, app)
        try:
            limits.count_sign_in(address)
            signed_in = app.staff.sign_in(form.email.strip(), form.password)
        except CodeNeeded as needed:
            return HTMLResponse(code_page(safe_target(form.next), "", needed.ticket), headers=no_store())
        except (Unauthorized, LimitExceeded) as error:
            return _form(page, form.next, error, form.email)
        return let_in(app, signed_in, form.next)

    @router.post("/login-code", response_model=None)
    def second_step(
        request: Request, app: Bot, limits: RequestLimits, address: Address, form: Annotated[CodeForm, Form()]
    ) -> HTMLResponse | RedirectResponse:
        require_own_form(request, app)
        try:
            limits.count_sign_in(address)
            signed_in = app.accounts.two_factor.sign_in(form.ticket, form.code)
        except (Unauthorized, LimitExceeded) as error:
            html = code_page(safe_target(form.next), error.detail, form.ticket)
            return HTMLResponse(html, error.status, headers=no_store(error))
        return let_in(app, signed_in, form.next)

    @router.post("/logout")
    def sign_out(request: Request, app: Bot, session: Session = None) -> RedirectResponse:
        require_own_form(request, app)
        if session:
            app.staff.sign_out(session)
        answer = RedirectResponse(outside(app, LOGIN), HTTP_303_SEE_OTHER)
        answer.delete_cookie(
            SESSION_COOKIE, path="/", secure=app.settings.server.secure_cookies, httponly=True, samesite="lax"
        )
        return answer

    return router


def let_in(app: App, signed_in: SignedIn, wanted: str) -> RedirectResponse:
    """Hand the new session to the browser, and lead to where it wanted."""
    answer = RedirectResponse(outside(app, safe_target(wanted)), HTTP_303_SEE_OTHER, headers=no_store())
    answer.set_cookie(
        SESSION_COOKIE,
        signed_in.token,
        max_age=int(app.settings.security.session_hours * 3600),
        path="/",
        secure=app.settings.server.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return answer


def safe_target(wanted: str) -> str:
    """A path on this server, or the desk where the wish leads anywhere else."""
    return wanted if _LOCAL_PATH.fullmatch(wanted) else DESK


def _form(page: SignInPage, wanted: str, error: SupportBotError | None = None, email: str = "") -> HTMLResponse:
    html = page(safe_target(wanted), error.detail if error else "", email)
    return HTMLResponse(html, error.status if error else 200, headers=no_store(error))


def no_store(error: SupportBotError | None = None) -> dict[str, str]:
    """Headers of a page that is for this visitor and this moment only."""
    headers = {"Cache-Control": "no-store"}
    if error is not None and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return headers


def require_own_form(request: Request, app: App) -> None:
    """Raise Forbidden for a form that a page of another site has sent."""
    if not is_own_form(request, app):
        raise Forbidden(_FOREIGN_FORM)
