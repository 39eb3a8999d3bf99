"""The chat widget's files, for pages of any origin, and the page that shows it in a frame."""

from __future__ import annotations

import gzip
import hashlib
import html
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from support_bot.api.deps import Bot
from support_bot.api.fields import PathSlug
from support_bot.errors import NotFound
from support_bot.services.views import ChannelView

_ENTRY = "widget.js"
_READ = ["GET", "HEAD"]
_Version = Annotated[str, Query(alias="v", max_length=64)]
_SHARED = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched with CORS; there is nothing secret in them
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}
_A_WHILE = "public, max-age=300"
_FOR_GOOD = "public, max-age=31536000, immutable"
_EMBED_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class _Script:
    content: bytes
    packed: bytes  # with gzip
    etag: str


def widget_router(folder: Path) -> APIRouter:
    """`/widget.js`, the modules it loads from `/widget/`, and `/embed/{channel}`; the files are read once.

    A module is asked for with the version of the script that asks: such an answer never changes."""
    scripts = {path.name: _script(path) for path in (folder / "built").glob("*.js")}
    page = (folder / "embed.html").read_text(encoding="utf-8")
    router = APIRouter(include_in_schema=False)

    @router.api_route(f"/{_ENTRY}", methods=_READ)
    def send_entry(request: Request) -> Response:
        return _send(scripts[_ENTRY], request, _A_WHILE)

    @router.api_route("/widget/{name}", methods=_READ)
    def send_module(name: str, request: Request, version: _Version = "") -> Response:
        if name not in scripts:
            raise NotFound("The widget has no such file.")
        return _send(scripts[name], request, _FOR_GOOD if version else _A_WHILE)

    @router.api_route("/embed/{slug}", methods=_READ)
    def show_framed(slug: PathSlug, app: Bot) -> HTMLResponse:
        channel = app.channels.get(slug)
        filled = page.replace("{{channel}}", html.escape(channel.slug, quote=True))
        return HTMLResponse(filled, headers={"Content-Security-Policy": _policy(channel), "Cache-Control": "no-cache"})

    return router


def _script(path: Path) -> _Script:
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0)
    return _Script(content, packed, hashlib.sha256(content).hexdigest()[:20])


def _send(script: _Script, request: Request, cached: str) -> Response:
    packs = _takes_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{script.etag}-gzip"' if packs else f'"{script.etag}"'  # other bytes, so another tag
    headers = {**_SHARED, "ETag": etag, "Cache-Control": cached}
    known = request.headers.get("if-none-match", "")
    if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(script.packed if packs else script.content, media_type="text/javascript", headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip and does not forbid it (`gzip;q=0`)."""
    for offer in accepted.lower().split(","):
        name, _, quality = offer.strip().partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _policy(channel: ChannelView) -> str:
    """Who may show the page in a frame: this server, and the origins of the channel."""
    return " ".join([_EMBED_POLICY, *channel.allowed_origins]) if channel.enabled else _EMBED_POLICY
