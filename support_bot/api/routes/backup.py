"""The backup of everything, for whoever owns the data folder."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

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
    return StreamingResponse(app.backup.open(), media_type=_TYPE)
