"""The backup of everything, for whoever owns the data folder."""

from __future__ import annotations

from collections.abc import Generator

from anyio import CancelScope, to_thread
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from support_bot.api.auth import Owner
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses

router = APIRouter(prefix="/api/v1/backup", tags=["operations"])

_TYPE = "application/zip"


@router.post(
    "",
    response_class=StreamingResponse,
    responses=error_responses(401, 403, 429, 503, 507)
    | {200: {"content": {_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
def make_backup(app: Bot, owner: Owner) -> StreamingResponse:
    """Everything as one file, as it is at this moment. It holds signing keys: only the owner of the data folder may."""
    return _Download(app.backup.open())


class _Download(StreamingResponse):
    """Sends the pieces; what they are made from is given back at once when the reader goes away in the middle."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        super().__init__(pieces, media_type=_TYPE)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._pieces.close)
