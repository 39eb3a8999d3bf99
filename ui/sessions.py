"""Who uses a staff page: the session cookie, and the role that each handler asks for itself."""

from __future__ import annotations

from typing import Any

import gradio as gr

from support_bot.assembly import App
from support_bot.services.views import SignedIn
from support_bot.values import Role

COOKIE = "support_bot_session"


def require(app: App, request: gr.Request | None, role: Role, *, visible: bool = True) -> SignedIn:
    """The session of this request. Raises gr.Error where there is none or its role does not suffice.

    Every handler of a staff page calls this first: Gradio's handlers can be called without the page."""
    token = _cookie(request)
    session = app.staff.find_session(token) if token else None
    if session is None:
        raise _refusal("You are signed out. Sign in again to go on.", visible)
    if not session.staff.may(role):
        raise _refusal("Only an admin may do this." if role is Role.ADMIN else "A viewer changes nothing.", visible)
    return session


def _refusal(words: str, visible: bool) -> gr.Error:
    return gr.Error(words, title="Not done", print_exception=False, visible=visible)


def _cookie(request: Any) -> str | None:
    cookies = getattr(request, "cookies", None)
    return cookies[COOKIE] if cookies and COOKIE in cookies else None
