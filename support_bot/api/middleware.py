"""What happens to every request, before routing and after answering: its id, its counters, its headers, its size.

Plain ASGI, so that streams are passed on as they come."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from support_bot.api.errors import problem
from support_bot.assembly import App
from support_bot.errors import TooLarge
from support_bot.observability import bound_ids
from support_bot.settings import Settings

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_CONVERSATION = re.compile(r"/api/v1/(?:staff/)?conversations/([0-9a-f]{32})(?:/|$)")

_MEGABYTE = 1024 * 1024
_ROOM_FOR_FORM = _MEGABYTE  # what multipart adds around a file
_UPLOAD = re.compile(r"/api/v1/documents(?:/|$)|.*/gradio_api/upload/?$")

# Gradio compiles its pages' small scripts and styles in the browser, hence the two 'unsafe-'; nothing is foreign.
_PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_FOR_PAGES = {"Content-Security-Policy": _PAGE_POLICY}
_FOR_API = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # stricter would make browsers hide the origin of our own forms
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class RequestId:
    """Give every request an id (the caller's, where it is well formed), in the logs and in the answer.

    A conversation that the path names stands in the logs beside it."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._inner(scope, receive, send)
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        named = _CONVERSATION.match(scope["path"])
        with bound_ids(request_id=request_id, conversation_id=named and named[1]):
            await self._inner(scope, receive, on_start(send, lambda h: h.update({REQUEST_ID_HEADER: request_id})))


class Observe:
    """Count requests by route pattern and log one line for each; time is until the answer begins."""

    def __init__(self, inner: ASGIApp, app: App) -> None:
        self._inner = inner
        self._metrics = app.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._metrics.request_seconds.labels(_route(scope)).observe(time.perf_counter() - began)
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        finally:
            route, method = _route(scope), scope["method"]
            self._metrics.requests.labels(_known_method(method), route, str(status)).inc()
            logger.info("%s %s %s in %.0f ms", method, route, status, 1000 * (time.perf_counter() - began))


def _route(scope: Scope) -> str:
    """The pattern, never the path: paths hold ids, and counters want few labels. Mounted pages count as one."""
    if scope.get("root_path"):
        return "pages"
    return str(getattr(scope.get("route"), "path", "none"))


def _known_method(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"


class SecurityHeaders:
    """Headers that keep browsers strict; a route that says otherwise about itself is believed."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        own = _FOR_API if scope["path"].startswith(("/api/", "/v1/")) else _FOR_PAGES

        def add(headers: MutableHeaders) -> None:
            for name, value in {**_EVERYWHERE, **own}.items():
                headers.setdefault(name, value)

        await self._inner(scope, receive, on_start(send, add))


class BodyLimit:
    """Refuse bodies that are too large: by their announced size, or as soon as they have grown beyond."""

    def __init__(self, inner: ASGIApp, settings: Settings) -> None:
        self._inner = inner
        self._upload = settings.ingestion.max_file_mb * _MEGABYTE + _ROOM_FOR_FORM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        most = self._upload if _UPLOAD.match(scope["path"]) else _MEGABYTE
        refusal = f"The body is too large: at most {most / _MEGABYTE:g} MB are taken here."
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            return await problem(scope["path"], TooLarge(refusal))(scope, receive, send)
        taken = 0

        async def receiving() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(TooLarge.status, refusal)
            return message

        await self._inner(scope, receiving, send)


def on_start(send: Send, change: Callable[[MutableHeaders], None]) -> Send:
    """`send`, with the headers of the answer changed as it begins."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(MutableHeaders(scope=message))
        await send(message)

    return sending
