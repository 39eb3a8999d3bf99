"""Put the three Gradio apps under the server: /admin, /desk and, last because it takes every path that is left, /."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio import queueing, route_utils, routes

from support_bot.assembly import App
from ui.customer_app import build_customer_app
from ui.desk_app import build_admin_app, build_desk_app
from ui.pages.nothing import nothing_page
from ui.theme import head, theme

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

ADMIN, DESK, CUSTOMER = "/admin", "/desk", "/"
_PAGES = ((ADMIN, build_admin_app), (DESK, build_desk_app), (CUSTOMER, build_customer_app))
# What Gradio offers to everybody: the customers' page has no use for any of it, and no page for `file` and `proxy`,
# by which the server would fetch whatever address it is given and pass it on as its own.
_CLOSED = re.compile(
    r"/(gradio_api/(upload|process_recording|deep_link|run-history)|monitoring)"
    r"|(/desk|/admin)?/+(gradio_api/+)?(file|proxy)\b"
)


_FOR_PROGRAMS = ("/api/", "/v1/")

_log = logging.getLogger(__name__)


class Logged:
    """Stands where Gradio's modules know `traceback`: what they would print goes through the log, which masks it."""

    def print_exc(self, *_: Any, **__: Any) -> None:
        _log.exception("a page's handler broke")

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


def mount(server: Any, app: App) -> None:
    """Mount the pages on `server` (a FastAPI app) after its own routes, which therefore come first."""
    modules: tuple[Any, ...] = (queueing, routes, route_utils)
    for module in modules:
        module.traceback = Logged()
    server.add_middleware(Door)
    home = f"{urlsplit(app.settings.server.public_url).path.rstrip('/')}/"
    server.add_middleware(Nothing, page=nothing_page(app.settings.company, home).encode())  # also before the door
    for path, build in _PAGES:
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
            max_file_size=f"{app.settings.ingestion.max_file_mb}mb" if path == ADMIN else "1kb",
        )
        if public := app.settings.server.public_url:
            mounted = server.router.routes[-1]
            mounted.app = Outside(mounted.app, public)


class Door:
    """Stands before the mounted pages: gives staff pages their closing slash, and shuts what customers do not need.

    Who may enter a staff page is not decided here."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself, or let the server answer."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if _CLOSED.match(path):
            await _answer(send, 404, b"There is nothing here.", {})
        elif path in (ADMIN, DESK) and scope["method"] in ("GET", "HEAD"):
            query = scope.get("query_string", b"").decode("latin-1")
            # Relative, so that it also leads there below a proxy's path.
            target = f"{path[1:]}/{'?' + query if query else ''}"
            await _answer(send, 307, b"", {"location": target})
        else:
            await self._app(scope, receive, send)


class Nothing:
    """Stands before everything: where there is nothing, a person gets a page, a program what it got before."""

    def __init__(self, app: Asgi, page: bytes) -> None:
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the server answer, and take the place of its answer where that is 404."""
        if not _wants_page(scope):
            return await self._app(scope, receive, send)
        replaced = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 404:
                replaced = True
                body = self._page if scope["method"] == "GET" else b""
                await _answer(send, 404, body, {"content-type": "text/html; charset=utf-8"})
            elif not replaced:
                await send(message)

        await self._app(scope, receive, sending)


def _wants_page(scope: Scope) -> bool:
    """Whether this is a browser that goes to an address, and not to one of the API's."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(_FOR_PROGRAMS):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


class Outside:
    """Stands before one mounted page: lets it know the address that browsers see, when a proxy stands in front."""

    def __init__(self, app: Asgi, public_url: str) -> None:
        self._app = app
        public = urlsplit(public_url)
        self._below = public.path.rstrip("/")
        self._headers = {b"x-forwarded-host": public.netloc.encode(), b"x-forwarded-proto": public.scheme.encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as if it had come to the public address."""
        if scope["type"] == "http":
            kept = [pair for pair in scope["headers"] if pair[0] not in (*self._headers, b"x-gradio-server")]
            root, path = scope.get("root_path", ""), scope["path"]
            scope = {
                **scope,
                "headers": [*kept, *self._headers.items()],
                "root_path": self._below + root,
                "path": self._below + path,
            }
        await self._app(scope, receive, send)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    written = {"content-length": str(len(body)), "content-type": "text/plain", "cache-control": "no-store"} | headers
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in written.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
