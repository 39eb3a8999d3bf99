"""Put the three Gradio apps under the server: /admin, /desk and, last because it takes every path that is left, /."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

import gradio as gr

from support_bot.assembly import App
from support_bot.values import Role
from ui.customer_app import build_customer_app
from ui.desk_app import build_admin_app, build_desk_app
from ui.sessions import COOKIE, signed_in
from ui.theme import head, theme

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

# What Gradio offers to everybody and a public page has no use for.
_CLOSED = ("/gradio_api/upload", "/gradio_api/process_recording", "/gradio_api/proxy", "/gradio_api/deep_link", "/monitoring")
_STAFF = {"/admin": Role.ADMIN, "/desk": Role.AGENT}
_PAGES = (("/admin", build_admin_app), ("/desk", build_desk_app), ("/", build_customer_app))


def mount(server: Any, app: App) -> None:
    """Mount the pages on `server` (a FastAPI app) after its own routes, which therefore come first."""
    server.add_middleware(Door, product=app)
    for path, build in _PAGES:
        role = _STAFF.get(path)
        public = app.settings.server.public_url.rstrip("/")
        gr.mount_gradio_app(
            server,
            build(app),
            path=path,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            mcp_server=False,
            show_error=False,
            theme=theme(),
            head=head(),
            root_path=(public + path).rstrip("/") if public else None,
            max_file_size=f"{app.settings.ingestion.max_file_mb}mb" if path == "/admin" else "1kb",
            auth_dependency=_gate(app, role) if role else None,
        )


def _gate(app: App, role: Role) -> Callable[[Any], str | None]:
    """For Gradio: the name of the signed-in person, None (401) for anybody else."""

    def name(request: Any) -> str | None:
        session = signed_in(app, request.cookies.get(COOKIE), role)
        return session.staff.email if session else None

    return name


class Door:
    """Stands before the server: leads staff to the sign-in page, and closes what the public page does not need."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], product: App) -> None:
        self._app = app
        self._product = product

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself, or let the server answer."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if path.startswith(_CLOSED):
            return await _answer(send, 404, b"Not found", {})
        page = path.removesuffix("/")
        if page in _STAFF and scope["method"] in ("GET", "HEAD"):
            token = _cookie(scope)
            if signed_in(self._product, token, _STAFF[page]) is None:
                # An agent at the admin's door goes to the desk, a stranger to the sign-in page.
                agent = signed_in(self._product, token, Role.AGENT)
                return await _redirect(scope, send, "/desk/" if agent else f"/login?next={quote(page)}")
            if path == page:
                return await _redirect(scope, send, page + "/")
        await self._app(scope, receive, send)


def _cookie(scope: Scope) -> str | None:
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


async def _redirect(scope: Scope, send: Send, path: str) -> None:
    await _answer(send, 303, b"", {"location": scope.get("root_path", "") + path})


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    written = {"content-length": str(len(body)), "content-type": "text/plain", "cache-control": "no-store"} | headers
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in written.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
