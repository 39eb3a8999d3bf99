"""Which web pages may call: same origin always, others as the channel allows. Answers CORS, never with credentials.

A browser tells where a script comes from in `Origin`; other programs send none and are not held back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from support_bot.api.errors import problem
from support_bot.assembly import App
from support_bot.errors import Forbidden

_FOR_CUSTOMERS = re.compile(r"/api/v1/(?:conversations(?:/|$)|channels/[^/]+/public$)")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Last-Event-ID, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
_REFUSAL = "Pages of this origin may not use this channel; an admin can add the origin to the channel."
_REFUSED = "origin_refused"  # key in the request's state


def is_same_origin(connection: HTTPConnection, app: App) -> bool:
    """Whether the request has no `Origin`, or that of this server or of its public address."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    public = urlsplit(app.settings.server.public_url)
    scheme = connection.url.scheme.replace("ws", "http")  # of a web socket, whose Origin is still a page's
    ours = {f"{scheme}://{connection.url.netloc}".lower()}
    if public.netloc:
        ours.add(f"{public.scheme}://{public.netloc}".lower())
    return origin.lower() in ours


def check_origin(request: Request, app: App, channel: str) -> None:
    """Raise Forbidden for a page of another origin that this channel does not list."""
    if not is_same_origin(request, app) and not app.channels.allows(channel, request.headers["origin"]):
        setattr(request.state, _REFUSED, True)
        raise Forbidden(_REFUSAL)


def is_own_form(connection: HTTPConnection, app: App) -> bool:
    """Whether a change comes from our own pages (or no browser at all), and not from another site's form or script."""
    site = connection.headers.get("sec-fetch-site", "same-origin")
    return is_same_origin(connection, app) and site in ("same-origin", "none")


def outside(app: App, path: str) -> str:
    """A path of this server as browsers see it, below the path of the public address."""
    below = urlsplit(app.settings.server.public_url).path.rstrip("/")
    return path if path.startswith(f"{below}/") else below + path


class ChannelCors:
    """CORS for the routes that customers' pages call.

    Which channel is concerned is known only inside the route, so here an origin passes that any enabled channel
    lists; the route then checks its own channel with `check_origin`, and a refusal carries no CORS headers."""

    def __init__(self, inner: ASGIApp, app: App) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _FOR_CUSTOMERS.match(scope["path"]):
            return await self._inner(scope, receive, send)
        connection = HTTPConnection(scope)
        if is_same_origin(connection, self._app):
            return await self._inner(scope, receive, send)
        origin = connection.headers["origin"]
        if not await to_thread.run_sync(self._allowed_somewhere, origin):
            return await problem(scope["path"], Forbidden(_REFUSAL))(scope, receive, send)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            preflight = Response(status_code=204, headers={**_PREFLIGHT, **_allow(origin)})
            return await preflight(scope, receive, send)
        await self._inner(scope, receive, _with_cors(scope, send, origin))

    def _allowed_somewhere(self, origin: str) -> bool:
        channels = self._app.channels
        return any(channel.enabled and channels.allows(channel.slug, origin) for channel in channels.page())


def _allow(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _with_cors(scope: Scope, send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and not scope.get("state", {}).get(_REFUSED):
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-ID"
            headers.add_vary_header("Origin")
        await send(message)

    return sending
