"""The event loop that Gradio wants where pages are built outside a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Page = TypeVar("Page")


def built(make: Callable[[], Page]) -> Page:
    """What `make` builds with Gradio. Where no loop runs, Gradio makes one after the other and closes none, and only
    the garbage collector would find them: a slow search."""

    async def inside() -> Page:
        return make()

    return asyncio.run(inside())
