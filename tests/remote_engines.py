"""Remote engines for tests: they ask servers of this machine and have no weights."""

from __future__ import annotations

from typing import Any

from support_bot.engine.base import TextEngine
from support_bot.engine.opening import open_engine
from support_bot.engine.supervised import LocalEngine
from support_bot.settings import EngineSettings, RemoteSettings
from tests.openai_servers import KEY


def remote(url: str, *, kind: str = "openai", queue_limit: int = 32, **settings: Any) -> TextEngine:
    """An engine that asks `url`, again after any failure; it waits longer than a busy machine needs."""
    usual = {"model": "writer", "api_key": KEY, "timeout_s": 60, "pause_s": 0}
    chosen = RemoteSettings(**{"url": url, **usual, **settings})
    return open_engine(EngineSettings(kind=kind, queue_limit=queue_limit, remote=chosen), no_weights)


def no_weights() -> LocalEngine:
    """What engines without weights never ask for."""
    raise AssertionError("no weights are needed")
