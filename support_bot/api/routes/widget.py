"""The chat widget's files, for pages of any origin, and the page that shows it in a frame."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, Response

from support_bot.api.deps import Bot
from support_bot.api.fields import PathSlug
from support_bot.errors import NotFound
from support_bot.services.views import ChannelView

_ENTRY = "widget.js"
_READ = ["GET", "HEAD"]
_Known = Annotated[str, Header(alias="If-None-Match")]
_SHARED = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched with CORS; there is nothing secret in them
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}
_EMBED_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class _Script:
    content: bytes
    etag: str


def widget_router(folder: Path) -> APIRouter:
    """`/widget.js`, the modules it loads from `/widget/`, and `/embed/{channel}`; the files are read once."""
    scripts = {path.name: _script(path) for path in folder.glob("*.js")}
    page = (folder / "embed.html").read_text(encoding="utf-8")
    router = APIRouter(include_in_schema=False)

    @router.api_route(f"/{_ENTRY}", methods=_READ)
    def send_entry(known: _Known = "") -> Response:
        return _send(scripts[_ENTRY], known)

    @router.api_route("/widget/{name}", methods=_READ)
    def send_module(name: str, known: _Known = "") -> Response:
        if name not in scripts:
            raise NotFound("The widget has no such file.")
        return _send(scripts[name], known)

    @router.api_route("/embed/{slug}", methods=_READ)
    def show_framed(slug: PathSlug, app: Bot) -> HTMLResponse:
        channel = app.channels.get(slug)
        filled = page.replace("{{channel}}", html.escape(channel.slug, quote=True))
        return HTMLResponse(filled, headers={"Content-Security-Policy": _policy(channel), "Cache-Control": "no-cache"})

    return router


def _script(path: Path) -> _Script:
    content = path.read_bytes()
    return _Script(content, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def _send(script: _Script, known: str) -> Response:
    headers = {**_SHARED, "ETag": script.etag}
    if script.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(script.content, media_type="text/javascript", headers=headers)


def _policy(channel: ChannelView) -> str:
    """Who may show the page in a frame: this server, and the origins of the channel."""
    return " ".join([_EMBED_POLICY, *channel.allowed_origins]) if channel.enabled else _EMBED_POLICY
