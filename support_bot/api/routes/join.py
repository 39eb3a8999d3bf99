"""Following a one-time link with a browser: a plain form, as the sign-in is. The pages are handed in.

The token stands in the path only: routes are logged by their pattern, and no other site sees our addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.status import HTTP_410_GONE

from support_bot.api.deps import Address, Bot, RequestLimits
from support_bot.api.routes.sign_in import no_store, require_own_form
from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, LimitExceeded, NotFound
from support_bot.services.staff_links import JOIN, StaffLinkView

JoinPage = Callable[[StaffLinkView | None, str], str]
"""From what the link is for (None: it cannot be used) and what went wrong (or "") to HTML."""
JoinedPage = Callable[[StaffLinkView], str]
"""From the link that was just used to HTML that leads to the sign-in."""

Token = Annotated[str, Path(max_length=100)]


class JoinForm(BaseModel):
    """What is typed in; whatever is missing is simply wrong."""

    name: str = Field("", max_length=200)
    new: str = Field("", max_length=1000)
    again: str = Field("", max_length=1000)


def join_router(page: JoinPage, joined: JoinedPage) -> APIRouter:
    """`GET` and `POST /join/{token}`. Nobody is signed in by it, so that a second factor is still asked for."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{JOIN}/{{token}}")
    def show_form(token: Token, app: Bot, limits: RequestLimits, address: Address) -> HTMLResponse:
        try:
            limits.count_sign_in(address)
            return HTMLResponse(page(app.accounts.links.get(token), ""), headers=no_store())
        except (NotFound, LimitExceeded) as error:
            return _refused(page, error)

    @router.post(f"{JOIN}/{{token}}")
    def follow(
        token: Token,
        request: Request,
        app: Bot,
        limits: RequestLimits,
        address: Address,
        form: Annotated[JoinForm, Form()],
    ) -> HTMLResponse:
        require_own_form(request, app)
        try:
            limits.count_sign_in(address)
            link = app.accounts.links.get(token)
        except (NotFound, LimitExceeded) as error:
            return _refused(page, error)
        try:
            _follow(app, token, form)
        except (Invalid, Conflict) as error:
            typed = replace(link, name=form.name)  # nobody types it twice
            return HTMLResponse(page(typed, error.detail), error.status, headers=no_store(error))
        except NotFound as error:  # somebody else was first
            return _refused(page, error)
        return HTMLResponse(joined(link), headers=no_store())

    return router


def _follow(app: App, token: str, form: JoinForm) -> None:
    if form.new != form.again:
        raise Invalid("The password is not the same in both fields.")
    app.accounts.links.follow(token, form.new, form.name)


def _refused(page: JoinPage, error: NotFound | LimitExceeded) -> HTMLResponse:
    status = HTTP_410_GONE if isinstance(error, NotFound) else error.status
    return HTMLResponse(page(None, error.detail), status, headers=no_store(error))
