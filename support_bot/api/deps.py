"""What every route may ask for: the live app, its limits, its bells. All hang on the FastAPI app; nothing is global."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from support_bot.api.sse import Bells
from support_bot.assembly import App
from support_bot.services.limits import Limits


def live_app(request: Request) -> App:
    return cast(App, request.app.state.bot)


def request_limits(request: Request) -> Limits:
    return live_app(request).limits


def conversation_bells(request: Request) -> Bells:
    return cast(Bells, request.app.state.bells)


def client_address(request: Request) -> str | None:
    """The caller's network address; a proxy's header counts only where the server trusts that proxy."""
    return request.client.host if request.client else None


Bot = Annotated[App, Depends(live_app)]
RequestLimits = Annotated[Limits, Depends(request_limits)]
ConversationBells = Annotated[Bells, Depends(conversation_bells)]
Address = Annotated[str | None, Depends(client_address)]
