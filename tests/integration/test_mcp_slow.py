"""MCP tools while answers take long: nothing that was said is lost, and nobody else waits."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from anyio import create_task_group, sleep, to_thread

from support_bot.api.mcp import tools
from support_bot.assembly import App

from .api_harness import QUESTION, listening, running_api
from .test_mcp import FACT, World, text


@contextmanager
def no_answers(app: App) -> Iterator[None]:
    """Nobody works on turns meanwhile."""
    over = threading.Event()
    for _ in range(16):
        app.chat._runner._pool.submit(over.wait)
    try:
        yield
    finally:
        over.set()


async def test_what_was_said_can_be_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_BOT_MCP__WRITE", "true")
    with running_api(tmp_path) as api:
        _, key = api.app.channels.create_key("web", "shop")
        with listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url:
            world = World(api, url, key)
            with monkeypatch.context() as patch, no_answers(api.app):
                patch.setattr(tools, "TURN_TIMEOUT_S", 0.0)
                late = await world.call(key, "say", text=QUESTION)
            assert late.is_error
            told = re.search(r"conversation_id (\w+), token (\S+)$", text(late))
            assert told is not None, text(late)
            same: Any = {"conversation_id": told[1], "token": told[2]}
            for _ in range(100):
                read = await world.call(key, "get_conversation", **same)
                if FACT in text(read):
                    return
                await sleep(0.05)
            pytest.fail(text(read))


async def test_tools_leave_the_threads_of_the_api_alone() -> None:
    over = threading.Event()
    run = tools._telling(over.wait)
    async with create_task_group() as group:
        for _ in range(tools._MOST_THREADS + 10):
            group.start_soon(run)
        await sleep(0.1)
        assert to_thread.current_default_thread_limiter().borrowed_tokens == 0
        assert tools._threads().borrowed_tokens == tools._MOST_THREADS
        over.set()
