"""Who uses a staff page: the session cookie, and the role that each handler asks for itself."""

from __future__ import annotations

from typing import Any

import gradio as gr

from support_bot.assembly import App
from support_bot.services.views import SignedIn
from support_bot.values import Role

COOKIE = "support_bot_session"


def signed_in(app: App, token: str | None, role: Role) -> SignedIn | None:
    """The session behind a cookie's value, if it is good and may do what `role` may do."""
    session = app.staff.find_session(token) if token else None
    if session is None or not session.staff.active:
        return None
    return session if session.staff.role is Role.ADMIN or session.staff.role is role else None


def require(app: App, request: gr.Request | None, role: Role, *, visible: bool = True) -> SignedIn:
    """The session of this request. Raises gr.Error where there is none or its role does not suffice.

    Every handler of a staff page calls this first: Gradio's handlers can be called without the page."""
    session = signed_in(app, _cookie(request), role)
    if session is None:
        raise gr.Error("You are signed out, or may not do this. Sign in again.", print_exception=False, visible=visible)
    return session


def _cookie(request: Any) -> str | None:
    cookies = getattr(request, "cookies", None)
    return cookies[COOKIE] if cookies and COOKIE in cookies else None
