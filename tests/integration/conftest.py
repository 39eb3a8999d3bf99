"""Servers by script and the engines that ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from support_bot.engine.base import TextEngine
from tests.openai_servers import Script, ScriptedServer
from tests.remote_engines import remote


@pytest.fixture
def made() -> Iterator[ExitStack]:
    """Whatever a test makes is closed behind it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(made: ExitStack) -> Callable[..., tuple[ScriptedServer, TextEngine]]:
    """A server that follows these scripts, and an engine that asks it."""

    def serve(*scripts: Script, **settings: Any) -> tuple[ScriptedServer, TextEngine]:
        server = ScriptedServer(*scripts)
        made.callback(server.close)
        engine = remote(server.url, **settings)
        made.callback(engine.close)
        return server, engine

    return serve
