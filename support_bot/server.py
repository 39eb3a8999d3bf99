"""The product as one ASGI app: API, widget, sign-in and both Gradio apps; and the server that runs it."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import AF_INET6, socket

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

import ui
from support_bot.api.app import build_api
from support_bot.api.routes.join import join_router
from support_bot.api.routes.own_password import own_password_router
from support_bot.api.routes.panel import panel_router
from support_bot.api.routes.second_step import two_factor_router
from support_bot.api.routes.sign_in import sign_in_router
from support_bot.api.routes.widget import widget_router
from support_bot.api.staff_gate import StaffGate
from support_bot.assembly import App
from support_bot.jobs.handlers import register
from support_bot.jobs.schedule import schedule
from ui.mount import mount
from ui.pages.join import join_page, joined_page
from ui.pages.login import login_page
from ui.pages.password import password_page
from ui.pages.two_factor import code_page, two_factor_page

SHUTDOWN_S = 10
_ANYWHERE = ("0.0.0.0", "::", "")
Ready = Callable[[str], None]
"""Called with the server's URL once it answers."""


def build_server(app: App) -> FastAPI:
    """The whole product; starting the ASGI app starts `app`, ending it closes `app`."""
    register(app)
    schedule(app)

    @asynccontextmanager
    async def live(server: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = app.settings.server.threads
        await to_thread.run_sync(app.start)
        try:
            yield
        finally:
            await to_thread.run_sync(app.close)

    server = build_api(app, live)
    company = app.settings.company
    server.include_router(sign_in_router(functools.partial(login_page, company), functools.partial(code_page, company)))
    server.include_router(two_factor_router(functools.partial(two_factor_page, company)))
    server.include_router(own_password_router(functools.partial(password_page, company)))
    server.include_router(join_router(functools.partial(join_page, company), functools.partial(joined_page, company)))
    server.include_router(widget_router(Path(ui.__file__).parent / "widget"))
    server.include_router(panel_router(Path(ui.__file__).parent / "copilot"))
    mount(server, app)
    server.add_middleware(StaffGate, app=app)  # after the pages' own layers, so that it stands before them
    return server


def run_server(app: App, on_ready: Ready | None = None) -> None:
    """Listen until SIGINT or SIGTERM; then open requests have ten seconds to end, event streams end at once."""
    logging.getLogger("sse_starlette").setLevel(logging.INFO)  # at DEBUG it writes down what customers read
    logging.getLogger("uvicorn.error").addFilter(_not_logged_yet)
    _Server(_config(app), on_ready).run()


def _config(app: App) -> uvicorn.Config:
    settings = app.settings.server
    return uvicorn.Config(
        build_server(app),
        host=settings.host,
        port=settings.port,
        log_config=None,  # lines go through our own handler
        access_log=False,  # would hold addresses and paths; the app logs one line without either
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


class _Server(uvicorn.Server):
    """A uvicorn server that says when, and where, it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Ready | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready(self._url())

    def _url(self) -> str:
        """The address this machine reaches the server at; the port is the real one where 0 was asked for."""
        listening = self.servers[0].sockets[0]
        host, port = listening.getsockname()[:2]
        if host in _ANYWHERE:
            host = "::1" if listening.family == AF_INET6 else "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _not_logged_yet(record: logging.LogRecord) -> bool:
    """uvicorn reports a broken request a second time, without its id."""
    return not str(record.msg).startswith("Exception in ASGI application")
