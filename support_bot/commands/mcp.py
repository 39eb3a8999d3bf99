"""`support-bot mcp`, which an assistant starts and talks to; what it needs is loaded when it runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from support_bot.engine.weights import Progress
    from support_bot.settings import Settings


def command(
    settings: Callable[[], Settings], progress: Callable[[], AbstractContextManager[Progress]]
) -> Callable[[], None]:
    """The command, which reads the settings when it runs."""

    def serve() -> None:
        """Give an assistant the bot's tools over standard input and output (MCP), until it closes them.

        A running server does the work; without one this process does, and owns the data folder until it ends."""
        from support_bot.commands.local import live_api
        from support_bot.commands.mcp_stdio import serve as serve_stdio
        from support_bot.storage.data_folder import DataFolder

        chosen = settings()
        serve_stdio(
            DataFolder(chosen.data_dir),
            lambda: live_api(chosen, progress, lambda words: typer.echo(words, err=True)),
        )

    return serve
