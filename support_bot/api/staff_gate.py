"""The door of the staff's pages: `/desk` for all staff, `/admin` for admins. Pages behind it need no check."""

from __future__ import annotations

from urllib.parse import quote

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from support_bot.api.auth import SESSION_COOKIE
from support_bot.api.errors import problem
from support_bot.api.origins import is_own_form, outside
from support_bot.assembly import App
from support_bot.errors import Forbidden, SupportBotError, Unauthorized
from support_bot.values import Role

DESK, ADMIN = "/desk", "/admin"
LOGIN = "/login"
TWO_FACTOR = "/two-factor"
_AREAS = {DESK: Role.VIEWER, ADMIN: Role.ADMIN}
_POLICY_VIOLATION = 1008  # how a web socket is refused


class _SetUpFirst(Forbidden):
    """Signed in, but everybody needs a second factor, and this person has none yet."""


class StaffGate:
    """Pages are redirected to where the visitor may go; calls of their scripts are refused."""

    def __init__(self, inner: ASGIApp, app: App) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        role = _needed_role(scope)
        if role is None:
            return await self._inner(scope, receive, send)
        connection = HTTPConnection(scope)
        refusal = await to_thread.run_sync(self._refusal, connection, role)
        if refusal is None:
            return await self._inner(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        await _answer(connection, refusal, self._app)(scope, receive, send)

    def _refusal(self, connection: HTTPConnection, role: Role) -> SupportBotError | None:
        token = connection.cookies.get(SESSION_COOKIE)
        signed_in = self._app.staff.find_session(token) if token else None
        if signed_in is None and token and self._app.staff.find_session(token, setting_up=True):
            return _SetUpFirst("Set up two-factor sign-in first.")
        if signed_in is None:
            return Unauthorized("Sign in first.")
        if not signed_in.staff.may(role):
            return Forbidden("Only an admin may open this.")
        if connection.scope.get("method") not in ("GET", "HEAD") and not is_own_form(connection, self._app):
            return Forbidden("This was sent by a page of another site.")
        return None


def _needed_role(scope: Scope) -> Role | None:
    if scope["type"] not in ("http", "websocket"):
        return None
    path: str = scope["path"]
    return next((role for area, role in _AREAS.items() if path == area or path.startswith(f"{area}/")), None)


def _answer(connection: HTTPConnection, refusal: SupportBotError, app: App) -> Response:
    path = connection.url.path
    is_page = "text/html" in connection.headers.get("accept", "") or path.rstrip("/") in _AREAS
    if connection.scope["method"] not in ("GET", "HEAD") or not is_page:
        return problem(path, refusal)
    if isinstance(refusal, _SetUpFirst):
        target = TWO_FACTOR
    elif isinstance(refusal, Unauthorized):
        wanted = f"{path}?{connection.url.query}" if connection.url.query else path
        target = f"{LOGIN}?next={quote(wanted, safe='/')}"
    else:
        target = DESK
    return RedirectResponse(outside(app, target), 303, headers={"Cache-Control": "no-store"})
